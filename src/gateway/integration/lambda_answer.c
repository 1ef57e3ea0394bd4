/* An answer is malformed as soon as one member is: AWS then answers 502 and says nothing to the
 * client, so a reason for the log is worth having. */
#include "gateway/integration/lambda_answer.h"

#include "base/number.h"
#include "text/json.h"

/* ---- one header ---------------------------------------------------------------------------- */

enum fate { PASSES, DROPPED, RENAMED, THE_ID };

/* Section 7.5, the column of AWS_PROXY. */
static enum fate fate_of(struct span name)
{
    static const struct {
        struct span name;
        enum fate fate;
    } RULES[] = {
        {SPAN_INIT("Transfer-Encoding"), DROPPED},
        {SPAN_INIT("Connection"), RENAMED},
        {SPAN_INIT("Content-Length"), RENAMED},
        {SPAN_INIT("Date"), RENAMED},
        {SPAN_INIT("Server"), RENAMED},
        {SPAN_INIT("WWW-Authenticate"), RENAMED},
        {SPAN_INIT("x-amzn-RequestId"), THE_ID},
    };

    for (size_t i = 0; i < COUNT(RULES); i++)
        if (span_equal_nocase(RULES[i].name, name))
            return RULES[i].fate;
    return PASSES;
}

static bool is_name(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];

        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return name.len > 0;
}

/* Nothing that could end the line; text beyond ASCII is sent as its bytes. */
static bool is_value(struct span value)
{
    for (size_t i = 0; i < value.len; i++)
        if (((unsigned char)value.at[i] < ' ' && value.at[i] != '\t') || value.at[i] == 0x7f)
            return false;
    return true;
}

static bool add_line(struct lambda_answer *answer, struct buf *lines, struct span name,
                     const struct json *value)
{
    struct span text;

    if (value->type == JSON_NULL)
        return true;
    if (!json_scalar_text(value, &text)) {
        answer->reason = "a header's value is an object or a list";
        return false;
    }
    if (!is_name(name) || !is_value(text)) {
        answer->reason = "a header's name or value holds characters that a header cannot";
        return false;
    }
    switch (fate_of(name)) {
    case PASSES:
        answer->has_type = answer->has_type || span_equal_nocase(name, SPAN("Content-Type"));
        break;
    case RENAMED:
        buf_add(lines, SPAN("x-amzn-Remapped-"));
        break;
    case THE_ID:
        name = SPAN("x-amzn-remapped-x-amzn-requestid");
        break;
    case DROPPED:
        return true;
    }
    buf_add(lines, name);
    buf_add(lines, SPAN(": "));
    buf_add(lines, text);
    buf_add(lines, SPAN("\r\n"));
    return true;
}

/* ---- all headers --------------------------------------------------------------------------- */

static bool is_map(const struct json *value)
{
    return !value || value->type == JSON_NULL || value->type == JSON_OBJECT;
}

static struct json *find_nocase(const struct json *object, struct span name)
{
    struct json *found = NULL;

    for (struct json *one = json_is(object, JSON_OBJECT) ? object->first : NULL; one;
         one = one->next)
        if (span_equal_nocase(one->name, name))
            found = one;
    return found;
}

/* One that has the name in other letters replaces it: of headers that differ in nothing else the
 * last is sent. */
static bool is_replaced(const struct json *one)
{
    for (const struct json *later = one->next; later; later = later->next)
        if (span_equal_nocase(later->name, one->name))
            return true;
    return false;
}

/* The list's values first, then the single one of the same name, in the list's letters. */
static bool add_multi(struct lambda_answer *answer, struct buf *lines, const struct json *multi,
                      const struct json *single)
{
    for (const struct json *one = json_is(multi, JSON_OBJECT) ? multi->first : NULL; one;
         one = one->next) {
        const struct json *same = find_nocase(single, one->name);

        if (one->type == JSON_NULL)
            continue;
        if (one->type != JSON_ARRAY) {
            answer->reason = "a value in multiValueHeaders is no list";
            return false;
        }
        for (const struct json *value = one->first; value; value = value->next)
            if (!add_line(answer, lines, one->name, value))
                return false;
        if (same && !add_line(answer, lines, one->name, same))
            return false;
    }
    return true;
}

static bool add_single(struct lambda_answer *answer, struct buf *lines, const struct json *multi,
                       const struct json *single)
{
    for (const struct json *one = json_is(single, JSON_OBJECT) ? single->first : NULL; one;
         one = one->next) {
        const struct json *list = find_nocase(multi, one->name);

        if ((list && list->type == JSON_ARRAY) || is_replaced(one))
            continue;
        if (!add_line(answer, lines, one->name, one))
            return false;
    }
    return true;
}

#define HEADERS_MAX 512 /* members of each map: names are compared with each other */

static bool add_headers(struct lambda_answer *answer, struct buf *lines, const struct json *object)
{
    const struct json *single = json_member(object, "headers");
    const struct json *multi = json_member(object, "multiValueHeaders");

    if (!is_map(single) || !is_map(multi)) {
        answer->reason = "headers or multiValueHeaders is no object";
        return false;
    }
    if ((single && single->count > HEADERS_MAX) || (multi && multi->count > HEADERS_MAX)) {
        answer->reason = "there are too many headers";
        return false;
    }
    return add_multi(answer, lines, multi, single) && add_single(answer, lines, multi, single);
}

/* ---- the other members --------------------------------------------------------------------- */

static bool read_status(struct lambda_answer *answer, const struct json *value)
{
    int64_t status = 200;
    bool is_number = !value || value->type == JSON_NULL || json_int(value, &status) ||
                     (value->type == JSON_STRING && number_i64(value->text, &status));

    /* AWS takes 100 to 599; 1xx are no final answers, and a client would wait for another. */
    if (!is_number || status < 200 || status > 599) {
        answer->reason = "statusCode is no status";
        return false;
    }
    answer->status = (int)status;
    return true;
}

static bool read_body(struct lambda_answer *answer, const struct json *value)
{
    if (value && value->type != JSON_NULL && value->type != JSON_STRING) {
        answer->reason = "body is no string";
        return false;
    }
    answer->body = value && value->type == JSON_STRING ? value->text : SPAN("");
    return true;
}

static bool read_encoding(struct lambda_answer *answer, const struct json *value)
{
    if (value && (value->type == JSON_TRUE ||
                  (value->type == JSON_STRING && span_is(value->text, "true")))) {
        answer->is_base64 = true;
        return true;
    }
    if (!value || value->type == JSON_FALSE || value->type == JSON_NULL ||
        (value->type == JSON_STRING && span_is(value->text, "false")))
        return true;
    answer->reason = "isBase64Encoded is neither true nor false";
    return false;
}

static bool has_only_known_members(struct lambda_answer *answer, const struct json *object)
{
    static const struct span KNOWN[] = {
        SPAN_INIT("isBase64Encoded"),   SPAN_INIT("statusCode"), SPAN_INIT("headers"),
        SPAN_INIT("multiValueHeaders"), SPAN_INIT("body"),
    };

    for (const struct json *one = object->first; one; one = one->next) {
        bool is_known = false;

        for (size_t i = 0; i < COUNT(KNOWN); i++)
            is_known = is_known || span_equal(one->name, KNOWN[i]);
        if (!is_known) {
            answer->reason = "it has a member other than statusCode, headers, multiValueHeaders, "
                             "body and isBase64Encoded";
            return false;
        }
    }
    return true;
}

bool lambda_answer_read(struct arena *arena, struct span payload, struct lambda_answer *out,
                        struct buf *lines)
{
    struct json *object = NULL;

    *out = (struct lambda_answer){0};
    if (json_parse(arena, payload, &object, NULL) != OK || !json_is(object, JSON_OBJECT)) {
        out->reason = "it is no JSON object";
        return false;
    }
    if (!has_only_known_members(out, object) ||
        !read_status(out, json_member(object, "statusCode")) ||
        !read_body(out, json_member(object, "body")) ||
        !read_encoding(out, json_member(object, "isBase64Encoded")) ||
        !add_headers(out, lines, object))
        return false;
    if (lines->is_over) {
        out->reason = "its headers are too large";
        return false;
    }
    return true;
}
