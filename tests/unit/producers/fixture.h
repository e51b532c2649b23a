/*
 * fixture -- what the tests of the producers share: a mock cluster, files made from text, and what
 * a call wrote to standard error.
 */
#ifndef ASSAY_TESTS_UNIT_PRODUCERS_FIXTURE_H
#define ASSAY_TESTS_UNIT_PRODUCERS_FIXTURE_H

#include <check.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stddef.h>

/* librdkafka's mock cluster: one broker, topics of 4 partitions. It ends with the process, since
 * ending it earlier takes a second each time. */
struct mock {
    rd_kafka_t *host;
    rd_kafka_mock_cluster_t *cluster;
    const char *brokers;
};
void mock_start(struct mock *mock);
void mock_topic(struct mock *mock, const char *topic);

/* Calls `take` for every record of the topic, to its end; returns how many there are. */
size_t mock_read(struct mock *mock, const char *topic,
                 void (*take)(void *context, const rd_kafka_message_t *message), void *context);

/* A nameless file with that content, by a path under /proc; closed with the process. */
const char *file_with(const void *content, size_t size);
const char *file_with_text(const char *text);

/* Keeps what a test does not free until the process ends, so that leaks of the tested code stand
 * out. Returns it. */
void *keep(void *kept);
enum { FIXTURE_KEPT_MOST = 1000 };
extern void *fixture_kept[FIXTURE_KEPT_MOST]; /* read by a leak checker only */

/* From begin to end standard error is kept; end gives it back, kept. */
void errors_begin(void);
char *errors_end(void);

#define ck_assert_contains(text, part)                                                             \
    ck_assert_msg(strstr(text, part) != NULL, "\"%s\" is not in \"%s\"", part, text)
#define ck_assert_lacks(text, part)                                                                \
    ck_assert_msg(strstr(text, part) == NULL, "\"%s\" is in \"%s\"", part, text)

struct test {
    const char *name;
    const TTest *function;
};

/* Runs them all, each with so many seconds; the exit status of main. */
int run_tests(const char *unit, const struct test *tests, size_t count, double seconds);
#define RUN_TESTS(unit, tests) run_tests(unit, tests, sizeof(tests) / sizeof((tests)[0]), 20)

#endif
