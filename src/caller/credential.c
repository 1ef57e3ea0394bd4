/* Hands the request to auth/sigv4, which knows both forms.  A scope that is cut short leaves its
 * later parts empty; an Authorization of another kind counts as none. */
#include "caller/credential.h"

#include "auth/sigv4.h"
#include "base/ascii.h"

bool credential_is_account(struct span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is_digit(text.at[i]))
            return false;
    return text.len == 12;
}

struct credential credential_of(struct arena *arena, const struct http_request *request)
{
    struct sigv4_header *headers =
        arena_try_array(arena, request->header_count + 1, sizeof *headers);
    struct sigv4_request of = {.query = request->query, .headers = headers};
    struct sigv4 signature;

    for (unsigned i = 0; headers && i < request->header_count; i++)
        headers[of.header_count++] =
            (struct sigv4_header){request->headers[i].name, request->headers[i].value};
    sigv4_read(arena, &of, &signature);
    if (!signature.credential.at ||
        (!signature.is_presigned && !span_is(signature.algorithm, "AWS4-HMAC-SHA256")))
        return (struct credential){0};
    return (struct credential){true, signature.access_key, signature.region, signature.service};
}
