/* Headers are looked up by length first: most names fit no row's. */
#include "gateway/integration/proxy_headers.h"
#include "base/ascii.h"

struct rule {
    struct span name;
    int what;
};

static int rule_of(const struct rule *rules, size_t count, struct span name, int otherwise)
{
    for (size_t i = 0; i < count; i++)
        if (rules[i].name.len == name.len &&
            ascii_lower(rules[i].name.at[0]) == ascii_lower(name.at[0]) &&
            span_equal_nocase(rules[i].name, name))
            return rules[i].what;
    return otherwise;
}

/* Sections 7.1 and 7.2, and the hop's own of RFC 9110, 7.6.1. */
enum request_rule proxy_request_rule(struct span name)
{
    static const struct rule RULES[] = {
        {SPAN_INIT("Host"), REQUEST_IS_OURS},
        {SPAN_INIT("X-Forwarded-For"), REQUEST_IS_OURS},
        {SPAN_INIT("X-Forwarded-Port"), REQUEST_IS_OURS},
        {SPAN_INIT("X-Forwarded-Proto"), REQUEST_IS_OURS},
        {SPAN_INIT("X-Amzn-Trace-Id"), REQUEST_IS_OURS},
        {SPAN_INIT("X-Amzn-Apigateway-Api-Id"), REQUEST_IS_OURS},
        {SPAN_INIT("Content-Encoding"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Via"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Connection"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Content-Length"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Content-MD5"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Expect"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Max-Forwards"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Proxy-Authenticate"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Server"), REQUEST_ENDS_HERE},
        {SPAN_INIT("TE"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Transfer-Encoding"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Trailer"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Upgrade"), REQUEST_ENDS_HERE},
        {SPAN_INIT("WWW-Authenticate"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Keep-Alive"), REQUEST_ENDS_HERE},
        {SPAN_INIT("Proxy-Connection"), REQUEST_ENDS_HERE},
    };

    return (enum request_rule)rule_of(RULES, COUNT(RULES), name, REQUEST_PASSES);
}

/* Section 7.3 */
enum mapped_rule proxy_mapped_rule(struct span name)
{
    static const struct rule RULES[] = {
        {SPAN_INIT("Content-Length"), MAPPED_FAILS},
        {SPAN_INIT("Transfer-Encoding"), MAPPED_FAILS},
        {SPAN_INIT("X-Amzn-Trace-Id"), MAPPED_FAILS},
        {SPAN_INIT("X-Amzn-Apigateway-Api-Id"), MAPPED_FAILS},
        {SPAN_INIT("Connection"), MAPPED_IS_DROPPED},
        {SPAN_INIT("Expect"), MAPPED_IS_DROPPED},
        {SPAN_INIT("Proxy-Authenticate"), MAPPED_IS_DROPPED},
        {SPAN_INIT("TE"), MAPPED_IS_DROPPED},
        {SPAN_INIT("Via"), MAPPED_IS_DROPPED},
    };

    return (enum mapped_rule)rule_of(RULES, COUNT(RULES), name, MAPPED_PASSES);
}

static bool is_connection(struct span name)
{
    return name.len == strlen("Connection") && span_equal_nocase(name, SPAN("Connection"));
}

bool proxy_connection_names_some(const struct http_header *headers, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (is_connection(headers[i].name) &&
            !span_equal_nocase(headers[i].value, SPAN("keep-alive")) &&
            !span_equal_nocase(headers[i].value, SPAN("close")))
            return true;
    return false;
}

bool proxy_connection_names(const struct http_header *headers, unsigned count, struct span name)
{
    for (unsigned i = 0; i < count; i++) {
        struct span value = headers[i].value, word;

        if (!is_connection(headers[i].name))
            continue;
        while (span_split(&value, ',', &word))
            if (span_equal_nocase(span_trim(word), name))
                return true;
    }
    return false;
}

enum answer_rule { ANSWER_PASSES, ANSWER_IS_DROPPED, ANSWER_IS_RENAMED, ANSWER_IS_THE_ID };

/* Section 7.5.  Keep-Alive is about the backend's connection, not the client's. */
static enum answer_rule answer_rule(struct span name)
{
    static const struct rule RULES[] = {
        {SPAN_INIT("Connection"), ANSWER_IS_RENAMED},
        {SPAN_INIT("Content-Length"), ANSWER_IS_RENAMED},
        {SPAN_INIT("Date"), ANSWER_IS_RENAMED},
        {SPAN_INIT("Server"), ANSWER_IS_RENAMED},
        {SPAN_INIT("WWW-Authenticate"), ANSWER_IS_RENAMED},
        {SPAN_INIT("x-amzn-RequestId"), ANSWER_IS_THE_ID},
        {SPAN_INIT("Transfer-Encoding"), ANSWER_IS_DROPPED},
        {SPAN_INIT("Content-Encoding"), ANSWER_IS_DROPPED},
        {SPAN_INIT("Via"), ANSWER_IS_DROPPED},
        {SPAN_INIT("Keep-Alive"), ANSWER_IS_DROPPED},
        {SPAN_INIT("Proxy-Connection"), ANSWER_IS_DROPPED},
    };

    return (enum answer_rule)rule_of(RULES, COUNT(RULES), name, ANSWER_PASSES);
}

static void add_line(struct buf *out, struct span prefix, struct span name, struct span value)
{
    char *room = buf_room(out, prefix.len + name.len + value.len + 4);

    if (!room)
        return;
    memcpy(room, prefix.at, prefix.len);
    memcpy(room + prefix.len, name.at, name.len);
    room += prefix.len + name.len;
    memcpy(room, ": ", 2);
    if (value.len > 0)
        memcpy(room + 2, value.at, value.len);
    memcpy(room + 2 + value.len, "\r\n", 2);
    out->len += prefix.len + name.len + value.len + 4;
}

void proxy_add_answer_lines(struct buf *out, const struct http_header *headers, unsigned count)
{
    bool has_type = false, names_some = proxy_connection_names_some(headers, count);

    for (unsigned i = 0; i < count; i++) {
        struct span name = headers[i].name, value = headers[i].value;

        switch (answer_rule(name)) {
        case ANSWER_PASSES:
            if (names_some && proxy_connection_names(headers, count, name))
                break;
            has_type = has_type || (name.len == strlen("Content-Type") &&
                                    span_equal_nocase(name, SPAN("Content-Type")));
            add_line(out, SPAN(""), name, value);
            break;
        case ANSWER_IS_RENAMED:
            add_line(out, SPAN("x-amzn-Remapped-"), name, value);
            break;
        case ANSWER_IS_THE_ID:
            add_line(out, SPAN(""), SPAN("x-amzn-remapped-x-amzn-requestid"), value);
            break;
        case ANSWER_IS_DROPPED:
            break;
        }
    }
    if (!has_type)
        buf_add(out, SPAN("Content-Type: application/json\r\n"));
}
