/* From text to program: names get slots, calls get their macros.  A macro may be called before it
 * is defined, so calls are resolved when the whole template was read. */
#include "vtl/program.h"

#include "vtl/parser.h"

static const struct span FIXED[SLOTS_FIXED] = {
    [SLOT_INPUT] = SPAN_INIT("input"),
    [SLOT_UTIL] = SPAN_INIT("util"),
    [SLOT_CONTEXT] = SPAN_INIT("context"),
    [SLOT_STAGE_VARIABLES] = SPAN_INIT("stageVariables"),
    [SLOT_FOREACH] = SPAN_INIT("foreach"),
    [SLOT_VELOCITY_COUNT] = SPAN_INIT("velocityCount"),
    [SLOT_VELOCITY_HAS_NEXT] = SPAN_INIT("velocityHasNext"),
    [SLOT_BODY_CONTENT] = SPAN_INIT("bodyContent"),
};

static uint32_t probe(const struct names *names, struct span name)
{
    uint32_t i = vtl_hash_text(name) & (names->slot_count - 1);

    while (names->slots[i] && !span_equal(names->at[names->slots[i] - 1], name))
        i = (i + 1) & (names->slot_count - 1);
    return i;
}

/* Room for one more name; the table stays at most half full. */
static bool names_grow(struct names *names, struct arena *arena)
{
    uint32_t cap = names->cap ? names->cap * 2 : 32;
    struct names wider = {.count = names->count, .cap = cap, .slot_count = cap * 2};

    if (names->count < names->cap)
        return true;
    wider.at = arena_try_array(arena, cap, sizeof *wider.at);
    wider.slots = arena_try_array(arena, wider.slot_count, sizeof *wider.slots);
    if (!wider.at || !wider.slots)
        return false;
    for (uint32_t i = 0; i < names->count; i++) {
        wider.at[i] = names->at[i];
        wider.slots[probe(&wider, names->at[i])] = i + 1;
    }
    *names = wider;
    return true;
}

uint32_t names_slot(struct names *names, struct arena *arena, struct span name)
{
    uint32_t i;

    if (!names_grow(names, arena))
        return UINT32_MAX;
    i = probe(names, name);
    if (!names->slots[i]) {
        names->at[names->count] = name;
        names->slots[i] = ++names->count;
    }
    return names->slots[i] - 1;
}

uint32_t names_find(const struct names *names, struct span name)
{
    return names->slots[probe(names, name)] - 1;
}

static bool names_copy(struct names *to, const struct names *from, struct arena *arena)
{
    for (uint32_t i = 0; i < from->count; i++)
        if (names_slot(to, arena, from->at[i]) == UINT32_MAX)
            return false;
    return true;
}

static enum fault resolve_calls(struct parser *p, struct call *calls)
{
    for (struct call *call = calls; call && !p->fault; call = call->next) {
        call->macro = template_macro(p->template, call->name);
        if (call->macro && call->has_word)
            parse_fail(p, 0, FAULT_SYNTAX, "a bare word is no argument of a macro");
    }
    return p->fault;
}

enum fault program_compile(struct arena *arena, struct span text, const struct vtl_template *around,
                           struct vtl_template **out, struct problem *why)
{
    const struct names fixed = {.at = (struct span *)FIXED, .count = SLOTS_FIXED};
    struct vtl_template *t = arena_try_array(arena, 1, sizeof *t);
    struct call *calls = NULL;
    struct parser p = {.arena = arena, .template = t, .calls = &calls, .why = why};

    if (text.len > VTL_TEMPLATE_MAX)
        return problem_set(why, FAULT_TOO_LARGE, "template is over %d bytes", VTL_TEMPLATE_MAX);
    if (t)
        t->text = arena_copy(arena, text);
    if (!t || !t->text.at || !names_copy(&t->names, around ? &around->names : &fixed, arena))
        return problem_set(why, FAULT_NO_MEMORY, "no memory for the template");
    if (around) {
        t->macros = around->macros;
        t->macro_count = around->macro_count;
    }

    p.text = t->text;
    if (!parse_nested(&p, &t->block) || resolve_calls(&p, calls))
        return p.fault;
    *out = t;
    return OK;
}

enum fault vtl_compile(struct arena *arena, struct span text, struct vtl_template **out,
                       struct problem *why)
{
    return program_compile(arena, text, NULL, out, why);
}
