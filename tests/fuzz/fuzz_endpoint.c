/* URIs of integrations.  The oracle: pieces put together again are the URI, and what is taken could
 * not end a request line or name user information. */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "snapshot/endpoint.h"

static void check_pieces(struct span uri)
{
    struct endpoint endpoint;
    struct arena arena;
    struct buf text;

    arena_init(&arena, 1 << 20);
    buf_init(&text, 4 * ENDPOINT_URI_MAX);
    assert(endpoint_compile(&arena, uri, &endpoint));
    for (size_t i = 0; i < endpoint.piece_count; i++) {
        const struct endpoint_piece *piece = &endpoint.pieces[i];

        if (piece->kind != PIECE_TEXT)
            buf_add_text(&text, piece->kind == PIECE_VARIABLE ? "${stageVariables." : "{");
        buf_add(&text, piece->text);
        if (piece->kind != PIECE_TEXT)
            buf_add_char(&text, '}');
    }
    if (endpoint.piece_count > 0)
        assert(span_ends(uri, buf_span(&text)));
    if (endpoint.is_fixed)
        assert(endpoint_rest_is_valid(buf_span(&text)));
    buf_release(&text);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span uri = span_make(bytes, size);
    struct endpoint_uri parsed;

    check_pieces(uri);
    if (!endpoint_uri_parse(uri, &parsed))
        return 0;
    assert(parsed.target.host.len > 0 && parsed.target.port > 0);
    assert(span_find(parsed.authority, '@') == parsed.authority.len);
    for (size_t i = 0; i < size; i++)
        assert(bytes[i] > ' ' && bytes[i] != 0x7f);
    return 0;
}
