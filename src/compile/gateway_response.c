/* Gateway responses that an API has changed.  Which type falls back to DEFAULT_4XX or DEFAULT_5XX
 * is settled here, so that a failure finds its reply by its number. */
#include "base/ascii.h"
#include "base/number.h"
#include "compile/build.h"

/* ---- templates: plain substitution, no Velocity -------------------------------------------- */

static bool is_reference_char(char c)
{
    return ascii_is_alnum(c) || c == '_' || c == '.' || c == '-';
}

/* "$context.error.message." -> the name without '$' and what ends a sentence. */
static struct span reference_at(struct span text)
{
    size_t n = 1;

    while (n < text.len && is_reference_char(text.at[n]))
        n++;
    while (n > 1 && (text.at[n - 1] == '.' || text.at[n - 1] == '-'))
        n--;
    return span_make(text.at + 1, n - 1);
}

static bool is_known(struct span name)
{
    return span_starts(name, SPAN("context.")) || span_starts(name, SPAN("stageVariables.")) ||
           (span_starts(name, SPAN("method.request.")) &&
            !span_starts(name, SPAN("method.request.body")));
}

static struct mapping literal(struct build *b, struct span text)
{
    return (struct mapping){.from = {SOURCE_LITERAL, build_keep(b, text)}};
}

/* Cuts at the references; what only looks like one stays text. */
static struct mappings build_pieces(struct build *b, struct span text)
{
    size_t room = 1, n = 0, at = 0;
    struct mapping *pieces;

    for (size_t i = 0; i < text.len; i++)
        room += text.at[i] == '$' ? 2 : 0;
    pieces = build_array(b, room, sizeof *pieces);
    while (at < text.len) {
        struct span rest = span_skip(text, at), name = reference_at(rest);

        if (text.at[at] == '$' && is_known(name) && build_expression(b, name, &pieces[n + 1])) {
            pieces[n] = literal(b, span_first(text, at));
            n += 2;
            text = span_skip(rest, name.len + 1);
            at = 0;
        } else {
            at++;
        }
    }
    pieces[n++] = literal(b, text);
    return (struct mappings){pieces, n};
}

/* ---- replies ------------------------------------------------------------------------------- */

static const struct gateway_reply *build_reply(struct build *b, const struct json *one)
{
    const struct json *templates = json_member(one, "responseTemplates");
    struct gateway_reply *reply;
    struct gateway_text *texts;
    uint64_t status = 0;

    if (!json_is(one, JSON_OBJECT))
        return NULL;
    reply = arena_new(b->arena, struct gateway_reply);
    if (number_u64(json_member_text(one, "statusCode", SPAN("")), &status) && status >= 100 &&
        status <= 599)
        reply->status = (int)status;
    reply->headers =
        build_mappings(b, json_member(one, "responseParameters"), SPAN("gatewayresponse."), NULL);
    if (!json_is(templates, JSON_OBJECT))
        return reply;
    texts = build_array(b, templates->count, sizeof *texts);
    for (const struct json *t = templates->first; t; t = t->next)
        texts[reply->text_count++] =
            (struct gateway_text){build_keep(b, t->name), build_pieces(b, t->text)};
    reply->texts = texts;
    return reply;
}

void build_replies(struct build *b)
{
    const struct json *changed = json_member(b->document, "gatewayResponses");
    const struct gateway_reply *client = build_reply(b, json_member(changed, "DEFAULT_4XX"));
    const struct gateway_reply *server = build_reply(b, json_member(changed, "DEFAULT_5XX"));

    for (unsigned i = 0; i < GATEWAY_RESPONSE_COUNT; i++) {
        const struct gateway_response_default *r = gateway_response_default(i);

        /* The first is before any API is known, the second cannot be changed (section 4.1). */
        if (i == FORBIDDEN || i == REQUEST_TOO_LARGE)
            continue;
        b->deployment->replies[i] = build_reply(b, json_member_span(changed, r->name));
        if (!b->deployment->replies[i])
            b->deployment->replies[i] = r->status < 500 ? client : server;
    }
}
