#include "proto/identity.h"

#include "proto/codec.h"
#include "proto/digest.h"
#include "proto/limits.h"

#include <string.h>

/* Made once, at random (version 4), for this purpose alone: 2db719a6-7456-4e85-9ed5-eb0d183d0c9d
 * stands for "events of assay.v1". It can never change: all derived ids hang on it. */
static const uint8_t event_namespace[16] = {0x2d, 0xb7, 0x19, 0xa6, 0x74, 0x56, 0x4e, 0x85,
                                            0x9e, 0xd5, 0xeb, 0x0d, 0x18, 0x3d, 0x0c, 0x9d};

/* The bytes before which the text has a hyphen: 8-4-4-4-12. */
static bool hyphen_before(size_t byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

/* What a digit stands for, and that it is one: with a branch for each of them, half of which no
 * processor foresees, reading an id takes four times as long. */
enum { DIGIT = 0x10 };
static const uint8_t digit_values[256] = {
    ['0'] = DIGIT | 0x0, ['1'] = DIGIT | 0x1, ['2'] = DIGIT | 0x2, ['3'] = DIGIT | 0x3,
    ['4'] = DIGIT | 0x4, ['5'] = DIGIT | 0x5, ['6'] = DIGIT | 0x6, ['7'] = DIGIT | 0x7,
    ['8'] = DIGIT | 0x8, ['9'] = DIGIT | 0x9, ['a'] = DIGIT | 0xA, ['b'] = DIGIT | 0xB,
    ['c'] = DIGIT | 0xC, ['d'] = DIGIT | 0xD, ['e'] = DIGIT | 0xE, ['f'] = DIGIT | 0xF,
};

/* Where the digits of each byte stand. */
static const uint8_t digits_at[16] = {0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};

bool uuid_parse(const char *text, uuid *parsed)
{
    uuid result;
    uint8_t common = DIGIT;
    if (strnlen(text, UUID_TEXT_MAX) != UUID_TEXT_MAX - 1 || text[8] != '-' || text[13] != '-' ||
        text[18] != '-' || text[23] != '-')
        return false;
    for (size_t i = 0; i < sizeof result.bytes; i++) {
        uint8_t high = digit_values[(uint8_t)text[digits_at[i]]];
        uint8_t low = digit_values[(uint8_t)text[digits_at[i] + 1]];
        common &= high & low;
        result.bytes[i] = (uint8_t)(high << 4 | (low & 0xF));
    }
    if (common != DIGIT)
        return false;
    *parsed = result;
    return true;
}

char *uuid_format(const uuid *id, char out[static UUID_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    char *end = out;
    for (size_t i = 0; i < sizeof id->bytes; i++) {
        if (hyphen_before(i))
            *end++ = '-';
        *end++ = digits[id->bytes[i] >> 4];
        *end++ = digits[id->bytes[i] & 0xF];
    }
    *end = '\0';
    return out;
}

int uuid_compare(const uuid *a, const uuid *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static Assay__V1__Event without_id(const Assay__V1__Event *event)
{
    Assay__V1__Event nameless = *event;
    nameless.id = (char *)protobuf_c_empty_string;
    return nameless;
}

static void set_version_5(const uint8_t digest[static DIGEST_SHA1_SIZE], uuid *id)
{
    memcpy(id->bytes, digest, sizeof id->bytes);
    id->bytes[6] = (uint8_t)((id->bytes[6] & 0x0F) | 0x50); /* version 5 */
    id->bytes[8] = (uint8_t)((id->bytes[8] & 0x3F) | 0x80); /* RFC 9562's variant */
}

void identity_of(const Assay__V1__Event *event, uuid *id)
{
    Assay__V1__Event nameless = without_id(event);
    uint8_t digest[DIGEST_SHA1_SIZE];
    digest_sha1_message(event_namespace, sizeof event_namespace, &nameless.base, digest);
    set_version_5(digest, id);
}

/* The id is the first field: tag, length and text come before all that it is made from. */
enum { ID_TAG = 1 << 3 | 2, ID_TEXT = UUID_TEXT_MAX - 1, ID_FIELD = 2 + ID_TEXT };
_Static_assert(ID_FIELD >= sizeof event_namespace, "the namespace stands where the id will");

const uint8_t *identity_encode(const Assay__V1__Event *event, struct arena *arena, uuid *id,
                               size_t *size)
{
    Assay__V1__Event nameless = without_id(event);
    size_t rest = codec_encode(&nameless, NULL);
    uint8_t *bytes =
        rest + ID_FIELD <= LIMIT_RECORD_BYTES ? arena_take_raw(arena, ID_FIELD + rest) : NULL;
    *size = 0;
    if (bytes == NULL) {
        identity_of(event, id);
        return NULL;
    }
    uint8_t digest[DIGEST_SHA1_SIZE];
    uint8_t *named = bytes + ID_FIELD - sizeof event_namespace;
    memcpy(named, event_namespace, sizeof event_namespace);
    codec_encode(&nameless, bytes + ID_FIELD);
    digest_sha1(named, sizeof event_namespace + rest, digest);
    set_version_5(digest, id);
    char text[UUID_TEXT_MAX];
    bytes[0] = ID_TAG;
    bytes[1] = ID_TEXT;
    memcpy(bytes + 2, uuid_format(id, text), ID_TEXT);
    *size = ID_FIELD + rest;
    return bytes;
}
