/* A compiled template, as the parser makes it and the evaluation walks it: a tree in an arena, in
 * which variables are numbers of slots and methods are rows of a table.  Private to vtl/. */
#ifndef VTL_PROGRAM_H
#define VTL_PROGRAM_H

#include "base/fault.h"
#include "vtl/template.h"

#define VTL_PARSE_DEPTH_MAX 200
#define VTL_MACROS_MAX 1000 /* they are searched one after the other */
#define VTL_RECEIVERS 9     /* kinds of receivers of methods; see method.h */

struct vtl_method;

enum expression_kind {
    EXPRESSION_CONSTANT,     /* string or number */
    EXPRESSION_TRUTH,        /* true, false */
    EXPRESSION_INTERPOLATED, /* "...$x..." */
    EXPRESSION_REFERENCE,
    EXPRESSION_MISSING, /* a bare word where a value is expected: null */
    EXPRESSION_WORD,    /* a bare word of a directive */
    EXPRESSION_RANGE,
    EXPRESSION_LIST,
    EXPRESSION_MAP, /* items: key, value, key, value */
    EXPRESSION_NOT,
    EXPRESSION_AND,
    EXPRESSION_OR,
    EXPRESSION_EQUAL,
    EXPRESSION_NOT_EQUAL,
    EXPRESSION_LESS,
    EXPRESSION_LESS_EQUAL,
    EXPRESSION_GREATER,
    EXPRESSION_GREATER_EQUAL,
    EXPRESSION_ADD,
    EXPRESSION_SUBTRACT,
    EXPRESSION_MULTIPLY,
    EXPRESSION_DIVIDE,
    EXPRESSION_MODULO
};

struct block {
    struct statement *first, *last;
};

struct expression {
    enum expression_kind kind;
    uint32_t offset;
    struct expression *next; /* in a list of items or arguments */
    union {
        struct vtl_value constant; /* of a word: its text */
        struct {
            struct block block;
            bool has_blank; /* a blank was added at the end and is dropped from the result */
        } interpolated;
        struct reference *reference;
        struct {
            struct expression *left, *right;
        } both; /* NOT: left alone */
        struct {
            struct expression *first;
            uint32_t count;
        } items;
    };
};

enum access_kind { ACCESS_PROPERTY, ACCESS_INDEX, ACCESS_METHOD };

struct access {
    enum access_kind kind;
    uint32_t hash;    /* vtl_hash_text of the name */
    struct span name; /* property or method */
    struct expression *arguments;
    uint32_t count;
    struct access *next;
    const struct vtl_method *methods[VTL_RECEIVERS]; /* by receiver; NULL when it has none such */
};

struct reference {
    uint32_t offset, len; /* in the template */
    uint32_t slot;
    struct access *first;
};

struct branch {
    struct expression *condition; /* NULL: #else */
    struct block block;
    struct branch *next;
};

struct macro {
    struct span name;
    uint32_t *slots; /* of the parameters */
    uint32_t count;
    struct block block;
    struct macro *next;
};

struct call {
    struct span name;
    struct macro *macro; /* NULL: none of that name; the call is text */
    struct expression *arguments;
    uint32_t count;
    bool has_body, has_word;
    struct block body;
    struct span source; /* as written: printed when there is no macro */
    struct call *next;  /* all calls of a template, to find their macros at the end */
};

enum statement_kind {
    STATEMENT_TEXT,
    STATEMENT_REFERENCE,
    STATEMENT_SET,
    STATEMENT_IF,
    STATEMENT_FOREACH,
    STATEMENT_DEFINE,
    STATEMENT_CALL,
    STATEMENT_EVALUATE,
    STATEMENT_BREAK,
    STATEMENT_STOP,
    STATEMENT_LOAD /* #parse, #include: always fails */
};

struct statement {
    enum statement_kind kind;
    uint32_t offset, len; /* the directive in the template */
    struct statement *next;
    union {
        struct span text;
        struct reference *reference;
        struct {
            struct reference *target;
            struct expression *value;
        } set;
        struct branch *branches;
        struct {
            uint32_t slot;
            struct expression *over;
            struct block block;
        } foreach;
        struct {
            uint32_t slot;
            struct block block;
        } define;
        struct call *call;
        struct expression *expression; /* #evaluate */
    };
};

/* The names of variables; a name's index is its slot. */
struct names {
    struct span *at;
    uint32_t *slots; /* hash table of index + 1 */
    uint32_t count, cap, slot_count;
};

/* Slots that are there in every template, in this order. */
enum fixed_slot {
    SLOT_INPUT,
    SLOT_UTIL,
    SLOT_CONTEXT,
    SLOT_STAGE_VARIABLES,
    SLOT_FOREACH,
    SLOT_VELOCITY_COUNT,
    SLOT_VELOCITY_HAS_NEXT,
    SLOT_BODY_CONTENT,
    SLOTS_FIXED
};

struct vtl_template {
    struct span text;
    struct names names;
    struct macro *macros;
    uint32_t macro_count;
    struct block block;
};

/* Compiles with names and macros that are there already (those of the template that evaluates);
 * they are extended, not changed.  `depth` counts levels around. */
enum fault program_compile(struct arena *arena, struct span text, const struct vtl_template *around,
                           struct vtl_template **out, struct problem *why);

/* NULL when there is none. */
struct macro *template_macro(const struct vtl_template *template, struct span name);

/* The slot of a name, added when it is new; UINT32_MAX when the arena is over. */
uint32_t names_slot(struct names *names, struct arena *arena, struct span name);

/* UINT32_MAX when there is none. */
uint32_t names_find(const struct names *names, struct span name);

#endif
