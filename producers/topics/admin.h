/*
 * admin -- the four requests of Kafka's administration that topics need, each awaited.
 *
 * A request goes out for all topics at once; what came of it stands with each topic. Knows nothing
 * of what Assay wants of a topic (topic_plan.h).
 *
 * Ownership: borrows names and values; admin_topic values are freed by admin_clear.
 */
#ifndef ASSAY_PRODUCERS_TOPICS_ADMIN_H
#define ASSAY_PRODUCERS_TOPICS_ADMIN_H

#include "producers/emitter/kafka_trouble.h"
#include "runtime/fault.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admin_config {
    char *key;
    char *value;    /* "" for one that the broker keeps to itself */
    bool topic_own; /* set on the topic, not inherited from the broker */
};

struct admin_topic {
    char *name;
    int32_t partitions; /* as wanted when creating, as found when describing */
    struct admin_config *configs;
    size_t config_count;
    rd_kafka_resp_err_t error; /* of the last request */
    char reason[256];          /* the broker's words for it */
};

struct admin {
    rd_kafka_t *client;                  /* borrowed */
    const struct kafka_trouble *trouble; /* kept by its error callback; borrowed */
    int timeout_ms;                      /* of a request */
};

/* Adds one configuration entry to `topic`; copies both texts. An entry of that key is replaced. */
void admin_put_config(struct admin_topic *topic, const char *key, const char *value,
                      bool topic_own);
/* Its value, NULL where there is none. */
const char *admin_find_config(const struct admin_topic *topic, const char *key);
void admin_clear(struct admin_topic *topic); /* frees what it holds */

/* Topics whose name begins so, with their partitions; *topics is malloc'ed. Waits for a broker. */
bool admin_list(const struct admin *admin, const char *prefix, struct admin_topic **topics,
                size_t *count, struct fault *why);

/* Each topic's error says what became of it; false where the request as a whole failed. */
bool admin_create(const struct admin *admin, struct admin_topic *topics, size_t count,
                  int replication_factor, struct fault *why);
/* Fills configs. */
bool admin_describe(const struct admin *admin, struct admin_topic *topics, size_t count,
                    struct fault *why);
/* Makes the configs marked topic_own all that is set on each topic. */
bool admin_alter(const struct admin *admin, struct admin_topic *topics, size_t count,
                 struct fault *why);

#endif
