/* Which headers pass is AWS's; what may stand in a line at all is ours: a value that comes from the
 * request must not end its line. */
#include "snapshot/reply_header.h"

enum header_fate { HEADER_PASSES, HEADER_REMAPPED, HEADER_DROPPED };

/* What becomes of a header that an integration response sets (section 7.5). */
static enum header_fate header_fate(struct span name)
{
    static const struct span REMAPPED[] = {
        SPAN_INIT("Authorization"),
        SPAN_INIT("Connection"),
        SPAN_INIT("Content-Length"),
        SPAN_INIT("Content-MD5"),
        SPAN_INIT("Date"),
        SPAN_INIT("Expect"),
        SPAN_INIT("Host"),
        SPAN_INIT("Max-Forwards"),
        SPAN_INIT("Proxy-Authenticate"),
        SPAN_INIT("Server"),
        SPAN_INIT("Trailer"),
        SPAN_INIT("Upgrade"),
        SPAN_INIT("User-Agent"),
        SPAN_INIT("WWW-Authenticate"),
    };

    if (span_equal_nocase(name, SPAN("Transfer-Encoding")))
        return HEADER_DROPPED;
    for (size_t i = 0; i < COUNT(REMAPPED); i++)
        if (span_equal_nocase(name, REMAPPED[i]))
            return HEADER_REMAPPED;
    return HEADER_PASSES;
}

/* A name or value that could end its line, or is none, must not reach the wire. */
static bool is_sendable(struct span text, bool is_name)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (c < 0x20 || c == 0x7f || (is_name && (c == ':' || c == ' ' || c > 0x7f)))
            return false;
    }
    return !is_name || text.len > 0;
}

bool reply_header_add(struct buf *lines, struct span name, struct span value, bool *has_type)
{
    enum header_fate fate = header_fate(name);

    if (!is_sendable(name, true) || !is_sendable(value, false))
        return false;
    if (fate == HEADER_DROPPED)
        return true;
    *has_type = *has_type || span_equal_nocase(name, SPAN("Content-Type"));
    buf_addf(lines, "%s%.*s: %.*s\r\n", fate == HEADER_REMAPPED ? "x-amzn-Remapped-" : "",
             SPAN_ARG(name), SPAN_ARG(value));
    return true;
}
