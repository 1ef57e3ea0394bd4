/* The steps in their order: read the template, parse, transform, order, plan, one batch.  What is
 * wrong is told with file and line; then nothing has changed, and the former version serves on. */
#include "control/cloudformation/up.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/cloudformation/stack.h"
#include "control/cloudformation/transform.h"
#include "link/up.h"

#define UP_MEMORY_MAX (1024UL * 1024 * 1024) /* the packages of a stack are in it */
#define LINE_MAX_LEN 4096

/* One request. */
struct up {
    struct control *control;
    struct up_client *client;
    struct arena arena;
    struct up_ask ask;
    struct identity identity;
    char file[PATH_MAX]; /* the template's path */
    int folder;          /* where it is */
};

/* ---- lines --------------------------------------------------------------------------------- */

static void say_words(struct up *up, enum up_line line, const char *format, va_list words)
{
    char text[LINE_MAX_LEN];

    vsnprintf(text, sizeof text, format, words);
    up->client->say(up->client, line, text);
}

static void say(struct up *up, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct up *up, const char *format, ...)
{
    va_list words;

    va_start(words, format);
    say_words(up, UP_LINE_OUT, format, words);
    va_end(words);
}

/* Always 1: the exit code. */
static int fail(struct up *up, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(struct up *up, const char *format, ...)
{
    va_list words;

    va_start(words, format);
    say_words(up, UP_LINE_ERROR, format, words);
    va_end(words);
    return 1;
}

static int fail_at(struct up *up, const struct problem *why)
{
    return why->line > 0 ? fail(up, "%s:%u: %s", up->file, why->line, why->text)
                         : fail(up, "%s: %s", up->file, why->text);
}

static void hear_deploy(void *ctx, const char *format, va_list words)
{
    say_words(ctx, UP_LINE_OUT, format, words);
}

/* ---- the template -------------------------------------------------------------------------- */

static bool is_file(const char *path)
{
    struct stat about;

    return stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

/* The template of a folder. */
static bool find_template(const char *folder, char out[static PATH_MAX])
{
    static const char *const NAMES[] = {"template.yaml", "template.yml", "template.json"};

    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (snprintf(out, PATH_MAX, "%s/%s", folder, NAMES[i]) < PATH_MAX && is_file(out))
            return true;
    return false;
}

static bool has_openapi(const char *folder)
{
    static const char *const NAMES[] = {"openapi.yaml", "openapi.yml", "openapi.json"};
    char path[PATH_MAX];

    for (size_t i = 0; i < COUNT(NAMES); i++)
        if (snprintf(path, sizeof path, "%s/%s", folder, NAMES[i]) < PATH_MAX && is_file(path))
            return true;
    return false;
}

/* Fills up->file and opens up->folder; *name is the folder's. */
static int open_template(struct up *up, struct span *name)
{
    const char *path = arena_text(&up->arena, up->ask.path);
    char folder[PATH_MAX];
    struct stat about;
    size_t slash;

    if (!path || path[0] != '/' || strlen(path) >= PATH_MAX)
        return fail(up, "the template's path must be absolute");
    if (stat(path, &about) != 0)
        return fail(up, "cannot read '%s': %s", path, strerror(errno));
    snprintf(up->file, sizeof up->file, "%s", path);
    if (S_ISDIR(about.st_mode) && !find_template(path, up->file))
        return fail(up,
                    has_openapi(path)
                        ? "'%s' has an OpenAPI document and no template.yaml, template.yml or "
                          "template.json; OpenAPI is not yet in Portico"
                        : "'%s' has no template.yaml, template.yml or template.json",
                    path);
    slash = span_find_last(span_of(up->file), '/');
    snprintf(folder, sizeof folder, "%.*s", slash > 0 ? (int)slash : 1, up->file);
    up->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (up->folder < 0)
        return fail(up, "cannot open '%s': %s", folder, strerror(errno));
    *name = arena_copy(&up->arena, span_of(strrchr(folder, '/') + 1));
    return 0;
}

static int read_template(struct up *up, struct span *text)
{
    char *at = arena_try(&up->arena, YAML_TEXT_MAX + 1);
    int file = open(up->file, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t n = 1;

    while (at && file >= 0 && len <= YAML_TEXT_MAX && n > 0)
        if ((n = read(file, at + len, YAML_TEXT_MAX + 1 - len)) > 0)
            len += (size_t)n;
    if (file < 0 || n < 0)
        fail(up, "cannot read '%s': %s", up->file, strerror(errno));
    if (file >= 0)
        close(file);
    *text = span_make(at, len);
    return at && file >= 0 && n >= 0 ? 0 : 1;
}

/* ---- up ------------------------------------------------------------------------------------ */

/* Ids and names of this request: the stack's is set later. */
static void find_identity(struct up *up)
{
    up->identity.account = up->control->account;
    up->identity.region = up->ask.region.len > 0 ? up->ask.region : up->control->region;
    if (up->ask.url.len == 0)
        up->ask.url = SPAN("http://127.0.0.1:4566");
}

static int choose_stack(struct up *up, struct span folder)
{
    struct span given = up->ask.stack;

    up->identity.stack = given.len > 0 ? given : stack_name(&up->arena, folder);
    if (stack_name_is_fine(up->identity.stack))
        return 0;
    return given.len > 0
               ? fail(up,
                      "the stack's name '%.*s' must begin with a letter and hold letters, digits "
                      "and '-' only",
                      SPAN_ARG(given))
               : fail(up, "the folder '%.*s' gives no name for a stack; say --stack NAME",
                      SPAN_ARG(folder));
}

static enum fault prepare(struct up *up, struct template *template, struct deploy *d)
{
    struct resources resources;
    struct json *parameters;
    struct span text;
    enum fault rc;

    if (read_template(up, &text) != 0)
        return FAULT_IO;
    if ((rc = template_parse(&up->arena, text, template, d->why)) ||
        (rc = parameters_evaluate(template, NULL, &parameters, d->why)) ||
        (rc = transform_serverless(template, parameters, d->why)) ||
        (rc = order_resources(template, &resources, d->why)))
        return rc;
    d->scope = (struct scope){.template = template,
                              .parameters = parameters,
                              .account = up->identity.account,
                              .region = up->identity.region,
                              .stack = up->identity.stack,
                              .stack_id = stack_arn(&up->arena, &up->identity)};
    return deploy_plan(d, &resources);
}

/* How many resources were treated that way. */
static unsigned count_action(const struct deploy *d, enum action action)
{
    unsigned count = 0;

    for (size_t i = 0; i < d->count; i++)
        count += d->items[i].action == action;
    return count;
}

static int fail_batch(struct up *up, struct deploy *d, const struct batch_call *failed)
{
    const struct item *item = failed ? failed->subject : NULL;

    if (item) {
        d->why->line = yaml_line(&d->template->yaml, item->resource->node);
        fail(up, "%s:%u: %.*s: %s", up->file, d->why->line, SPAN_ARG(item->resource->node->name),
             d->why->text);
    } else {
        fail_at(up, d->why);
    }
    return fail(up, "nothing was changed%s",
                d->former ? "; the former version goes on serving" : "");
}

static int deploy(struct up *up, struct deploy *d)
{
    const struct batch_call *failed = NULL;
    struct stack_write write = {.name = up->identity.stack};
    struct json *record = NULL;

    if (stack_make(d, span_of(up->file), &record) != OK)
        return fail_at(up, d->why);
    write.record = record;
    d->batch.finish = stack_finish;
    d->batch.ctx = &write;
    if (batch_run(&d->batch, &failed, d->why) != OK)
        return fail_batch(up, d, failed);
    say(up, "stack '%.*s' is %s: %u made, %u changed, %u unchanged", SPAN_ARG(write.name),
        d->former ? "up to date" : "up", count_action(d, ACTION_CREATE),
        count_action(d, ACTION_UPDATE) + count_action(d, ACTION_RECREATE),
        count_action(d, ACTION_KEEP) + count_action(d, ACTION_RECORD));
    stack_tell(&up->arena, record, up->ask.url, &d->listener);
    return 0;
}

static struct deploy new_deploy(struct up *up, struct problem *why)
{
    return (struct deploy){.control = up->control,
                           .arena = &up->arena,
                           .folder = up->folder,
                           .identity = up->identity,
                           .batch = {.control = up->control,
                                     .arena = &up->arena,
                                     .account = up->identity.account,
                                     .region = up->identity.region},
                           .listener = {hear_deploy, up},
                           .why = why};
}

/* Two folders of one name would take each other's stack away. */
static int check_owner(struct up *up, const struct json *former)
{
    const char *file = arena_text(&up->arena, json_member_text(former, "file", SPAN("")));

    if (!former || !file || up->ask.stack.len > 0 || strcmp(file, up->file) == 0 || !is_file(file))
        return 0;
    return fail(up,
                "the stack '%.*s' is that of '%s'; say --stack NAME to make another, or "
                "--stack %.*s to take it over",
                SPAN_ARG(up->identity.stack), file, SPAN_ARG(up->identity.stack));
}

static int answer_up(struct up *up)
{
    struct template template;
    struct problem why = {.text = ""};
    struct json *former = NULL;
    struct span folder;
    struct deploy d;
    enum fault rc;

    if (open_template(up, &folder) != 0 || choose_stack(up, folder) != 0)
        return 1;
    rc = stack_load(up->control, &up->arena, &up->identity, &former);
    if (rc != OK && rc != FAULT_NOT_FOUND)
        return fail(up, "the record of the stack cannot be read");
    if (check_owner(up, former) != 0)
        return 1;
    d = new_deploy(up, &why);
    d.template = &template;
    d.former = former;
    rc = prepare(up, &template, &d);
    if (rc == OK)
        return deploy(up, &d);
    return why.text[0] ? fail_at(up, &why) : 1;
}

/* ---- down and stacks ----------------------------------------------------------------------- */

static struct span member(const struct json *stack, const char *name)
{
    return json_member_text(stack, name, SPAN(""));
}

/* Why the stack that was named, or the only one, is not found in the region. */
static int fail_stack(struct up *up, const struct json *all, unsigned here)
{
    const struct json *elsewhere = NULL;

    if (up->ask.stack.len == 0)
        return here == 0
                   ? fail(up, "there is no stack in %.*s", SPAN_ARG(up->identity.region))
                   : fail(up, "there are %u stacks: say which ('portico status' lists them)", here);
    for (const struct json *one = all->first; one; one = one->next)
        if (span_equal(member(one, "StackName"), up->ask.stack))
            elsewhere = one;
    return elsewhere ? fail(up, "the stack '%.*s' is in %.*s and not in %.*s: set AWS_REGION",
                            SPAN_ARG(up->ask.stack), SPAN_ARG(member(elsewhere, "region")),
                            SPAN_ARG(up->identity.region))
                     : fail(up, "there is no stack '%.*s' ('portico status' lists them)",
                            SPAN_ARG(up->ask.stack));
}

/* The stack that is meant: the named one, or the only one there is. */
static int find_stack(struct up *up, const struct json **record)
{
    const struct json *found = NULL;
    struct json *all = NULL;
    unsigned here = 0;

    if (stack_load_all(up->control, &up->arena, up->identity.account, &all) != OK)
        return fail(up, "the records of stacks cannot be read");
    for (const struct json *one = all->first; one; one = one->next) {
        if (!span_equal(member(one, "region"), up->identity.region))
            continue;
        here++;
        if (up->ask.stack.len == 0 || span_equal(member(one, "StackName"), up->ask.stack))
            found = one;
    }
    if (!found || (up->ask.stack.len == 0 && here > 1))
        return fail_stack(up, all, here);
    up->identity.stack = member(found, "StackName");
    *record = found;
    return 0;
}

static int answer_down(struct up *up)
{
    const struct batch_call *failed = NULL;
    struct problem why = {.text = ""};
    struct stack_write write;
    const struct json *record = NULL;
    struct deploy d;

    if (find_stack(up, &record) != 0)
        return 1;
    write = (struct stack_write){.name = up->identity.stack};
    d = new_deploy(up, &why);
    d.former = record;
    d.batch.finish = stack_finish;
    d.batch.ctx = &write;
    if (deploy_plan_deletion(&d) != OK || batch_run(&d.batch, &failed, &why) != OK)
        return fail(up, "%s; nothing was changed", why.text);
    say(up, "stack '%.*s' is deleted", SPAN_ARG(write.name));
    return 0;
}

static int answer_stacks(struct up *up)
{
    struct deploy_listener listener = {hear_deploy, up};
    struct json *all;

    if (stack_load_all(up->control, &up->arena, up->identity.account, &all) != OK)
        return fail(up, "the records of stacks cannot be read");
    for (const struct json *one = all->first; one; one = one->next) {
        say(up, "stack '%.*s' in %.*s from %.*s", SPAN_ARG(member(one, "StackName")),
            SPAN_ARG(member(one, "region")), SPAN_ARG(member(one, "file")));
        stack_tell(&up->arena, one, up->ask.url, &listener);
    }
    return 0;
}

int up_answer(struct control *control, struct span request, struct up_client *client)
{
    struct up up = {.control = control, .client = client, .folder = -1};
    int code;

    arena_init(&up.arena, UP_MEMORY_MAX);
    if (up_ask_read(&up.arena, request, &up.ask) != OK) {
        code = fail(&up, "control does not understand this client");
    } else {
        find_identity(&up);
        code = span_is(up.ask.op, "up")       ? answer_up(&up)
               : span_is(up.ask.op, "down")   ? answer_down(&up)
               : span_is(up.ask.op, "stacks") ? answer_stacks(&up)
                                              : fail(&up, "control does not know this command");
    }
    if (up.folder >= 0)
        close(up.folder);
    arena_release(&up.arena);
    return code;
}
