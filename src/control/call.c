/* Calls: refusals in words, and records as trees. */
#include "control/call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define BODY_MAX RECORD_BODY_MAX
#define CALL_WORDS_MAX 8192 /* longer ones are cut */

static enum fault refuse_with(struct call *call, const struct model_error *error, struct span text,
                              struct span value)
{
    struct word_value values[] = {
        {"account", call->account}, {"region", call->region}, {"value", value}};
    struct words words = {call->input, values, COUNT(values)};

    call->refused.error = error;
    call->refused.text = words_fill(call->arena, text, &words);
    return FAULT_DENIED;
}

enum fault call_refuse(struct call *call, const struct model_error *error, struct span text)
{
    return refuse_with(call, error, text, SPAN(""));
}

enum fault call_refuse_answer(struct call *call, const struct model_answer *answer,
                              struct span value)
{
    return refuse_with(call, answer->error, answer->text, value);
}

enum fault call_refuse_as(struct call *call, const char *error, const char *text)
{
    return call_refuse(call, model_error(call->match->service, error), span_of(text));
}

enum fault call_refuse_format(struct call *call, const char *error, const char *format, ...)
{
    char text[CALL_WORDS_MAX];
    va_list list;
    int len;

    va_start(list, format);
    len = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    call->refused = (struct model_answer){
        model_error(call->match->service, error),
        arena_copy(call->arena, span_of(len >= 0 ? text : "")),
    };
    return FAULT_DENIED;
}

enum fault call_not_yet(struct call *call, const char *what)
{
    static const struct model_error ERROR = {.code = SPAN_INIT("NotImplementedException"),
                                             .status = 501};

    return call_refuse(call, &ERROR, arena_format(call->arena, "Not yet in Portico: %s", what));
}

static struct record_key key_of(const struct call *call, const struct model_kind *kind,
                                struct span parent, struct span id)
{
    return (struct record_key){call->account, call->region, kind->name, parent, id};
}

static enum fault parse_body(struct call *call, struct span body, struct json **out)
{
    struct problem why;

    return json_parse(call->arena, body, out, &why) == OK ? OK : FAULT_IO;
}

enum fault call_load(struct call *call, const struct model_kind *kind, struct span parent,
                     struct span id, struct json **out)
{
    struct record_key key = key_of(call, kind, parent, id);
    struct record record;
    enum fault rc = store_get(call->tx, &key, call->arena, &record, NULL);

    return rc ? rc : parse_body(call, record.body, out);
}

#define LINKS_MAX 128 /* references of one record */

struct links {
    struct record_link at[LINKS_MAX];
    size_t count;
};

/* Follows what is left of a reference's path; "*" is every element or value. */
static void add_links(struct links *links, const struct model_reference *reference, size_t step,
                      struct span outermost, const struct json *at)
{
    if (!at || links->count == LINKS_MAX)
        return;
    if (step == reference->path_count) {
        if (at->type == JSON_STRING && at->text.len > 0)
            links->at[links->count++] =
                (struct record_link){reference->path[0], reference->to->name, outermost, at->text};
    } else if (span_is(reference->path[step], "*")) {
        for (const struct json *one = at->first; one; one = one->next)
            add_links(links, reference, step + 1, outermost, one);
    } else {
        add_links(links, reference, step + 1, outermost,
                  json_member_span(at, reference->path[step]));
    }
}

/* The references of a record, as the store keeps them. */
static void find_links(const struct model_kind *kind, struct span parent, const struct json *tree,
                       struct links *links)
{
    const struct kind_hooks *hooks = kind_hooks(kind);
    struct span blob = json_member_text(tree, hooks && hooks->blob ? hooks->blob : "", SPAN(""));

    links->count = 0;
    if (blob.len > 0)
        links->at[links->count++] =
            (struct record_link){span_of(hooks->blob), SPAN(BLOB_LINK), SPAN(""), blob};
    for (size_t i = 0; i < kind->reference_count; i++)
        add_links(links, &kind->references[i], 0, span_first(parent, span_find(parent, '/')), tree);
}

enum fault call_save(struct call *call, const struct model_kind *kind, struct span parent,
                     struct span id, const struct json *tree, bool must_be_new)
{
    struct links links;
    struct record record = {.key = key_of(call, kind, parent, id), .sort = id};
    struct buf body;
    enum fault rc;

    buf_init(&body, BODY_MAX);
    if (!json_write(&body, tree)) {
        buf_release(&body);
        return FAULT_TOO_LARGE;
    }
    record.body = buf_span(&body);
    find_links(kind, parent, tree, &links);
    rc = must_be_new ? store_insert(call->tx, &record, links.at, links.count, NULL)
                     : store_put(call->tx, &record, links.at, links.count, NULL);
    buf_release(&body);
    return rc;
}

enum fault call_put_blob(struct call *call, struct span content, struct span *name)
{
    char *text = arena_alloc(call->arena, BLOB_NAME_LEN + 1);
    struct problem why;
    enum fault rc = FAULT_TOO_LARGE;

    if (call->blob_count < CALL_BLOBS_MAX)
        rc = store_blob_put(call->control->store, content, text, &why);
    if (rc)
        return rc;
    *name = span_make(text, BLOB_NAME_LEN);
    call->blobs[call->blob_count++] = *name;
    return OK;
}

enum fault call_load_all(struct call *call, const char *kind, struct span parent, struct json **out)
{
    struct record_key key = {call->account, call->region, span_of(kind), parent, SPAN("")};
    struct json *array = json_new(call->arena, JSON_ARRAY);
    struct record_list list;
    enum fault rc = store_list(call->tx, &key, SPAN(""), 100000, call->arena, &list, NULL);

    for (struct record *r = rc ? NULL : list.first; r && !rc; r = r->next) {
        struct json *tree;

        rc = parse_body(call, r->body, &tree);
        if (!rc)
            json_append(array, tree);
    }
    if (!rc)
        *out = array;
    return rc;
}

struct span call_label(const struct call *call, const struct model_kind *kind)
{
    for (size_t i = 0; i < call->match->label_count; i++)
        if (call->match->labels[i].member->names == kind)
            return call->match->labels[i].value;
    return (struct span){NULL, 0};
}

struct span call_parent_path(struct call *call, const struct model_kind *kind)
{
    struct span above, id;

    if (!kind->parent)
        return SPAN("");
    above = call_parent_path(call, kind->parent);
    id = call_label(call, kind->parent);
    if (id.len == 0)
        return above; /* a kind of which there is at most one has no id of its own */
    return above.len ? arena_format(call->arena, "%.*s/%.*s", SPAN_ARG(above), SPAN_ARG(id)) : id;
}

struct json *call_time(struct call *call)
{
    return json_number(call->arena, clock_wall(call->control->clock) / MICROS_PER_SECOND);
}

void call_await_gateways(struct control *control, uint64_t revision)
{
    if (!control->feed)
        return;
    feed_server_publish(control->feed, revision);
    if (!feed_server_wait(control->feed, revision))
        log_warn("a gateway is late: revision %llu is durable, but not served everywhere",
                 (unsigned long long)revision);
}

struct span call_new_id(struct call *call, const struct model_kind *kind, const struct json *tree)
{
    struct span chosen = json_member_text(json_member(tree, "tags"), "_custom_id_", SPAN(""));
    char *id;

    if (call->ids_taken < call->id_count)
        return call->ids[call->ids_taken++];
    if (chosen.len > 0)
        return chosen;
    id = arena_alloc(call->arena, kind->id_length + 1);
    random_id(&call->random, id, kind->id_length);
    return span_make(id, kind->id_length);
}

const struct kind_hooks *kind_hooks(const struct model_kind *kind)
{
    static const struct kind_hooks *const ALL[] = {
        &REST_API_HOOKS,
        &RESOURCE_HOOKS,
        &METHOD_HOOKS,
        &INTEGRATION_HOOKS,
        &INTEGRATION_RESPONSE_HOOKS,
        &DEPLOYMENT_HOOKS,
        &STAGE_HOOKS,
        &MODEL_HOOKS,
        &GATEWAY_RESPONSE_HOOKS,
        &FUNCTION_HOOKS,
    };

    for (size_t i = 0; i < COUNT(ALL); i++)
        if (span_is(kind->name, ALL[i]->kind))
            return ALL[i];
    return NULL;
}
