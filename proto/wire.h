/*
 * wire -- whether bytes are a sound serialization of a message, looked at before they are unpacked.
 *
 * One walk over the bytes, led by the descriptors, checks what protobuf-c does not (limits.h,
 * UTF-8, NUL, enum numbers, fields standing twice) and everything it does check, so that where this
 * says yes, unpacking can fail for want of memory only. Allocates nothing.
 *
 * Covers what the contract uses: proto3 without groups and without lists of numbers.
 */
#ifndef ASSAY_PROTO_WIRE_H
#define ASSAY_PROTO_WIRE_H

#include "runtime/fault.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FAULT_REJECT names the field by its path and the reason. */
bool wire_check(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes, size_t size,
                struct fault *why);

/* Reads a varint of at most ten bytes. Returns how many it took, 0 where it is none. */
size_t wire_varint(const uint8_t *bytes, size_t size, uint64_t *number);

/* UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF) without NUL. `bad` is set to the
 * first byte that is not. */
bool wire_text(const uint8_t *text, size_t size, size_t *bad);

#endif
