/* Any request is refused with words or verified, and any request that is signed verifies.  The
 * input's lines: "METHOD PATH?QUERY", then headers as "name:value". */
#include "fuzz.h"

#include <assert.h>

#include "auth/sigv4.h"
#include "base/ascii.h"

#define PAYLOAD SPAN("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
#define WALL 1440938160000000LL /* 2015-08-30T12:36:00Z */
#define HEADERS_MAX 40

static enum sigv4_outcome find(struct sigv4_resolver *resolver, const struct sigv4 *signature,
                               struct span *secret)
{
    (void)resolver;
    if (span_starts(signature->access_key, SPAN("NO")))
        return SIGV4_UNKNOWN_KEY;
    *secret = SPAN("secret");
    return SIGV4_OK;
}

static struct sigv4_resolver resolver = {find};

static void read_request(struct span text, struct sigv4_header *headers, struct sigv4_request *out)
{
    struct span line, target;
    size_t at;

    *out = (struct sigv4_request){.headers = headers};
    if (!span_split(&text, '\n', &line))
        return;
    at = span_find(line, ' ');
    out->method = span_first(line, at);
    target = span_skip(line, at < line.len ? at + 1 : at);
    at = span_find(target, '?');
    out->path = span_first(target, at);
    out->query = span_skip(target, at < target.len ? at + 1 : at);
    while (out->header_count < HEADERS_MAX && span_split(&text, '\n', &line)) {
        at = span_find(line, ':');
        headers[out->header_count].name = span_first(line, at);
        headers[out->header_count++].value = span_skip(line, at < line.len ? at + 1 : at);
    }
}

static void verify(struct sigv4_engine *engine, const struct sigv4_request *request)
{
    for (enum sigv4_dialect dialect = SIGV4_DATA_PLANE; dialect <= SIGV4_QUERY; dialect++) {
        struct sigv4_rules rules = {
            .dialect = dialect, .wall = WALL, .service = SPAN("iam"), .tells_canonical = true};
        struct sigv4_refusal refusal = {0};
        enum sigv4_outcome outcome;
        struct sigv4 signature;
        struct arena arena;

        arena_init(&arena, 4 << 20);
        outcome =
            sigv4_verify(engine, &arena, &rules, request, PAYLOAD, &resolver, &signature, &refusal);
        assert(outcome == SIGV4_OK ||
               (refusal.outcome == outcome && refusal.type.len && refusal.status));
        arena_release(&arena);
    }
}

/* What HTTP allows as a name, nearly. */
static bool is_token(struct span name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!ascii_is_alnum(name.at[i]) && name.at[i] != '-' && name.at[i] != '_')
            return false;
    return name.len > 0;
}

/* As a client would send it: without a signature yet. */
static void sign(struct sigv4_engine *engine, struct sigv4_header *headers,
                 struct sigv4_request *request)
{
    struct sigv4_signer signer = {.access_key = SPAN("AKID"),
                                  .secret = SPAN("secret"),
                                  .region = SPAN("us-east-1"),
                                  .service = SPAN("iam"),
                                  .wall = WALL};
    struct sigv4_rules rules = {.wall = WALL};
    struct sigv4_refusal refusal;
    struct sigv4 before, after;
    enum sigv4_outcome found;
    struct arena arena;
    bool is_sound = true;
    unsigned added;

    arena_init(&arena, 4 << 20);
    found = sigv4_read(&arena, request, &before);
    for (unsigned i = 0; i < request->header_count; i++)
        is_sound = is_sound && is_token(headers[i].name) &&
                   !span_equal_nocase(headers[i].name, SPAN("x-amz-date"));
    if (found == SIGV4_ABSENT && is_sound) {
        assert(sigv4_sign(engine, &arena, &signer, request, PAYLOAD,
                          headers + request->header_count, &added));
        request->header_count += added;
        assert(sigv4_verify(engine, &arena, &rules, request, PAYLOAD, &resolver, &after,
                            &refusal) == SIGV4_OK);
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct sigv4_header headers[HEADERS_MAX + SIGV4_ADDED_MAX];
    struct sigv4_engine *engine = sigv4_engine_new(4);
    struct sigv4_request request;

    read_request(span_make(bytes, size), headers, &request);
    verify(engine, &request);
    sign(engine, headers, &request);
    sigv4_engine_free(engine);
    return 0;
}
