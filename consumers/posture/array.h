/*
 * array -- room for one more in a growing array, and how many bytes that took.
 *
 * The caller keeps pointer, count and room; the meter counts the bytes all its arrays hold. Not a
 * container: nothing here knows how many elements are in use. Memory: aborts when there is none.
 */
#ifndef ASSAY_POSTURE_ARRAY_H
#define ASSAY_POSTURE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/* `items` with room for at least `need` elements of `size` bytes; `*room` is raised to what there
 * is now. Grows by half, from `size`-dependent beginnings. `meter`: NULL, or bytes to add to. */
void *array_grow(void *items, uint32_t *room, size_t need, size_t size, size_t *meter);
static inline void *array_room(void *items, uint32_t *room, size_t need, size_t size, size_t *meter)
{
    return need <= *room ? items : array_grow(items, room, need, size, meter);
}

/* For an array that has been emptied: itself, or, where it has room for more than `most`, NULL and
 * no room. What grows once, when a service is read, need not stay. */
void *array_emptied(void *items, uint32_t *room, uint32_t most, size_t size, size_t *meter);

/* Zeroed memory that must be there. */
void *array_new(size_t count, size_t size, size_t *meter);

#endif
