/*
 * identity -- an event's id: UUID text on the wire, sixteen bytes inside.
 *
 * An event without id gets a UUIDv5 (RFC 9562, section 5.5) over its deterministic serialization
 * without id, in one fixed namespace, so that publishing a file twice changes nothing.
 */
#ifndef ASSAY_PROTO_IDENTITY_H
#define ASSAY_PROTO_IDENTITY_H

#include "assay/v1/event.pb-c.h"
#include "proto/arena.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint8_t bytes[16];
} uuid;

enum { UUID_TEXT_MAX = 37 };

/* Lower-case 8-4-4-4-12 only. */
bool uuid_parse(const char *text, uuid *parsed);
char *uuid_format(const uuid *id, char out[static UUID_TEXT_MAX]);
int uuid_compare(const uuid *a, const uuid *b); /* bytewise, which is also the order of the text */

/* The UUIDv5 of `event` with its id left out of account; event is not changed. */
void identity_of(const Assay__V1__Event *event, uuid *id);

/*
 * The same, and the serialization of the event with that id, which takes serializing it once. The
 * bytes are in the arena; NULL (and *size 0) where they are over LIMIT_RECORD_BYTES or the arena is
 * full: then only the id is made.
 */
const uint8_t *identity_encode(const Assay__V1__Event *event, struct arena *arena, uuid *id,
                               size_t *size);

#endif
