/*
 * index -- from a hash to the numbers of the things that have it: open addressing, linear probing.
 *
 * Holds bare 32-bit numbers, so that a million streams cost a million slots and nothing else (a
 * uthash handle is 56 bytes). What a number stands for, and whether it is the one looked for, is
 * the caller's: walk the slots from index_find until INDEX_NONE. Several numbers may share a hash
 * and even a key. Numbers are added from 0 on, each once; nothing is ever removed.
 *
 * Ownership: owns its slots.
 */
#ifndef ASSAY_POSTURE_INDEX_H
#define ASSAY_POSTURE_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define INDEX_NONE UINT32_MAX

struct index {
    uint32_t *slots;
    uint32_t room; /* a power of two, or 0 */
    uint32_t count;
};

/* The hash a number was added under; asked when the index grows. */
typedef uint32_t index_hash(const void *owner, uint32_t number);

void index_add(struct index *index, uint32_t hash, uint32_t number, index_hash *hash_of,
               const void *owner, size_t *meter);

/* for (c = hash; (number = index_next(i, &c)) != INDEX_NONE;) … every candidate for `hash`. */
uint32_t index_next(const struct index *index, uint32_t *cursor);

/* Asks for the memory in which index_next begins with that hash. */
static inline void index_ahead(const struct index *index, uint32_t hash)
{
    if (index->room > 0)
        __builtin_prefetch(&index->slots[hash & (index->room - 1)]);
}

/* The first candidate for the hash, most likely the one; INDEX_NONE. */
static inline uint32_t index_first(const struct index *index, uint32_t hash)
{
    return index->room == 0 ? INDEX_NONE : index->slots[hash & (index->room - 1)];
}

void index_free(struct index *index);

uint32_t hash_bytes(const void *bytes, size_t size);
uint32_t hash_pair(uint32_t a, uint32_t b);
uint32_t hash_texts(const char *a, const char *b);

#endif
