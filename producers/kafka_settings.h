/*
 * kafka_settings -- one way for every program to be told about its brokers: -b/--brokers and
 * -X key=value as kcat has them, and one place that turns them into librdkafka's configuration.
 *
 * A program states the properties it rests on. Some are defaults that -X may replace; those on
 * which a promise rests (no event lost, keys spread as Java spreads them) are fixed, and a -X that
 * contradicts one is refused instead of being quietly ignored.
 *
 * Secrets: values of -X never enter a fault or a log line, only keys do. What is not for the
 * process list goes into ASSAY_PROPERTIES, one key=value a line.
 *
 * Not a wrapper of librdkafka: callers set their callbacks on the configuration themselves.
 */
#ifndef ASSAY_PRODUCERS_KAFKA_SETTINGS_H
#define ASSAY_PRODUCERS_KAFKA_SETTINGS_H

#include "runtime/fault.h"
#include "runtime/settings.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

struct kafka_settings {
    const char *brokers;            /* host:port, separated by commas; NULL: none given */
    struct setting_list properties; /* "key=value", the later one wins */
};

/* The rows of a program's settings table; `kafka` is the struct kafka_settings they fill. */
#define KAFKA_SETTINGS_ROWS(kafka)                                                                 \
    {.kind = SETTING_HEADING, .help = "Kafka"},                                                    \
        {.kind = SETTING_TEXT,                                                                     \
         .letter = 'b',                                                                            \
         .name = "brokers",                                                                        \
         .environment = "ASSAY_BROKERS",                                                           \
         .argument = "HOST:PORT,…",                                                                \
         .help = "brokers to ask first",                                                           \
         .value = &(kafka).brokers},                                                               \
    {                                                                                              \
        .kind = SETTING_LIST, .letter = 'X', .name = "property",                                   \
        .environment = "ASSAY_PROPERTIES", .argument = "KEY=VALUE",                                \
        .help = "librdkafka property, as with kcat; again for more, one a line in the variable",   \
        .value = &(kafka).properties                                                               \
    }

/* One property a program rests on. */
struct kafka_property {
    const char *key;
    const char *value;
    bool fixed; /* -X may not set it to anything else */
};

/*
 * A configuration with `own` properties, then the user's. `client` becomes client.id, unless -X
 * has one. Caller owns the result (rd_kafka_conf_destroy, or rd_kafka_new takes it over). NULL:
 * FAULT_FATAL, and the text names the key and what is wrong. librdkafka's own log lines go to
 * log_debug.
 */
rd_kafka_conf_t *kafka_settings_configure(const struct kafka_settings *settings, const char *client,
                                          const struct kafka_property *own, size_t own_count,
                                          struct fault *why);

#endif
