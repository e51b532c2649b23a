#include "consumers/posture/array.h"

#include <assert.h>
#include <stdlib.h>

void *array_grow(void *items, uint32_t *room, size_t need, size_t size, size_t *meter)
{
    size_t more = *room + (*room >> 1);
    if (more < need)
        more = need;
    if (more < 4 && size < 256 && need > 1)
        more = 4; /* the second of anything seldom stays the last */
    assert(more <= UINT32_MAX);
    void *grown = realloc(items, more * size);
    if (grown == NULL)
        abort();
    if (meter != NULL)
        *meter += (more - *room) * size;
    *room = (uint32_t)more;
    return grown;
}

void *array_emptied(void *items, uint32_t *room, uint32_t most, size_t size, size_t *meter)
{
    if (*room <= most)
        return items;
    if (meter != NULL)
        *meter -= *room * size;
    *room = 0;
    free(items);
    return NULL;
}

void *array_new(size_t count, size_t size, size_t *meter)
{
    void *made = calloc(count, size);
    if (made == NULL)
        abort();
    if (meter != NULL)
        *meter += count * size;
    return made;
}
