/* Moves bytes from a source to a layer, in chunks or as they are. */
#ifndef HTTP_PUMP_H
#define HTTP_PUMP_H

#include "http/source.h"
#include "net/layer.h"

#define PUMP_BYTES_PER_RUN (256 * 1024) /* then others get their turn */

enum pump_result {
    PUMP_WAITS_FOR_SOURCE,
    PUMP_WAITS_FOR_SINK,
    PUMP_GOES_ON, /* call again in the next turn */
    PUMP_DONE,    /* all was moved, the last chunk too */
    PUMP_SOURCE_FAILED,
    PUMP_SINK_FAILED,
};

struct pump {
    struct source *source;
    bool is_chunked;
    bool has_begun, has_ended; /* the first chunk was framed; the last was */
    unsigned frame_len, frame_sent;
    char frame[24]; /* the end of the chunk before, and the size of this one */
    size_t piece;   /* bytes still to move of the chunk whose frame was made */
    uint64_t moved; /* bytes of the source */
};

void pump_init(struct pump *pump, struct source *source, bool is_chunked);

/* Counts bytes of the source that were written by somebody else, before the first chunk. */
void pump_count(struct pump *pump, size_t n);

/* Goes on as far as possible without waiting. */
enum pump_result pump_run(struct pump *pump, struct layer *layer);

#endif
