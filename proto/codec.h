/*
 * codec -- the bytes of a record's value, to an event and back.
 *
 * protobuf-c accepts what is not valid: the codec refuses as undecodable empty input, unknown enum
 * numbers, broken UTF-8, NUL inside a string, a field that is not a list standing twice (two
 * readers could understand it differently), and, before it unpacks anything, more bytes, values or
 * nesting than limits.h allows. Whether a decoded event may be accepted is validate.h's question,
 * not this one; an event without a body, or with one that this version does not know, decodes.
 *
 * Fields this version does not know come from a newer producer: they are counted against the
 * limits, kept in the event as protobuf-c's unknown fields, and mean nothing here.
 *
 * Confluent's framing (0x00, four bytes of schema id, message index) is accepted and skipped. No
 * Event begins with 0x00, so there is no mistaking it.
 *
 * Ownership: decoded events live in the arena they were decoded into, until it is reset.
 */
#ifndef ASSAY_PROTO_CODEC_H
#define ASSAY_PROTO_CODEC_H

#include "assay/v1/event.pb-c.h"
#include "proto/arena.h"
#include "proto/instant.h"
#include "runtime/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The event in a record's value of `size` bytes. NULL with FAULT_REJECT where the bytes are no
 * event (the text names field and reason), with FAULT_RETRY where the arena is full: reset it and
 * try again. The event borrows nothing from `value`.
 */
Assay__V1__Event *codec_decode(const uint8_t *value, size_t size, struct arena *arena,
                               struct fault *why);

/* The deterministic serialization (fields in order of number, unknown ones last). Returns its size;
 * out may be NULL. */
size_t codec_encode(const Assay__V1__Event *event, uint8_t *out);

/* Cut to microseconds; the message must be valid (validate.h). NULL gives `absent`. */
instant codec_instant(const Google__Protobuf__Timestamp *timestamp, instant absent);

/* Microseconds; NULL gives 0 (a ttl is positive or absent). */
int64_t codec_duration(const Google__Protobuf__Duration *duration);

/* SHA-256 of the received bytes (with framing, if any): what breaks the last tie between two. */
void codec_digest(const uint8_t *value, size_t size, uint8_t digest[static 32]);

/* Text that fields may carry: UTF-8 as RFC 3629 has it, without NUL. */
bool codec_text(const uint8_t *text, size_t size);

/* An enum's value without the enum's prefix, as the read API shows it: "PASS" for RESULT_PASS.
 * Static storage; NULL for a number that is none of its values. */
const char *codec_enum_name(const ProtobufCEnumDescriptor *descriptor, int value);

#endif
