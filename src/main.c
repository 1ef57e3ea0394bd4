/* The `portico` command: finds the subcommand in a table, prints help, and hands over.  All that
 * runs long is in supervise/ or in the children's executables. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/span.h"
#include "generated/version.h"
#include "supervise/options.h"
#include "supervise/status.h"
#include "supervise/supervisor.h"
#include "supervise/up.h"
#include "vtl/render_command.h"

#define EXIT_USAGE 2

struct command {
    const char *name, *usage, *about;
    const char *more; /* examples, for `help NAME` */
    int (*run)(int argc, char **argv);
    bool takes_options; /* those of `serve` */
};

static int run_serve(int argc, char **argv);
static int run_status(int argc, char **argv);
static int run_version(int argc, char **argv);
static int run_help(int argc, char **argv);

static const struct command COMMANDS[] = {
    {"serve", "serve [OPTION]...", "run the gateway in the foreground",
     "Examples:\n"
     "  portico serve                        on 127.0.0.1:4566, data in your home\n"
     "  portico serve --data :memory:        keeps nothing; for tests\n"
     "  portico serve --listen 8080          another port\n"
     "  PORTICO_DATA=/srv/portico portico serve --config /etc/portico.conf\n"
     "\n"
     "It prints 'listening on http://...' when it is ready. SIGTERM or Ctrl-C lets requests\n"
     "finish (30 seconds at most) and exits 0; a second one ends at once. Each option can be\n"
     "set in the environment (PORTICO_LISTEN, PORTICO_ALLOW_REMOTE=on) or in the file of\n"
     "--config; flag > environment > file > default.\n",
     run_serve, true},
    {"status", "status [--data DIR]", "say whether it runs, and where",
     "Examples:\n"
     "  portico status\n"
     "  portico status --data /srv/portico\n"
     "\n"
     "Lists the stacks that 'portico up' has made, with their URLs. Exits 0 when a Portico runs\n"
     "on that data directory, else 1.\n",
     run_status, false},
    {"version", "version", "print the versions of Portico and of its libraries", "", run_version,
     false},
    {"help", "help [COMMAND]", "print this, or more about one command", "", run_help, false},
    {"vtl", "vtl render TEMPLATE [--body FILE] [--event FILE] [--trace]",
     "render a mapping template",
     "Examples:\n"
     "  portico vtl render order.vtl --body order.json\n"
     "  portico vtl render order.vtl --event event.json --trace\n"
     "\n"
     "An event is what a Lambda proxy function gets; its requestContext is $context. --trace\n"
     "prints each directive with its value to stderr, and the overrides at the end.\n",
     vtl_command, false},
    {"up", "up [DIR|FILE] [--stack NAME] [--once] [--data DIR]",
     "deploy a SAM or CloudFormation template",
     "Examples:\n"
     "  portico up                           template.yaml of this folder\n"
     "  portico up examples/users --once\n"
     "  portico up api.yaml --stack shop     the stack's name is else the folder's\n"
     "\n"
     "Asks the Portico that runs ('portico serve') to make what the template says, all of it or\n"
     "nothing; prints a line for each resource, then the URLs and outputs. Run again after a\n"
     "change, it changes what differs. URLs stay the same. Without --once it will watch the\n"
     "files one day; today it deploys once too. docs/manual/up.md lists what is supported.\n",
     up_command, false},
    {"logs", "logs [-f]", "show logs", "", NULL, false},
    {"down", "down [STACK] [--data DIR]", "delete a stack",
     "Deletes all that 'portico up' has made for the stack; without a name, the only one there\n"
     "is. 'portico status' lists them.\n",
     down_command, false},
    {"backup", "backup FILE", "write all data to a file", "", NULL, false},
    {"restore", "restore FILE", "read it back", "", NULL, false},
};

static const struct command *command_find(const char *name)
{
    for (size_t i = 0; i < COUNT(COMMANDS); i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    return NULL;
}

static void print_commands(FILE *out)
{
    fprintf(out, "portico - an API gateway that does what Amazon API Gateway does\n\nCommands:\n");
    for (size_t i = 0; i < COUNT(COMMANDS); i++) {
        const char *usage = COMMANDS[i].usage;

        fprintf(out, strlen(usage) > 22 ? "  portico %s\n%33s%s%s\n" : "  portico %-22s %s%s%s\n",
                usage, "", COMMANDS[i].about, COMMANDS[i].run ? "" : " [not yet]");
    }
    fprintf(out, "\n'portico help serve' lists the options.\n");
}

static int unknown_command(const char *name)
{
    fprintf(stderr, "portico: there is no command '%s'; 'portico help' lists them\n", name);
    return EXIT_USAGE;
}

static int run_help(int argc, char **argv)
{
    const struct command *command;

    if (argc == 0) {
        print_commands(stdout);
        return 0;
    }
    command = command_find(argv[0]);
    if (!command)
        return unknown_command(argv[0]);
    printf("portico %s\n  %s%s\n", command->usage, command->about,
           command->run ? "" : "; not yet in Portico");
    if (command->takes_options) {
        printf("\nOptions:\n");
        options_print(stdout);
    }
    if (command->more[0])
        printf("\n%s", command->more);
    return 0;
}

/* True when the options were read; else the words are on stderr. */
static bool read_options(const char *command, int argc, char **argv, struct options *options)
{
    struct problem why = {0};

    if (options_read(options, argc, argv, &why) == OK)
        return true;
    fprintf(stderr, "portico %s: %s; 'portico help %s' says more\n", command, why.text, command);
    return false;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run_serve(int argc, char **argv)
{
    static struct options options; /* some KB, and it lives as long as the process */

    return read_options("serve", argc, argv, &options) ? supervisor_run(&options) : EXIT_USAGE;
}

static int run_status(int argc, char **argv)
{
    static struct options options;

    return read_options("status", argc, argv, &options) ? status_print(&options) : EXIT_USAGE;
}

/* The libraries belong to the children, which say their versions themselves. */
static void print_child_version(const char *name)
{
    char path[PATH_MAX];
    pid_t pid;

    if (!supervisor_find(name, path)) {
        fprintf(stderr, "portico: cannot find '%s'\n", path);
        return;
    }
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        execl(path, path, "version", (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static int run_version(int argc, char **argv)
{
    (void)argv;
    if (argc > 0) {
        fprintf(stderr, "portico version takes no more words\n");
        return EXIT_USAGE;
    }
    printf("portico %s (%s)\n", PORTICO_VERSION, PORTICO_COMMIT);
    print_child_version("gateway");
    print_child_version("control");
    print_child_version("host");
    return 0;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "help";
    const struct command *command;

    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    command = command_find(name);
    if (!command)
        return unknown_command(name);
    if (!command->run) {
        fprintf(stderr, "portico %s: not yet in Portico; 'portico help' lists what there is\n",
                name);
        return EXIT_USAGE;
    }
    if (command->run != run_help && asks_for_help(argc - 2, argv + 2))
        return run_help(1, argv + 1);
    return command->run(argc > 2 ? argc - 2 : 0, argv + 2);
}
