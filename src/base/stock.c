/* The newest piece is used first: it is the one that is still in the cache. */
#include "base/stock.h"

#include <assert.h>

#include "base/mem.h"

struct stock_piece {
    struct stock_piece *next;
};

void stock_init(struct stock *stock, size_t size, size_t kept_max)
{
    assert(size >= sizeof(struct stock_piece));
    *stock = (struct stock){.size = size, .kept_max = kept_max};
}

void stock_release(struct stock *stock)
{
    struct stock_piece *piece;

    while ((piece = stock->kept) != NULL) {
        stock->kept = piece->next;
        mem_free(piece);
    }
    stock->kept_count = 0;
}

void *stock_take(struct stock *stock)
{
    struct stock_piece *piece = stock->kept;

    if (!piece)
        return mem_try(stock->size);
    stock->kept = piece->next;
    stock->kept_count--;
    return piece;
}

void stock_give(struct stock *stock, void *at)
{
    struct stock_piece *piece = at;

    if (stock->kept_count == stock->kept_max) {
        mem_free(piece);
        return;
    }
    piece->next = stock->kept;
    stock->kept = piece;
    stock->kept_count++;
}
