/* $util: escaping and encoding.  Each takes the text of its argument, whatever its type. */
#include "base/ascii.h"
#include "base/base64.h"
#include "base/uri.h"
#include "base/utf8.h"
#include "text/json.h"
#include "vtl/arguments.h"
#include "vtl/text16.h"

static bool subject(struct method_call *call, struct span *out)
{
    return value_text(call->run, call->arguments[0], out) && run_charge(call->run, out->len);
}

static bool finish(struct method_call *call, size_t mark)
{
    struct run *run = call->run;
    struct span text;

    if (run->out->is_over || run->out->len > run->out_limit)
        return run_fail(run, FAULT_TOO_LARGE, "output is too large");
    return text_end(run, mark, &text) && answer_text(call, text);
}

/* ---- escapeJavaScript -------------------------------------------------------------------------*/

static void add_escaped(struct buf *out, uint32_t unit)
{
    static const char NAMES[] = "\b\t\n\f\r", LETTERS[] = "btnfr";
    const char *name = unit && unit < 0x20 ? strchr(NAMES, (int)unit) : NULL;

    if (name) {
        buf_add_char(out, '\\');
        buf_add_char(out, LETTERS[name - NAMES]);
    } else if (unit < 0x20 || unit > 0x7F) {
        buf_addf(out, "\\u%04X", unit);
    } else {
        if (unit == '"' || unit == '\'' || unit == '\\' || unit == '/')
            buf_add_char(out, '\\');
        buf_add_char(out, (char)unit);
    }
}

static bool is_verbatim(unsigned char c)
{
    return c >= 0x20 && c <= 0x7F && c != '"' && c != '\'' && c != '\\' && c != '/';
}

/* As commons-lang 2: four upper-case digits for control characters and beyond ASCII. */
static bool util_escape(struct method_call *call)
{
    struct buf *out = call->run->out;
    size_t mark = text_begin(call->run);
    struct span s;
    uint32_t half = 0, unit;

    if (!subject(call, &s))
        return false;
    for (;;) {
        size_t n = 0;

        while (!half && n < s.len && is_verbatim((unsigned char)s.at[n]))
            n++;
        buf_add(out, span_first(s, n));
        s = span_skip(s, n);
        if (out->is_over || !text16_take(&s, &half, &unit))
            break;
        add_escaped(out, unit);
    }
    return finish(call, mark);
}

/* ---- URLs -------------------------------------------------------------------------------------*/

/* As java.net.URLEncoder. */
static bool util_url_encode(struct method_call *call)
{
    static const char HEX[] = "0123456789ABCDEF";
    struct buf *out = call->run->out;
    size_t mark = text_begin(call->run);
    struct span s;

    if (!subject(call, &s))
        return false;
    for (size_t i = 0; i < s.len && !out->is_over; i++) {
        unsigned char c = (unsigned char)s.at[i];

        if (ascii_is_alnum((char)c) || c == '.' || c == '-' || c == '*' || c == '_') {
            buf_add_char(out, (char)c);
        } else if (c == ' ') {
            buf_add_char(out, '+');
        } else {
            buf_add_char(out, '%');
            buf_add_char(out, HEX[c >> 4]);
            buf_add_char(out, HEX[c & 15]);
        }
    }
    return finish(call, mark);
}

/* The text with each malformed sequence replaced, as Java decodes UTF-8. */
static bool answer_repaired(struct method_call *call, struct span s)
{
    size_t mark = text_begin(call->run);

    if (utf8_is_valid(s))
        return answer_text(call, s);
    utf8_add_repaired(call->run->out, s);
    return finish(call, mark);
}

static bool util_url_decode(struct method_call *call)
{
    struct span s, out;

    if (!subject(call, &s))
        return false;
    if (!uri_escapes_are_valid(s))
        return run_fail(call->run, FAULT_SYNTAX, "urlDecode: '%%' without two hexadecimal digits");
    out = uri_decode(call->run->arena, s, true);
    if (!out.at && s.len)
        return run_no_memory(call->run);
    return answer_repaired(call, out);
}

/* ---- base64 -----------------------------------------------------------------------------------*/

static bool util_base64_encode(struct method_call *call)
{
    struct span s;
    size_t len;
    char *out;

    if (!subject(call, &s))
        return false;
    len = base64_len(s.len);
    out = arena_try(call->run->arena, len + 1);
    if (!out)
        return run_no_memory(call->run);
    return answer_text(call, (struct span){out, base64_encode(s, out)});
}

static int base64_digit(char c)
{
    if (ascii_is_upper(c))
        return c - 'A';
    if (ascii_is_lower(c))
        return c - 'a' + 26;
    if (ascii_is_digit(c))
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

/* Both alphabets, with or without padding; what is not of them is passed over, as the usual Java
 * decoder does. */
static bool util_base64_decode(struct method_call *call)
{
    struct span s;
    uint32_t bits = 0;
    size_t n = 0;
    int have = 0;
    char *out;

    if (!subject(call, &s))
        return false;
    out = arena_try(call->run->arena, s.len + 1);
    if (!out)
        return run_no_memory(call->run);
    for (size_t i = 0; i < s.len && s.at[i] != '='; i++) {
        int digit = base64_digit(s.at[i]);

        if (digit < 0)
            continue;
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (char)(unsigned char)(bits >> have);
        }
    }
    return answer_repaired(call, (struct span){out, n});
}

/* ---- JSON -------------------------------------------------------------------------------------*/

static bool util_parse_json(struct method_call *call)
{
    struct json *json;
    struct span s;

    if (!subject(call, &s) || !json_of_text(call->run, s, &json))
        return false;
    if (!json)
        return run_fail(call->run, FAULT_SYNTAX, "parseJson: the text is not JSON");
    call->result = vtl_of_json(call->run->arena, json);
    return !call->run->arena->is_over || run_no_memory(call->run);
}

static const struct vtl_method ROWS[] = {
    {"base64Decode", 1, 1, util_base64_decode}, {"base64Encode", 1, 1, util_base64_encode},
    {"escapeJavaScript", 1, 1, util_escape},    {"parseJson", 1, 1, util_parse_json},
    {"urlDecode", 1, 1, util_url_decode},       {"urlEncode", 1, 1, util_url_encode},
};

const struct method_table UTIL_METHODS = {ROWS, COUNT(ROWS)};
