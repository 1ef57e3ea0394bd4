/* Options are kept as texts with the place they came from, source after source, the stronger over
 * the weaker; only what won is checked, so that a bad value names exactly where it stands. */
#include "supervise/options.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/number.h"
#include "base/span.h"

#define CONFIG_LINE_MAX 2048
#define NAME_MAX_LEN 64

struct option {
    const char *name, *takes; /* takes: NULL for a switch */
    const char *fallback;
    const char *about;
    bool is_list;       /* given again it adds, with a comma */
    const char *others; /* environment variables that are read when ours is not set, by commas */
    const char *only;   /* the one value there is today; others are refused as not there yet */
    const char *choice; /* all values there will be, by commas; NULL: any */
};

static const struct option OPTIONS[OPTION_COUNT] = {
    [OPTION_LISTEN] = {.name = "listen",
                       .takes = "ADDR:PORT",
                       .fallback = "4566",
                       .is_list = true,
                       .about = "where to listen; may be repeated. A PORT alone means\n"
                                "127.0.0.1 and, where there is one, [::1]; port 0 takes any"},
    [OPTION_CONTROL] = {.name = "control",
                        .takes = "ADDR:PORT",
                        .only = "",
                        .about = "a listener of its own for the control APIs"},
    [OPTION_DATA] = {.name = "data",
                     .takes = "DIR",
                     .about = "where everything is kept; ':memory:' keeps nothing\n"
                              "(default: $XDG_DATA_HOME/portico or ~/.local/share/portico)"},
    [OPTION_WORKERS] = {.name = "workers",
                        .takes = "N",
                        .about = "worker threads of the data plane (default: one per CPU)"},
    [OPTION_AUTH] = {.name = "auth",
                     .takes = "none|iam",
                     .fallback = "none",
                     .only = "none",
                     .choice = "none,iam",
                     .about = "who may call the control APIs: everyone, or as IAM policies say"},
    [OPTION_ACCOUNT] = {.name = "account",
                        .takes = "ID",
                        .about = "the AWS account, 12 digits (default: an access key of 12\n"
                                 "digits, else 000000000000)"},
    [OPTION_REGION] = {.name = "region",
                       .takes = "NAME",
                       .fallback = "us-east-1",
                       .others = "AWS_REGION,AWS_DEFAULT_REGION",
                       .about = "the region of calls that name none"},
    [OPTION_ALLOW_REMOTE] = {.name = "allow-remote",
                             .fallback = "off",
                             .choice = "on,off",
                             .about = "with --auth none, let any address be listened on; for\n"
                                      "containers: whoever reaches the port controls Portico"},
    [OPTION_SANDBOX] = {.name = "sandbox",
                        .takes = "on|off",
                        .fallback = "on",
                        .choice = "on,off",
                        .about = "off: functions run as Portico's user, unguarded; for places\n"
                                 "that allow no namespaces"},
    [OPTION_RUNTIMES] = {.name = "runtimes",
                         .takes = "DIR:DIR",
                         .about = "where node and python3 are looked for before the usual places"},
    [OPTION_LIMITS] = {.name = "limits",
                       .takes = "on|off",
                       .fallback = "on",
                       .only = "on",
                       .choice = "on,off",
                       .about = "hold the quotas of AWS accounts"},
    [OPTION_CA_FILE] = {.name = "ca-file",
                        .takes = "FILE",
                        .about = "certificates (PEM) that backends may have been signed by,\n"
                                 "besides the system's"},
    [OPTION_ACCESS_LOG] = {.name = "access-log",
                           .takes = "on|off",
                           .fallback = "off",
                           .choice = "on,off",
                           .about = "a line of JSON on stderr for each request to an API"},
    [OPTION_CONFIG] = {.name = "config",
                       .takes = "FILE",
                       .about = "read 'name = value' lines, named as the options here"},
};

const char *option_text(const struct options *options, enum option_id id)
{
    return options->values[id].text;
}

const char *option_from(const struct options *options, enum option_id id)
{
    const char *from = options->values[id].from;
    static char names[OPTION_COUNT][NAME_MAX_LEN];

    if (from[0])
        return from;
    snprintf(names[id], sizeof names[id], "--%s", OPTIONS[id].name);
    return names[id];
}

static int option_find(struct span name)
{
    for (int id = 0; id < OPTION_COUNT; id++)
        if (span_is(name, OPTIONS[id].name))
            return id;
    return -1;
}

/* Replaces the value, or adds to a list that the same source began. */
static enum fault set(struct options *options, int id, struct span value, const char *from,
                      bool may_add, struct problem *why)
{
    struct option_value *v = &options->values[id];
    size_t have = may_add && OPTIONS[id].is_list ? strlen(v->text) : 0;

    if (have + value.len + 2 > sizeof v->text)
        return problem_set(why, FAULT_TOO_LARGE, "%s: the value is too long", from);
    snprintf(v->text + have, sizeof v->text - have, "%s%.*s", have ? "," : "", SPAN_ARG(value));
    snprintf(v->from, sizeof v->from, "%s", from);
    return OK;
}

/* ---- the sources --------------------------------------------------------------------------- */

static enum fault read_line(struct options *options, struct span line, const char *from,
                            bool seen[static OPTION_COUNT], struct problem *why)
{
    size_t equals = span_find(line, '=');
    struct span name = span_trim(span_first(line, equals));
    int id = option_find(name);
    enum fault rc;

    if (equals == line.len)
        return problem_set(why, FAULT_SYNTAX, "%s: not a 'name = value' line", from);
    if (id < 0 || id == OPTION_CONFIG)
        return problem_set(why, FAULT_SYNTAX, "%s: there is no option '%.*s' for a file", from,
                           SPAN_ARG(name));
    rc = set(options, id, span_trim(span_skip(line, equals + 1)), from, seen[id], why);
    seen[id] = true;
    return rc;
}

static enum fault read_config(struct options *options, const char *path, struct problem *why)
{
    char line[CONFIG_LINE_MAX], from[OPTION_FROM_MAX];
    bool seen[OPTION_COUNT] = {0};
    enum fault rc = OK;
    FILE *in = fopen(path, "re");

    if (!in)
        return problem_set(why, FAULT_IO, "cannot open '%s': %s", path, strerror(errno));
    for (unsigned number = 1; rc == OK && fgets(line, sizeof line, in); number++) {
        struct span text = span_trim(span_of(line));

        snprintf(from, sizeof from, "%.*s:%u", OPTION_FROM_MAX - 16, path, number);
        if (strlen(line) == sizeof line - 1)
            rc = problem_set(why, FAULT_TOO_LARGE, "%s: the line is too long", from);
        else if (text.len > 0 && text.at[0] != '#')
            rc = read_line(options, text, from, seen, why);
    }
    if (rc == OK && ferror(in))
        rc = problem_set(why, FAULT_IO, "cannot read '%s': %s", path, strerror(errno));
    fclose(in);
    return rc;
}

static void environment_name(int id, char out[static NAME_MAX_LEN])
{
    size_t n = (size_t)snprintf(out, NAME_MAX_LEN, "PORTICO_%s", OPTIONS[id].name);

    for (size_t i = 0; i < n; i++)
        out[i] = out[i] == '-' ? '_' : ascii_upper(out[i]);
}

static enum fault read_one_environment(struct options *options, int id, const char *name,
                                       struct problem *why)
{
    const char *value = getenv(name);

    return value && value[0] ? set(options, id, span_of(value), name, false, why) : OK;
}

/* The weaker names first, so that ours wins. */
static enum fault read_environment(struct options *options, int id, struct problem *why)
{
    struct span rest = span_of(OPTIONS[id].others), other;
    char name[NAME_MAX_LEN];
    enum fault rc = OK;

    for (unsigned i = 0; rest.len > 0 && rc == OK; i++) {
        size_t comma = span_find_last(rest, ',');

        other = comma == rest.len ? rest : span_skip(rest, comma + 1);
        rest = comma == rest.len ? SPAN("") : span_first(rest, comma);
        snprintf(name, sizeof name, "%.*s", SPAN_ARG(other));
        rc = read_one_environment(options, id, name, why);
    }
    environment_name(id, name);
    return rc == OK ? read_one_environment(options, id, name, why) : rc;
}

/* Takes one flag with its value; *i is left at the last word that was used. */
static enum fault read_flag(struct options *options, int argc, char **argv, int *i,
                            bool seen[static OPTION_COUNT], struct problem *why)
{
    struct span word = span_of(argv[*i]), value;
    char from[NAME_MAX_LEN];
    size_t equals;
    enum fault rc;
    int id;

    if (!span_starts(word, SPAN("--")))
        return problem_set(why, FAULT_SYNTAX, "unexpected word '%s'", argv[*i]);
    word = span_skip(word, 2);
    equals = span_find(word, '=');
    id = option_find(span_first(word, equals));
    if (id < 0)
        return problem_set(why, FAULT_SYNTAX, "there is no option '--%.*s'", SPAN_ARG(word));
    snprintf(from, sizeof from, "--%s", OPTIONS[id].name);
    if (equals < word.len)
        value = span_skip(word, equals + 1);
    else if (!OPTIONS[id].takes)
        value = SPAN("on");
    else if (*i + 1 < argc)
        value = span_of(argv[++*i]);
    else
        return problem_set(why, FAULT_SYNTAX, "%s needs a value: %s %s", from, from,
                           OPTIONS[id].takes);
    rc = set(options, id, value, from, seen[id], why);
    seen[id] = true;
    return rc;
}

static enum fault read_flags(struct options *options, int argc, char **argv, struct problem *why)
{
    bool seen[OPTION_COUNT] = {0};
    enum fault rc = OK;

    for (int i = 0; i < argc && rc == OK; i++)
        rc = read_flag(options, argc, argv, &i, seen, why);
    return rc;
}

/* ---- checking ------------------------------------------------------------------------------ */

/* Is `value` one of the comma separated words? */
static bool is_one_of(const char *words, const char *value)
{
    struct span rest = span_of(words), word;

    while (span_split(&rest, ',', &word))
        if (span_is(word, value))
            return true;
    return false;
}

static enum fault check_choice(const struct options *options, int id, struct problem *why)
{
    const struct option *option = &OPTIONS[id];
    const char *value = option_text(options, (enum option_id)id);
    const char *from = option_from(options, (enum option_id)id);

    if (option->choice && !is_one_of(option->choice, value))
        return problem_set(why, FAULT_RANGE, "%s must be one of %s, not '%s'", from, option->choice,
                           value);
    if (option->only && strcmp(option->only, value) != 0)
        return problem_set(why, FAULT_UNSUPPORTED, "%s %s is not yet in Portico", from, value);
    return OK;
}

static bool all_digits(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0';
}

static unsigned cpu_count(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

    return count < 1 ? 1 : count > WORKERS_MAX ? WORKERS_MAX : (unsigned)count;
}

static enum fault check(struct options *options, struct problem *why)
{
    const char *account = option_text(options, OPTION_ACCOUNT);
    const char *workers = option_text(options, OPTION_WORKERS);
    const char *region = option_text(options, OPTION_REGION);
    uint64_t count = cpu_count();

    for (int id = 0; id < OPTION_COUNT; id++)
        if (check_choice(options, id, why) != OK)
            return why->code;
    if (account[0] && (strlen(account) != 12 || !all_digits(account)))
        return problem_set(why, FAULT_RANGE, "%s must be 12 digits, not '%s'",
                           option_from(options, OPTION_ACCOUNT), account);
    if (region[strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0')
        return problem_set(why, FAULT_RANGE, "%s must be a region's name, not '%s'",
                           option_from(options, OPTION_REGION), region);
    if (workers[0] && (!number_u64(span_of(workers), &count) || count < 1 || count > WORKERS_MAX))
        return problem_set(why, FAULT_RANGE, "%s must be 1 to %d, not '%s'",
                           option_from(options, OPTION_WORKERS), WORKERS_MAX, workers);
    options->workers = (unsigned)count;
    options->allow_remote = strcmp(option_text(options, OPTION_ALLOW_REMOTE), "on") == 0;
    return OK;
}

enum fault options_read(struct options *options, int argc, char **argv, struct problem *why)
{
    struct options strong = {0}; /* flags, which say where the file is */
    enum fault rc;

    memset(options, 0, sizeof *options);
    for (int id = 0; id < OPTION_COUNT; id++)
        snprintf(options->values[id].text, OPTION_TEXT_MAX, "%s",
                 OPTIONS[id].fallback ? OPTIONS[id].fallback : "");

    if ((rc = read_flags(&strong, argc, argv, why)) != OK ||
        (rc = read_environment(options, OPTION_CONFIG, why)) != OK)
        return rc;
    if (strong.values[OPTION_CONFIG].from[0])
        options->values[OPTION_CONFIG] = strong.values[OPTION_CONFIG];
    if (option_text(options, OPTION_CONFIG)[0])
        rc = read_config(options, option_text(options, OPTION_CONFIG), why);
    for (int id = 0; id < OPTION_COUNT && rc == OK; id++)
        rc = read_environment(options, id, why);
    for (int id = 0; id < OPTION_COUNT; id++)
        if (strong.values[id].from[0])
            options->values[id] = strong.values[id];
    return rc == OK ? check(options, why) : rc;
}

void options_print(FILE *out)
{
    for (int id = 0; id < OPTION_COUNT; id++) {
        const struct option *option = &OPTIONS[id];
        struct span rest = span_of(option->about), line;
        char left[NAME_MAX_LEN];

        snprintf(left, sizeof left, "--%s %s", option->name, option->takes ? option->takes : "");
        while (span_split(&rest, '\n', &line)) {
            fprintf(out, "  %-24s %.*s", left, SPAN_ARG(line));
            left[0] = '\0';
            if (!rest.at && option->fallback && option->takes)
                fprintf(out, " (default: %s)", option->fallback);
            if (!rest.at && option->only)
                fprintf(out, option->only[0] ? " [today only %s]" : " [not yet]", option->only);
            fputc('\n', out);
        }
    }
}
