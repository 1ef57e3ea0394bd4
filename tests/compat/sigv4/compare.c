/* Reads what generate.mjs made: each request must verify, its signature must be the one that
 * Portico makes, and the request with something changed must not verify. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/sigv4.h"
#include "base/clock.h"
#include "text/json.h"

#define ROOM ((size_t)16 * 1024 * 1024)

struct one {
    struct sigv4_resolver base;
    const struct json *tree;
    struct sigv4_header headers[SIGV4_HEADERS_MAX];
    struct sigv4_request request;
    struct span payload;
};

static struct span text(const struct json *tree, const char *name)
{
    return json_member_text(tree, name, (struct span){0});
}

static enum sigv4_outcome find(struct sigv4_resolver *base, const struct sigv4 *signature,
                               struct span *secret)
{
    struct one *one = (struct one *)base;

    if (!span_equal(signature->access_key, text(one->tree, "key")) ||
        !span_equal(signature->token, text(one->tree, "token")))
        return SIGV4_UNKNOWN_KEY;
    *secret = text(one->tree, "secret");
    return SIGV4_OK;
}

static void read_case(const struct json *tree, struct one *out)
{
    struct json *headers = json_member(tree, "headers");

    *out = (struct one){.base = {find}, .tree = tree, .payload = text(tree, "payload")};
    out->request = (struct sigv4_request){.method = text(tree, "method"),
                                          .path = text(tree, "path"),
                                          .query = text(tree, "query"),
                                          .headers = out->headers};
    for (size_t i = 0; i < headers->count; i++) {
        const struct json *line = json_at(headers, i);

        out->headers[out->request.header_count++] =
            (struct sigv4_header){json_at(line, 0)->text, json_at(line, 1)->text};
    }
}

static enum sigv4_outcome verify(struct sigv4_engine *engine, struct arena *arena, struct one *one,
                                 struct sigv4 *signature, struct sigv4_refusal *refusal)
{
    struct sigv4_rules rules = {.service = text(one->tree, "service"),
                                .region = text(one->tree, "region"),
                                .wall = json_member_int(one->tree, "wall", 0) * MICROS_PER_SECOND,
                                .tells_canonical = true};

    *refusal = (struct sigv4_refusal){0};
    return sigv4_verify(engine, arena, &rules, &one->request, one->payload, &one->base, signature,
                        refusal);
}

/* Takes the signature's headers out of the request; returns what Authorization was. */
static struct span strip(struct one *one)
{
    static const char *const NAMES[] = {"authorization", "x-amz-date", "x-amz-security-token"};
    struct span authorization = {0};
    unsigned n = 0;

    for (unsigned i = 0; i < one->request.header_count; i++) {
        bool is_ours = false;

        for (size_t j = 0; j < COUNT(NAMES); j++)
            is_ours = is_ours || span_equal_nocase(one->headers[i].name, span_of(NAMES[j]));
        if (span_equal_nocase(one->headers[i].name, span_of(NAMES[0])))
            authorization = one->headers[i].value;
        if (!is_ours)
            one->headers[n++] = one->headers[i];
    }
    one->request.header_count = n;
    return authorization;
}

/* Only Host: the SDK signs all headers of a presigned URL, Portico those that matter. */
static bool has_only_host(const struct one *one)
{
    return one->request.header_count == 1;
}

/* What Portico makes of the request without its signature; at NULL where it is not compared. */
static struct span sign(struct sigv4_engine *engine, struct arena *arena, struct one *one,
                        struct span *want)
{
    struct sigv4_signer signer = {.access_key = text(one->tree, "key"),
                                  .secret = text(one->tree, "secret"),
                                  .token = text(one->tree, "token"),
                                  .region = text(one->tree, "region"),
                                  .service = text(one->tree, "service"),
                                  .wall =
                                      json_member_int(one->tree, "wall", 0) * MICROS_PER_SECOND};
    struct sigv4_header added[SIGV4_ADDED_MAX];
    unsigned count = 0;
    struct span query;

    if (!json_member(one->tree, "signature")) {
        *want = strip(one);
        if (!sigv4_sign(engine, arena, &signer, &one->request, one->payload, added, &count))
            return SPAN("nothing");
        return added[count - 1].value;
    }
    if (!has_only_host(one))
        return (struct span){0};
    *want = text(one->tree, "signature");
    one->request.query = text(one->tree, "plain");
    if (!sigv4_presign(engine, arena, &signer, &one->request,
                       span_is(signer.service, "s3") ? SPAN("UNSIGNED-PAYLOAD") : one->payload,
                       (unsigned)json_member_int(one->tree, "expires", 0), &query))
        return SPAN("nothing");
    return span_skip(query, query.len - want->len);
}

/* NULL when all is well, else what is not. */
static const char *check(struct sigv4_engine *engine, struct arena *arena, const struct json *tree,
                         struct sigv4_refusal *refusal)
{
    struct sigv4 signature;
    struct span want = {0}, got;
    struct one one;

    read_case(tree, &one);
    if (verify(engine, arena, &one, &signature, refusal) != SIGV4_OK)
        return "does not verify";
    one.request.method = SPAN("HEAD");
    if (verify(engine, arena, &one, &signature, refusal) != SIGV4_MISMATCH)
        return "verifies with another method";
    read_case(tree, &one);
    one.request.path = arena_format(arena, "%.*s/x", SPAN_ARG(one.request.path));
    if (verify(engine, arena, &one, &signature, refusal) != SIGV4_MISMATCH)
        return "verifies with another path";
    read_case(tree, &one);
    one.request.query = arena_format(arena, "%.*s&x=1", SPAN_ARG(one.request.query));
    if (verify(engine, arena, &one, &signature, refusal) != SIGV4_MISMATCH)
        return "verifies with another query";
    read_case(tree, &one);
    got = sign(engine, arena, &one, &want);
    refusal->message = got;
    return !got.at || span_equal(got, want) ? NULL : "is signed differently";
}

int main(void)
{
    struct sigv4_engine *engine = sigv4_engine_new(64);
    unsigned passed = 0, failed = 0;
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    while ((n = getline(&line, &size, stdin)) > 0) {
        struct sigv4_refusal refusal = {0};
        const char *wrong = "is no JSON";
        struct arena arena;
        struct json *tree;

        arena_init(&arena, ROOM);
        if (json_parse(&arena, span_make(line, (size_t)n), &tree, NULL) == OK)
            wrong = check(engine, &arena, tree, &refusal);
        passed += !wrong;
        if (wrong && failed++ < 10)
            printf("FAILED: %s: %.*s\n%s", wrong, SPAN_ARG(refusal.message), line);
        arena_release(&arena);
    }
    free(line);
    sigv4_engine_free(engine);
    printf("%u passed, %u failed, 0 skipped\n", passed, failed);
    return failed || !passed;
}
