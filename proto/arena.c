#include "proto/arena.h"

#include "proto/limits.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
/* What was given up is poisoned where AddressSanitizer runs, and nothing elsewhere. */
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

enum {
    ALIGNMENT = 16,
    CHUNK_FIRST = 64 * 1024,
    CHUNK_MOST = 4 * 1024 * 1024,
    CHUNKS_MOST = 4096,
};

/* The end of a chunk is wasted where the next piece does not fit. No piece is larger than a chunk
 * can be made, so twice the need is enough. */
_Static_assert(LIMIT_DECODED_BYTES < SIZE_MAX / 2, "the least cap can be stated");
static const size_t CAP_LEAST = 2 * (size_t)LIMIT_DECODED_BYTES;

struct chunk {
    uint8_t *bytes;
    size_t size;
};

struct arena {
    size_t cap;
    size_t held; /* bytes of all chunks */
    size_t used; /* bytes taken */
    size_t current;
    size_t at; /* in the current chunk */
    size_t count;
    struct chunk chunks[CHUNKS_MOST];
};

struct arena *arena_new(size_t cap)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena == NULL)
        abort();
    arena->cap = cap < CAP_LEAST ? CAP_LEAST : cap;
    return arena;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    for (size_t i = 0; i < arena->count; i++) {
        ASAN_UNPOISON_MEMORY_REGION(arena->chunks[i].bytes, arena->chunks[i].size);
        free(arena->chunks[i].bytes);
    }
    free(arena);
}

static void poison_from(struct arena *arena, size_t chunk, size_t at)
{
    for (size_t i = chunk; i < arena->count; i++) {
        ASAN_POISON_MEMORY_REGION(arena->chunks[i].bytes + at, arena->chunks[i].size - at);
        at = 0;
    }
}

void arena_reset(struct arena *arena)
{
    arena_rewind(arena, (struct arena_mark){0, 0, 0});
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->current, arena->at, arena->used};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    assert(mark.used <= arena->used);
    arena->current = mark.chunk;
    arena->at = mark.at;
    arena->used = mark.used;
    poison_from(arena, mark.chunk, mark.at);
}

/* A chunk with room for `size`, after the current one: one that was kept, or a new one. */
static int next_chunk(struct arena *arena, size_t size)
{
    size_t next = arena->count == 0 ? 0 : arena->current + 1;
    for (; next < arena->count; next++)
        if (arena->chunks[next].size >= size)
            break;
    if (next >= arena->count) {
        size_t wanted = arena->held < CHUNK_FIRST ? CHUNK_FIRST : arena->held;
        if (wanted > CHUNK_MOST)
            wanted = CHUNK_MOST;
        if (wanted < size)
            wanted = size;
        if (wanted > arena->cap - arena->held)
            wanted = arena->cap - arena->held;
        if (wanted < size || arena->count == CHUNKS_MOST)
            return 0;
        struct chunk *chunk = &arena->chunks[arena->count];
        chunk->bytes = aligned_alloc(ALIGNMENT, wanted / ALIGNMENT * ALIGNMENT);
        if (chunk->bytes == NULL)
            return 0;
        chunk->size = wanted / ALIGNMENT * ALIGNMENT;
        arena->held += chunk->size;
        arena->count++;
        ASAN_POISON_MEMORY_REGION(chunk->bytes, chunk->size);
    }
    arena->current = next;
    arena->at = 0;
    return 1;
}

void *arena_take_raw(struct arena *arena, size_t size)
{
    if (size > arena->cap)
        return NULL;
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded == 0)
        rounded = ALIGNMENT;
    if (arena->count == 0 || arena->chunks[arena->current].size - arena->at < rounded)
        if (!next_chunk(arena, rounded))
            return NULL;
    uint8_t *piece = arena->chunks[arena->current].bytes + arena->at;
    arena->at += rounded;
    arena->used += rounded;
    ASAN_UNPOISON_MEMORY_REGION(piece, size);
    return piece;
}

void *arena_take(struct arena *arena, size_t size)
{
    void *piece = arena_take_raw(arena, size);
    if (piece != NULL)
        memset(piece, 0, size);
    return piece;
}

char *arena_text(struct arena *arena, const char *text, size_t size)
{
    char *copy = arena_take_raw(arena, size + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
