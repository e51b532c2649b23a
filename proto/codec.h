/*
 * codec -- the bytes of a record's value, to an event and back.
 *
 * protobuf-c accepts what is not valid: the codec refuses as undecodable empty input, unknown enum
 * numbers, broken UTF-8, NUL inside a string, an event without a known body, and, before it
 * unpacks anything, more bytes, repeated fields or nesting than limits.h allows. Whether a decoded
 * event may be accepted is validate.h's question, not this one.
 *
 * Confluent's framing (0x00, four bytes of schema id, message index) is accepted and skipped.
 *
 * Ownership: decoded events live in the arena they were decoded into, until it is reset.
 */
#ifndef ASSAY_PROTO_CODEC_H
#define ASSAY_PROTO_CODEC_H

#include "assay/v1/event.pb-c.h"
#include "proto/instant.h"
#include "runtime/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A capped bump allocator: everything decoded for one batch goes away in one step. */
struct arena;
struct arena *arena_new(size_t cap); /* bytes it may hold at most; never NULL (aborts) */
void arena_free(struct arena *arena);
void arena_reset(struct arena *arena);
void *arena_take(struct arena *arena, size_t size); /* 16-byte aligned, zeroed; NULL: cap reached */
size_t arena_used(const struct arena *arena);

/* Size cap of one record's value that is decoded at all, see LIMIT_RECORD_BYTES. */
Assay__V1__Event *codec_decode(const uint8_t *value, size_t size, struct arena *arena,
                               struct fault *why);

/* The deterministic serialization (fields in order of number). Returns its size; out may be NULL.
 */
size_t codec_encode(const Assay__V1__Event *event, uint8_t *out);

/* Cut to microseconds; the message must be valid (validate.h). NULL gives `absent`. */
instant codec_instant(const Google__Protobuf__Timestamp *timestamp, instant absent);

/* Microseconds; NULL gives 0 (a ttl is positive or absent). */
int64_t codec_duration(const Google__Protobuf__Duration *duration);

/* SHA-256 of the received bytes (with framing, if any): what breaks the last tie between two. */
void codec_digest(const uint8_t *value, size_t size, uint8_t digest[static 32]);

#endif
