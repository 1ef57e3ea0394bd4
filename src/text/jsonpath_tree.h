/* A compiled path, for the two halves of the implementation.  Private to text/jsonpath*.c. */
#ifndef TEXT_JSONPATH_TREE_H
#define TEXT_JSONPATH_TREE_H

#include "text/jsonpath.h"

enum path_step_kind {
    PATH_NAME,    /* one name */
    PATH_NAMES,   /* several: an object of those members */
    PATH_ALL,     /* * */
    PATH_INDEXES, /* one or several */
    PATH_SLICE,   /* from:to */
    PATH_FILTER,
    PATH_LENGTH /* length() at the end */
};

struct path_step {
    enum path_step_kind kind;
    bool is_deep; /* ".." before it */
    struct span *names;
    int64_t *indexes;
    size_t count; /* of names or indexes */
    int64_t from, to;
    bool has_to;
    struct filter *filter;
    struct path_step *next;
};

struct json_path {
    struct path_step *first;
    bool is_definite;
    bool is_relative; /* within a filter: begins with '@' */
};

struct path_search {
    struct arena *arena;
    struct json *root;
    unsigned budget;
    enum fault fault;
};

/* Parses a path at the front of *in, up to a character that cannot belong to it: in filters any
 * operator, blank or ')', else only the end. */
enum fault path_parse(struct arena *arena, struct span *in, bool in_filter, unsigned depth,
                      struct json_path **out);

/* Runs a path within a filter; NULL when nothing is found. */
struct json *path_evaluate(struct path_search *search, const struct json_path *path,
                           struct json *from);

#define FILTER_DEPTH_MAX 20

/* Parses "?(...)" behind '[' up to, not including, ']'. */
enum fault filter_parse(struct arena *arena, struct span *in, unsigned depth, struct filter **out);

bool filter_accepts(struct path_search *search, const struct filter *filter, struct json *value);

/* A quoted text at the front of *in; backslashes escape. */
bool path_take_quoted(struct arena *arena, struct span *in, struct span *out);

void path_skip_blanks(struct span *in);

#endif
