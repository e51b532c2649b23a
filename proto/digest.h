/*
 * digest -- SHA-256 of bytes, and SHA-1 for UUIDv5, by OpenSSL.
 *
 * The algorithms are fetched once and each thread keeps its own context: an implicit fetch costs
 * several times what hashing an event does. Nothing here is an error the caller could act on; a
 * library that cannot hash is a bug of the installation and aborts.
 */
#ifndef ASSAY_PROTO_DIGEST_H
#define ASSAY_PROTO_DIGEST_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SHA256_SIZE = 32, DIGEST_SHA1_SIZE = 20 };

void digest_sha256(const void *bytes, size_t size, uint8_t out[static DIGEST_SHA256_SIZE]);

void digest_sha1(const void *bytes, size_t size, uint8_t out[static DIGEST_SHA1_SIZE]);

/* SHA-1 of `prefix` followed by the serialization of `message`, which is never held in memory. */
void digest_sha1_message(const void *prefix, size_t size, const ProtobufCMessage *message,
                         uint8_t out[static DIGEST_SHA1_SIZE]);

#endif
