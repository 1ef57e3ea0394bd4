/* Running a template: budgets, failures, output and the directives.
 *
 * Text that a value needs (an interpolated string, toString of a list) is written behind the
 * output, copied to the arena and taken off again, so that a run needs no buffer of its own. */
#include "vtl/run.h"

#include <stdio.h>

#include "text/json.h"
#include "vtl/print.h"

#define BYTES_A_STEP 64
#define EVALUATIONS_MAX 8
#define EVALUATE_COST 4096 /* as if so many bytes were read */

/* ---- failures and budgets ---------------------------------------------------------------------*/

bool run_fail(struct run *run, enum fault fault, const char *format, ...)
{
    struct span text = run->template->text;
    char words[PROBLEM_TEXT_MAX];
    va_list list;

    if (run->fault)
        return false;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    run->flow = FLOW_FAIL;
    run->fault = problem_at(run->why, fault, text.at, text.len, run->offset, "%s", words);
    return false;
}

bool run_no_memory(struct run *run)
{
    return run_fail(run, FAULT_NO_MEMORY, "template needs too much memory");
}

bool run_charge(struct run *run, size_t n)
{
    uint64_t steps = n / BYTES_A_STEP + 1;

    if (run->steps < steps)
        return run_fail(run, FAULT_TOO_LARGE, "template takes too many steps");
    run->steps -= steps;
    return true;
}

bool values_equal(struct run *run, struct vtl_value a, struct vtl_value b, bool *out)
{
    uint32_t work = 0;

    *out = vtl_equal_counted(a, b, &work);
    if (run->arena->is_over)
        return run_no_memory(run);
    return run_charge(run, (size_t)work * 16);
}

void *run_new(struct run *run, size_t size)
{
    void *at = arena_try_array(run->arena, 1, size);

    if (!at)
        run_no_memory(run);
    return at;
}

static bool enter(struct run *run)
{
    if (++run->depth > RUN_DEPTH_MAX)
        return run_fail(run, FAULT_TOO_LARGE, "template is evaluated too deep");
    return true;
}

/* ---- output -----------------------------------------------------------------------------------*/

static bool check_output(struct run *run)
{
    if (run->out->is_over || run->out->len > run->out_limit)
        return run_fail(run, FAULT_TOO_LARGE, "output is too large");
    return true;
}

bool run_write(struct run *run, struct span text)
{
    if (text.len > run->out_limit - run->out->len || !buf_add(run->out, text))
        return run_fail(run, FAULT_TOO_LARGE, "output is too large");
    return run_charge(run, text.len);
}

size_t text_begin(const struct run *run)
{
    return run->out->len;
}

bool text_end(struct run *run, size_t mark, struct span *out)
{
    struct span text = span_skip(buf_span(run->out), mark);

    *out = text.len ? arena_copy(run->arena, text) : SPAN("");
    run->out->len = mark;
    return out->at || run_no_memory(run);
}

/* #define: printed where it stands, in the variables of that moment. */
static bool definition_write(struct run *run, struct definition *d)
{
    enum flow flow = FLOW_ON;

    if (d->depth < DEFINE_DEPTH_MAX) {
        d->depth++;
        flow = block_run(run, d->block);
        d->depth--;
    }
    run->flow = flow;
    return flow == FLOW_ON || flow == FLOW_BREAK;
}

bool value_write(struct run *run, struct vtl_value value)
{
    if (value.type == VTL_STRING)
        return run_write(run, vtl_span(value));
    if (value.type == VTL_NULL)
        return true;
    if (value.type == VTL_BLOCK)
        return definition_write(run, (struct definition *)value.object);
    if (!print_value(run->out, value))
        return run_fail(run, FAULT_TOO_LARGE, "value is nested too deep to be printed");
    if (run->arena->is_over)
        return run_no_memory(run);
    return check_output(run);
}

bool value_text(struct run *run, struct vtl_value value, struct span *out)
{
    size_t mark = text_begin(run);

    if (value.type == VTL_STRING) {
        *out = vtl_span(value);
        return true;
    }
    if (!value_write(run, value)) {
        run->out->len = mark;
        return false;
    }
    return run_charge(run, run->out->len - mark) && text_end(run, mark, out);
}

bool json_of_text(struct run *run, struct span text, struct json **out)
{
    enum fault fault;

    *out = NULL;
    if (!run_charge(run, text.len * 4))
        return false;
    fault = json_parse(run->arena, text, out, NULL);
    return fault != FAULT_NO_MEMORY || run_no_memory(run);
}

/* ---- trace ------------------------------------------------------------------------------------*/

static void count_lines(struct span text, size_t offset, struct vtl_trace *trace)
{
    trace->line = trace->column = 1;
    for (size_t i = 0; i < offset && i < text.len; i++) {
        trace->column++;
        if (text.at[i] == '\n') {
            trace->line++;
            trace->column = 1;
        }
    }
}

/* Tells the tracer about a directive.  The source of one within a string is not known. */
static bool trace_value(struct run *run, const struct statement *s, const char *name,
                        struct vtl_value value)
{
    struct span text = run->template->text;
    struct vtl_trace trace = {.directive = span_of(name)};

    if (!run->environment->trace)
        return true;
    if (value.type == VTL_BLOCK)
        value = vtl_null(); /* not evaluated for the tracer's sake */
    count_lines(text, s->offset, &trace);
    if (s->offset + s->len <= text.len)
        trace.source = (struct span){text.at + s->offset, s->len};
    if (!value_text(run, value, &trace.value))
        return false;
    run->environment->trace(run->environment->tracer, &trace);
    return true;
}

/* ---- directives -------------------------------------------------------------------------------*/

/* What an evaluation that answered false left. */
static enum flow stopped(const struct run *run)
{
    return run->flow;
}

static enum flow run_set(struct run *run, const struct statement *s)
{
    struct vtl_value value;

    if (!expression_value(run, s->set.value, &value))
        return stopped(run);
    if (value.type == VTL_NULL)
        value = vtl_text(SPAN(""));
    if (!reference_assign(run, s->set.target, value) || !trace_value(run, s, "#set", value))
        return stopped(run);
    return FLOW_ON;
}

static enum flow run_if(struct run *run, const struct statement *s)
{
    for (const struct branch *b = s->branches; b; b = b->next) {
        bool is_true = true;

        if (b->condition && !expression_truth(run, b->condition, &is_true))
            return stopped(run);
        if (b->condition &&
            !trace_value(run, s, b == s->branches ? "#if" : "#elseif", vtl_bool(is_true)))
            return stopped(run);
        if (is_true)
            return block_run(run, &b->block);
    }
    return FLOW_ON;
}

/* The list of what #foreach goes over; NULL when there is nothing to go over. */
static bool elements_of(struct run *run, struct vtl_value over, struct vtl_list **out)
{
    struct vtl_iterator *iterator;

    *out = NULL;
    if (over.type == VTL_LIST) {
        *out = over.list;
        return vtl_list_open(over.list) || run_no_memory(run);
    }
    if (over.type != VTL_MAP && over.type != VTL_ITERATOR)
        return true;
    *out = vtl_list_new(run->arena, VTL_VIEW);
    if (!*out)
        return run_no_memory(run);
    if (over.type == VTL_ITERATOR) {
        iterator = over.iterator;
        while (iterator->next < iterator->list->count)
            if (!vtl_list_add(*out, iterator->list->at[iterator->next++]))
                return run_no_memory(run);
        return true;
    }
    if (!vtl_map_open(over.map))
        return run_no_memory(run);
    for (uint32_t i = 0; i < over.map->count; i++)
        if (!vtl_list_add(*out, over.map->at[i].value))
            return run_no_memory(run);
    return run_charge(run, (*out)->count * sizeof(struct vtl_value));
}

static struct vtl_value loop_value(const struct loop *loop)
{
    return (struct vtl_value){.type = VTL_LOOP, .object = loop};
}

/* One pass per element; elements added meanwhile are seen, as far as the limit goes. */
static enum flow run_elements(struct run *run, const struct statement *s, struct vtl_list *list,
                              struct loop *loop)
{
    enum flow flow = FLOW_ON;

    for (; loop->index < list->count && flow == FLOW_ON; loop->index++) {
        struct vtl_value element = list->at[loop->index];

        if (loop->index >= VTL_ITERATIONS_MAX) {
            run->offset = s->offset;
            run_fail(run, FAULT_TOO_LARGE, "#foreach has over %d iterations", VTL_ITERATIONS_MAX);
            return FLOW_FAIL;
        }
        loop->has_next = loop->index + 1 < list->count;
        slot_set_local(run, s->foreach.slot, element);
        slot_set_local(run, SLOT_FOREACH, loop_value(loop));
        slot_set_local(run, SLOT_VELOCITY_COUNT, vtl_number((int64_t)loop->index + 1));
        slot_set_local(run, SLOT_VELOCITY_HAS_NEXT, vtl_bool(loop->has_next));
        if (!trace_value(run, s, "#foreach", element))
            return stopped(run);
        flow = block_run(run, &s->foreach.block);
    }
    return flow == FLOW_BREAK ? FLOW_ON : flow;
}

static enum flow run_foreach(struct run *run, const struct statement *s)
{
    const uint32_t slots[] = {s->foreach.slot, SLOT_FOREACH, SLOT_VELOCITY_COUNT,
                              SLOT_VELOCITY_HAS_NEXT};
    struct vtl_value saved[COUNT(slots)], over;
    struct loop loop = {.outer = run->loop};
    struct vtl_list *list;
    enum flow flow;

    if (!expression_value(run, s->foreach.over, &over) || !elements_of(run, over, &list))
        return stopped(run);
    if (!list)
        return FLOW_ON;
    for (size_t i = 0; i < COUNT(slots); i++)
        if (!slot_value(run, run->frame, slots[i], &saved[i]))
            return stopped(run);
    run->loop = &loop;
    flow = run_elements(run, s, list, &loop);
    run->loop = loop.outer;
    for (size_t i = 0; i < COUNT(slots); i++)
        slot_set_local(run, slots[i], saved[i]);
    return flow;
}

static enum flow run_define(struct run *run, const struct statement *s)
{
    struct definition *d = run_new(run, sizeof *d);

    if (!d)
        return FLOW_FAIL;
    d->block = &s->define.block;
    slot_set(run, s->define.slot, (struct vtl_value){.type = VTL_BLOCK, .object = d});
    return FLOW_ON;
}

/* A frame for a call; its locals are kept for the next call of the same depth. */
static struct frame *push_frame(struct run *run, const struct call *call)
{
    struct frame *frame;

    if (run->macro_depth >= MACRO_DEPTH_MAX) {
        run_fail(run, FAULT_TOO_LARGE, "macros call each other deeper than %d", MACRO_DEPTH_MAX);
        return NULL;
    }
    if (!run_charge(run, run->global_count * sizeof(struct vtl_value)))
        return NULL;
    frame = &run->frames[run->macro_depth];
    if (frame->local_count < run->global_count) {
        frame->locals = arena_try_array(run->arena, run->global_count, sizeof(struct vtl_value));
        frame->local_count = frame->locals ? run->global_count : 0;
    } else {
        memset(frame->locals, 0, frame->local_count * sizeof(struct vtl_value));
    }
    if (!frame->locals) {
        run_no_memory(run);
        return NULL;
    }
    run->macro_depth++;
    frame->macro = call->macro;
    frame->call = call;
    frame->outer = run->frame;
    run->frame = frame;
    return frame;
}

static enum flow run_call(struct run *run, const struct statement *s)
{
    const struct call *call = s->call;
    struct definition *body;
    struct frame *frame;
    enum flow flow;

    if (!call->macro) {
        if (!run_write(run, call->source))
            return stopped(run);
        return FLOW_ON;
    }
    if (!trace_value(run, s, "#macro", vtl_text(call->name)))
        return stopped(run);
    frame = push_frame(run, call);
    if (!frame)
        return FLOW_FAIL;
    if (call->has_body) {
        body = run_new(run, sizeof *body);
        if (!body)
            return FLOW_FAIL;
        body->block = &call->body;
        frame->locals[SLOT_BODY_CONTENT] = (struct vtl_value){.type = VTL_BLOCK, .object = body};
    }
    flow = block_run(run, &call->macro->block);
    run->frame = frame->outer;
    run->macro_depth--;
    return flow == FLOW_BREAK ? FLOW_ON : flow;
}

/* ---- #evaluate --------------------------------------------------------------------------------*/

/* The caller's variables that the names from `first` on stand for. */
static void set_variables(struct run *run, uint32_t first)
{
    const struct vtl_environment *environment = run->environment;

    for (size_t i = 0; i < environment->variable_count; i++) {
        uint32_t slot = names_find(&run->scope->names, environment->variables[i].name);

        if (slot != UINT32_MAX && slot >= first)
            run->globals[slot] = environment->variables[i].value;
    }
}

/* Slots for the names that an evaluated text brought. */
static bool grow_globals(struct run *run, uint32_t count)
{
    uint32_t before = run->global_count;
    struct vtl_value *wider = arena_try_array(run->arena, count, sizeof *wider);

    if (!wider)
        return run_no_memory(run);
    memcpy(wider, run->globals, run->global_count * sizeof *wider);
    run->globals = wider;
    run->global_count = count;
    set_variables(run, before);
    return true;
}

/* The places of failures are those of the evaluated text, and the words say so. */
static bool compile_text(struct run *run, struct span text, struct vtl_template **out)
{
    struct problem why = {.code = OK};
    enum fault fault = program_compile(run->arena, text, run->scope, out, &why);

    if (fault)
        return run_fail(run, fault, "#evaluate: line %u, column %u: %s", why.line, why.column,
                        why.text);
    run->scope = *out;
    return run_charge(run, EVALUATE_COST + text.len * 8 +
                               run->scope->names.count * sizeof(struct span)) &&
           grow_globals(run, run->scope->names.count);
}

static enum flow run_evaluate(struct run *run, const struct statement *s)
{
    const struct vtl_template *before = run->template;
    struct vtl_template *inner;
    struct vtl_value value;
    struct span text;
    enum flow flow;

    if (!expression_value(run, s->expression, &value) || !value_text(run, value, &text))
        return stopped(run);
    if (run->evaluations >= EVALUATIONS_MAX) {
        run_fail(run, FAULT_TOO_LARGE, "#evaluate is nested deeper than %d", EVALUATIONS_MAX);
        return FLOW_FAIL;
    }
    if (!trace_value(run, s, "#evaluate", value) || !compile_text(run, text, &inner))
        return stopped(run);
    run->evaluations++;
    run->template = inner;
    flow = block_run(run, &inner->block);
    run->template = before;
    run->evaluations--;
    return flow == FLOW_BREAK ? FLOW_ON : flow;
}

/* ---- blocks -----------------------------------------------------------------------------------*/

static enum flow run_reference(struct run *run, const struct statement *s)
{
    struct vtl_value value;

    if (!reference_value(run, s->reference, &value) || !value_write(run, value))
        return stopped(run);
    return FLOW_ON;
}

static enum flow run_statement(struct run *run, const struct statement *s)
{
    switch (s->kind) {
    case STATEMENT_TEXT:
        return run_write(run, s->text) ? FLOW_ON : FLOW_FAIL;
    case STATEMENT_REFERENCE:
        return run_reference(run, s);
    case STATEMENT_SET:
        return run_set(run, s);
    case STATEMENT_IF:
        return run_if(run, s);
    case STATEMENT_FOREACH:
        return run_foreach(run, s);
    case STATEMENT_DEFINE:
        return run_define(run, s);
    case STATEMENT_CALL:
        return run_call(run, s);
    case STATEMENT_EVALUATE:
        return run_evaluate(run, s);
    case STATEMENT_BREAK:
        return FLOW_BREAK;
    case STATEMENT_STOP:
        return FLOW_STOP;
    case STATEMENT_LOAD:
        run_fail(run, FAULT_NOT_FOUND, "templates cannot load others");
        return FLOW_FAIL;
    }
    return FLOW_FAIL;
}

enum flow block_run(struct run *run, const struct block *block)
{
    enum flow flow = FLOW_ON;
    unsigned depth = run->depth; /* an evaluation that #break leaves does not count back */

    if (!enter(run))
        return FLOW_FAIL;
    for (const struct statement *s = block->first; s && flow == FLOW_ON; s = s->next) {
        run->offset = s->offset;
        if (!run_charge(run, 0))
            return FLOW_FAIL;
        flow = run_statement(run, s);
    }
    run->depth = depth;
    return flow;
}

/* ---- a run ------------------------------------------------------------------------------------*/

static bool start(struct run *run)
{
    run->globals = arena_try_array(run->arena, run->global_count, sizeof *run->globals);
    if (!run->globals)
        return run_no_memory(run);
    run->globals[SLOT_INPUT] = (struct vtl_value){.type = VTL_INPUT};
    run->globals[SLOT_UTIL] = (struct vtl_value){.type = VTL_UTIL};
    set_variables(run, 0);
    return true;
}

enum fault vtl_run(const struct vtl_template *template, struct vtl_environment *environment,
                   struct arena *arena, struct buf *out, struct problem *why)
{
    struct run run = {
        .template = template,
        .scope = template,
        .environment = environment,
        .arena = arena,
        .out = out,
        .out_limit = out->len + VTL_OUTPUT_MAX,
        .global_count = template->names.count,
        .steps = environment->steps ? environment->steps : VTL_STEPS_DEFAULT,
        .why = why,
    };

    if (!start(&run))
        return run.fault;
    block_run(&run, &template->block);
    return run.fault;
}
