/*
 * Any bytes as a line of JSON: refused with a reason, or an event that is the same when it is
 * written as JSON and read again, and the same as bytes.
 */
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/validate.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/said.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

/* `event` by way of its JSON; *line, to be freed, is that. */
static Assay__V1__Event *by_json(const Assay__V1__Event *event, char **line)
{
    struct fault why;
    *line = json_write_event(event);
    Assay__V1__Event *read = json_read_event(*line, strlen(*line), arena, &why);
    return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (arena == NULL)
        arena = arena_new(8 * (size_t)LIMIT_DECODED_BYTES);
    arena_reset(arena);
    struct fault why;
    Assay__V1__Event *event = json_read_event((const char *)input, size, arena, &why);
    if (event == NULL) {
        assert(why.reaction == FAULT_REJECT);
        said_check(why.text);
        return 0;
    }
    char *line, *again;
    struct violation first;
    Assay__V1__Event *read = by_json(event, &line);
    /* What is out of a Timestamp's range, or a number that is none, is written so that a person can
     * read it and a program cannot. Neither is valid. */
    assert(read != NULL || !validate_event(event, &first));
    if (read != NULL) {
        by_json(read, &again);
        assert(strcmp(line, again) == 0);
        free(again);
        size_t bytes = codec_encode(event, NULL);
        uint8_t *packed = malloc(2 * bytes);
        assert(packed != NULL && codec_encode(read, NULL) == bytes);
        codec_encode(event, packed);
        codec_encode(read, packed + bytes);
        assert(memcmp(packed, packed + bytes, bytes) == 0);
        /* What can be read from JSON can be read from the wire, but for what only that bounds. */
        struct fault refused;
        if (validate_event(read, &first))
            assert(codec_decode(packed, bytes, arena, &refused) != NULL);
        free(packed);
    }
    free(line);
    return 0;
}
