/* Routing: literal before {variable} before {greedy+}, by method, with backtracking.
 *
 * Each node stands for one prefix of the path, so a search meets each node at most once, however
 * it backtracks; the depth of the tree is bounded when it is built. */
#include "snapshot/deployment.h"

#include "base/ascii.h"
#include "base/uri.h"

#define SEGMENT_DECODED_MAX 1024

/* The verbs that methods can have. */
static bool is_known_verb(struct span verb)
{
    static const struct span VERBS[] = {
        SPAN_INIT("GET"),   SPAN_INIT("POST"),    SPAN_INIT("PUT"), SPAN_INIT("DELETE"),
        SPAN_INIT("PATCH"), SPAN_INIT("OPTIONS"), SPAN_INIT("HEAD")};

    for (size_t i = 0; i < COUNT(VERBS); i++)
        if (span_equal(verb, VERBS[i]))
            return true;
    return false;
}

static const struct method *find_method(const struct route *route, struct span verb)
{
    const struct method *any = NULL;

    if (!is_known_verb(verb)) /* nor may a client's verb be the word ANY itself */
        return NULL;
    for (size_t i = 0; i < route->method_count; i++) {
        if (span_equal(route->methods[i].verb, verb))
            return &route->methods[i];
        if (span_is(route->methods[i].verb, "ANY"))
            any = &route->methods[i];
    }
    return any;
}

static const struct route *find_literal(const struct route *route, struct span segment)
{
    char room[SEGMENT_DECODED_MAX];
    size_t low = 0, high = route->literal_count, n = 0;

    if (span_find(segment, '%') < segment.len) { /* compared decoded; longer ones match nothing */
        if (segment.len > sizeof room)
            return NULL;
        for (size_t i = 0; i < segment.len; i++, n++) {
            int first = i + 2 < segment.len ? ascii_hex(segment.at[i + 1]) : -1;
            int second = i + 2 < segment.len ? ascii_hex(segment.at[i + 2]) : -1;

            if (segment.at[i] != '%' || first < 0 || second < 0) {
                room[n] = segment.at[i];
            } else {
                room[n] = (char)(first << 4 | second);
                i += 2;
            }
        }
        segment = span_make(room, n);
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = span_compare(segment, route->literals[middle].literal);

        if (order == 0)
            return &route->literals[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* `rest` is what is left of the path, without the slash that led to it. */
static const struct method *find_below(const struct route *route, struct span verb,
                                       struct span rest)
{
    size_t len = span_find(rest, '/');
    struct span segment = span_first(rest, len);
    struct span below = span_skip(rest, len < rest.len ? len + 1 : len);
    const struct method *found = NULL;
    const struct route *child;

    if (rest.len == 0)
        return find_method(route, verb);
    if ((child = find_literal(route, segment)) != NULL)
        found = find_below(child, verb, below);
    if (!found && route->variable && segment.len > 0)
        found = find_below(route->variable, verb, below);
    if (!found && route->greedy)
        found = find_method(route->greedy, verb);
    return found;
}

const struct method *route_find(const struct deployment *deployment, struct span verb,
                                struct span path)
{
    while (path.len > 0 && path.at[0] == '/') /* doubled slashes at the front collapse */
        path = span_skip(path, 1);
    if (path.len > 0 && path.at[path.len - 1] == '/') /* one at the end does not matter */
        path.len--;
    return find_below(deployment->root, verb, path);
}
