#include "consumers/posture/origin.h"

#include "consumers/posture/array.h"

#include <stdlib.h>

static bool same(const struct origin *a, const struct origin *b)
{
    return a->tool == b->tool && a->team == b->team && a->partition == b->partition &&
           a->incarnation == b->incarnation && a->topic == b->topic &&
           a->governance == b->governance;
}

static uint32_t hash(const struct origin *origin)
{
    uint32_t place = hash_pair((uint32_t)origin->partition, (uint32_t)origin->incarnation);
    return hash_pair(hash_pair(place, (uint32_t)origin->topic),
                     hash_pair(origin->tool, origin->team));
}

static uint32_t hash_of(const void *owner, uint32_t number)
{
    const struct origins *origins = owner;
    return hash(&origins->items[number]);
}

uint32_t origin_number(struct origins *origins, const struct origin *origin, size_t *meter)
{
    if (origins->count > 0 && same(&origins->items[origins->last], origin))
        return origins->last;
    uint32_t cursor = hash(origin);
    uint32_t number;
    while ((number = index_next(&origins->index, &cursor)) != INDEX_NONE) {
        if (same(&origins->items[number], origin))
            return origins->last = number;
    }
    origins->items = array_room(origins->items, &origins->room, origins->count + 1u,
                                sizeof *origins->items, meter);
    number = origins->count++;
    origins->items[number] = *origin;
    index_add(&origins->index, hash(origin), number, hash_of, origins, meter);
    return origins->last = number;
}

void origins_free(struct origins *origins)
{
    free(origins->items);
    index_free(&origins->index);
}
