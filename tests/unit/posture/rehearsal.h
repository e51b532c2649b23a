/*
 * rehearsal -- the aggregator's part, without Kafka and PostgreSQL.
 *
 * Takes records batch by batch and tells posture as DESIGN.md section 4 has it: governance's facts
 * at their commit's position and nothing evaluated; a service first brought forward, one governance
 * commit after the other, and then told its own records and evaluated. What is reported goes into
 * a recorder a service and one of governance.
 *
 * Ownership: owns the handles and recorders; copies what it needs of events.
 */
#ifndef ASSAY_TESTS_UNIT_POSTURE_REHEARSAL_H
#define ASSAY_TESTS_UNIT_POSTURE_REHEARSAL_H

#include "consumers/posture/posture.h"
#include "tests/unit/posture/recorder.h"

#include <stdio.h>

struct rehearsal;
struct rehearsal *rehearsal_new(void);
void rehearsal_free(struct rehearsal *rehearsal);

/* From now on writes every record that is taken to `out`, a line of JSON each, as posture_replay
 * reads it. */
void rehearsal_copy(struct rehearsal *rehearsal, FILE *out);

/* The number of a topic's name, given in order of first mention. */
int16_t rehearsal_topic(struct rehearsal *rehearsal, const char *topic);

/* One record of the batch in hand. The event must be valid and belong to the topic. */
void rehearsal_take(struct rehearsal *rehearsal, const char *topic, int32_t partition,
                    int64_t offset, const Assay__V1__Event *event, const uint8_t digest[static 16],
                    int64_t batch);

/* Ends the batch: brings the services whose records were taken forward, tells them, evaluates. */
void rehearsal_commit(struct rehearsal *rehearsal, int64_t batch);

/* Brings every service forward to the last governance commit. */
void rehearsal_catch_up(struct rehearsal *rehearsal);

struct posture_service *rehearsal_service(struct rehearsal *rehearsal, const char *name);
struct posture_governance *rehearsal_governance(struct rehearsal *rehearsal);
int64_t rehearsal_position(const struct rehearsal *rehearsal);
struct recorder *rehearsal_recorder(struct rehearsal *rehearsal, const char *service);
struct recorder *rehearsal_governance_recorder(struct rehearsal *rehearsal);
/* The services' names, rising; NULL after the last. */
const char *rehearsal_name(const struct rehearsal *rehearsal, uint32_t number);

#endif
