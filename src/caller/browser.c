/* A page in a browser can send requests to 127.0.0.1, but not without an Origin of its own, and a
 * name that was rebound to 127.0.0.1 stands in Host.  Both give it away. */
#include "caller/browser.h"

#include "base/ascii.h"

static bool ends_nocase(struct span s, struct span suffix)
{
    return s.len >= suffix.len && span_equal_nocase(span_skip(s, s.len - suffix.len), suffix);
}

/* The host of "host", "host:port" or "[v6]:port". */
static struct span name_of(struct span host)
{
    size_t end = span_find(host, ']');

    if (host.len > 0 && host.at[0] == '[')
        return end < host.len ? span_make(host.at + 1, end - 1) : host;
    return span_first(host, span_find(host, ':'));
}

/* Digits and dots, or hexadecimal digits and colons: nobody can rebind an address. */
static bool is_address(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (ascii_hex(name.at[i]) < 0 && name.at[i] != '.' && name.at[i] != ':')
            return false;
    return name.len > 0 && (ascii_is_digit(name.at[0]) || span_find(name, ':') < name.len);
}

static bool is_local(struct span host)
{
    struct span name = name_of(host);

    return is_address(name) || span_equal_nocase(name, SPAN("localhost")) ||
           ends_nocase(name, SPAN(".localhost")) ||
           ends_nocase(name, SPAN(".localhost.localstack.cloud")) ||
           ends_nocase(name, SPAN(".amazonaws.com"));
}

const char *browser_refusal(const struct http_request *request)
{
    struct span origin = http_header_find(request->headers, request->header_count, "Origin");
    size_t scheme = span_search(origin, SPAN("://"));

    if (!is_local(request->host))
        return "the Host of this call is not Portico's: use 127.0.0.1, localhost or a name "
               "under amazonaws.com";
    if (origin.at && (scheme == origin.len || !is_local(span_skip(origin, scheme + 3))))
        return "calls of the service APIs from web pages of other origins are refused";
    return NULL;
}
