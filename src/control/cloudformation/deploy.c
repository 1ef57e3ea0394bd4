/* What changed is found by comparing evaluated properties with those of the stack's record.  All
 * operations of a change go into one batch, so the order among them is free: what is not wanted
 * any more and could be in the way (a variable's sibling, say) goes before what is new. */
#include "control/cloudformation/deploy.h"

#include <stdio.h>

#include "control/cloudformation/coerce.h"

/* ---- for kinds ----------------------------------------------------------------------------- */

const struct kind_of_resource *kind_of_resource(struct span type)
{
    static const struct kind_of_resource *const LISTS[] = {API_KINDS, LAMBDA_KINDS, RECORDED_KINDS};

    for (size_t i = 0; i < COUNT(LISTS); i++)
        for (const struct kind_of_resource *one = LISTS[i]; one->type; one++)
            if (span_is(type, one->type))
                return one;
    return NULL;
}

enum fault deploy_fail(struct deploy *d, const struct item *item, const char *property,
                       enum fault code, const char *format, ...)
{
    const struct json *at = item->resource->node, *properties = item->resource->properties;
    char text[PROBLEM_TEXT_MAX];
    va_list words;

    if (property && json_member(properties, property))
        at = json_member(properties, property);
    va_start(words, format);
    vsnprintf(text, sizeof text, format, words);
    va_end(words);
    return template_fail(d->template, at, code, d->why, "%.*s: %s",
                         SPAN_ARG(item->resource->node->name), text);
}

void deploy_say(struct deploy *d, const char *format, ...)
{
    va_list words;

    va_start(words, format);
    d->listener.say(d->listener.ctx, format, words);
    va_end(words);
}

enum fault deploy_add(struct deploy *d, const struct item *item, const char *service,
                      const char *operation, struct json *input, struct batch_call **out)
{
    struct problem inner;
    enum fault rc = batch_add(&d->batch, service, operation, input, item, out, &inner);

    if (!rc)
        return OK;
    if (item)
        return deploy_fail(d, item, NULL, rc, "%s", inner.text);
    return problem_set(d->why, rc, "%s", inner.text);
}

static bool is_in(struct span name, const char *const names[])
{
    for (; names && *names; names++)
        if (span_is(name, *names))
            return true;
    return false;
}

enum fault deploy_input(struct deploy *d, const struct item *item, const char *service,
                        const char *operation, const char *const left_out[],
                        const struct coerce_rename *renames, struct json **out)
{
    const struct model_operation *op = model_operation(model_service(service), span_of(operation));
    struct json *made = json_new(d->arena, JSON_OBJECT);

    if (!op || op->is_later)
        return deploy_fail(d, item, NULL, FAULT_UNSUPPORTED, "not yet in Portico: %s", operation);
    for (const struct json *one = item->properties->first; one; one = one->next) {
        struct json *alone = json_new(d->arena, JSON_OBJECT), *input;
        struct problem inner;

        if (is_in(one->name, left_out))
            continue;
        json_set_span(alone, one->name, json_copy(d->arena, one));
        if (coerce_properties(d->arena, op->input, alone, renames, &input, &inner) != OK) {
            const char *name = arena_text(d->arena, one->name);

            return deploy_fail(d, item, name, inner.code, "%s", inner.text);
        }
        if (input->first)
            json_set_span(made, input->first->name, json_copy(d->arena, input->first));
    }
    *out = made;
    return OK;
}

struct span deploy_text(const struct json *properties, const char *name)
{
    struct span text = SPAN("");

    json_scalar_text(json_member(properties, name), &text);
    return text;
}

struct json *deploy_object(struct deploy *d)
{
    return json_new(d->arena, JSON_OBJECT);
}

void deploy_set(struct deploy *d, struct json *tree, const char *name, struct span value)
{
    json_set(tree, name, json_text(d->arena, value));
}

struct span deploy_ref(const struct item *item)
{
    return json_member_text(item->attributes, "Ref", SPAN(""));
}

void deploy_attribute(struct deploy *d, struct item *item, const char *name, struct span value)
{
    if (!item->attributes)
        item->attributes = deploy_object(d);
    deploy_set(d, item->attributes, name, value);
}

const struct json *deploy_former(const struct item *item)
{
    static const struct json NONE = {.type = JSON_OBJECT};
    const struct json *properties = json_member(item->former, "Properties");

    return properties ? properties : &NONE;
}

/* ---- the record ---------------------------------------------------------------------------- */

static const struct json *entries_of(const struct deploy *d)
{
    return json_member(d->former, "resources");
}

static struct span entry_text(const struct json *entry, const char *name)
{
    return json_member_text(entry, name, SPAN(""));
}

static const struct json *find_entry(const struct deploy *d, const struct resource *resource)
{
    const struct json *all = entries_of(d);

    for (const struct json *one = all ? all->first : NULL; one; one = one->next)
        if (span_equal(entry_text(one, "LogicalResourceId"), resource->node->name) &&
            span_equal(entry_text(one, "ResourceType"), resource->type))
            return one;
    return NULL;
}

static const struct item *find_item(const struct deploy *d, const struct json *entry)
{
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].former == entry)
            return &d->items[i];
    return NULL;
}

/* Whether what others are in is still there: somebody may have deleted it by hand. */
static bool is_there(struct deploy *d, const struct json *entry)
{
    struct span type = entry_text(entry, "ResourceType");
    struct record_key key = {d->identity.account, d->identity.region,
                             span_is(type, "AWS::ApiGateway::RestApi") ? SPAN("RestApi")
                                                                       : SPAN("Function"),
                             SPAN(""), entry_text(entry, "PhysicalResourceId")};
    struct store_tx *tx;
    enum fault rc;

    if (!span_is(type, "AWS::ApiGateway::RestApi") && !span_is(type, "AWS::Lambda::Function"))
        return true;
    if (store_begin(d->control->store, STORE_READ, &tx, NULL) != OK)
        return true;
    rc = store_get(tx, &key, d->arena, NULL, NULL);
    store_abort(tx);
    return rc != FAULT_NOT_FOUND;
}

/* What holds others and is not there any more when the batch comes to them, or is another. */
static bool is_gone(struct deploy *d, const struct json *entry)
{
    const struct item *item = find_item(d, entry);

    return !item || item->action == ACTION_CREATE || item->action == ACTION_RECREATE ||
           !is_there(d, entry);
}

static bool is_holder(const struct json *entry, struct span id)
{
    const struct kind_of_resource *kind = kind_of_resource(entry_text(entry, "ResourceType"));
    struct span arn = json_member_text(json_member(entry, "Attributes"), "Arn", SPAN(""));

    return kind && kind->holds &&
           (span_equal(entry_text(entry, "PhysicalResourceId"), id) || span_equal(arn, id));
}

/* Whether an entry goes with what it is in: an API, or a function by name or ARN. */
static bool goes_with_holder(struct deploy *d, const struct kind_of_resource *kind,
                             const struct json *entry)
{
    const struct json *properties = json_member(entry, "Properties"), *all = entries_of(d);
    struct span holder = deploy_text(properties, "RestApiId");

    if (!kind->within)
        return false;
    if (holder.len == 0)
        holder = deploy_text(properties, "FunctionName");
    for (const struct json *one = all->first; one; one = one->next)
        if (is_holder(one, holder))
            return is_gone(d, one);
    return false;
}

/* ---- removal ------------------------------------------------------------------------------- */

static enum fault remove_entry(struct deploy *d, const struct json *entry, bool first)
{
    const struct kind_of_resource *kind = kind_of_resource(entry_text(entry, "ResourceType"));

    if (!kind || kind->is_recorded || kind->goes_first != first || find_item(d, entry))
        return OK;
    if (span_is(entry_text(entry, "DeletionPolicy"), "Retain") || !is_there(d, entry))
        return OK;
    deploy_say(d, "- %.*s (%s)", SPAN_ARG(entry_text(entry, "LogicalResourceId")), kind->type);
    return goes_with_holder(d, kind, entry) ? OK : kind->remove(d, entry);
}

/* Those that are not wanted any more, last made first. */
static enum fault remove_entries(struct deploy *d, bool first)
{
    const struct json *all = entries_of(d);
    size_t count = all ? all->count : 0, i = 0;
    const struct json **order = arena_try_array(d->arena, count + 1, sizeof *order);
    enum fault rc = OK;

    if (!order)
        return problem_set(d->why, FAULT_NO_MEMORY, "the template is too large");
    for (const struct json *one = all ? all->first : NULL; one; one = one->next)
        order[i++] = one;
    while (i-- > 0 && !rc)
        rc = remove_entry(d, order[i], first);
    return rc;
}

/* Puts the removals that go first before what is in the batch. */
static enum fault remove_first(struct deploy *d)
{
    struct batch made = d->batch;
    enum fault rc;

    d->batch.first = d->batch.last = NULL;
    rc = remove_entries(d, true);
    if (!d->batch.last) {
        d->batch.first = made.first;
        d->batch.last = made.last;
    } else if (made.first) {
        d->batch.last->next = made.first;
        d->batch.last = made.last;
    }
    return rc;
}

/* ---- resources ----------------------------------------------------------------------------- */

/* SAM's types are gone when its transform was named. */
static const char *needs_transform(struct span type)
{
    return span_starts(type, SPAN("AWS::Serverless::"))
               ? " without 'Transform: AWS::Serverless-2016-10-31'"
               : "";
}

static enum fault describe(struct deploy *d, struct item *item)
{
    const struct json *properties = item->resource->properties;
    enum fault rc = OK;

    item->kind = kind_of_resource(item->resource->type);
    if (!item->kind)
        return template_fail(d->template, json_member(item->resource->node, "Type"),
                             FAULT_UNSUPPORTED, d->why,
                             "%.*s: the type '%.*s' is not supported by Portico%s",
                             SPAN_ARG(item->resource->node->name), SPAN_ARG(item->resource->type),
                             needs_transform(item->resource->type));
    if (properties)
        rc = intrinsic_evaluate(&d->scope, properties, &item->properties, d->why);
    else
        item->properties = json_new(d->arena, JSON_OBJECT);
    if (!rc && !json_is(item->properties, JSON_OBJECT))
        rc = deploy_fail(d, item, NULL, FAULT_TYPE, "'Properties' must be a map");
    if (!rc)
        rc = item->kind->describe(d, item);
    if (rc)
        return rc;
    item->former = find_entry(d, item->resource);
    if (item->former &&
        (!is_there(d, item->former) ||
         !span_equal(entry_text(item->former, "PhysicalResourceId"), deploy_ref(item))))
        item->former = NULL;
    json_add(d->known, item->resource->node->name, json_copy(d->arena, item->attributes));
    return OK;
}

/* What it is in is new, so it must be made whatever it was. */
static bool is_lost(const struct deploy *d, const struct item *item)
{
    for (size_t i = 0; item->kind->within && i < item->resource->need_count; i++) {
        const struct item *need = &d->items[item->resource->needs[i]];

        if (need->kind->holds && need->kind != item->kind &&
            span_starts(need->resource->type, span_of(item->kind->within)) &&
            (need->is_lost || need->action == ACTION_CREATE || need->action == ACTION_RECREATE))
            return true;
        if (need->kind->holds && need->kind == item->kind &&
            (need->is_lost || need->action == ACTION_RECREATE))
            return true; /* a resource below a resource */
    }
    return false;
}

static enum fault recreate(struct deploy *d, struct item *item)
{
    enum fault rc = item->is_lost ? OK : item->kind->remove(d, item->former);

    item->action = ACTION_RECREATE;
    return rc ? rc : item->kind->create(d, item);
}

static enum fault change(struct deploy *d, struct item *item)
{
    enum fault rc;

    if (item->kind->is_recorded) {
        item->action = ACTION_RECORD;
        return OK;
    }
    item->is_lost = is_lost(d, item);
    if (!item->former) {
        item->action = ACTION_CREATE;
        return item->kind->create(d, item);
    }
    if (item->is_lost)
        return recreate(d, item);
    item->action = ACTION_KEEP;
    if (json_equal(item->properties, deploy_former(item)))
        return OK;
    item->action = ACTION_UPDATE;
    rc = item->kind->update ? item->kind->update(d, item) : FAULT_UNSUPPORTED;
    return rc == FAULT_UNSUPPORTED && !d->why->text[0] ? recreate(d, item) : rc;
}

static void tell(struct deploy *d, const struct item *item)
{
    static const char *const SIGNS[] = {[ACTION_KEEP] = "=",
                                        [ACTION_CREATE] = "+",
                                        [ACTION_UPDATE] = "~",
                                        [ACTION_RECREATE] = "~",
                                        [ACTION_RECORD] = "="};

    if (item->action == ACTION_RECORD)
        deploy_say(d, "= %.*s (%s): recorded only, Portico makes nothing of it yet",
                   SPAN_ARG(item->resource->node->name), item->kind->type);
    else if (item->action != ACTION_KEEP)
        deploy_say(d, "%s %.*s (%s)", SIGNS[item->action], SPAN_ARG(item->resource->node->name),
                   item->kind->type);
}

enum fault deploy_plan(struct deploy *d, const struct resources *resources)
{
    enum fault rc = OK;

    d->items = arena_try_array(d->arena, resources->count, sizeof *d->items);
    d->scope.resources = d->known = json_new(d->arena, JSON_OBJECT);
    if (!d->items || !d->known)
        return problem_set(d->why, FAULT_NO_MEMORY, "the template is too large");
    d->why->text[0] = '\0';
    for (; d->count < resources->count && !rc; d->count++) {
        struct item *item = &d->items[d->count];

        item->resource = &resources->all[d->count];
        if (!(rc = describe(d, item)) && !(rc = change(d, item)))
            tell(d, item);
    }
    if (!rc)
        rc = remove_first(d);
    return rc ? rc : remove_entries(d, false);
}

enum fault deploy_plan_deletion(struct deploy *d)
{
    enum fault rc = remove_entries(d, true);

    return rc ? rc : remove_entries(d, false);
}
