/*
 * Any bytes as a record's value: refused with a reason, or an event that is what protobuf-c
 * unpacks, that stays what it is when it is written again, as bytes and as JSON, and that is
 * accepted as a record where it is valid.
 */
#include "proto/codec.h"
#include "proto/identity.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/record.h"
#include "proto/validate.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/said.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

/* `event` again, from its serialization, which must be the same from then on. */
static const Assay__V1__Event *again(const Assay__V1__Event *event)
{
    size_t size = codec_encode(event, NULL);
    if (size == 0)
        return event; /* nothing but defaults: an empty value, which is none */
    uint8_t *one = malloc(size);
    uint8_t *other = malloc(size);
    assert(one != NULL && other != NULL && codec_encode(event, one) == size);
    struct fault why;
    const Assay__V1__Event *read = codec_decode(one, size, arena, &why);
    assert(read != NULL && codec_encode(read, NULL) == size && codec_encode(read, other) == size);
    assert(memcmp(one, other, size) == 0);
    free(one);
    free(other);
    return read;
}

static bool same(const Assay__V1__Event *one, const Assay__V1__Event *other)
{
    size_t size = codec_encode(one, NULL);
    if (size != codec_encode(other, NULL))
        return false;
    uint8_t *bytes = malloc(2 * size);
    assert(bytes != NULL);
    codec_encode(one, bytes);
    codec_encode(other, bytes + size);
    bool equal = memcmp(bytes, bytes + size, size) == 0;
    free(bytes);
    return equal;
}

/* protobuf-c knows nothing of Confluent's framing. */
static void check_unpacked(const Assay__V1__Event *event, const uint8_t *input, size_t size)
{
    if (input[0] == 0)
        return;
    Assay__V1__Event *unpacked = assay__v1__event__unpack(NULL, size, input);
    assert(unpacked != NULL && same(event, unpacked));
    assay__v1__event__free_unpacked(unpacked, NULL);
}

/* JSON does not know fields that this version does not, so the text is compared. */
static void check_json(const Assay__V1__Event *event)
{
    char *line = json_write_event(event);
    struct fault why;
    Assay__V1__Event *read = json_read_event(line, strlen(line), arena, &why);
    assert(read != NULL && validate_event(read, &(struct violation){0}));
    char *second = json_write_event(read);
    assert(strcmp(line, second) == 0);
    Assay__V1__Event *once_more = json_read_event(second, strlen(second), arena, &why);
    assert(once_more != NULL && same(read, once_more));
    free(line);
    free(second);
}

static void check_record(const Assay__V1__Event *event)
{
    struct record record;
    struct judgement judgement;
    struct fault why;
    if (!record_of_event(event, NULL, arena, &record, &why)) {
        assert(why.reaction == FAULT_REJECT); /* longer than it came */
        return;
    }
    bool judged =
        record_judge(record_topic_of(record.topic), (const uint8_t *)record.key, record.key_size,
                     record.value, record.value_size, INSTANT_BEGIN, arena, &judgement);
    assert(judged && judgement.verdict == VERDICT_ACCEPTED);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (arena == NULL)
        arena = arena_new(8 * (size_t)LIMIT_DECODED_BYTES);
    arena_reset(arena);
    struct fault why;
    Assay__V1__Event *event = codec_decode(input, size, arena, &why);
    if (event == NULL) {
        assert(why.reaction == FAULT_REJECT);
        said_check(why.text);
        return 0;
    }
    check_unpacked(event, input, size);
    const Assay__V1__Event *read = again(event);
    uuid one, other;
    identity_of(event, &one);
    identity_of(read, &other);
    assert(uuid_compare(&one, &other) == 0);
    struct violation first;
    struct violation second;
    bool valid = validate_event(event, &first);
    assert(validate_event(read, &second) == valid);
    if (!valid) {
        said_check(first.path);
        said_check(first.rule);
        free(json_write_event(event)); /* rejects show prints what cannot be accepted, too */
        return 0;
    }
    check_json(event);
    check_record(event);
    return 0;
}
