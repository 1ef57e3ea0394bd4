/* Whole bodies by libdeflate, which is two to three times as fast as zlib.  Its tables are large
 * (up to 700 KB), so a worker keeps one of each. */
#include "gateway/mapping/coding.h"

#include <libdeflate.h>

#include "base/buf.h"
#include "base/number.h"

#define LEVEL 4 /* of 12: most of the gain at a third of the time of 6 */
#define EXPANSION_GUESS 4

static const struct span NAMES[] = {
    [CODING_IDENTITY] = SPAN_INIT("identity"),
    [CODING_GZIP] = SPAN_INIT("gzip"),
    [CODING_DEFLATE] = SPAN_INIT("deflate"),
};

void coder_release(struct coder *coder)
{
    libdeflate_free_compressor(coder->compressor);
    libdeflate_free_decompressor(coder->decompressor);
    *coder = (struct coder){0};
}

struct span coding_name(enum coding coding)
{
    return coding < COUNT(NAMES) ? NAMES[coding] : SPAN("");
}

enum coding coding_of(struct span value)
{
    value = span_trim(value);
    if (value.len == 0)
        return CODING_IDENTITY;
    if (span_equal_nocase(value, SPAN("x-gzip")))
        return CODING_GZIP;
    for (unsigned i = 0; i < COUNT(NAMES); i++)
        if (span_equal_nocase(value, NAMES[i]))
            return (enum coding)i;
    return CODING_UNKNOWN;
}

/* "gzip;q=0.5": the weight, 1 when there is none that can be read. */
static double weight_of(struct span item, struct span *name)
{
    size_t semicolon = span_find(item, ';');
    struct span parameter;
    double weight;

    *name = span_trim(span_first(item, semicolon));
    if (semicolon == item.len)
        return 1;
    parameter = span_trim(span_skip(item, semicolon + 1));
    if (parameter.len < 3 || !span_equal_nocase(span_first(parameter, 2), SPAN("q=")) ||
        !number_double(span_skip(parameter, 2), &weight))
        return 1;
    return weight;
}

enum coding coding_accepted(struct span value)
{
    enum coding best = CODING_IDENTITY;
    double most = 0;
    struct span item, name;

    while (value.at && span_split(&value, ',', &item)) {
        double weight = weight_of(item, &name);

        if (name.len == 0 || weight <= most)
            continue;
        most = weight;
        best = coding_of(name);
    }
    return best == CODING_UNKNOWN ? CODING_IDENTITY : best;
}

static enum libdeflate_result expand(struct coder *coder, enum coding coding, struct span body,
                                     char *room, size_t size, size_t *len)
{
    size_t taken;
    enum libdeflate_result result =
        coding == CODING_GZIP ? libdeflate_gzip_decompress_ex(coder->decompressor, body.at,
                                                              body.len, room, size, &taken, len)
                              : libdeflate_zlib_decompress_ex(coder->decompressor, body.at,
                                                              body.len, room, size, &taken, len);

    return result == LIBDEFLATE_SUCCESS && taken != body.len ? LIBDEFLATE_BAD_DATA : result;
}

enum fault coding_expand(struct coder *coder, enum coding coding, struct arena *arena,
                         struct span body, size_t limit, struct span *out)
{
    size_t size = EXPANSION_GUESS * body.len + 1024, len = 0;
    enum libdeflate_result result = LIBDEFLATE_INSUFFICIENT_SPACE;
    enum fault rc = FAULT_NO_MEMORY;
    struct buf room;

    if (!coder->decompressor)
        coder->decompressor = libdeflate_alloc_decompressor();
    if (!coder->decompressor)
        return FAULT_NO_MEMORY;
    buf_init(&room, limit);
    for (bool is_last = false; result == LIBDEFLATE_INSUFFICIENT_SPACE && !is_last; size *= 2) {
        char *at;

        is_last = size >= limit;
        size = is_last ? limit : size;
        at = buf_room(&room, size);
        if (!at)
            goto done;
        result = expand(coder, coding, body, at, size, &len);
    }
    rc = result == LIBDEFLATE_SUCCESS              ? OK
         : result == LIBDEFLATE_INSUFFICIENT_SPACE ? FAULT_TOO_LARGE
                                                   : FAULT_SYNTAX;
    if (!rc) {
        struct span copy = arena_copy(arena, span_make(room.at, len));

        rc = copy.at ? OK : FAULT_NO_MEMORY;
        *out = copy.at ? copy : *out;
    }
done:
    buf_release(&room);
    return rc;
}

enum fault coding_compress(struct coder *coder, enum coding coding, struct arena *arena,
                           struct span body, struct span *out)
{
    bool is_gzip = coding == CODING_GZIP;
    size_t bound;
    char *room;

    if (!coder->compressor)
        coder->compressor = libdeflate_alloc_compressor(LEVEL);
    if (!coder->compressor)
        return FAULT_NO_MEMORY;
    bound = is_gzip ? libdeflate_gzip_compress_bound(coder->compressor, body.len)
                    : libdeflate_zlib_compress_bound(coder->compressor, body.len);
    room = arena_try(arena, bound);
    if (!room)
        return FAULT_NO_MEMORY;
    *out = span_make(
        room, is_gzip
                  ? libdeflate_gzip_compress(coder->compressor, body.at, body.len, room, bound)
                  : libdeflate_zlib_compress(coder->compressor, body.at, body.len, room, bound));
    return out->len > 0 ? OK : FAULT_NO_MEMORY;
}
