/* Mapping templates: the Velocity Template Language as API Gateway runs it.
 *
 * A template is compiled once and run many times, by several threads at once: it is not changed
 * after vtl_compile.  What API Gateway adds to Velocity 1.7 is one rule: a reference that has no
 * value is the empty string, when it is printed and when it is an operand. */
#ifndef VTL_TEMPLATE_H
#define VTL_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"
#include "vtl/value.h"

#define VTL_TEMPLATE_MAX (300 * 1024)         /* AWS: bytes of a template */
#define VTL_OUTPUT_MAX (10 * 1024 * 1024)     /* bytes a template may write, and of one text */
#define VTL_ITERATIONS_MAX 1000               /* AWS: of one #foreach */
#define VTL_STEPS_DEFAULT 4000000             /* things evaluated in one run */
#define VTL_MEMORY_DEFAULT (64 * 1024 * 1024) /* a fitting ceiling for the arena of a run */

struct vtl_template;

/* Compiles into the arena.  `text` is copied.  On failure *out is untouched and `why` (may be
 * NULL) has the place: FAULT_SYNTAX, FAULT_TOO_LARGE (size, depth) or FAULT_NO_MEMORY. */
enum fault vtl_compile(struct arena *arena, struct span text, struct vtl_template **out,
                       struct problem *why);

struct vtl_pair {
    struct span name, value;
};

struct vtl_pairs {
    const struct vtl_pair *at;
    size_t count;
};

/* What --trace prints: one directive and what came of it. */
struct vtl_trace {
    unsigned line, column;
    struct span directive; /* as in "#set" */
    struct span source;    /* the directive in the template, without its block */
    struct span value;     /* printed: what was set, "true", an element, ... */
};

/* What a run sees.  All of it is borrowed and must live until the run has ended, except that
 * `context` is the caller's and may be read afterwards. */
struct vtl_environment {
    struct span body;                           /* the payload as text; empty reads as {} */
    struct vtl_pairs path, querystring, header; /* names and order as received; the last wins */
    struct vtl_pairs stage_variables;

    /* $context.  NULL: made and filled by `fill_context` when a template first touches it, then
     * kept here.  A response template is run with the map of its request template, so that
     * overrides are seen; both runs need the same arena then. */
    struct vtl_map *context;
    bool (*fill_context)(void *owner, struct vtl_map *context); /* may be NULL */
    void *owner;

    const struct vtl_variable *variables; /* further names; may be NULL */
    size_t variable_count;

    void (*trace)(void *tracer, const struct vtl_trace *trace); /* may be NULL */
    void *tracer;

    uint64_t steps; /* 0: VTL_STEPS_DEFAULT */

    /* Velocity with the one rule and nothing else: #if of a missing reference is true, arrays have
     * no count(), $input.json of nothing is empty.  For comparing with Velocity itself. */
    bool is_plain_model;
};

struct vtl_variable {
    struct span name;
    struct vtl_value value;
};

/* Renders to the end of `out`, whose ceiling may be VTL_OUTPUT_MAX.  Values are made in `arena`,
 * whose ceiling bounds them.  On failure `out` holds what was written so far, and `why` (may be
 * NULL) says where and why: FAULT_SYNTAX (#evaluate), FAULT_TYPE and FAULT_RANGE (a method threw),
 * FAULT_TOO_LARGE (a limit), FAULT_NOT_FOUND (#parse, #include), FAULT_NO_MEMORY. */
enum fault vtl_run(const struct vtl_template *template, struct vtl_environment *environment,
                   struct arena *arena, struct buf *out, struct problem *why);

#endif
