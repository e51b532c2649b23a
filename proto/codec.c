#include "proto/codec.h"

#include "proto/digest.h"
#include "proto/limits.h"
#include "proto/wire.h"

#include <assert.h>
#include <string.h>

/* The largest messages that can stand in a list, with a pointer in the list, room for an unknown
 * field, and the arena's rounding. */
_Static_assert(sizeof(Assay__V1__StatementOfApplicability__Entry) + 8 + 32 + 16 <=
                   LIMIT_VALUE_OVERHEAD,
               "an entry fits in what a value may take");
_Static_assert(sizeof(Assay__V1__Audit__Sample) + 8 + 32 + 16 <= LIMIT_VALUE_OVERHEAD,
               "a sample fits in what a value may take");

/* Bytes of Confluent's framing before the message: 0 where there is none, size where it is broken
 * off. The index is a zigzag count and as many zigzag numbers; [0] is written as one zero byte. */
static size_t framing(const uint8_t *value, size_t size)
{
    enum { MAGIC_AND_SCHEMA_ID = 5 };
    if (value[0] != 0)
        return 0;
    if (size < MAGIC_AND_SCHEMA_ID)
        return size;
    size_t at = MAGIC_AND_SCHEMA_ID;
    uint64_t zigzag;
    size_t step = wire_varint(value + at, size - at, &zigzag);
    if (step == 0 || zigzag % 2 != 0 || zigzag / 2 > LIMIT_NESTING)
        return size;
    at += step;
    for (uint64_t left = zigzag / 2; left > 0; left--) {
        step = wire_varint(value + at, size - at, &(uint64_t){0});
        if (step == 0)
            return size;
        at += step;
    }
    return at;
}

Assay__V1__Event *codec_decode(const uint8_t *value, size_t size, struct arena *arena,
                               struct fault *why)
{
    if (value == NULL || size == 0) {
        fault_set(why, FAULT_REJECT, "event: empty value");
        return NULL;
    }
    if (size > LIMIT_RECORD_BYTES) {
        fault_set(why, FAULT_REJECT, "event: %zu bytes, at most %d", size, LIMIT_RECORD_BYTES);
        return NULL;
    }
    size_t skipped = framing(value, size);
    if (skipped == size) {
        fault_set(why, FAULT_REJECT, "event: nothing behind the schema registry's framing");
        return NULL;
    }
    value += skipped;
    size -= skipped;
    return (Assay__V1__Event *)wire_read(&assay__v1__event__descriptor, value, size, arena, why);
}

size_t codec_encode(const Assay__V1__Event *event, uint8_t *out)
{
    /* protobuf-c packs in the order of the descriptor, which protoc-c sorts by number. */
    return out == NULL ? assay__v1__event__get_packed_size(event)
                       : assay__v1__event__pack(event, out);
}

instant codec_instant(const Google__Protobuf__Timestamp *timestamp, instant absent)
{
    return timestamp == NULL ? absent : instant_of(timestamp->seconds, timestamp->nanos);
}

int64_t codec_duration(const Google__Protobuf__Duration *duration)
{
    if (duration == NULL)
        return 0;
    assert(duration->seconds >= -LIMIT_DURATION_SECONDS &&
           duration->seconds <= LIMIT_DURATION_SECONDS);
    return duration->seconds * INSTANT_SECOND + duration->nanos / 1000;
}

void codec_digest(const uint8_t *value, size_t size, uint8_t digest[static 32])
{
    digest_sha256(value, size, digest);
}

bool codec_text(const uint8_t *text, size_t size)
{
    return wire_text(text, size, &(size_t){0});
}

const char *codec_enum_name(const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(descriptor, 0);
    if (found == NULL)
        return NULL;
    assert(zero != NULL && strlen(zero->name) > strlen("UNSPECIFIED"));
    return found->name + (strlen(zero->name) - strlen("UNSPECIFIED"));
}
