/*
 * limits -- every bound of the contract, in one place, with how they depend on one another.
 *
 * Bytes, elements and microseconds. Nothing else in Assay states a bound of an event: validation,
 * codec and JSON read them here, the schema takes what passed.
 */
#ifndef ASSAY_PROTO_LIMITS_H
#define ASSAY_PROTO_LIMITS_H

#include "proto/instant.h"

enum {
    /* One record's value as received, framing included. Topics allow more (4 MiB), so that what is
     * too large reaches the ledger and is refused there, not at the producer's client. */
    LIMIT_RECORD_BYTES = 1024 * 1024,

    /* Values (fields, elements, messages; unknown ones too) in one record, and messages within
     * messages. Both bound what a record can unfold to in memory before anything is unpacked. */
    LIMIT_RECORD_VALUES = 128 * 1024,
    LIMIT_NESTING = 8,

    /* What one value can take in memory besides its own bytes: the largest repeated message, its
     * place in a list, and protobuf-c's notes about it while it unpacks. */
    LIMIT_VALUE_OVERHEAD = 256,
    LIMIT_DECODED_BYTES = LIMIT_RECORD_BYTES + LIMIT_RECORD_VALUES * LIMIT_VALUE_OVERHEAD,

    /* Elements of one list. */
    LIMIT_LIST = 16 * 1024,

    LIMIT_SLUG_BYTES = 128,
    LIMIT_SUBJECT_BYTES = 512,
    LIMIT_VERSION_BYTES = 512, /* of a tool, a Statement of Applicability: parts of keys */
    LIMIT_TEXT_BYTES = 4096,   /* titles, names of people, addresses */
    LIMIT_PROSE_BYTES = 64 * 1024,
    LIMIT_SHA256_BYTES = 32,

    /* Kafka's bound for the name of a topic, and what "assay.evidence." leaves of it. */
    LIMIT_TOPIC_BYTES = 249,
    LIMIT_TEAM_BYTES = LIMIT_TOPIC_BYTES - 15,

    /* The longest keys: four slugs; a tool, its version and a service. */
    LIMIT_KEY_BYTES = 2 * LIMIT_SLUG_BYTES + LIMIT_VERSION_BYTES + 2,

    /* One event as a line of JSON: every byte of text may be written as \u00xx. */
    LIMIT_JSON_BYTES = 8 * LIMIT_RECORD_BYTES,
};

/* Counts and sequences are 64-bit unsigned on the wire, signed in PostgreSQL. */
#define LIMIT_COUNT ((uint64_t)INT64_MAX)

/* How far past its Kafka timestamp an evidence record may be dated: clocks differ a little. */
#define LIMIT_FUTURE (5 * 60 * INSTANT_SECOND)

/* An approved exception ends at most this long after it began. */
#define LIMIT_EXCEPTION (366 * INSTANT_DAY)

/* How long a result may be relied on where the check's mapping does not say. */
#define LIMIT_TTL_DEFAULT (366 * INSTANT_DAY)

/* A Duration's bound in protobuf: 10,000 years. */
#define LIMIT_DURATION_SECONDS INT64_C(315576000000)

_Static_assert(LIMIT_PROSE_BYTES < LIMIT_RECORD_BYTES, "the longest text fits in a record");
_Static_assert(LIMIT_LIST < LIMIT_RECORD_VALUES, "the longest list fits in a record");
_Static_assert(LIMIT_TEXT_BYTES <= LIMIT_PROSE_BYTES, "prose is the longer one");
_Static_assert(4 * LIMIT_SLUG_BYTES + 3 <= LIMIT_KEY_BYTES, "four slugs are a key too");
/* An entry of PostgreSQL's btree holds at most 2704 bytes. The longest keys of facts: */
_Static_assert(LIMIT_KEY_BYTES < 2000, "the key of a tool recall can be indexed");
_Static_assert(3 * LIMIT_SLUG_BYTES + LIMIT_SUBJECT_BYTES < 2000, "a stream can be indexed");
_Static_assert(LIMIT_DURATION_SECONDS < INT64_MAX / INSTANT_SECOND, "counted in microseconds");

#endif
