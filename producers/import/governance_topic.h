/*
 * governance_topic -- reads assay.governance from its first record to its end, once.
 *
 * Belongs to no consumer group and commits nothing: it needs the right to read the topic and no
 * other. Records the aggregator would refuse are passed over, as it would.
 */
#ifndef ASSAY_PRODUCERS_IMPORT_GOVERNANCE_TOPIC_H
#define ASSAY_PRODUCERS_IMPORT_GOVERNANCE_TOPIC_H

#include "producers/import/governance.h"
#include "producers/kafka_settings.h"

/* Waits for brokers up to timeout_ms without progress; a stop ends it. FAULT_RETRY or FATAL. */
bool governance_topic_read(struct governance *governance, const struct kafka_settings *settings,
                           const char *client, int64_t timeout_ms, struct fault *why);

#endif
