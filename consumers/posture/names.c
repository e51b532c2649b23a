#include "consumers/posture/names.h"

#include "consumers/posture/array.h"
#include "consumers/posture/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 16 * 1024 };

struct names {
    char **texts; /* by number; each inside a chunk */
    uint32_t count, room;
    char **chunks;
    uint32_t chunk_count, chunk_room;
    char *free; /* where the next text goes in the last chunk */
    size_t left;
    struct index index;
    size_t *meter;
};

struct names *names_new(size_t *meter)
{
    struct names *names = array_new(1, sizeof *names, meter);
    names->meter = meter;
    return names;
}

void names_free(struct names *names)
{
    if (names == NULL)
        return;
    for (uint32_t i = 0; i < names->chunk_count; i++)
        free(names->chunks[i]);
    free(names->chunks);
    free(names->texts);
    index_free(&names->index);
    free(names);
}

static uint32_t hash_of(const void *owner, uint32_t number)
{
    const struct names *names = owner;
    return hash_bytes(names->texts[number], strlen(names->texts[number]));
}

static char *keep(struct names *names, const char *text, size_t size)
{
    if (size > names->left) {
        size_t room = size > CHUNK ? size : CHUNK;
        names->chunks = array_room(names->chunks, &names->chunk_room, names->chunk_count + 1u,
                                   sizeof *names->chunks, names->meter);
        names->free = array_new(room, 1, names->meter);
        names->chunks[names->chunk_count++] = names->free;
        names->left = room;
    }
    char *kept = memcpy(names->free, text, size);
    names->free += size;
    names->left -= size;
    return kept;
}

uint32_t names_find(const struct names *names, const char *text)
{
    uint32_t cursor = hash_bytes(text, strlen(text));
    uint32_t number;
    while ((number = index_next(&names->index, &cursor)) != INDEX_NONE) {
        if (strcmp(names->texts[number], text) == 0)
            return number;
    }
    return NAME_NONE;
}

uint32_t names_add(struct names *names, const char *text)
{
    uint32_t found = names_find(names, text);
    if (found != NAME_NONE)
        return found;
    size_t size = strlen(text) + 1;
    names->texts = array_room(names->texts, &names->room, names->count + 1u, sizeof *names->texts,
                              names->meter);
    names->texts[names->count] = keep(names, text, size);
    index_add(&names->index, hash_bytes(text, size - 1), names->count, hash_of, names,
              names->meter);
    return names->count++;
}

const char *names_text(const struct names *names, uint32_t name)
{
    if (name == NAME_NONE)
        return NULL;
    assert(name < names->count);
    return names->texts[name];
}
