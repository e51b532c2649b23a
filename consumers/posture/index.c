#include "consumers/posture/index.h"

#include "consumers/posture/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 16 };

static void place(struct index *index, uint32_t hash, uint32_t number)
{
    uint32_t at = hash & (index->room - 1);
    while (index->slots[at] != INDEX_NONE)
        at = (at + 1) & (index->room - 1);
    index->slots[at] = number;
}

static void grow(struct index *index, index_hash *hash_of, const void *owner, size_t *meter)
{
    struct index grown = {.room = index->room == 0 ? FIRST_ROOM : 2 * index->room,
                          .count = index->count};
    assert(grown.room > index->room);
    grown.slots = array_new(grown.room, sizeof *grown.slots, meter);
    memset(grown.slots, 0xFF, grown.room * sizeof *grown.slots);
    for (uint32_t number = 0; number < index->count; number++) /* in the order they lie in memory */
        place(&grown, hash_of(owner, number), number);
    if (meter != NULL)
        *meter -= index->room * sizeof *index->slots;
    free(index->slots);
    *index = grown;
}

void index_add(struct index *index, uint32_t hash, uint32_t number, index_hash *hash_of,
               const void *owner, size_t *meter)
{
    assert(number == index->count);
    if (index->count >= index->room - index->room / 4)
        grow(index, hash_of, owner, meter);
    place(index, hash, number);
    index->count++;
}

uint32_t index_next(const struct index *index, uint32_t *cursor)
{
    if (index->room == 0)
        return INDEX_NONE;
    return index->slots[(*cursor)++ & (index->room - 1)];
}

void index_free(struct index *index)
{
    free(index->slots);
    *index = (struct index){0};
}

static uint64_t mixed(uint64_t value)
{
    /* The finalizer of MurmurHash3 (public domain, Austin Appleby). */
    value ^= value >> 33;
    value *= UINT64_C(0xff51afd7ed558ccd);
    value ^= value >> 33;
    value *= UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ value >> 33;
}

uint32_t hash_bytes(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t hash = size;
    for (; size >= 8; at += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = mixed(hash ^ word) + word;
    }
    uint64_t rest = 0;
    if (size > 0)
        memcpy(&rest, at, size);
    return (uint32_t)mixed(hash ^ rest);
}

uint32_t hash_pair(uint32_t a, uint32_t b)
{
    return (uint32_t)mixed((uint64_t)a << 32 | b);
}

uint32_t hash_texts(const char *a, const char *b)
{
    return hash_pair(hash_bytes(a, strlen(a)), hash_bytes(b, strlen(b)));
}
