/* HTTP messages as the rest of Portico sees them, whatever protocol carried them. */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* spec/data-plane-rest.md, section 12. */
#define HTTP_HEADER_BYTES_MAX 10240 /* names and values; over: 431 */
#define HTTP_TARGET_MAX 10240       /* over: 414 */
#define HTTP_HEADERS_MAX 128        /* lines; over: 431 */
#define HTTP_HEAD_MAX 24576         /* a whole head with its line ends and blanks */
#define HTTP_ANSWER_HEAD_MAX 65536  /* the same of a backend's answer */

struct http_header {
    struct span name, value; /* as sent; the value without blanks at its ends */
};

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED, HTTP_UNTIL_CLOSE };

/* All spans point into memory of the connection and live as long as the message is handled. */
struct http_request {
    struct span method;
    struct span target; /* as sent */
    struct span path;   /* of the target, before '?', not decoded; "*" stays */
    struct span query;  /* after '?', without it; at is NULL when there is no '?' */
    struct span host;   /* of the absolute form, else of Host; with its port */
    unsigned minor;     /* HTTP/1.minor */
    enum http_framing framing;
    uint64_t length; /* HTTP_LENGTH: bytes of the body */
    bool keeps_alive;
    bool expects_continue;
    unsigned header_count;
    struct http_header headers[HTTP_HEADERS_MAX];
};

struct http_response {
    int status;
    unsigned minor;
    enum http_framing framing;
    uint64_t length;
    bool keeps_alive;
    unsigned header_count;
    struct http_header headers[HTTP_HEADERS_MAX];
};

/* The value of the first header of that name (any case), or at NULL. */
struct span http_header_find(const struct http_header *headers, unsigned count, const char *name);

/* The standard phrase ("Not Found"); "Unknown" for a status that has none. */
const char *http_phrase(int status);

#endif
