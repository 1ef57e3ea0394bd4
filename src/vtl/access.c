/* References: variables, and the properties, indexes and methods behind them.
 *
 * Within a macro a parameter is the caller's expression, evaluated at each use in the caller's
 * frame; frames only point outwards, so this ends. */
#include "vtl/method.h"
#include "vtl/run.h"

/* ---- variables --------------------------------------------------------------------------------*/

static bool context_value(struct run *run, struct vtl_value *out)
{
    struct vtl_environment *environment = run->environment;

    if (!environment->context) {
        environment->context = vtl_map_new(run->arena);
        if (!environment->context)
            return run_no_memory(run);
        if (environment->fill_context &&
            !environment->fill_context(environment->owner, environment->context))
            return run_no_memory(run);
    }
    *out = vtl_of_map(environment->context);
    run->globals[SLOT_CONTEXT] = *out;
    return true;
}

static bool stage_variables_value(struct run *run, struct vtl_value *out)
{
    const struct vtl_pairs *pairs = &run->environment->stage_variables;
    struct vtl_map *map = vtl_map_new(run->arena);

    if (!map)
        return run_no_memory(run);
    for (size_t i = 0; i < pairs->count; i++)
        if (!vtl_map_put(map, pairs->at[i].name, vtl_text(pairs->at[i].value)))
            return run_no_memory(run);
    *out = vtl_of_map(map);
    run->globals[SLOT_STAGE_VARIABLES] = *out;
    return true;
}

/* A parameter of the frame's macro: its expression in the frame of the caller. */
static bool parameter_value(struct run *run, struct frame *frame, const struct expression *e,
                            struct vtl_value *out)
{
    struct frame *here = run->frame;
    bool is_done;

    run->frame = frame->outer;
    if (e->kind == EXPRESSION_REFERENCE)
        is_done = reference_value(run, e->reference, out);
    else
        is_done = expression_value(run, e, out);
    run->frame = here;
    return is_done;
}

/* The argument for a slot that is a parameter, or NULL. */
static const struct expression *argument_of(const struct frame *frame, uint32_t slot)
{
    const struct expression *e = frame->call->arguments;

    for (uint32_t i = 0; i < frame->macro->count && e; i++, e = e->next)
        if (frame->macro->slots[i] == slot)
            return e;
    return NULL;
}

bool slot_value(struct run *run, struct frame *frame, uint32_t slot, struct vtl_value *out)
{
    const struct expression *argument;

    for (; frame; frame = frame->outer) {
        if (slot < frame->local_count && frame->locals[slot].type != VTL_NULL) {
            *out = frame->locals[slot];
            return true;
        }
        argument = argument_of(frame, slot);
        if (argument)
            return parameter_value(run, frame, argument, out);
    }
    *out = slot < run->global_count ? run->globals[slot] : vtl_null();
    if (out->type == VTL_NULL && slot == SLOT_CONTEXT)
        return context_value(run, out);
    if (out->type == VTL_NULL && slot == SLOT_STAGE_VARIABLES)
        return stage_variables_value(run, out);
    return true;
}

void slot_set(struct run *run, uint32_t slot, struct vtl_value value)
{
    for (struct frame *frame = run->frame; frame; frame = frame->outer)
        if (slot < frame->local_count)
            frame->locals[slot] = value;
    if (slot < run->global_count)
        run->globals[slot] = value;
}

void slot_set_local(struct run *run, uint32_t slot, struct vtl_value value)
{
    if (run->frame && slot < run->frame->local_count)
        run->frame->locals[slot] = value;
    else if (slot < run->global_count)
        run->globals[slot] = value;
}

/* ---- properties -------------------------------------------------------------------------------*/

static struct vtl_value entry_property(const struct vtl_entry *entry, struct span name)
{
    if (span_is(name, "key"))
        return entry->key;
    if (span_is(name, "value"))
        return entry->value;
    return vtl_null();
}

static bool map_property(struct run *run, struct vtl_map *map, const struct access *access,
                         struct vtl_value *out)
{
    const struct vtl_value *found = vtl_map_get_hashed(map, access->name, access->hash);

    if (run->arena->is_over)
        return run_no_memory(run);
    *out = found ? *found : vtl_null();
    return true;
}

/* "empty" is isEmpty(), "bytes" is getBytes(): the getters of the types that templates see. */
static bool getter_property(struct run *run, struct vtl_value self, struct span name,
                            struct vtl_value *out)
{
    static const struct {
        const char *property, *method;
    } GETTERS[] = {{"empty", "isEmpty"}, {"bytes", "getBytes"}, {"next", "next"}};
    struct method_call call = {.run = run, .self = self};
    enum receiver receiver = receiver_of(self.type);
    const struct vtl_method *method;

    if (receiver != ON_STRING && receiver != ON_LIST)
        return true;
    for (size_t i = 0; i < COUNT(GETTERS); i++) {
        if (!span_is(name, GETTERS[i].property))
            continue;
        method = method_find(receiver, span_of(GETTERS[i].method), 0);
        if (!method)
            return true;
        if (!method->call(&call))
            return false;
        *out = call.result;
    }
    return true;
}

static bool property_value(struct run *run, struct vtl_value self, const struct access *access,
                           struct vtl_value *out)
{
    *out = vtl_null();
    if (span_is(access->name, "class")) {
        *out = class_of(self);
        return true;
    }
    switch (self.type) {
    case VTL_MAP:
        return map_property(run, self.map, access, out);
    case VTL_ENTRY:
        *out = entry_property(self.entry, access->name);
        return true;
    case VTL_LOOP:
        *out = loop_property(run, self.object, access->name);
        return true;
    case VTL_INPUT:
        *out = input_property(run, access->name);
        return true;
    case VTL_CLASS:
        if (span_is(access->name, "name"))
            *out = vtl_text(vtl_span(self));
        return true;
    case VTL_STRING:
    case VTL_LIST:
        return getter_property(run, self, access->name, out);
    case VTL_NULL:
    case VTL_BOOL:
    case VTL_INT:
    case VTL_LONG:
    case VTL_BIG:
    case VTL_DOUBLE:
    case VTL_DECIMAL:
    case VTL_ITERATOR:
    case VTL_BLOCK:
    case VTL_UTIL:
        break;
    }
    return true;
}

/* What looking at a receiver, an argument or a key costs: texts are read, lists as keys compared.
 */
#define KEY_COST 64000

static size_t cost_of(struct vtl_value v)
{
    if (v.type == VTL_LIST || v.type == VTL_MAP)
        return KEY_COST;
    return v.type == VTL_STRING ? v.len : 0;
}

/* ---- indexes ----------------------------------------------------------------------------------*/

/* The place of an Integer in a list, from the end when it is negative. */
static bool list_place(struct run *run, struct vtl_list *list, int64_t index, uint32_t *out)
{
    if (!vtl_list_open(list))
        return run_no_memory(run);
    if (index < 0)
        index += list->count;
    if (index < 0 || index >= list->count)
        return run_fail(run, FAULT_RANGE, "index %lld is outside a list of %u", (long long)index,
                        list->count);
    *out = (uint32_t)index;
    return true;
}

static bool index_value(struct run *run, struct vtl_value self, struct vtl_value index,
                        struct vtl_value *out)
{
    const struct vtl_value *found;
    uint32_t i;

    *out = vtl_null();
    if (!run_charge(run, cost_of(index)))
        return false;
    if (self.type == VTL_LIST && index.type == VTL_INT) {
        if (!list_place(run, self.list, index.number, &i))
            return false;
        *out = self.list->at[i];
    } else if (self.type == VTL_MAP) {
        found = vtl_map_find(self.map, index);
        if (run->arena->is_over)
            return run_no_memory(run);
        *out = found ? *found : vtl_null();
    }
    return true;
}

/* ---- methods ----------------------------------------------------------------------------------*/

static bool method_value(struct run *run, struct vtl_value self, const struct access *access,
                         struct vtl_value *out)
{
    struct vtl_value arguments[METHOD_ARGUMENTS_MAX];
    struct method_call call = {.run = run, .self = self, .arguments = arguments};
    enum receiver receiver = receiver_of(self.type);
    const struct vtl_method *method;
    size_t cost = self.type == VTL_STRING ? self.len : 0;

    *out = vtl_null();
    if (access->count > METHOD_ARGUMENTS_MAX)
        return run_fail(run, FAULT_TOO_LARGE, "method has over %d arguments", METHOD_ARGUMENTS_MAX);
    for (const struct expression *e = access->arguments; e; e = e->next)
        if (!expression_value(run, e, &arguments[call.count++]))
            return false;
    method = receiver == ON_NOTHING ? NULL : access->methods[receiver];
    if (span_is(access->name, "getClass") && access->count == 0)
        *out = class_of(self);
    if (!method)
        return true;
    for (uint32_t i = 0; i < call.count; i++)
        if (receiver == ON_MAP || arguments[i].type == VTL_STRING)
            cost += cost_of(arguments[i]);
    if (!run_charge(run, cost) || !method->call(&call))
        return false;
    *out = call.result;
    return true;
}

/* ---- references -------------------------------------------------------------------------------*/

static bool access_value(struct run *run, struct vtl_value self, const struct access *access,
                         struct vtl_value *out)
{
    struct vtl_value index;

    switch (access->kind) {
    case ACCESS_PROPERTY:
        return property_value(run, self, access, out);
    case ACCESS_INDEX:
        return expression_value(run, access->arguments, &index) &&
               index_value(run, self, index, out);
    case ACCESS_METHOD:
        return method_value(run, self, access, out);
    }
    return true;
}

/* The value up to, not including, `end` (NULL: the whole reference). */
static bool walk(struct run *run, const struct reference *r, const struct access *end,
                 struct vtl_value *out)
{
    struct vtl_value self;

    if (++run->depth > RUN_DEPTH_MAX)
        return run_fail(run, FAULT_TOO_LARGE, "template is evaluated too deep");
    if (!run_charge(run, 0) || !slot_value(run, run->frame, r->slot, &self))
        return false;
    for (const struct access *a = r->first; a != end && self.type != VTL_NULL; a = a->next) {
        run->offset = r->offset;
        if (!access_value(run, self, a, out))
            return false;
        self = *out;
    }
    *out = self;
    run->depth--;
    return true;
}

bool reference_value(struct run *run, const struct reference *r, struct vtl_value *out)
{
    return walk(run, r, NULL, out);
}

static bool put(struct run *run, struct vtl_map *map, struct vtl_value key, struct vtl_value value)
{
    return vtl_map_put_value(map, key, value) || run_no_memory(run);
}

static bool assign_index(struct run *run, struct vtl_value self, const struct access *access,
                         struct vtl_value value)
{
    struct vtl_value index;
    uint32_t i;

    if (!expression_value(run, access->arguments, &index) || !run_charge(run, cost_of(index)))
        return false;
    if (self.type == VTL_MAP)
        return put(run, self.map, index, value);
    if (self.type == VTL_LIST && index.type == VTL_INT) {
        if (!list_place(run, self.list, index.number, &i))
            return false;
        self.list->at[i] = value;
    }
    return true;
}

/* What cannot be assigned to stays as it is, as in Velocity. */
bool reference_assign(struct run *run, const struct reference *r, struct vtl_value value)
{
    const struct access *last = r->first;
    struct vtl_value self;

    if (!last) {
        slot_set(run, r->slot, value);
        return true;
    }
    while (last->next)
        last = last->next;
    if (!walk(run, r, last, &self))
        return false;
    if (last->kind == ACCESS_INDEX)
        return assign_index(run, self, last, value);
    if (last->kind == ACCESS_PROPERTY && self.type == VTL_MAP)
        return put(run, self.map, vtl_text(last->name), value);
    return true;
}
