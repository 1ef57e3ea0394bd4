/* Is a request signed by who it says, for this place and time?  The checks run in AWS's order
 * (auth.md 2.3); the first that fails decides what is answered.  An unknown access key costs the
 * same work as a known one, so that time does not tell which keys exist. */
#include "auth/sigv4_parts.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "base/number.h"

struct check {
    struct sigv4_engine *engine;
    struct arena *arena;
    const struct sigv4_rules *rules;
    const struct sigv4_request *request;
    struct sigv4_resolver *resolver;
    struct span payload;
    struct sigv4 *s;
    struct sigv4_refusal *refusal;
    int64_t seconds, expires; /* of the request */
    struct span secret;
};

/* With the values that the text names. */
static enum sigv4_outcome refuse(struct check *c, enum sigv4_outcome outcome,
                                 const struct span values[static SIGV4_VALUES_MAX])
{
    sigv4_refuse_with(c->arena, c->rules->dialect, outcome, values, c->refusal);
    return outcome;
}

static enum sigv4_outcome refuse_plainly(struct check *c, enum sigv4_outcome outcome)
{
    sigv4_refuse(c->arena, c->rules->dialect, outcome, c->request, c->s, c->refusal);
    return outcome;
}

static enum sigv4_outcome check_form(struct check *c)
{
    enum sigv4_outcome outcome = sigv4_read(c->arena, c->request, c->s);

    return outcome == SIGV4_OK ? SIGV4_OK : refuse_plainly(c, outcome);
}

static enum sigv4_outcome check_values(struct check *c)
{
    uint64_t expires = 0;

    if (!clock_read_basic(c->s->time, &c->seconds))
        return refuse_plainly(c, SIGV4_BAD_TIME);
    if (c->s->terminator.len == 0 || span_find(c->s->terminator, '/') < c->s->terminator.len)
        return refuse_plainly(c, SIGV4_BAD_CREDENTIAL);
    if (c->s->is_presigned && c->s->expires.at &&
        (!number_u64(c->s->expires, &expires) || expires == 0 || expires > SIGV4_EXPIRES_MAX))
        return refuse_plainly(c, SIGV4_BAD_EXPIRES);
    c->expires = (int64_t)expires;
    return SIGV4_OK;
}

/* One sentence for each part of the scope that is wrong. */
static enum sigv4_outcome check_scope(struct check *c)
{
    const struct sigv4 *s = c->s;
    struct span day = span_first(s->time, 8), text;
    struct buf out;

    buf_init(&out, 16 * 1024);
    if (c->rules->region.len > 0 && !span_equal(s->region, c->rules->region))
        buf_addf(&out, "Credential should be scoped to a valid region, not '%.*s'. ",
                 SPAN_ARG(s->region));
    if (c->rules->service.len > 0 && !span_equal(s->service, c->rules->service))
        buf_addf(&out, "Credential should be scoped to correct service: '%.*s'. ",
                 SPAN_ARG(c->rules->service));
    if (!span_is(s->terminator, SIGV4_TERMINATOR))
        buf_addf(&out,
                 "Credential should be scoped with a valid terminator: '" SIGV4_TERMINATOR
                 "', not '%.*s'.%s",
                 SPAN_ARG(s->terminator), span_equal(s->date, day) ? "" : " ");
    if (!span_equal(s->date, day))
        buf_addf(&out,
                 "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                 "from HTTP: '%.*s' != '%.*s', from '%.*s'.",
                 SPAN_ARG(s->date), SPAN_ARG(day), SPAN_ARG(s->time));
    text = arena_copy(c->arena, buf_span(&out));
    buf_release(&out);
    if (text.len == 0)
        return SIGV4_OK;
    return refuse(c, SIGV4_BAD_SCOPE, (struct span[SIGV4_VALUES_MAX]){text});
}

static struct span basic(struct arena *arena, int64_t seconds)
{
    char text[CLOCK_TEXT_MAX];
    size_t len = clock_basic(seconds * MICROS_PER_SECOND, text);

    return arena_copy(arena, span_make(text, len));
}

/* "5 min", or "90 sec" where it is no whole number of minutes. */
static struct span duration(struct arena *arena, int64_t seconds)
{
    bool is_whole = seconds % 60 == 0;

    return arena_format(arena, "%lld %s", (long long)(is_whole ? seconds / 60 : seconds),
                        is_whole ? "min" : "sec");
}

static enum sigv4_outcome check_time(struct check *c)
{
    int64_t now = c->rules->wall / MICROS_PER_SECOND, skew = sigv4_skew(c->rules->dialect);
    int64_t past = c->expires > 0 ? c->expires : skew;
    bool is_old = c->seconds < now - past;

    if (!is_old && c->seconds <= now + skew)
        return SIGV4_OK;
    return refuse(c, is_old ? SIGV4_EXPIRED : SIGV4_NOT_YET,
                  (struct span[SIGV4_VALUES_MAX]){
                      c->s->time,
                      basic(c->arena, is_old ? now - past : now + skew),
                      basic(c->arena, now),
                      duration(c->arena, is_old ? past : skew),
                  });
}

static enum sigv4_outcome check_signed_headers(struct check *c)
{
    const struct sigv4_request *r = c->request;
    struct span prefix = SPAN("x-amz-");

    if (sigv4_signed_count(c->s->signed_headers) > SIGV4_HEADERS_MAX)
        return refuse(c, SIGV4_MISMATCH, (struct span[SIGV4_VALUES_MAX]){{0}});
    if (!sigv4_is_signed(c->s->signed_headers, SPAN("host")))
        return refuse(c, SIGV4_UNSIGNED_HEADER,
                      (struct span[SIGV4_VALUES_MAX]){SPAN("'Host' or ':authority'")});
    for (unsigned i = 0; i < r->header_count; i++) {
        struct span name = r->headers[i].name;

        if (name.len > prefix.len && span_equal_nocase(span_first(name, prefix.len), prefix) &&
            !sigv4_is_signed(c->s->signed_headers, name))
            return refuse(
                c, SIGV4_UNSIGNED_HEADER,
                (struct span[SIGV4_VALUES_MAX]){arena_format(c->arena, "'%.*s'", SPAN_ARG(name))});
    }
    return SIGV4_OK;
}

/* Only s3 lets the client say what was signed for the body; everywhere else the body counts. */
static enum sigv4_outcome check_payload(struct check *c)
{
    struct span said = sigv4_header_find(c->request, SPAN("x-amz-content-sha256"));

    if (!span_is(c->s->service, "s3"))
        return SIGV4_OK;
    if (span_starts(said, SPAN("STREAMING-")))
        return refuse_plainly(c, SIGV4_STREAMED_PAYLOAD);
    if (span_is(said, "UNSIGNED-PAYLOAD") || (c->s->is_presigned && said.len == 0))
        c->payload = SPAN("UNSIGNED-PAYLOAD");
    else if (!span_equal(said, c->payload))
        return refuse_plainly(c, SIGV4_BAD_PAYLOAD);
    return SIGV4_OK;
}

static enum sigv4_outcome refuse_mismatch(struct check *c)
{
    struct span told = {0};

    if (c->rules->tells_canonical)
        told = arena_format(c->arena,
                            "\n\nThe Canonical String for this request should have been\n'%.*s'"
                            "\n\nThe String-to-Sign should have been\n'%.*s'\n",
                            SPAN_ARG(buf_span(&c->engine->canonical)),
                            SPAN_ARG(buf_span(&c->engine->to_sign)));
    return refuse(c, SIGV4_MISMATCH, (struct span[SIGV4_VALUES_MAX]){told});
}

static enum sigv4_outcome check_signature(struct check *c)
{
    char hex[SHA256_HEX_LEN + 1];

    if (!sigv4_canonical(c->engine, c->arena, c->request, c->s, c->payload))
        return refuse_mismatch(c);
    sigv4_compute(c->engine, c->s, c->secret, hex);
    if (!digest_equal(span_make(hex, SHA256_HEX_LEN), c->s->signature))
        return refuse_mismatch(c);
    return SIGV4_OK;
}

static enum sigv4_outcome check_key(struct check *c)
{
    char hex[SHA256_HEX_LEN + 1];
    enum sigv4_outcome outcome = c->resolver->find(c->resolver, c->s, &c->secret);

    if (outcome == SIGV4_OK)
        return SIGV4_OK;
    if (sigv4_canonical(c->engine, c->arena, c->request, c->s, c->payload))
        sigv4_compute(c->engine, c->s, SPAN("no key has this secret, nobody signs with it"), hex);
    return refuse_plainly(c, outcome);
}

enum sigv4_outcome sigv4_verify(struct sigv4_engine *engine, struct arena *arena,
                                const struct sigv4_rules *rules,
                                const struct sigv4_request *request, struct span payload,
                                struct sigv4_resolver *resolver, struct sigv4 *signature,
                                struct sigv4_refusal *refusal)
{
    static enum sigv4_outcome (*const CHECKS[])(struct check *) = {
        check_form, check_values,         check_scope,   check_time,
        check_key,  check_signed_headers, check_payload, check_signature,
    };
    struct check check = {.engine = engine,
                          .arena = arena,
                          .rules = rules,
                          .request = request,
                          .resolver = resolver,
                          .payload = payload,
                          .s = signature,
                          .refusal = refusal};
    enum sigv4_outcome outcome = SIGV4_OK;

    for (size_t i = 0; i < COUNT(CHECKS) && outcome == SIGV4_OK; i++)
        outcome = CHECKS[i](&check);
    return outcome;
}
