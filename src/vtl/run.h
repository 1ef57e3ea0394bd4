/* The state of one run of a template, and what the parts of the evaluation call of each other.
 * Private to vtl/. */
#ifndef VTL_RUN_H
#define VTL_RUN_H

#include "vtl/program.h"

#define RUN_DEPTH_MAX 1200 /* nested evaluations: bounds the C stack */
#define MACRO_DEPTH_MAX 20 /* Velocity's */
#define DEFINE_DEPTH_MAX 2 /* Velocity's, for a #define that prints itself */

enum flow {
    FLOW_ON,
    FLOW_BREAK, /* leaves the nearest #foreach, macro, #define or #evaluate */
    FLOW_STOP,
    FLOW_FAIL
};

/* A macro that runs.  Parameters are expressions, evaluated anew at each use in the caller's
 * frame; what the macro sets is kept in `locals` too, and hides its parameters. */
struct frame {
    const struct macro *macro;
    const struct call *call;
    struct frame *outer;
    struct vtl_value *locals; /* by slot; VTL_NULL: not there */
    uint32_t local_count;
};

/* A #foreach that runs; $foreach. */
struct loop {
    struct loop *outer;
    uint32_t index; /* from 0 */
    bool has_next;
};

/* What #define made. */
struct definition {
    const struct block *block;
    unsigned depth; /* of its own rendering */
};

struct vtl_iterator {
    struct vtl_list *list;
    uint32_t next;
};

struct run {
    const struct vtl_template *template; /* for places; the evaluated one within #evaluate */
    const struct vtl_template *scope;    /* the newest names and macros */
    struct vtl_environment *environment;
    struct arena *arena;
    struct buf *out;
    size_t out_limit;          /* of out->len */
    struct vtl_value *globals; /* by slot */
    uint32_t global_count;
    struct frame *frame;
    struct frame frames[MACRO_DEPTH_MAX];
    unsigned macro_depth;
    struct loop *loop;
    unsigned depth;
    unsigned evaluations; /* #evaluate within #evaluate */
    uint64_t steps;       /* left */
    uint32_t offset;      /* the place, for failures */
    enum flow flow;       /* why an evaluation answered false */
    enum fault fault;
    struct problem *why;
    double regex_end;    /* the thread's seconds at which matching ends; 0: none began */
    struct regex *regex; /* the last one compiled */
    bool is_body_parsed;
    struct json *body; /* NULL: not JSON */
};

/* Records a failure at the current place; always false. */
bool run_fail(struct run *run, enum fault fault, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Charges for work in proportion to n bytes or elements; false when the budget is used up. */
bool run_charge(struct run *run, size_t n);

/* The failure when the arena is over; always false. */
bool run_no_memory(struct run *run);

/* Allocates from the run's arena; NULL and a failure when it is over. */
void *run_new(struct run *run, size_t size);

bool run_write(struct run *run, struct span text);

/* --- text: values are printed behind the output, copied to the arena and taken off again --- */

size_t text_begin(const struct run *run);
bool text_end(struct run *run, size_t mark, struct span *out);

/* What Java's toString gives; a text is borrowed. */
bool value_text(struct run *run, struct vtl_value value, struct span *out);

/* Prints into the output, as a reference in text does. */
bool value_write(struct run *run, struct vtl_value value);

/* As vtl_equal, charged for. */
bool values_equal(struct run *run, struct vtl_value a, struct vtl_value b, bool *out);

/* --- evaluation: false leaves run->flow saying why --- */

/* Null references are empty strings. */
bool expression_value(struct run *run, const struct expression *e, struct vtl_value *out);
bool expression_truth(struct run *run, const struct expression *e, bool *out);

/* VTL_NULL when there is no value. */
bool reference_value(struct run *run, const struct reference *r, struct vtl_value *out);
bool reference_assign(struct run *run, const struct reference *r, struct vtl_value value);

bool slot_value(struct run *run, struct frame *frame, uint32_t slot, struct vtl_value *out);
void slot_set(struct run *run, uint32_t slot, struct vtl_value value);

/* A loop's variable: in the innermost macro alone. */
void slot_set_local(struct run *run, uint32_t slot, struct vtl_value value);

enum flow block_run(struct run *run, const struct block *block);

/* --- arithmetic; a result of VTL_NULL has no value --- */
bool is_number(struct vtl_value v);
bool calculate(struct run *run, enum expression_kind kind, struct vtl_value a, struct vtl_value b,
               struct vtl_value *out);
int numbers_compare(struct vtl_value a, struct vtl_value b);
double number_as_double(struct vtl_value v);

/* --- what the roots hold --- */
struct vtl_value input_property(struct run *run, struct span name);
struct vtl_value loop_property(struct run *run, const struct loop *loop, struct span name);
struct vtl_value class_of(struct vtl_value value);

/* Parses JSON for a template; *out is NULL when it is none.  False when memory is gone. */
bool json_of_text(struct run *run, struct span text, struct json **out);

#endif
