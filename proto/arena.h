/*
 * arena -- a capped bump allocator: everything decoded for one batch goes away in one step.
 *
 * Memory comes in chunks, as needed, and stays for the next batch after a reset. Not for objects
 * that outlive the batch, and not for sharing between threads. The cap is what keeps a batch of
 * hostile records from taking the machine's memory: where it is reached, the batch is full.
 */
#ifndef ASSAY_PROTO_ARENA_H
#define ASSAY_PROTO_ARENA_H

#include <stddef.h>

struct arena;

/* `cap`: bytes it may hold at most, raised to what the largest record needs (limits.h). Never NULL
 * (aborts). */
struct arena *arena_new(size_t cap);
void arena_free(struct arena *arena); /* NULL is fine */

/* Gives up everything taken so far; the memory itself is kept. */
void arena_reset(struct arena *arena);

/* 16-byte aligned, zeroed; NULL where the cap is reached. */
void *arena_take(struct arena *arena, size_t size);

/* As arena_take, for a caller that writes every byte itself: not zeroed. */
void *arena_take_raw(struct arena *arena, size_t size);

/* Copies size bytes and puts a NUL behind them. NULL where the cap is reached. */
char *arena_text(struct arena *arena, const char *text, size_t size);

size_t arena_used(const struct arena *arena); /* bytes, 0 … cap */

/* Where an arena stands, to give up what was taken since, after a failure. */
struct arena_mark {
    size_t chunk;
    size_t at;
    size_t used;
};
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

#endif
