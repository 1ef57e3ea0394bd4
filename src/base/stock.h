/* A stock: pieces of memory of one size that are kept for the next use, so that what comes and goes
 * with every request costs neither the heap nor fresh pages.  Belongs to one thread. */
#ifndef BASE_STOCK_H
#define BASE_STOCK_H

#include <stddef.h>

struct stock_piece;

struct stock {
    size_t size, kept_max; /* of a piece; pieces that are kept */
    struct stock_piece *kept;
    size_t kept_count;
};

void stock_init(struct stock *stock, size_t size, size_t kept_max);

/* Frees what is kept.  Pieces that are out are their holders'. */
void stock_release(struct stock *stock);

/* A piece with any content, to be given back or freed with mem_free.  NULL when memory is gone. */
void *stock_take(struct stock *stock);
void stock_give(struct stock *stock, void *piece);

#endif
