/* $input and $foreach: the payload and parameters of the request, and the state of a loop. */
#include "base/utf8.h"
#include "text/json.h"
#include "text/jsonpath.h"
#include "vtl/arguments.h"
#include "vtl/print.h"

struct vtl_value loop_property(struct run *run, const struct loop *loop, struct span name)
{
    const struct loop *top = loop;

    (void)run;
    if (span_is(name, "count"))
        return vtl_number((int64_t)loop->index + 1);
    if (span_is(name, "index"))
        return vtl_number(loop->index);
    if (span_is(name, "hasNext"))
        return vtl_bool(loop->has_next);
    if (span_is(name, "first"))
        return vtl_bool(loop->index == 0);
    if (span_is(name, "last"))
        return vtl_bool(!loop->has_next);
    if (span_is(name, "parent") && loop->outer)
        return (struct vtl_value){.type = VTL_LOOP, .object = loop->outer};
    if (span_is(name, "topmost")) {
        while (top->outer)
            top = top->outer;
        return (struct vtl_value){.type = VTL_LOOP, .object = top};
    }
    return vtl_null();
}

/* API Gateway shows {} where there is no payload. */
static struct span body_of(const struct run *run)
{
    return run->environment->body.len ? run->environment->body : SPAN("{}");
}

struct vtl_value input_property(struct run *run, struct span name)
{
    return span_is(name, "body") ? vtl_text(body_of(run)) : vtl_null();
}

static bool input_body(struct method_call *call)
{
    return answer_text(call, body_of(call->run));
}

#define BYTES_A_PATH_STEP 4 /* an ordinary search looks at a value for each four bytes */
#define PATH_STEPS_LEAST 1024

#define PATH_STEPS_GROWTH 8

/* A search is charged for before it is made: first as one that sees the payload about once; what
 * needs more is made anew with more, and pays again. */
static bool search(struct run *run, const struct jsonpath *path, struct json **found,
                   enum fault *fault)
{
    uint64_t steps = PATH_STEPS_LEAST + body_of(run).len / BYTES_A_PATH_STEP;

    do {
        if (!run_charge(run, steps))
            return false;
        *fault = jsonpath_run(path, run->arena, run->body, steps, found);
        steps *= PATH_STEPS_GROWTH;
    } while (*fault == FAULT_TOO_LARGE && steps <= JSONPATH_STEPS_DEFAULT * PATH_STEPS_GROWTH);
    return true;
}

/* A path that is none finds nothing. */
static bool find_path(struct run *run, struct span text, struct json **found)
{
    enum jsonpath_dialect dialect =
        run->environment->is_plain_model ? JSONPATH_JAYWAY_2 : JSONPATH_AWS;
    struct jsonpath *path;
    enum fault fault = jsonpath_compile(run->arena, text, dialect, &path, NULL);
    bool is_paid = true;

    if (!fault) {
        is_paid = search(run, path, found, &fault);
        jsonpath_release(path);
    }
    if (!is_paid)
        return false;
    if (fault == FAULT_NO_MEMORY)
        return run_no_memory(run);
    if (fault == FAULT_TOO_LARGE)
        return run_fail(run, fault, "path '%.*s' looks at too many values",
                        text.len > 80 ? 80 : (int)text.len, text.at);
    return true;
}

/* The payload is parsed once a run, when a path is first asked for. */
static bool find(struct method_call *call, struct json **found)
{
    struct run *run = call->run;
    struct span path;

    *found = NULL;
    if (!run->is_body_parsed) {
        run->is_body_parsed = true;
        if (!json_of_text(run, body_of(run), &run->body))
            return false;
    }
    return value_text(run, call->arguments[0], &path) &&
           (!run->body || find_path(run, path, found));
}

static bool input_path(struct method_call *call)
{
    struct json *found;

    if (!find(call, &found))
        return false;
    call->result = vtl_of_json(call->run->arena, found);
    return !call->run->arena->is_over || run_no_memory(call->run);
}

/* What is not there is two quotes; Velocity alone would print nothing. */
static bool input_json(struct method_call *call)
{
    struct run *run = call->run;
    size_t mark = text_begin(run);
    struct json *found;
    struct span text;

    if (!find(call, &found))
        return false;
    if (!found || found->type == JSON_NULL)
        return run->environment->is_plain_model || answer_text(call, SPAN("\"\""));
    if (!print_json(run->out, vtl_of_json(run->arena, found), false) || run->out->is_over)
        return run_fail(run, FAULT_TOO_LARGE, "output is too large");
    if (run->arena->is_over)
        return run_no_memory(run);
    return run_charge(run, run->out->len - mark) && text_end(run, mark, &text) &&
           answer_text(call, text);
}

/* ---- parameters -------------------------------------------------------------------------------*/

static const struct vtl_pair *last_pair(const struct vtl_pairs *pairs, struct span name)
{
    for (size_t i = pairs->count; i-- > 0;)
        if (span_equal(pairs->at[i].name, name))
            return &pairs->at[i];
    return NULL;
}

static bool put_pairs(struct method_call *call, struct vtl_map *all, struct span name,
                      const struct vtl_pairs *pairs)
{
    struct vtl_map *map = vtl_map_new(call->run->arena);

    if (!map || !vtl_map_put(all, name, vtl_of_map(map)))
        return run_no_memory(call->run);
    for (size_t i = 0; i < pairs->count; i++)
        if (!vtl_map_put(map, pairs->at[i].name, vtl_text(pairs->at[i].value)))
            return run_no_memory(call->run);
    return true;
}

static bool all_parameters(struct method_call *call)
{
    const struct vtl_environment *environment = call->run->environment;
    struct vtl_map *all = vtl_map_new(call->run->arena);

    if (!all)
        return run_no_memory(call->run);
    return put_pairs(call, all, SPAN("path"), &environment->path) &&
           put_pairs(call, all, SPAN("querystring"), &environment->querystring) &&
           put_pairs(call, all, SPAN("header"), &environment->header) &&
           answer(call, vtl_of_map(all));
}

/* params() is all of them; params(name) looks in path, query string and headers and is an empty
 * string when there is none. */
static bool input_params(struct method_call *call)
{
    const struct vtl_environment *environment = call->run->environment;
    const struct vtl_pairs *const PLACES[] = {&environment->path, &environment->querystring,
                                              &environment->header};
    const struct vtl_pair *found;
    struct span name;

    if (call->count == 0)
        return all_parameters(call);
    if (!value_text(call->run, call->arguments[0], &name))
        return false;
    for (size_t i = 0; i < COUNT(PLACES); i++) {
        found = last_pair(PLACES[i], name);
        if (found)
            return answer_text(call, found->value);
    }
    return answer_text(call, SPAN(""));
}

static const struct vtl_method ROWS[] = {
    {"getBody", 0, 0, input_body},
    {"json", 1, 1, input_json},
    {"params", 0, 1, input_params},
    {"path", 1, 1, input_path},
};

const struct method_table INPUT_METHODS = {ROWS, COUNT(ROWS)};
