/*
 * kafka_fault -- librdkafka's error codes as reactions: the one translator of the Kafka side.
 *
 * REJECT: this record can never be written, others can. RETRY: brokers or the network are at
 * fault and may recover. FENCED: another has taken over. FATAL: rights, credentials, settings, a
 * topic that is not there, or a bug: no repetition helps. What the table does not know is FATAL.
 *
 * Not a policy: how often and how long to retry is the caller's business.
 */
#ifndef ASSAY_PRODUCERS_EMITTER_KAFKA_FAULT_H
#define ASSAY_PRODUCERS_EMITTER_KAFKA_FAULT_H

#include "runtime/fault.h"

#include <librdkafka/rdkafka.h>

enum fault_reaction kafka_fault_reaction(rd_kafka_resp_err_t code);

/* What the code says, with the way out where there is a usual one. Static storage. */
const char *kafka_fault_text(rd_kafka_resp_err_t code);

/* "WHAT: text (CODE)" with the code's reaction; `what` may be NULL. Returns false. */
bool kafka_fault_set(struct fault *fault, rd_kafka_resp_err_t code, const char *what);

#endif
