/*
 * bench-load -- fills assay.evidence with a workload, always the same for the same arguments.
 *
 *   bench-load BROKERS VARIANT fill                  one PASS of each stream
 *   bench-load BROKERS VARIANT FROM UPTO [RATE]      the results after it, from number FROM up to
 * and without UPTO, at most RATE a second bench-load - VARIANT UPTO                        sends
 * nothing; prints what must be known after the fill and so many results: the result in force of
 * each stream
 *
 * Variants: steady (results differ from their stream's last 1 time in 100), adversarial (always),
 * hot (like steady, 1,000 streams only), all of 300 services in 2 environments with 174 checks;
 * subjects (like steady; one service, one environment, 200 checks, 5,000 hosts) and subjects-quick
 * (250).
 *
 * Records have a key and a value of about 235 bytes, and no headers. No example of a producer: that
 * is producers/emitter/example.c.
 */
#include "tests/bench/client.h"
#include "tests/bench/sequence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void send_one(rd_kafka_t *producer, const struct variant *variant,
                     const struct test_result *result)
{
    struct result_texts texts;
    uint8_t value[RESULT_VALUE_MAX];
    result_texts_of(variant, result, &texts);
    producer_send(producer, texts.service, value, result_encode(result, &texts, value), NULL);
}

static void send_fill(rd_kafka_t *producer, const struct variant *variant)
{
    struct sequence *sequence = sequence_new(variant, true);
    for (uint32_t i = 0; i < variant_streams(variant); i++) {
        struct test_result result = sequence_next(sequence);
        send_one(producer, variant, &result);
    }
    sequence_free(sequence);
}

static void send_results(rd_kafka_t *producer, const struct variant *variant, long from, long upto,
                         double rate)
{
    struct sequence *sequence = sequence_new(variant, false);
    for (long i = 0; i < from; i++)
        sequence_next(sequence);
    double begin = now();
    for (long i = from; i < upto; i++) {
        struct test_result result = sequence_next(sequence);
        send_one(producer, variant, &result);
        while (rate > 0 && now() - begin < (double)(i - from) / rate)
            rd_kafka_poll(producer, 1);
    }
    sequence_free(sequence);
}

/* The facts' order: later first, then the worse result, then the greater id. */
static bool follows(const struct test_result *a, const struct test_result *b)
{
    if (a->at != b->at)
        return a->at > b->at;
    if (a->passes != b->passes)
        return !a->passes;
    return uuid_compare(&a->id, &b->id) > 0;
}

static void tell(const struct variant *variant, long upto)
{
    uint32_t streams = variant_streams(variant);
    struct test_result *last = calloc(streams, sizeof *last);
    if (last == NULL)
        fail("out of memory");
    struct sequence *sequence = sequence_new(variant, true);
    for (uint32_t i = 0; i < streams; i++)
        last[i] = sequence_next(sequence);
    sequence_free(sequence);
    sequence = sequence_new(variant, false);
    for (long i = 0; i < upto; i++) {
        struct test_result result = sequence_next(sequence);
        if (follows(&result, &last[result.stream]))
            last[result.stream] = result;
    }
    sequence_free(sequence);
    for (uint32_t i = 0; i < streams; i++) {
        struct result_texts texts;
        char id[UUID_TEXT_MAX];
        result_texts_of(variant, &last[i], &texts);
        printf("%s\t%s\t%s\t%s\t%lld\t%s\n", texts.service, texts.environment, texts.check,
               last[i].passes ? "PASS" : "FAIL", (long long)last[i].at,
               uuid_format(&last[i].id, id));
    }
    free(last);
}

int main(int argc, char **argv)
{
    const struct variant *variant = argc > 2 ? variant_named(argv[2]) : NULL;
    bool telling = argc == 4 && strcmp(argv[1], "-") == 0;
    bool fill = argc == 4 && !telling && strcmp(argv[3], "fill") == 0;
    if (variant == NULL || !(telling || fill || argc == 5 || argc == 6)) {
        fprintf(stderr, "usage: bench-load BROKERS VARIANT fill|(FROM UPTO [RATE])\n"
                        "       bench-load - VARIANT UPTO\n");
        return 2;
    }
    if (telling) {
        tell(variant, strtol(argv[3], NULL, 10));
        return fflush(stdout) == 0 ? 0 : 3;
    }
    double rate = argc == 6 ? strtod(argv[5], NULL) : 0;
    /* At a rate: librdkafka's own, as teams' emitters have it. With 0 each result would be a
     * request of its own, and sending them would take a core. */
    rd_kafka_t *producer = producer_new(argv[1], rate > 0 ? "5" : "20");
    if (fill)
        send_fill(producer, variant);
    else
        send_results(producer, variant, strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10), rate);
    producer_finish(producer);
    return 0;
}
