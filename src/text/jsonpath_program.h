/* What a compiled JSONPath is made of.  Shared by its parser and its runner only. */
#ifndef TEXT_JSONPATH_PROGRAM_H
#define TEXT_JSONPATH_PROGRAM_H

#include "text/jsonpath.h"
#include "text/regex.h"

enum token_kind {
    TOKEN_NAMES,    /* .a ['a'] ['a','b'] */
    TOKEN_INDEXES,  /* [0] [-1] [0,2] */
    TOKEN_SLICE,    /* [1:] [:2] [1:2] */
    TOKEN_WILDCARD, /* .* [*] */
    TOKEN_FILTER,   /* [?(...)] */
    TOKEN_SCAN,     /* .. ; the token after it says what is looked for */
    TOKEN_FUNCTION  /* .length() */
};

enum function {
    FUNCTION_LENGTH,
    FUNCTION_MIN,
    FUNCTION_MAX,
    FUNCTION_AVG,
    FUNCTION_SUM,
    FUNCTION_STDDEV,
    FUNCTION_KEYS,
    FUNCTION_FIRST,
    FUNCTION_LAST,
    FUNCTION_INDEX,
    FUNCTION_CONCAT,
    FUNCTION_APPEND
};

struct token {
    enum token_kind kind;
    struct token *next;
    struct span *names;
    int64_t *indexes;
    size_t count; /* of names, indexes or arguments */
    bool has_from, has_to;
    int64_t from, to;
    struct test *test;
    enum function function;
    struct operand *arguments;
};

struct jsonpath {
    struct token *first;
    bool is_definite;
    struct token *gather;     /* a function after a scan: it gets the array of all that was found */
    struct pattern *patterns; /* of the outermost path only */
};

/* A regular expression that jsonpath_release frees. */
struct pattern {
    struct regex *regex;
    struct pattern *next;
};

enum operand_kind { OPERAND_VALUE, OPERAND_PATH, OPERAND_ROOT_PATH, OPERAND_PATTERN };

struct operand {
    enum operand_kind kind;
    struct json *value;
    struct jsonpath *path;
    const struct regex *regex;
};

enum test_kind {
    TEST_OR,
    TEST_AND,
    TEST_NOT,
    TEST_EXISTS,
    TEST_EQUAL,
    TEST_SAME, /* === */
    TEST_UNEQUAL,
    TEST_OTHER, /* !== */
    TEST_LESS,
    TEST_LESS_EQUAL,
    TEST_GREATER,
    TEST_GREATER_EQUAL,
    TEST_MATCHES,
    TEST_IN,
    TEST_NOT_IN,
    TEST_CONTAINS,
    TEST_ALL,
    TEST_SIZE,
    TEST_EMPTY,
    TEST_SUBSET,
    TEST_ANY,
    TEST_NONE
};

/* A filter: a tree of bounded depth.  Junctions have a and b, the others operands. */
struct test {
    enum test_kind kind;
    struct test *a, *b;
    struct operand left, right;
};

/* The compiler's state. */
struct compiler {
    struct arena *arena;
    struct problem *why;
    struct span text; /* the whole path */
    const char *at, *end;
    enum jsonpath_dialect dialect;
    size_t tokens;
    unsigned nesting;
    struct pattern *patterns;
};

/* A search's state. */
struct search {
    struct arena *arena;
    const struct json *root;
    uint64_t steps;
    enum fault fault; /* OK while nothing went wrong */
};

/* jsonpath_parse.c; each returns OK or a fault that is told. */
enum fault path_syntax(struct compiler *c, const char *at, const char *words);
enum fault path_no_memory(struct compiler *c);
enum fault path_enter(struct compiler *c); /* one level deeper; undone by c->nesting-- */
void path_skip_blanks(struct compiler *c);
bool path_take(struct compiler *c, char wanted);
enum fault path_take_quoted(struct compiler *c, struct span *out);
enum fault path_compile_nested(struct compiler *c, struct jsonpath *path);

/* jsonpath_filter.c: takes a filter up to the bracket that ends it; an operand. */
enum fault filter_compile(struct compiler *c, struct test **out);
enum fault filter_operand(struct compiler *c, struct operand *out);

/* jsonpath_run.c: search_charge is false when the budget is used up. */
bool search_charge(struct search *search, uint64_t steps);
bool search_path(struct search *search, const struct jsonpath *path, const struct json *from,
                 struct json **found);
struct json *search_link(struct search *search, const struct json *value); /* a node of its own */

/* jsonpath_test.c */
bool test_holds(struct search *search, const struct test *test, const struct json *item);
struct json *operand_value(struct search *search, const struct operand *operand,
                           const struct json *item);

/* jsonpath_function.c: NULL when the function has no value there. */
struct json *function_apply(struct search *search, const struct token *token,
                            const struct json *value);

#endif
