/*
 * topic_plan -- what the contract wants of its topics, and how a topic that exists compares.
 *
 * Evidence is stamped by the broker's clock, since its reader judges by it whether an event is
 * dated ahead; nothing is ever deleted by age, since Kafka is where the ledger is filled from; and
 * records larger than the contract's bound get through, so that they are refused with a reason.
 *
 * Pure: talks to no broker.
 */
#ifndef ASSAY_PRODUCERS_TOPICS_TOPIC_PLAN_H
#define ASSAY_PRODUCERS_TOPICS_TOPIC_PLAN_H

#include "proto/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct topic_plan {
    char name[RECORD_TOPIC_MAX];
    enum record_topic kind;
    int32_t partitions;
};

/* The contract's own topics, and a team's. */
enum { TOPIC_PLANS_MAX = 5 };

/* Fills `plans` and returns how many. `team` may be NULL; it is valid (validate_team). */
size_t topic_plan_all(const char *team, int32_t partitions,
                      struct topic_plan plans[static TOPIC_PLANS_MAX]);

struct topic_setting {
    const char *key;
    const char *value;
    bool evidence_only;
    bool enforced; /* else a difference is only told: changing it is not ours to decide */
};

/* The settings that matter for a topic of that kind: *count of them, in static storage; those
 * with evidence_only are to be passed over for other kinds. */
const struct topic_setting *topic_plan_settings(size_t *count);

/* Whether `setting` speaks of topics of that kind. */
bool topic_plan_concerns(const struct topic_setting *setting, enum record_topic kind);

#endif
