#include "proto/identity.h"

#include "proto/digest.h"

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

static int digit_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    return -1;
}

bool uuid_parse(const char *text, uuid *parsed)
{
    uuid result;
    for (size_t i = 0; i < sizeof result.bytes; i++) {
        if (hyphen_before(i) && *text++ != '-')
            return false;
        int high = digit_value(text[0]);
        if (high < 0)
            return false; /* also at the NUL: text[1] is not read then */
        int low = digit_value(text[1]);
        if (low < 0)
            return false;
        result.bytes[i] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (*text != '\0')
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

void identity_of(const Assay__V1__Event *event, uuid *id)
{
    Assay__V1__Event nameless = *event;
    nameless.id = (char *)protobuf_c_empty_string;
    uint8_t digest[DIGEST_SHA1_SIZE];
    digest_sha1_message(event_namespace, sizeof event_namespace, &nameless.base, digest);
    memcpy(id->bytes, digest, sizeof id->bytes);
    id->bytes[6] = (uint8_t)((id->bytes[6] & 0x0F) | 0x50); /* version 5 */
    id->bytes[8] = (uint8_t)((id->bytes[8] & 0x3F) | 0x80); /* RFC 9562's variant */
}
