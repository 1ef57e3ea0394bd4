/* Wide scanning of JSON texts: most bytes of a document are plain characters in strings, and
 * looking at 16 of them at a time is what makes parsing and writing fast. */
#ifndef TEXT_JSON_SCAN_H
#define TEXT_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Plain: ASCII from the blank on, neither quote nor backslash. */
static inline bool json_is_plain(char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* How many plain characters stand at the front. */
static inline size_t json_plain(const char *at, size_t len)
{
    size_t n = 0;

#ifdef __SSE2__
    const __m128i blank = _mm_set1_epi8(0x20);
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i slash = _mm_set1_epi8('\\');

    for (; len - n >= 16; n += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(at + n));
        /* A signed comparison: bytes from 0x80 on are negative. */
        __m128i bad =
            _mm_or_si128(_mm_cmplt_epi8(v, blank),
                         _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)));
        unsigned mask = (unsigned)_mm_movemask_epi8(bad);

        if (mask)
            return n + (size_t)__builtin_ctz(mask);
    }
#endif
    while (n < len && json_is_plain(at[n]))
        n++;
    return n;
}

#endif
