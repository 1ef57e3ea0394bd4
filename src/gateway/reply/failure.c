/* Gateway responses: the built-in ones are texts of a table; an API's own have a status, headers
 * and templates of plain substitution (spec/data-plane-rest.md, section 4). */
#include "gateway/exchange.h"
#include "gateway/mapping/source.h"
#include "snapshot/reply_header.h"
#include "text/json.h"

#define LINES_MAX (64 * 1024)
#define BODY_MAX (1024 * 1024)

/* ---- the built-in ones --------------------------------------------------------------------- */

/* The body with the failure's own message, if it has one. */
static struct span built_in_body(struct exchange *x)
{
    const struct gateway_response_default *r = x->failure.type;
    struct buf text;
    struct span body;

    if (x->failure.message.at == r->message.at)
        return r->body;
    buf_init(&text, BODY_MAX);
    buf_add(&text, r->prefix);
    json_write_text(&text, x->failure.message);
    buf_add_char(&text, '}');
    body = arena_copy(exchange_arena(x), text.is_over ? r->body : buf_span(&text));
    buf_release(&text);
    return body;
}

static enum verdict render_built_in(struct exchange *x)
{
    const struct gateway_response_default *r = x->failure.type;
    struct span lines = arena_format(exchange_arena(x),
                                     "Content-Type: application/json\r\n"
                                     "x-amzn-ErrorType: %.*s\r\n",
                                     SPAN_ARG(r->error_type));

    return exchange_reply(x, x->failure.status, lines, built_in_body(x));
}

/* ---- an API's own -------------------------------------------------------------------------- */

static const struct gateway_text *choose_text(const struct exchange *x,
                                              const struct gateway_reply *reply)
{
    const struct http_request *r = &x->stream->request;
    struct span accept = http_header_find(r->headers, r->header_count, "Accept");
    struct span media = media_of(span_first(accept, span_find(accept, ',')));
    const struct gateway_text *json = NULL;

    for (size_t i = 0; i < reply->text_count; i++) {
        if (span_equal_nocase(reply->texts[i].media, media))
            return &reply->texts[i];
        if (span_is(reply->texts[i].media, "application/json"))
            json = &reply->texts[i];
    }
    return json || reply->text_count == 0 ? json : &reply->texts[0];
}

static bool render_text(struct exchange *x, const struct gateway_text *text, struct span *out)
{
    struct span value;
    struct buf body;

    buf_init(&body, BODY_MAX);
    for (size_t i = 0; i < text->pieces.count; i++)
        if (source_text(x, &text->pieces.at[i], &value) == OK) /* what is not there is empty */
            buf_add(&body, value);
    *out = body.is_over ? (struct span){NULL, 0} : arena_copy(exchange_arena(x), buf_span(&body));
    buf_release(&body);
    return out->at != NULL;
}

/* A value that could not stand in a header is left out: this is the answer of last resort. */
static bool render_lines(struct exchange *x, const struct gateway_reply *reply, struct span media,
                         struct span *out)
{
    bool has_type = false;
    struct span value;
    struct buf lines;

    buf_init(&lines, LINES_MAX);
    for (size_t i = 0; i < reply->headers.count; i++)
        if (reply->headers.at[i].to.place == TO_HEADER &&
            source_text(x, &reply->headers.at[i], &value) == OK && value.at)
            reply_header_add(&lines, reply->headers.at[i].to.name, value, &has_type);
    if (!has_type)
        buf_addf(&lines, "Content-Type: %.*s\r\n", SPAN_ARG(media));
    buf_addf(&lines, "x-amzn-ErrorType: %.*s\r\n", SPAN_ARG(x->failure.type->error_type));
    *out = lines.is_over ? (struct span){NULL, 0} : arena_copy(exchange_arena(x), buf_span(&lines));
    buf_release(&lines);
    return out->at != NULL;
}

static bool render_own(struct exchange *x, const struct gateway_reply *reply)
{
    const struct gateway_text *text = choose_text(x, reply);
    int status = reply->status ? reply->status : x->failure.status;
    struct span lines, body = built_in_body(x);

    if (!render_lines(x, reply, text ? text->media : SPAN("application/json"), &lines) ||
        (text && !render_text(x, text, &body)))
        return false;
    exchange_reply(x, status, lines, body);
    return true;
}

static enum verdict render(struct exchange *x, enum gateway_response type)
{
    const struct deployment *d = x->stage ? x->stage->deployment : NULL;

    if (d && d->replies[type] && render_own(x, d->replies[type]))
        return REPLY;
    return render_built_in(x);
}

enum verdict exchange_fail_with(struct exchange *x, enum gateway_response type, struct span message,
                                struct span validation)
{
    const struct gateway_response_default *r = gateway_response_default(type);

    x->failure = (struct failure){r, r->status, message, validation};
    return render(x, type);
}

enum verdict exchange_fail_status(struct exchange *x, enum gateway_response type, int status)
{
    const struct gateway_response_default *r = gateway_response_default(type);

    x->failure = (struct failure){r, status, r->message, {NULL, 0}};
    return render(x, type);
}

enum verdict exchange_fail(struct exchange *x, enum gateway_response type)
{
    return exchange_fail_status(x, type, gateway_response_default(type)->status);
}
