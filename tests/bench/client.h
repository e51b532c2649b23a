/*
 * client -- what the benchmark's programs share of being one: a stock librdkafka producer, clocks,
 * and ending with a reason.
 *
 * The producer is set as producers/emitter/emitter.c sets its own, so that rates compare.
 */
#ifndef ASSAY_TESTS_BENCH_CLIENT_H
#define ASSAY_TESTS_BENCH_CLIENT_H

#include <librdkafka/rdkafka.h>
#include <stddef.h>
#include <stdint.h>

/* "PROGRAM: what" on standard error, exit status 3. */
_Noreturn void fail(const char *what);

double now(void);         /* seconds of the monotonic clock */
double cpu_seconds(void); /* of this process so far */

/* Ends the program where it cannot be made. A failed delivery ends it too. */
rd_kafka_t *producer_new(const char *brokers, const char *linger_ms);

/* One record to assay.evidence; waits while the queue is full. `headers` may be NULL and are taken.
 */
void producer_send(rd_kafka_t *producer, const char *key, const uint8_t *value, size_t size,
                   rd_kafka_headers_t *headers);

/* Waits until all is acknowledged, and frees it. */
void producer_finish(rd_kafka_t *producer);

#endif
