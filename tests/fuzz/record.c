/*
 * Any record: topic, timestamp, key, value. Judged the same whenever it is judged; a refusal's
 * detail can be stored; what is accepted is valid, has the key it must, and is accepted in
 * Confluent's framing too.
 *
 * Input: topic (1), Kafka's timestamp (8), the key's length (1; 255: no key), key, value.
 */
#include "proto/record.h"
#include "proto/limits.h"
#include "proto/validate.h"
#include "tests/fuzz/bytes.h"
#include "tests/fuzz/said.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

struct received {
    enum record_topic topic;
    instant timestamp;
    const uint8_t *key, *value;
    size_t key_size, value_size;
};

static struct judgement judge(const struct received *received)
{
    struct judgement judgement;
    bool judged = record_judge(received->topic, received->key, received->key_size, received->value,
                               received->value_size, received->timestamp, arena, &judgement);
    assert(judged && judgement.verdict <= VERDICT_FUTURE);
    return judgement;
}

static void check_accepted(const struct received *received, const struct judgement *judgement)
{
    struct violation first;
    assert(judgement->event != NULL && validate_event(judgement->event, &first));
    const char *key = record_key(judgement->event, arena);
    assert(key != NULL && strlen(key) == received->key_size &&
           memcmp(key, received->key, received->key_size) == 0);
    static const uint8_t framing[] = {0, 0, 0, 0, 7, 0};
    if (received->value[0] == 0 || received->value_size + sizeof framing > LIMIT_RECORD_BYTES)
        return; /* framed already */
    uint8_t *framed = malloc(received->value_size + sizeof framing);
    assert(framed != NULL);
    memcpy(framed, framing, sizeof framing);
    memcpy(framed + sizeof framing, received->value, received->value_size);
    struct received in_frame = *received;
    in_frame.value = framed;
    in_frame.value_size += sizeof framing;
    assert(judge(&in_frame).verdict == VERDICT_ACCEPTED);
    free(framed);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct bytes bytes = {input, size};
    struct received received = {.topic = (enum record_topic)(bytes_one(&bytes) % 6)};
    received.timestamp = (instant)bytes_number(&bytes, 8);
    uint8_t key_size = bytes_one(&bytes);
    if (key_size != 255) {
        struct bytes key = bytes_piece(&bytes, key_size);
        received.key = key.left == 0 ? (const uint8_t *)"" : key.at;
        received.key_size = key.left;
    }
    received.value = bytes.left == 0 ? (const uint8_t *)"" : bytes.at;
    received.value_size = bytes.left;

    if (arena == NULL)
        arena = arena_new(8 * (size_t)LIMIT_DECODED_BYTES);
    arena_reset(arena);
    struct judgement judgement = judge(&received);
    struct judgement second = judge(&received);
    assert(second.verdict == judgement.verdict && strcmp(second.detail, judgement.detail) == 0);
    if (judgement.verdict == VERDICT_ACCEPTED) {
        check_accepted(&received, &judgement);
        return 0;
    }
    said_check(judgement.detail);
    assert(judgement.event != NULL || judgement.verdict == VERDICT_UNDECODABLE ||
           judgement.verdict == VERDICT_TOO_LARGE);
    return 0;
}
