/*
 * record -- an event as a Kafka record: topic, key, value, headers; and the judgement of a record
 * that came back.
 *
 * Links no Kafka: it speaks of bytes and names. Producers ask it what to send, the aggregator asks
 * it what to make of what it received, so both sides share one definition.
 */
#ifndef ASSAY_PROTO_RECORD_H
#define ASSAY_PROTO_RECORD_H

#include "assay/v1/event.pb-c.h"
#include "proto/codec.h"
#include "proto/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_TOPIC_EVIDENCE   "assay.evidence"
#define RECORD_TOPIC_SERVICES   "assay.services"
#define RECORD_TOPIC_SCOPE      "assay.scope"
#define RECORD_TOPIC_GOVERNANCE "assay.governance"
#define RECORD_TEAM_PREFIX      "assay.evidence."

/* Which of the contract's topics a name is. */
enum record_topic {
    RECORD_UNKNOWN = 0,
    RECORD_EVIDENCE,
    RECORD_TEAM, /* assay.evidence.TEAM */
    RECORD_SERVICES,
    RECORD_SCOPE,
    RECORD_GOVERNANCE,
};
enum record_topic record_topic_of(const char *name);
const char *record_team_of(const char *name); /* points into name; NULL where not a team's topic */

enum { RECORD_HEADERS = 6, RECORD_TOPIC_MAX = 250 };
#define RECORD_HEADER_ID "ce_id"

struct record_header {
    const char *name;
    const char *value; /* text of size bytes */
    size_t size;
};

/* What to send. Everything lives in the arena that made it. */
struct record {
    const char *topic;
    const char *key;
    size_t key_size;
    const uint8_t *value;
    size_t value_size;
    struct record_header headers[RECORD_HEADERS];
};

/*
 * The record of a valid event that has an id. `team`: NULL, or the team whose topic evidence is
 * sent to. A retraction that names a service goes to the evidence topic, else to governance.
 * FAULT_REJECT where the serialization is over LIMIT_RECORD_BYTES or `team` is no TEAM, FAULT_RETRY
 * where the arena is full.
 */
bool record_of_event(const Assay__V1__Event *event, const char *team, struct arena *arena,
                     struct record *record, struct fault *why);

/* The same where the event's serialization is at hand (identity.h); it lives as long as the arena.
 */
bool record_of_encoded(const Assay__V1__Event *event, const uint8_t *value, size_t size,
                       const char *team, struct arena *arena, struct record *record,
                       struct fault *why);

/* The key its record must have: on the topics of evidence, services and scope the service; on
 * governance the fact's key, parts joined by '|'; a retraction's is its service, else its event_id.
 * NUL-terminated, in the arena; NULL where that is full. The event has a body (asserted). */
const char *record_key(const Assay__V1__Event *event, struct arena *arena);

/* The verdicts, in the order in which they are looked for. The numbers are stored: append only. */
enum verdict {
    VERDICT_ACCEPTED = 0,
    VERDICT_TOO_LARGE = 1,
    VERDICT_UNDECODABLE = 2,
    VERDICT_INVALID = 3,
    VERDICT_WRONG_TOPIC = 4,
    VERDICT_KEY_MISMATCH = 5,
    VERDICT_FUTURE = 6,
};
const char *verdict_name(enum verdict verdict); /* "too_large" …, "accepted" */

struct judgement {
    enum verdict verdict;
    Assay__V1__Event *event; /* where it could be decoded, else NULL; in the arena */
    char detail[512]; /* for a refusal: the field and rule, or what is wrong with the bytes */
};

/*
 * Judges one received record. value NULL is a tombstone (undecodable). key NULL: none.
 * kafka_timestamp: INSTANT_BEGIN where the record has none (then nothing is `future`). False where
 * the arena is full: nothing was judged; finish the batch, reset the arena and judge again.
 */
__attribute__((warn_unused_result)) bool record_judge(enum record_topic topic, const uint8_t *key,
                                                      size_t key_size, const uint8_t *value,
                                                      size_t value_size, instant kafka_timestamp,
                                                      struct arena *arena,
                                                      struct judgement *judgement);

/* "control_test_result" …: the body's name in the .proto, NULL where not set. Static storage. */
const char *record_body_name(const Assay__V1__Event *event);

#endif
