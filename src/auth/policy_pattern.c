/* Patterns with wildcards and variables, and ARNs of them.
 *
 * A request's text is matched in one pass that remembers only the last "*": it goes back no
 * further than that, which is enough, since an earlier "*" could only take more of what a later
 * one takes anyway.  An ARN is matched component by component, so that "arn:aws:s3:*" cannot reach
 * over a colon (iam-sts 4.3). */
#include "auth/policy_program.h"

#include "base/ascii.h"

/* Adds one piece in front of `*tail`. */
static struct pattern_piece *new_piece(struct arena *arena, struct pattern_piece ***tail)
{
    struct pattern_piece *piece = arena_new(arena, struct pattern_piece);

    **tail = piece;
    *tail = &piece->next;
    return piece;
}

/* What stands between "${" and "}" goes into the piece: the key and perhaps ", 'default'". */
static void read_variable(struct span inside, struct pattern_piece *piece)
{
    size_t comma = span_find(inside, ',');
    struct span fallback;

    piece->key = span_trim(span_first(inside, comma));
    piece->hash = policy_key_hash(piece->key);
    if (comma == inside.len)
        return;
    fallback = span_trim(span_skip(inside, comma + 1));
    if (fallback.len >= 2 && fallback.at[0] == '\'' && fallback.at[fallback.len - 1] == '\'') {
        piece->has_fallback = true;
        piece->fallback = (struct span){fallback.at + 1, fallback.len - 2};
    }
}

/* "${*}", "${?}" and "${$}" are the characters themselves. */
static bool is_escape(struct span inside)
{
    return inside.len == 1 && (*inside.at == '*' || *inside.at == '?' || *inside.at == '$');
}

/* Takes a variable off the front of `*rest`: "${...}". */
static bool take_variable(struct span *rest, struct span *inside)
{
    size_t end;

    if (!span_starts(*rest, SPAN("${")))
        return false;
    end = span_find(*rest, '}');
    if (end == rest->len || end == 2)
        return false;
    *inside = (struct span){rest->at + 2, end - 2};
    *rest = span_skip(*rest, end + 1);
    return true;
}

static char compiled_char(char c, unsigned style)
{
    if ((style & PATTERN_WILD) && c == '*')
        return ANY_RUN;
    if ((style & PATTERN_WILD) && c == '?')
        return ANY_ONE;
    return style & PATTERN_FOLD ? ascii_lower(c) : c;
}

static size_t plain_len(struct span text)
{
    size_t run = span_find(text, ANY_RUN), one = span_find(text, ANY_ONE);

    return run < one ? run : one;
}

bool pattern_compile(struct arena *arena, struct span text, unsigned style, struct pattern *out)
{
    struct pattern_piece *pieces = NULL, **tail = &pieces;
    char *room = arena_try(arena, text.len + 1), *start = room, *at = room;
    struct span rest = text, inside;

    if (!room)
        return false;
    while (rest.len > 0) {
        if ((style & PATTERN_VARIABLES) && take_variable(&rest, &inside)) {
            if (is_escape(inside)) {
                *at++ = *inside.at;
                continue;
            }
            struct pattern_piece *piece = new_piece(arena, &tail);

            piece->text = (struct span){start, (size_t)(at - start)};
            read_variable(inside, piece);
            start = at;
            continue;
        }
        char c = compiled_char(*rest.at, style);

        if (c != ANY_RUN || at == start || at[-1] != ANY_RUN)
            *at++ = c;
        rest = span_skip(rest, 1);
    }
    if (pieces)
        new_piece(arena, &tail)->text = (struct span){start, (size_t)(at - start)};
    out->text = (struct span){room, (size_t)(at - room)};
    out->plain = plain_len(out->text);
    out->pieces = pieces;
    return true;
}

/* A value that has the bytes of wildcards is none. */
static bool is_literal(struct span s)
{
    return !memchr(s.at, ANY_RUN, s.len) && !memchr(s.at, ANY_ONE, s.len);
}

static bool piece_value(const struct pattern_piece *piece, const struct policy_context *context,
                        struct span *out)
{
    const struct policy_key *key = policy_key_find(context, piece->key, piece->hash);

    if (key && !key->values && (key->value.len == 0 || is_literal(key->value)))
        *out = key->value;
    else if (piece->has_fallback)
        *out = piece->fallback;
    else
        return false;
    return true;
}

static bool add(char room[static PATTERN_EXPANDED_MAX], size_t *len, struct span s)
{
    if (s.len > PATTERN_EXPANDED_MAX - *len)
        return false;
    if (s.len > 0)
        memcpy(room + *len, s.at, s.len);
    *len += s.len;
    return true;
}

static bool expand(const struct pattern *pattern, const struct policy_context *context,
                   char room[static PATTERN_EXPANDED_MAX], struct span *out)
{
    size_t len = 0;

    for (const struct pattern_piece *p = pattern->pieces; p; p = p->next) {
        struct span value = {0};

        if (!add(room, &len, p->text) || (p->key.len && !piece_value(p, context, &value)) ||
            !add(room, &len, value))
            return false;
    }
    *out = (struct span){room, len};
    return true;
}

/* The start of the character behind the one at i: continuation bytes of UTF-8 belong to it. */
static size_t next_char(struct span text, size_t i)
{
    do
        i++;
    while (i < text.len && ((unsigned char)text.at[i] & 0xc0) == 0x80);
    return i;
}

static bool glob(struct span pattern, struct span text, bool fold)
{
    size_t p = 0, t = 0, after_run = 0, mark = 0; /* after_run 0: no run yet */

    while (t < text.len) {
        char want = p < pattern.len ? pattern.at[p] : '\0';
        bool has_more = p < pattern.len;

        if (has_more && want == ANY_RUN) {
            after_run = ++p;
            mark = t;
        } else if (has_more && want == ANY_ONE) {
            t = next_char(text, t);
            p++;
        } else if (has_more && want == (fold ? ascii_lower(text.at[t]) : text.at[t])) {
            t++;
            p++;
        } else if (after_run > 0) {
            p = after_run;
            t = mark = next_char(text, mark);
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == ANY_RUN)
        p++;
    return p == pattern.len;
}

/* Letters that came from variables were not lowered when the pattern was compiled. */
static void lower(char *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = ascii_lower(at[i]);
}

bool pattern_matches(const struct pattern *pattern, const struct policy_context *context,
                     struct span text, bool fold)
{
    char room[PATTERN_EXPANDED_MAX];
    struct span expanded;

    if (!pattern->pieces && !fold) { /* most patterns end here, most of them at the first bytes */
        if (text.len < pattern->plain || !span_equal(span_first(text, pattern->plain),
                                                     span_first(pattern->text, pattern->plain)))
            return false;
        return glob(span_skip(pattern->text, pattern->plain), span_skip(text, pattern->plain),
                    false);
    }
    if (!pattern->pieces)
        return glob(pattern->text, text, true);
    if (!expand(pattern, context, room, &expanded))
        return false;
    if (fold)
        lower(room, expanded.len);
    return glob(expanded, text, fold);
}

/* ---- ARNs ----------------------------------------------------------------------------------- */

/* Index of the first ':' outside of "${...}", or len. */
static size_t find_colon(struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] == ':')
            return i;
        if (s.at[i] == '$' && i + 1 < s.len && s.at[i + 1] == '{') {
            size_t end = span_find(span_skip(s, i), '}');

            if (i + end < s.len)
                i += end;
        }
    }
    return s.len;
}

/* Splits into at most six parts and returns their number. */
static size_t split(struct span rest, bool has_variables, struct span parts[static 6])
{
    size_t n = 0;

    while (n < 5) {
        size_t colon = has_variables ? find_colon(rest) : span_find(rest, ':');

        if (colon == rest.len)
            break;
        parts[n++] = span_first(rest, colon);
        rest = span_skip(rest, colon + 1);
    }
    parts[n++] = rest;
    return n;
}

struct arn arn_split(struct span text)
{
    struct arn arn = {0};

    arn.is_whole = split(text, false, arn.parts) == 6;
    return arn;
}

bool arn_pattern_compile(struct arena *arena, struct span text, unsigned style, bool pads_plain,
                         struct arn_pattern *out)
{
    struct span parts[6];
    size_t n = split(text, style & PATTERN_VARIABLES, parts);
    bool is_wild = memchr(text.len ? text.at : "", '*', text.len) ||
                   memchr(text.len ? text.at : "", '?', text.len);
    size_t stars = 0;

    *out = (struct arn_pattern){0};
    while (stars < text.len && text.at[stars] == '*')
        stars++;
    if (text.len > 0 && stars == text.len) {
        out->is_any = true;
        return true;
    }
    out->is_bad = n < 6 && !is_wild && !pads_plain;
    for (size_t i = 0; i < 6; i++) {
        struct span part = i < n ? parts[i] : SPAN("*");
        bool has_variables = i == 5 || (style & PATTERN_EVERY_PART);
        unsigned how = has_variables ? style : style & ~(unsigned)PATTERN_VARIABLES;

        if (!pattern_compile(arena, part, how, &out->parts[i]))
            return false;
    }
    return true;
}

bool arn_pattern_matches(const struct arn_pattern *pattern, const struct policy_context *context,
                         const struct arn *arn)
{
    if (pattern->is_any)
        return true;
    if (pattern->is_bad || !arn->is_whole)
        return false;
    /* Names differ at their ends most often. */
    for (size_t i = 6; i-- > 0;)
        if (!pattern_matches(&pattern->parts[i], context, arn->parts[i], false))
            return false;
    return true;
}
