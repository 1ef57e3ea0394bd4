/* A zip is checked by unpacking it, and that is done by the host, where foreign archives cannot
 * do harm; so a bad one is the caller's 400 and not a function that cannot start.  Each call asks
 * over a connection of its own: the host may be restarted at any time, and unpackings are rare. */
#include "control/lambda/package.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/log.h"
#include "base/number.h"
#include "crypto/digest.h"
#include "link/host.h"

#define UNPACKINGS_MAX 4  /* so that half of the threads are left for other calls */
#define UNPACK_SECONDS 20 /* below the time that a gateway waits for control */

/* ---- unpacking ----------------------------------------------------------------------------- */

static enum fault refuse_away(struct call *call)
{
    return call_refuse_as(call, "ServiceException",
                          "Portico's function host is not available; it is being started again, "
                          "try in a second");
}

static enum fault take_unpacked(struct call *call, const struct host_message *answer)
{
    if (answer->op == HOST_REFUSED && answer->refused.type.len > 0)
        return call_refuse_format(call, "ServiceException", "%.*s",
                                  SPAN_ARG(answer->refused.message));
    if (answer->op == HOST_REFUSED)
        return call_refuse_format(call, "InvalidParameterValueException", "%.*s",
                                  SPAN_ARG(answer->refused.message));
    if (answer->op != HOST_UNPACKED)
        return refuse_away(call);
    if (answer->size >= PACKAGE_UNZIPPED_MAX)
        return call_refuse_format(call, "InvalidParameterValueException",
                                  "Unzipped size must be smaller than %d bytes",
                                  PACKAGE_UNZIPPED_MAX);
    return OK;
}

static enum fault ask_host(struct call *call, struct span blob)
{
    struct host_message ask = {.op = HOST_UNPACK, .id = 1, .package = blob}, answer;
    const char *path = call->control->host_path;
    struct timeval limit = {.tv_sec = UNPACK_SECONDS};
    int fd = path ? host_connect(path) : -1, descriptors[HOST_DESCRIPTORS_MAX];
    struct problem why = {.text = "it did not answer in time"};
    enum fault rc = FAULT_DENIED;
    struct arena arena;

    if (fd < 0) {
        log_error("cannot reach the function host at '%s': %s", path ? path : "nowhere",
                  path ? strerror(errno) : "this process was started without one");
        return refuse_away(call);
    }
    arena_init(&arena, HOST_ARENA_MAX);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (host_send(fd, &ask, NULL, 0) == HOST_DONE &&
        host_receive(fd, &arena, &answer, descriptors, &why) == HOST_DONE) {
        for (size_t i = 0; i < HOST_DESCRIPTORS_MAX; i++)
            if (descriptors[i] >= 0)
                close(descriptors[i]);
        rc = take_unpacked(call, &answer);
    } else {
        log_error("the function host did not unpack a package: %s", why.text);
        refuse_away(call);
    }
    close(fd);
    arena_release(&arena);
    return rc;
}

static enum fault unpack(struct call *call, struct span blob)
{
    struct control *control = call->control;
    enum fault rc;

    if (atomic_fetch_add(&control->unpackings, 1) < UNPACKINGS_MAX)
        rc = ask_host(call, blob);
    else
        rc = call_refuse_as(call, "TooManyRequestsException", "Rate Exceeded.");
    atomic_fetch_sub(&control->unpackings, 1);
    return rc;
}

/* ---- taking -------------------------------------------------------------------------------- */

static struct span base64_digest(struct arena *arena, struct span content)
{
    unsigned char digest[SHA256_LEN];
    char *text = arena_alloc(arena, base64_len(SHA256_LEN) + 1);

    digest_sha256(content, digest);
    return span_make(text, base64_encode(span_make(digest, SHA256_LEN), text));
}

/* What is not a zip in the call itself. */
static enum fault check_source(struct call *call, const struct json *code)
{
    const struct json *zip = json_member(code, "ZipFile");

    if (json_member(code, "ImageUri"))
        return call_not_yet(call, "functions from container images");
    if (zip && (json_member(code, "S3Bucket") || json_member(code, "S3Key")))
        return call_refuse_as(call, "InvalidParameterValueException",
                              "Please do not provide other FunctionCode parameters when "
                              "providing a ZipFile.");
    if (json_member(code, "S3Bucket") || json_member(code, "S3Key"))
        return call_not_yet(call, "code from S3; send the package as ZipFile");
    if (json_member(code, "SourceKMSKeyArn"))
        return call_not_yet(call, "SourceKMSKeyArn");
    if (!zip)
        return call_refuse_as(call, "InvalidParameterValueException",
                              "Please provide a source for function code.");
    return OK;
}

enum fault package_take(struct call *call, const struct json *code, struct package *out)
{
    struct span text = json_member_text(code, "ZipFile", SPAN("")), zip = call->package;
    struct package package;
    enum fault rc = check_source(call, code);

    if (rc)
        return rc;
    if (text.len / 4 * 3 > PACKAGE_ZIPPED_MAX + 3)
        zip = (struct span){NULL, PACKAGE_ZIPPED_MAX + 1};
    else if (zip.len == 0 && !base64_decode(call->arena, text, false, &zip))
        return call_refuse_as(call, "InvalidParameterValueException",
                              "Could not unzip uploaded file. Please check your file, then try to "
                              "upload again.");
    if (zip.len == 0)
        return call_refuse_as(call, "InvalidParameterValueException",
                              "Uploaded file must be a non-empty zip");
    if (zip.len >= PACKAGE_ZIPPED_MAX)
        return call_refuse_format(call, "RequestEntityTooLargeException",
                                  "Zipped size must be smaller than %d bytes", PACKAGE_ZIPPED_MAX);
    package.size = zip.len;
    package.sha256 = base64_digest(call->arena, zip);
    if ((rc = call_put_blob(call, zip, &package.blob)) || (rc = unpack(call, package.blob)))
        return rc;
    *out = package;
    return OK;
}

/* ---- giving -------------------------------------------------------------------------------- */

/* Of a blob until a moment, under a key that only this process knows. */
static void sign(const struct control *control, struct span blob, struct span until,
                 char out[static SHA256_HEX_LEN + 1])
{
    unsigned char digest[SHA256_LEN];
    char message[BLOB_NAME_LEN + 32];
    int len = snprintf(message, sizeof message, "%.*s %.*s", SPAN_ARG(blob), SPAN_ARG(until));

    digest_hmac_sha256(span_make(control->link_key, sizeof control->link_key),
                       span_make(message, (size_t)len), digest);
    digest_hex(digest, out);
}

struct span package_link(struct call *call, struct span blob)
{
    const struct http_request *r = call->request;
    struct span host = r && r->host.len > 0 ? r->host : SPAN("127.0.0.1:4566");
    struct span scheme =
        r ? http_header_find(r->headers, r->header_count, "X-Portico-Scheme") : SPAN("");
    int64_t now = clock_wall(call->control->clock) / MICROS_PER_SECOND;
    struct span until = arena_format(call->arena, "%lld", (long long)now + PACKAGE_LINK_SECONDS);
    char signature[SHA256_HEX_LEN + 1];

    sign(call->control, blob, until, signature);
    return arena_format(call->arena, "%.*s://%.*s" PACKAGE_PATH "%.*s?Expires=%.*s&Signature=%s",
                        SPAN_ARG(scheme.len > 0 ? scheme : SPAN("http")), SPAN_ARG(host),
                        SPAN_ARG(blob), SPAN_ARG(until), signature);
}

bool package_is_link(const struct http_request *request)
{
    return span_starts(request->path, SPAN(PACKAGE_PATH)) && span_is(request->method, "GET");
}

static struct span query_value(struct span query, const char *name)
{
    struct span one;

    while (span_split(&query, '&', &one)) {
        size_t equals = span_find(one, '=');

        if (equals < one.len && span_is(span_first(one, equals), name))
            return span_skip(one, equals + 1);
    }
    return SPAN("");
}

static bool is_signed(struct call *call, const struct http_request *request, struct span blob)
{
    struct span until = query_value(request->query, "Expires");
    char signature[SHA256_HEX_LEN + 1];
    uint64_t end;

    if (blob.len != BLOB_NAME_LEN || until.len > 20 || !number_u64(until, &end) ||
        (int64_t)end < clock_wall(call->control->clock) / MICROS_PER_SECOND)
        return false;
    sign(call->control, blob, until, signature);
    return digest_equal(span_of(signature), query_value(request->query, "Signature"));
}

static bool open_blob(struct store *store, struct span blob, struct encoded *out)
{
    struct stat about;

    if (store_blob_open(store, blob, &out->file, NULL) != OK)
        return false;
    out->has_file = fstat(out->file, &about) == 0;
    if (!out->has_file)
        close(out->file);
    out->file_size = out->has_file ? (uint64_t)about.st_size : 0;
    return out->has_file;
}

void package_serve(struct call *call, const struct http_request *request, struct buf *body,
                   struct encoded *out)
{
    struct span blob = span_skip(request->path, strlen(PACKAGE_PATH));

    *out = (struct encoded){.status = 200, .has_body = true, .header_count = 1};
    out->headers[0] = (struct http_header){SPAN("Content-Type"), SPAN("application/zip")};
    if (!is_signed(call, request, blob)) {
        out->status = 403;
        buf_add_text(body, "{\"message\":\"This link is not valid any more; GetFunction gives "
                           "another one\"}");
    } else if (!open_blob(call->control->store, blob, out)) {
        out->status = 404;
        buf_add_text(body, "{\"message\":\"This package was replaced or deleted\"}");
    }
    if (out->status != 200)
        out->headers[0].value = SPAN("application/json");
}
