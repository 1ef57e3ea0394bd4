/* Renders one template outside of any gateway, so that people can try theirs.  The event is what a
 * Lambda proxy function would get, because everybody has one at hand: its requestContext becomes
 * $context. */
#include "vtl/render_command.h"

#include <errno.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "text/json.h"
#include "vtl/template.h"

#define FILE_MAX (10 * 1024 * 1024)
#define EXIT_FAILED 1
#define EXIT_USAGE 2

struct words {
    const char *template, *body, *event;
    bool is_traced;
};

static int usage(const char *problem)
{
    fprintf(stderr,
            "portico vtl: %s\nusage: portico vtl render TEMPLATE [--body FILE] [--event FILE] "
            "[--trace]\n",
            problem);
    return EXIT_USAGE;
}

/* False with a message when the words make no sense. */
static bool read_words(int argc, char **argv, struct words *words)
{
    if (argc < 2 || strcmp(argv[0], "render") != 0)
        return usage("expected 'render' and a template"), false;
    for (int i = 1; i < argc; i++) {
        const char **value = strcmp(argv[i], "--body") == 0    ? &words->body
                             : strcmp(argv[i], "--event") == 0 ? &words->event
                                                               : NULL;

        if (strcmp(argv[i], "--trace") == 0)
            words->is_traced = true;
        else if (value && i + 1 < argc)
            *value = argv[++i];
        else if (value)
            return usage("a file is missing"), false;
        else if (argv[i][0] == '-' && argv[i][1])
            return usage("unknown option"), false;
        else if (words->template)
            return usage("one template only"), false;
        else
            words->template = argv[i];
    }
    return words->template || (usage("expected a template"), false);
}

/* "-" is stdin. */
static bool read_file(const char *path, struct buf *out)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    char *room;
    size_t n;

    buf_init(out, FILE_MAX);
    if (!in) {
        fprintf(stderr, "cannot open '%s': %s\n", path, strerror(errno));
        return false;
    }
    do {
        room = buf_room(out, 65536);
        n = room ? fread(room, 1, 65536, in) : 0;
        out->len += n;
    } while (n);
    if (ferror(in) || out->is_over)
        fprintf(stderr, "cannot read '%s': %s\n", path,
                out->is_over ? "it is too large" : strerror(errno));
    n = ferror(in) == 0 && !out->is_over;
    if (in != stdin)
        fclose(in);
    return n;
}

static void print_trace(void *tracer, const struct vtl_trace *trace)
{
    struct span source = trace->source;

    (void)tracer;
    source.len = span_find(source, '\n');
    fprintf(stderr, "%u:%u  %.*s  ->  %.*s\n", trace->line, trace->column,
            SPAN_ARG(source.len ? source : trace->directive), SPAN_ARG(trace->value));
}

/* ---- the event --------------------------------------------------------------------------------*/

/* The members of an object as pairs; texts as they are, others as JSON prints them. */
static struct vtl_pairs pairs_of(struct arena *arena, const struct json *object)
{
    size_t count = json_is(object, JSON_OBJECT) ? object->count : 0;
    struct vtl_pair *at = arena_try_array(arena, count + 1, sizeof *at);
    size_t n = 0;

    for (const struct json *j = count && at ? object->first : NULL; j; j = j->next) {
        if (j->type == JSON_NULL)
            continue;
        at[n].name = j->name;
        vtl_print(arena, vtl_of_json(arena, j), &at[n].value);
        n++;
    }
    return (struct vtl_pairs){at, n};
}

static bool add_map(struct vtl_map *to, const char *name, struct vtl_map **made)
{
    *made = vtl_map_new(to->arena);
    return *made && vtl_map_put(to, span_of(name), vtl_of_map(*made));
}

/* $context of the event, with the containers for overrides. */
static bool fill_context(void *owner, struct vtl_map *context)
{
    const struct json *from = json_member(owner, "requestContext");
    struct vtl_map *request, *response, *inner;

    for (const struct json *j = json_is(from, JSON_OBJECT) ? from->first : NULL; j; j = j->next)
        if (!vtl_map_put(context, j->name, vtl_of_json(context->arena, j)))
            return false;
    return add_map(context, "requestOverride", &request) && add_map(request, "header", &inner) &&
           add_map(request, "path", &inner) && add_map(request, "querystring", &inner) &&
           add_map(context, "responseOverride", &response) && add_map(response, "header", &inner);
}

static void use_event(struct vtl_environment *environment, struct arena *arena,
                      const struct json *event)
{
    environment->path = pairs_of(arena, json_member(event, "pathParameters"));
    environment->querystring = pairs_of(arena, json_member(event, "queryStringParameters"));
    environment->header = pairs_of(arena, json_member(event, "headers"));
    environment->stage_variables = pairs_of(arena, json_member(event, "stageVariables"));
    environment->body = json_member_text(event, "body", SPAN(""));
    environment->fill_context = fill_context;
    environment->owner = (void *)event;
}

/* ---- rendering --------------------------------------------------------------------------------*/

static void print_problem(const char *file, const struct problem *why)
{
    fprintf(stderr, "%s:%u:%u: %s\n", file, why->line, why->column, why->text);
}

/* What the template asked the gateway to override. */
static void print_overrides(struct arena *arena, const struct vtl_environment *environment)
{
    static const char *const NAMES[] = {"requestOverride", "responseOverride"};
    const struct vtl_value *value;
    struct span text;

    for (size_t i = 0; i < COUNT(NAMES) && environment->context; i++) {
        value = vtl_map_get(environment->context, span_of(NAMES[i]));
        if (value && vtl_print(arena, *value, &text))
            fprintf(stderr, "$context.%s = %.*s\n", NAMES[i], SPAN_ARG(text));
    }
}

static int render(const struct words *words, struct arena *arena, struct span text,
                  struct vtl_environment *environment)
{
    struct vtl_template *template;
    struct problem why;
    struct buf out;
    enum fault fault = vtl_compile(arena, text, &template, &why);

    buf_init(&out, VTL_OUTPUT_MAX);
    if (words->is_traced)
        environment->trace = print_trace;
    if (!fault)
        fault = vtl_run(template, environment, arena, &out, &why);
    fwrite(out.at, 1, out.len, stdout);
    fflush(stdout);
    buf_release(&out);
    if (fault)
        print_problem(words->template, &why);
    else if (words->is_traced)
        print_overrides(arena, environment);
    return fault ? EXIT_FAILED : 0;
}

/* The payload must be text: what is not well-formed is replaced, as AWS decodes it. */
static bool read_body(const char *path, struct arena *arena, struct span *out)
{
    struct buf raw, repaired;
    bool is_read = read_file(path, &raw);

    buf_init(&repaired, 3 * FILE_MAX);
    if (is_read && utf8_add_repaired(&repaired, buf_span(&raw)))
        *out = arena_copy(arena, buf_span(&repaired));
    buf_release(&raw);
    buf_release(&repaired);
    return is_read;
}

static bool read_event(const char *path, struct arena *arena, struct vtl_environment *environment)
{
    struct problem why;
    struct json *event;
    struct span text;

    if (!read_body(path, arena, &text))
        return false;
    if (json_parse(arena, text, &event, &why)) {
        print_problem(path, &why);
        return false;
    }
    use_event(environment, arena, event);
    return true;
}

int vtl_command(int argc, char **argv)
{
    struct vtl_environment environment = {.body = {NULL, 0}};
    struct words words = {.template = NULL};
    struct arena arena;
    struct buf text;
    int status = EXIT_FAILED;

    if (!read_words(argc, argv, &words))
        return EXIT_USAGE;
    arena_init(&arena, 4 * (size_t)VTL_MEMORY_DEFAULT);
    if (read_file(words.template, &text) &&
        (!words.event || read_event(words.event, &arena, &environment)) &&
        (!words.body || read_body(words.body, &arena, &environment.body)))
        status = render(&words, &arena, buf_span(&text), &environment);
    buf_release(&text);
    arena_release(&arena);
    return status;
}
