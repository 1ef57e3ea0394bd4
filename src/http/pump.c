/* The size of a chunk goes out with its bytes in one write; the line end behind them goes with the
 * next chunk's size. */
#include "http/pump.h"

#include <stdio.h>

void pump_init(struct pump *pump, struct source *source, bool is_chunked)
{
    *pump = (struct pump){.source = source, .is_chunked = is_chunked};
}

static void make_frame(struct pump *pump, size_t size)
{
    int n = snprintf(pump->frame, sizeof pump->frame, "%s%zx\r\n%s", pump->has_begun ? "\r\n" : "",
                     size, size == 0 ? "\r\n" : "");

    pump->frame_len = (unsigned)n;
    pump->frame_sent = 0;
    pump->has_begun = true;
}

/* Looks for the next piece.  PUMP_GOES_ON when there is something to write. */
static enum pump_result next_piece(struct pump *pump)
{
    size_t len = pump->source->peek(pump->source).len;

    if (len > 0) {
        pump->piece = len;
        if (pump->is_chunked)
            make_frame(pump, len);
        return PUMP_GOES_ON;
    }
    if (pump->source->state == OP_PENDING)
        return PUMP_WAITS_FOR_SOURCE;
    if (pump->source->state != OP_DONE)
        return PUMP_SOURCE_FAILED;
    if (!pump->is_chunked || pump->has_ended)
        return PUMP_DONE;
    make_frame(pump, 0);
    pump->has_ended = true;
    return PUMP_GOES_ON;
}

void pump_count(struct pump *pump, size_t n)
{
    if (n == 0)
        return;
    pump->moved += n;
    pump->source->take(pump->source, n);
}

static void count_written(struct pump *pump, size_t n)
{
    size_t frame = pump->frame_len - pump->frame_sent;

    if (n < frame) {
        pump->frame_sent += (unsigned)n;
        return;
    }
    pump->frame_sent = pump->frame_len = 0;
    pump->piece -= n - frame;
    pump_count(pump, n - frame);
}

enum pump_result pump_run(struct pump *pump, struct layer *layer)
{
    uint64_t began = pump->moved;

    while (pump->moved - began < PUMP_BYTES_PER_RUN) {
        struct iovec parts[2];
        struct span piece = {NULL, 0};
        ssize_t n;

        if (pump->piece == 0 && pump->frame_len == 0) {
            enum pump_result next = next_piece(pump);

            if (next != PUMP_GOES_ON)
                return next;
        }
        if (pump->piece > 0)
            piece = span_first(pump->source->peek(pump->source), pump->piece);
        parts[0] =
            (struct iovec){pump->frame + pump->frame_sent, pump->frame_len - pump->frame_sent};
        parts[1] = (struct iovec){(char *)(uintptr_t)piece.at, piece.len};
        n = layer_write(layer, parts, 2);
        if (n == LAYER_AGAIN)
            return PUMP_WAITS_FOR_SINK;
        if (n < 0)
            return PUMP_SINK_FAILED;
        count_written(pump, (size_t)n);
    }
    return PUMP_GOES_ON;
}
