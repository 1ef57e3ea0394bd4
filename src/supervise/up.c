/* The client of link/up.h.  It reads no template: control does, since control will also watch the
 * files.  What is found here is where Portico runs and which folder is meant. */
#include "supervise/up.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/number.h"
#include "link/up.h"
#include "supervise/folder.h"
#include "supervise/options.h"

#define EXIT_USAGE 2
#define URL_MAX 256

/* The words behind `up` and `down`. */
struct words {
    const char *command;
    const char *place; /* the folder or file, or the stack */
    const char *stack;
    const char *data; /* as --data has it; NULL: not said */
};

/* ---- words --------------------------------------------------------------------------------- */

static int usage(const struct words *words, const char *text, const char *subject)
{
    fprintf(stderr, "portico %s: ", words->command);
    fprintf(stderr, text, subject);
    fprintf(stderr, "; 'portico help %s' says more\n", words->command);
    return EXIT_USAGE;
}

/* Takes the value of an option; NULL at the end of the words. */
static const char *value_of(int argc, char **argv, int *i)
{
    return *i + 1 < argc ? argv[++*i] : NULL;
}

static int read_option(struct words *words, int argc, char **argv, int *i)
{
    const char *name = argv[*i], **into;

    if (strcmp(name, "--once") == 0 && strcmp(words->command, "up") == 0)
        return 0; /* what it does now anyway */
    if (strcmp(name, "--stack") == 0 && strcmp(words->command, "up") == 0)
        into = &words->stack;
    else if (strcmp(name, "--data") == 0)
        into = &words->data;
    else
        return usage(words, "unknown option '%s'", name);
    *into = value_of(argc, argv, i);
    return *into && (*into)[0] ? 0 : usage(words, "'%s' needs a value", name);
}

static int read_words(struct words *words, int argc, char **argv)
{
    int code = 0;

    for (int i = 0; i < argc && code == 0; i++) {
        if (argv[i][0] == '-')
            code = read_option(words, argc, argv, &i);
        else if (words->place)
            code = usage(words, "'%s' is one word too many", argv[i]);
        else
            words->place = argv[i];
    }
    return code;
}

/* ---- where Portico runs -------------------------------------------------------------------- */

/* The only Portico with --data :memory:. */
static bool find_memory(char out[static PATH_MAX])
{
    unsigned count = 0;
    glob_t found;
    pid_t pid;

    if (glob("/dev/shm/portico-*", 0, NULL, &found) != 0)
        return false;
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (folder_is_held(found.gl_pathv[i], &pid) &&
            snprintf(out, PATH_MAX, "%s", found.gl_pathv[i]) < PATH_MAX)
            count++;
    globfree(&found);
    return count == 1;
}

/* The data directory that is meant: the flag, the environment or the configuration, the default;
 * where nothing is said and nothing runs there, the only one in memory. */
static bool find_data(const struct words *words, char out[static PATH_MAX])
{
    static struct options options;
    char flag[] = "--data", value[PATH_MAX];
    char *argv[] = {flag, value};
    struct problem why;
    const char *chosen;
    pid_t pid;

    snprintf(value, sizeof value, "%s", words->data ? words->data : "");
    if (options_read(&options, words->data ? 2 : 0, argv, &why) != OK) {
        fprintf(stderr, "portico %s: %s\n", words->command, why.text);
        return false;
    }
    chosen = option_text(&options, OPTION_DATA);
    if (strcmp(chosen, ":memory:") == 0)
        return find_memory(out) ||
               (fprintf(stderr,
                        "portico %s: there is not one Portico with --data :memory:; 'portico "
                        "status --data :memory:' lists them: give --data the directory\n",
                        words->command),
                false);
    if (chosen[0])
        snprintf(out, PATH_MAX, "%s", chosen);
    else if (!folder_default(out))
        out[0] = '\0';
    if (folder_is_held(out, &pid) || (!chosen[0] && find_memory(out)))
        return true;
    fprintf(stderr,
            "portico %s: no Portico runs on '%s'; start one with 'portico serve' (or 'make run')\n",
            words->command, out);
    return false;
}

static int connect_to(const char *data)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int made;

    if (!folder_socket(data, UP_SOCKET, address.sun_path, sizeof address.sun_path))
        return -1;
    made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (made >= 0 && connect(made, (struct sockaddr *)&address, sizeof address) == 0)
        return made;
    if (made >= 0)
        close(made);
    return -1;
}

/* ---- asking -------------------------------------------------------------------------------- */

static bool send_ask(int socket, const char *data, const char *op, const char *path,
                     const char *stack)
{
    const char *region = getenv("AWS_REGION");
    char url[URL_MAX];
    struct up_ask ask = {.op = span_of(op), .path = span_of(path), .stack = span_of(stack)};

    if (!region || !region[0])
        region = getenv("AWS_DEFAULT_REGION");
    ask.region = span_of(region);
    if (folder_read(data, "url", url, sizeof url))
        ask.url = span_of(url);
    return up_ask_send(socket, &ask);
}

/* A line may quote a template, which may hold what a terminal would obey. */
static void print_line(FILE *out, struct span line)
{
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.at[i];

        fputc((c < ' ' && c != '\n') || c == 0x7f ? '?' : c, out);
    }
    fputc('\n', out);
}

/* Prints the lines; answers the exit code, -1 when the connection broke. */
static int hear(int socket)
{
    struct frame_reader reader;
    struct frame frame;
    int code = -1;

    frame_reader_init(&reader);
    while (code < 0) {
        enum frame_status status = frame_take(&reader, &frame);
        uint64_t number;

        if (status == FRAME_AGAIN && frame_fill(&reader, socket) == FRAME_READY)
            continue;
        if (status != FRAME_READY)
            break;
        if (frame.type == UP_END)
            code = number_u64(frame.payload, &number) && number < 256 ? (int)number : 1;
        else
            print_line(frame.type == UP_OUT ? stdout : stderr, frame.payload);
    }
    fflush(stdout);
    frame_reader_release(&reader);
    return code;
}

static int ask(const struct words *words, const char *op, const char *path, const char *stack)
{
    char data[PATH_MAX];
    int socket, code;

    if (!find_data(words, data))
        return 1;
    socket = connect_to(data);
    if (socket < 0) {
        fprintf(stderr, "portico %s: cannot reach the Portico on '%s': %s\n", words->command, data,
                strerror(errno));
        return 1;
    }
    code = send_ask(socket, data, op, path, stack) ? hear(socket) : -1;
    close(socket);
    if (code < 0)
        fprintf(stderr, "portico %s: the Portico on '%s' ended meanwhile; run it again\n",
                words->command, data);
    return code < 0 ? 1 : code;
}

/* ---- commands ------------------------------------------------------------------------------ */

int up_command(int argc, char **argv)
{
    struct words words = {.command = "up"};
    char path[PATH_MAX];
    int code = read_words(&words, argc, argv);

    if (code != 0)
        return code;
    if (!realpath(words.place ? words.place : ".", path)) {
        fprintf(stderr, "portico up: cannot read '%s': %s\n", words.place ? words.place : ".",
                strerror(errno));
        return 1;
    }
    return ask(&words, "up", path, words.stack);
}

int down_command(int argc, char **argv)
{
    struct words words = {.command = "down"};
    int code = read_words(&words, argc, argv);

    return code != 0 ? code : ask(&words, "down", NULL, words.place);
}

void up_print_stacks(const char *data)
{
    int socket = connect_to(data);

    if (socket < 0)
        return;
    if (send_ask(socket, data, "stacks", NULL, NULL))
        hear(socket);
    close(socket);
}
