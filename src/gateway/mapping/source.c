/* One function per source.  Bodies are parsed once per exchange, when a mapping first looks. */
#include "gateway/mapping/source.h"

#include "gateway/mapping/context.h"
#include "gateway/mapping/view.h"
#include "gateway/reply/answer.h"

#define PATH_STEPS_MAX 200000
#define VALUE_MAX (1024 * 1024) /* bytes of JSON that one mapping may carry */

static enum fault one(struct exchange *x, struct span value, struct texts *out)
{
    if (!value.at)
        return OK;
    out->at = arena_new(exchange_arena(x), struct span);
    out->at[0] = value;
    out->count = 1;
    return OK;
}

/* All values of a name, compared exactly, as AWS does even for headers. */
static enum fault all(struct exchange *x, struct vtl_pairs pairs, struct span name,
                      struct texts *out)
{
    out->at = arena_try_array(exchange_arena(x), pairs.count ? pairs.count : 1, sizeof *out->at);
    if (!out->at)
        return FAULT_NO_MEMORY;
    for (size_t i = 0; i < pairs.count; i++)
        if (span_equal(pairs.at[i].name, name))
            out->at[out->count++] = pairs.at[i].value;
    return OK;
}

static enum fault answer_headers(struct exchange *x, struct span name, bool only_last,
                                 struct texts *out)
{
    const struct backend_answer *answer = x->answer;
    unsigned count = answer ? answer->header_count : 0;

    out->at = arena_try_array(exchange_arena(x), count ? count : 1, sizeof *out->at);
    if (!out->at)
        return FAULT_NO_MEMORY;
    for (unsigned i = 0; i < count; i++)
        if (span_equal(answer->headers[i].name, name))
            out->at[only_last ? 0 : out->count++] = answer->headers[i].value;
    if (only_last && out->at[0].at)
        out->count = 1;
    return OK;
}

/* Several values of a header are one, with commas. */
static enum fault joined(struct exchange *x, struct texts *out)
{
    size_t len = 0, n = 0;
    char *room;

    if (out->count < 2)
        return OK;
    for (size_t i = 0; i < out->count; i++)
        len += out->at[i].len + 1;
    room = arena_try(exchange_arena(x), len);
    if (!room)
        return FAULT_NO_MEMORY;
    for (size_t i = 0; i < out->count; i++) {
        if (i > 0)
            room[n++] = ',';
        memcpy(room + n, out->at[i].at, out->at[i].len);
        n += out->at[i].len;
    }
    out->at[0] = span_make(room, n);
    out->count = 1;
    return OK;
}

/* A text that does not look like JSON counts as {}. */
static enum fault read_json(struct arena *arena, struct span body, struct json **out)
{
    struct span text = span_trim(body);
    bool looks_like = text.len > 0 && (text.at[0] == '{' || text.at[0] == '[' ||
                                       text.at[0] == '"' || text.at[0] == '\'');

    *out = json_new(arena, JSON_OBJECT);
    if (!looks_like)
        return *out ? OK : FAULT_NO_MEMORY;
    return json_parse(arena, text, out, NULL);
}

static enum fault request_json(struct exchange *x, struct json **out)
{
    struct rendering *r = exchange_rendering(x);
    enum fault rc = OK;

    if (!r)
        return FAULT_NO_MEMORY;
    if (!r->is_request_read)
        rc = read_json(&r->arena, x->stream->body, &r->request_json);
    r->is_request_read = rc == OK;
    *out = r->request_json;
    return rc;
}

/* An error's text may be JSON itself: then mappings look into it (section 10.8). */
static struct json *open_error(struct arena *arena, struct span body)
{
    struct json *tree, *inner;
    struct json *text;

    if (json_parse(arena, span_trim(body), &tree, NULL) != OK)
        return NULL;
    text = json_member(tree, "errorMessage");
    if (!json_is(text, JSON_STRING) || json_parse(arena, text->text, &inner, NULL) != OK)
        return NULL;
    json_set(tree, "errorMessage", inner);
    return tree;
}

static enum fault answer_json(struct exchange *x, struct span path, struct json **out)
{
    struct rendering *r = exchange_rendering(x);
    struct span body = x->answer ? x->answer->body : SPAN("");
    enum fault rc = OK;

    if (!r)
        return FAULT_NO_MEMORY;
    if (!r->is_answer_read) {
        rc = read_json(&r->arena, body, &r->answer_json);
        r->error_json = rc ? NULL : open_error(&r->arena, body);
    }
    r->is_answer_read = rc == OK;
    *out =
        r->error_json && span_starts(path, SPAN(".errorMessage.")) ? r->error_json : r->answer_json;
    return rc;
}

/* Objects and lists as JSON, null as nothing. */
static enum fault json_value(struct exchange *x, const struct json *value, struct texts *out)
{
    struct buf text;
    struct span copy;

    if (!value || value->type == JSON_NULL)
        return OK;
    if (value->type == JSON_STRING)
        return one(x, value->text, out);
    buf_init(&text, VALUE_MAX);
    json_write(&text, value);
    copy = text.is_over ? (struct span){NULL, 0} : arena_copy(exchange_arena(x), buf_span(&text));
    buf_release(&text);
    return copy.at ? one(x, copy, out) : FAULT_TOO_LARGE;
}

static enum fault part_of(struct exchange *x, const struct mapping *mapping, struct texts *out)
{
    bool is_request = mapping->from.source == SOURCE_BODY;
    struct json *tree, *found = NULL;
    enum fault rc = is_request ? request_json(x, &tree) : answer_json(x, mapping->from.name, &tree);

    if (!rc)
        rc = jsonpath_run(mapping->path, &x->rendering->arena, tree, PATH_STEPS_MAX, &found);
    return rc ? rc : json_value(x, found, out);
}

static enum fault body_value(struct exchange *x, const struct mapping *mapping, struct texts *out)
{
    struct span body = x->stream->body;

    if (mapping->path)
        return part_of(x, mapping, out);
    if (mapping->from.source == SOURCE_ANSWER_BODY)
        return one(x, x->answer ? x->answer->body : (struct span){NULL, 0}, out);
    return one(x, body.len ? body : SPAN("{}"), out);
}

enum fault source_values(struct exchange *x, const struct mapping *mapping, struct texts *out)
{
    struct span name = mapping->from.name;
    const struct view *view;
    enum fault rc;

    *out = (struct texts){NULL, 0};
    if (mapping->from.source == SOURCE_PATH)
        return one(x, pairs_last(exchange_path(x), name), out);
    view = exchange_view(x);
    if (!view)
        return FAULT_NO_MEMORY;
    switch (mapping->from.source) {
    case SOURCE_LITERAL:
        return one(x, name, out);
    case SOURCE_PATH:
        return one(x, pairs_last(view->path, name), out);
    case SOURCE_QUERY:
        return one(x, pairs_last(view->query, name), out);
    case SOURCE_QUERY_ALL:
        return all(x, view->query, name, out);
    case SOURCE_HEADER:
        return one(x, pairs_last(view->headers, name), out);
    case SOURCE_HEADER_ALL:
        rc = all(x, view->headers, name, out);
        return rc ? rc : joined(x, out);
    case SOURCE_BODY:
    case SOURCE_ANSWER_BODY:
        return body_value(x, mapping, out);
    case SOURCE_ANSWER_HEADER:
        return answer_headers(x, name, true, out);
    case SOURCE_ANSWER_HEADER_ALL:
        rc = answer_headers(x, name, false, out);
        return rc ? rc : joined(x, out);
    case SOURCE_STAGE_VARIABLE:
        return one(x, pairs_last(x->stage->variables, name), out);
    case SOURCE_CONTEXT:
        return one(x, context_text(x, name), out);
    }
    return OK;
}

enum fault source_text(struct exchange *x, const struct mapping *mapping, struct span *out)
{
    struct texts values;
    enum fault rc = source_values(x, mapping, &values);

    if (!rc)
        rc = joined(x, &values);
    *out = !rc && values.count == 1 ? values.at[0] : (struct span){NULL, 0};
    return rc;
}
