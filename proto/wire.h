/*
 * wire -- the message that bytes are a serialization of, where they are a sound one.
 *
 * One walk over the bytes, led by the descriptors, checks what protobuf-c does not (limits.h,
 * UTF-8, NUL, enum numbers, fields standing twice) and everything it does check, and keeps what it
 * reads as protobuf-c's unpacking would, unknown fields too. Reading the bytes twice, once to look
 * at them and once to unpack them, takes half as long again.
 *
 * Covers what the contract uses: proto3 without groups, lists of numbers, and numbers of other
 * types than it has.
 */
#ifndef ASSAY_PROTO_WIRE_H
#define ASSAY_PROTO_WIRE_H

#include "proto/arena.h"
#include "runtime/fault.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The message, in the arena; it borrows nothing from `bytes`. NULL with FAULT_REJECT, which names
 * the field by its path and the reason; with FAULT_RETRY where the bytes are sound and the arena is
 * full, which then is as it was.
 */
ProtobufCMessage *wire_read(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                            size_t size, struct arena *arena, struct fault *why);

/* Reads a varint of at most ten bytes. Returns how many it took, 0 where it is none. */
size_t wire_varint(const uint8_t *bytes, size_t size, uint64_t *number);

/* UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF) without NUL. `bad` is set to the
 * first byte that is not. */
bool wire_text(const uint8_t *text, size_t size, size_t *bad);

#endif
