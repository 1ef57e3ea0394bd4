/* The texts of AWS's errors name what the caller sent; here the names become values. */
#include "control/words.h"

#include "base/ascii.h"
#include "base/buf.h"

#define WORDS_MAX (64 * 1024)

static bool find(const struct words *words, struct span name, struct span *out)
{
    const struct json *member;

    for (size_t i = 0; i < words->count; i++) {
        if (!span_is(name, words->values[i].name))
            continue;
        *out = words->values[i].value;
        return true;
    }
    member = json_member_span(words->input, name);
    if (!json_is(member, JSON_STRING) && !json_is(member, JSON_NUMBER))
        return false;
    *out = member->text;
    return true;
}

/* The length of the name in braces at the front, or 0. */
static size_t name_len(struct span text)
{
    size_t n = 1;

    while (n < text.len && (ascii_is_alnum(text.at[n]) || text.at[n] == '_'))
        n++;
    return n < text.len && text.at[n] == '}' ? n - 1 : 0;
}

struct span words_fill(struct arena *arena, struct span text, const struct words *words)
{
    struct span filled;
    struct buf out;

    if (span_find(text, '{') == text.len)
        return text;
    buf_init(&out, WORDS_MAX);
    while (text.len) {
        size_t plain = span_find(text, '{');
        struct span value;

        buf_add(&out, span_first(text, plain));
        text = span_skip(text, plain);
        if (text.len == 0)
            break;
        plain = name_len(text);
        if (plain && find(words, span_first(span_skip(text, 1), plain), &value)) {
            buf_add(&out, value);
            text = span_skip(text, plain + 2);
        } else {
            buf_add_char(&out, '{');
            text = span_skip(text, 1);
        }
    }
    filled = out.is_over ? (struct span){NULL, 0} : arena_copy(arena, buf_span(&out));
    buf_release(&out);
    return filled;
}
