/* What create, put, get and list mean for any kind: everything that the tables can say.
 *
 * Order of checks as on AWS (spec/control-plane-rest.md, 1.1): the wire's rules have passed when a
 * verb runs; then the ancestors must exist, then the rules with words of their own, then
 * references, then what only the kind's hook knows. */
#include "control/call.h"
#include "control/handler.h"
#include "control/patch.h"
#include "control/publish.h"
#include "control/tags.h"
#include "control/validate.h"

#define LIST_DEFAULT 25
#define LIST_MAX 500

static bool is_time(const struct model_member *member, const char *name)
{
    return member->type->form == FORM_TIME && span_is(member->name, name);
}

/* The words for a record that is not there, seen from an operation. */
static const struct model_answer *missing_answer(const struct call *call,
                                                 const struct model_kind *kind,
                                                 const struct model_kind *below)
{
    const struct model_operation *op = call->match->operation;

    for (size_t i = 0; i < op->missing_count; i++)
        if (op->missing[i].kind == kind)
            return &op->missing[i].answer;
    if (below && below->speaks_for_parent)
        return &below->missing;
    return &kind->missing;
}

/* From the outermost ancestor down: each that the labels name must be there. */
static enum fault check_ancestors(struct call *call, const struct model_kind *kind,
                                  const struct model_kind *below)
{
    enum fault rc;

    if (!kind)
        return OK;
    if ((rc = check_ancestors(call, kind->parent, kind)))
        return rc;
    if (!call_label(call, kind).at && kind->key)
        return OK;
    struct record_key key = {call->account, call->region, kind->name, call_parent_path(call, kind),
                             kind->key ? call_label(call, kind) : SPAN("")};

    rc = store_get(call->tx, &key, call->arena, NULL, NULL);
    return rc == FAULT_NOT_FOUND
               ? call_refuse_answer(call, missing_answer(call, kind, below), key.id)
               : rc;
}

/* ---- create and put ------------------------------------------------------------------------ */

/* The input's members that the kind has, under the kind's names. */
static struct json *tree_of_input(struct call *call, const struct model_kind *kind)
{
    const struct model_shape *input = call->match->operation->input;
    struct json *tree = json_new(call->arena, JSON_OBJECT);

    for (size_t i = 0; i < input->count; i++) {
        const struct model_member *member = &input->members[i];
        struct span name = member->sets.len ? member->sets : member->name;
        const struct json *value = json_member_span(call->input, member->name);

        if (member->names == kind && kind->key)
            name = kind->key->name;
        else if (member->names || !model_member(kind->shape, name))
            continue;
        if (value && value->type != JSON_NULL)
            json_set_span(tree, name, json_copy(call->arena, value));
    }
    return tree;
}

/* A text that must be the key of a record under the same outermost ancestor. */
static enum fault check_reference(struct call *call, const struct model_member *member,
                                  struct span parent, struct span id)
{
    struct record_key key = {call->account, call->region, member->ref->name,
                             span_first(parent, span_find(parent, '/')), id};
    const struct model_answer *unknown =
        member->unknown.error ? &member->unknown : &member->ref->missing;
    enum fault rc;

    if (id.len == 0 || !member->ref->is_live)
        return OK;
    rc = store_get(call->tx, &key, call->arena, NULL, NULL);
    return rc == FAULT_NOT_FOUND ? call_refuse_answer(call, unknown, id) : rc;
}

static enum fault check_references(struct call *call, const struct model_kind *kind,
                                   struct span parent, const struct json *tree)
{
    enum fault rc = OK;

    for (size_t i = 0; !rc && i < kind->shape->count; i++) {
        const struct model_member *member = &kind->shape->members[i];
        const struct json *value = json_member_span(tree, member->name);

        if (!member->ref || !value)
            continue;
        if (value->type == JSON_STRING)
            rc = check_reference(call, member, parent, value->text);
        for (const struct json *one = value->type == JSON_OBJECT ? value->first : NULL; one && !rc;
             one = one->next)
            rc = check_reference(call, member, parent, one->text);
    }
    return rc;
}

/* Ids, times and defaults. */
static enum fault complete(struct call *call, const struct model_kind *kind, struct json *tree,
                           struct span *id)
{
    for (size_t i = 0; i < kind->shape->count; i++)
        if (is_time(&kind->shape->members[i], "createdDate") ||
            is_time(&kind->shape->members[i], "lastUpdatedDate"))
            json_set_span(tree, kind->shape->members[i].name, call_time(call));
    if (kind->id_length) {
        *id = call_new_id(call, kind, tree);
        json_set_span(tree, kind->key->name, json_text(call->arena, *id));
    } else {
        *id = kind->key ? json_member_span(tree, kind->key->name)->text : SPAN("");
    }
    return decode_fallbacks(call->arena, kind->shape, tree, call->input) ? OK : FAULT_NO_MEMORY;
}

static enum fault check_tree(struct call *call, const struct model_kind *kind, struct span parent,
                             struct json *tree, bool is_new)
{
    struct word_value values[] = {{"account", call->account}, {"region", call->region}};
    struct words words = {tree, values, COUNT(values)};
    const struct kind_hooks *hooks = kind_hooks(kind);
    enum fault rc = validate_rules(call->arena, kind->shape, tree, &words, &call->refused);

    if (rc == FAULT_TYPE)
        return FAULT_DENIED;
    if (!rc)
        rc = check_references(call, kind, parent, tree);
    if (rc || !hooks || !hooks->check || !(is_new || hooks->checks_updates))
        return rc;
    return hooks->check(call, parent, tree);
}

static enum fault show(struct call *call, const struct model_kind *kind, struct span parent,
                       struct json *tree)
{
    const struct kind_hooks *hooks = kind_hooks(kind);

    return hooks && hooks->show ? hooks->show(call, parent, tree) : OK;
}

static enum fault run_create(struct call *call)
{
    const struct model_kind *kind = call->match->operation->kind;
    const struct kind_hooks *hooks = kind_hooks(kind);
    bool must_be_new = call->match->operation->verb == VERB_CREATE || kind->exists.error;
    struct span parent = call_parent_path(call, kind), id;
    struct json *tree = tree_of_input(call, kind);
    enum fault rc;

    if ((rc = check_ancestors(call, kind->parent, kind)) ||
        (rc = complete(call, kind, tree, &id)) || (rc = check_tree(call, kind, parent, tree, true)))
        return rc;
    rc = call_save(call, kind, parent, id, tree, must_be_new);
    if (rc == FAULT_EXISTS && kind->exists.error)
        return call_refuse_answer(call, &kind->exists, id);
    if (rc == FAULT_EXISTS)
        return call_refuse_as(call, "ConflictException", "The id is taken");
    if (!rc && hooks && hooks->created)
        rc = hooks->created(call, parent, tree);
    if (!rc)
        rc = show(call, kind, parent, tree);
    call->output = tree;
    call->needs_feed = publish_tells(kind->name);
    return rc;
}

/* ---- get and list -------------------------------------------------------------------------- */

/* Of a kind that has no record until it is changed: its defaults. */
static enum fault load_default(struct call *call, const struct model_kind *kind, struct json **tree)
{
    *tree = json_new(call->arena, JSON_OBJECT);
    return decode_fallbacks(call->arena, kind->shape, *tree, NULL) ? OK : FAULT_NO_MEMORY;
}

/* Of a kind whose records are always there (`fallback` of its hooks). */
static bool find_fallback(struct call *call, const struct model_kind *kind, struct span id,
                          struct json **tree)
{
    const struct kind_hooks *hooks = kind_hooks(kind);
    struct span each;

    for (size_t i = 0; hooks && hooks->fallback && hooks->fallback(call, i, &each, tree); i++)
        if (span_equal(each, id))
            return true;
    return false;
}

/* The record that the labels name; its ancestors must be there. */
static enum fault load_named(struct call *call, const struct model_kind *kind, struct span parent,
                             struct span id, struct json **tree)
{
    enum fault rc = check_ancestors(call, kind->parent, kind);

    if (rc)
        return rc;
    rc = call_load(call, kind, parent, id, tree);
    if (rc == FAULT_NOT_FOUND && !kind->parent && !kind->key)
        rc = load_default(call, kind, tree);
    if (rc == FAULT_NOT_FOUND && find_fallback(call, kind, id, tree))
        rc = OK;
    if (rc == FAULT_NOT_FOUND)
        return call_refuse_answer(call, missing_answer(call, kind, NULL), id);
    return rc;
}

static enum fault run_get(struct call *call)
{
    const struct model_kind *kind = call->match->operation->kind;
    struct span parent = call_parent_path(call, kind);
    struct span id = kind->key ? call_label(call, kind) : SPAN("");
    struct json *tree;
    enum fault rc = load_named(call, kind, parent, id, &tree);

    if (!rc)
        rc = show(call, kind, parent, tree);
    if (!rc)
        call->output = tree;
    return rc;
}

static unsigned page_size(const struct call *call)
{
    int64_t limit = json_member_int(call->input, "limit", LIST_DEFAULT);

    if (!call->match->operation->is_paged)
        return LIST_MAX;
    return limit < 1 ? 1 : limit > LIST_MAX ? LIST_MAX : (unsigned)limit; /* clamped, as AWS */
}

/* A member of the kind in the query chooses the records that have its value. */
static bool is_asked_for(const struct call *call, const struct json *tree)
{
    const struct model_operation *op = call->match->operation;

    for (size_t i = 0; i < op->input->count; i++) {
        const struct model_member *member = &op->input->members[i];
        struct span wanted = json_is(json_member_span(call->input, member->name), JSON_STRING)
                                 ? json_member_span(call->input, member->name)->text
                                 : SPAN("");
        const struct json *value = json_member_span(tree, member->name);

        if (member->place != PLACE_QUERY || wanted.len == 0 ||
            !model_member(op->kind->shape, member->name))
            continue;
        if (!json_is(value, JSON_STRING) || !span_equal(value->text, wanted))
            return false;
    }
    return true;
}

/* All records of such a kind, in the order of the hook, on one page. */
static enum fault list_always(struct call *call, const struct kind_hooks *hooks)
{
    const struct model_operation *op = call->match->operation;
    struct span parent = call_parent_path(call, op->kind), id;
    struct json *items = json_new(call->arena, JSON_ARRAY), *tree, *stored;
    enum fault rc = check_ancestors(call, op->kind->parent, op->kind);

    for (size_t i = 0; !rc && hooks->fallback(call, i, &id, &tree); i++) {
        rc = call_load(call, op->kind, parent, id, &stored);
        json_append(items, rc == OK ? stored : tree);
        rc = rc == FAULT_NOT_FOUND ? OK : rc;
    }
    call->output = json_new(call->arena, JSON_OBJECT);
    json_set_span(call->output, op->items, items);
    return rc;
}

static enum fault run_list(struct call *call)
{
    const struct model_operation *op = call->match->operation;
    const struct kind_hooks *hooks = kind_hooks(op->kind);
    struct record_key key = {call->account, call->region, op->kind->name,
                             call_parent_path(call, op->kind), SPAN("")};
    struct json *items = json_new(call->arena, JSON_ARRAY);
    struct record_list page;
    enum fault rc;

    if (hooks && hooks->fallback)
        return list_always(call, hooks);
    rc = check_ancestors(call, op->kind->parent, op->kind);
    if (!rc)
        rc = store_list(call->tx, &key, json_member_text(call->input, "position", SPAN("")),
                        page_size(call), call->arena, &page, NULL);
    if (rc == FAULT_SYNTAX)
        return call_refuse_as(call, "BadRequestException", "Invalid position parameter");
    for (struct record *r = rc ? NULL : page.first; r && !rc; r = r->next) {
        struct json *tree;

        rc = json_parse(call->arena, r->body, &tree, NULL) == OK ? OK : FAULT_IO;
        if (!rc && !is_asked_for(call, tree))
            continue;
        if (!rc)
            rc = show(call, op->kind, key.parent, tree);
        if (!rc)
            json_append(items, tree);
    }
    if (rc)
        return rc;
    call->output = json_new(call->arena, JSON_OBJECT);
    if (page.next_position.len > 0)
        json_set(call->output, "position", json_text(call->arena, page.next_position));
    json_set_span(call->output, op->items, items);
    return OK;
}

/* ---- update -------------------------------------------------------------------------------- */

static enum fault run_update(struct call *call)
{
    const struct model_kind *kind = call->match->operation->kind;
    struct span parent = call_parent_path(call, kind);
    struct span id = kind->key ? call_label(call, kind) : SPAN("");
    struct json *tree;
    enum fault rc = load_named(call, kind, parent, id, &tree);

    if (!rc)
        rc = patch_apply(call, kind, tree);
    if (!rc)
        rc = check_tree(call, kind, parent, tree, false);
    if (!rc && model_member(kind->shape, SPAN("lastUpdatedDate")))
        json_set(tree, "lastUpdatedDate", call_time(call));
    if (!rc)
        rc = call_save(call, kind, parent, id, tree, false);
    if (!rc)
        rc = show(call, kind, parent, tree);
    if (!rc)
        call->output = tree;
    call->needs_feed = publish_tells(kind->name);
    return rc;
}

/* ---- delete -------------------------------------------------------------------------------- */

/* What other kinds' references forbid (`refuse delete` in the models). */
static enum fault check_refusals(struct call *call, const struct model_kind *kind,
                                 struct span parent, struct span id)
{
    struct record_key target = {call->account, call->region, kind->name,
                                span_first(parent, span_find(parent, '/')), id};
    enum fault rc = OK;

    for (size_t i = 0; i < kind->refusal_count && !rc; i++) {
        const struct model_kind *by = kind->refusals[i].by;

        for (size_t k = 0; k < by->reference_count && !rc; k++) {
            struct record_list list = {0};

            if (by->references[k].to != kind)
                continue;
            rc = store_referrers(call->tx, &target, by->name, by->references[k].path[0], 1,
                                 call->arena, &list, NULL);
            if (!rc && list.count > 0)
                rc = call_refuse_answer(call, &kind->refusals[i].answer, id);
        }
    }
    return rc;
}

static bool is_below(const struct model_kind *kind, const struct model_kind *above)
{
    for (kind = kind->parent; kind; kind = kind->parent)
        if (kind == above)
            return true;
    return false;
}

enum fault call_delete(struct call *call, const struct model_kind *kind, struct span parent,
                       struct span id)
{
    const struct model_service *service = call->match->service;
    struct record_key key = {call->account, call->region, kind->name, parent, id};
    struct span path = id.len == 0 ? parent
                       : parent.len == 0
                           ? id
                           : arena_format(call->arena, "%.*s/%.*s", SPAN_ARG(parent), SPAN_ARG(id));
    enum fault rc = store_delete(call->tx, &key, NULL);

    key.parent = path;
    for (size_t i = 0; i < service->kind_count && !rc; i++) {
        if (!is_below(&service->kinds[i], kind))
            continue;
        key.kind = service->kinds[i].name;
        rc = store_delete_below(call->tx, &key, NULL);
    }
    return rc;
}

static enum fault run_delete(struct call *call)
{
    const struct model_kind *kind = call->match->operation->kind;
    const struct kind_hooks *hooks = kind_hooks(kind);
    struct span parent = call_parent_path(call, kind);
    struct span id = kind->key ? call_label(call, kind) : SPAN("");
    struct json *tree;
    enum fault rc = load_named(call, kind, parent, id, &tree);

    if (!rc)
        rc = check_refusals(call, kind, parent, id);
    if (!rc && hooks && hooks->deleted)
        rc = hooks->deleted(call, parent, tree);
    if (!rc)
        rc = call_delete(call, kind, parent, id);
    call->needs_feed = publish_tells(kind->name);
    return rc;
}

static enum fault run_handler(struct call *call)
{
    const struct handler *handler = handler_find(call->match->operation->handler);

    return handler ? handler->run(call) : FAULT_UNSUPPORTED;
}

enum fault verb_run(struct call *call)
{
    const struct model_operation *op = call->match->operation;

    switch (op->verb) {
    case VERB_CREATE:
    case VERB_PUT:
        return run_create(call);
    case VERB_GET:
        return run_get(call);
    case VERB_LIST:
        return run_list(call);
    case VERB_REFUSED:
        return call_refuse_answer(call, &op->refusal, SPAN(""));
    case VERB_DELETE:
        return run_delete(call);
    case VERB_UPDATE:
        return run_update(call);
    case VERB_HANDLER:
        return run_handler(call);
    case VERB_TAG:
    case VERB_UNTAG:
    case VERB_TAGS:
        return tags_run(call);
    case VERB_LATER:
        return FAULT_UNSUPPORTED;
    }
    return FAULT_UNSUPPORTED;
}
