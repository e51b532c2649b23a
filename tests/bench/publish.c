/*
 * bench-publish -- how fast results can be published from C, and how fast at all.
 *
 *   bench-publish BROKERS COUNT emitter    the emitter library, as a service team uses it
 *   bench-publish BROKERS COUNT plain      librdkafka alone: the same values, ready made; no
 * headers bench-publish BROKERS COUNT headers    the same with the headers that the emitter sends
 *   bench-publish - COUNT lines            prints the results as JSON, one a line
 *   bench-publish - COUNT parse            standard input's lines, each parsed by jansson, and
 * freed
 *
 * Prints seconds until everything was acknowledged, or parsed, and CPU seconds, without those of
 * making the input.
 */
#include "assay/v1/event.pb-c.h"
#include "proto/record.h"
#include "tests/bench/client.h"
#include "tests/bench/sequence.h"

#include <assay/emitter.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DISTINCT = 20000, ARENA_BYTES = 1 << 20, CLOSE_MS = 120000 };

/* As many results as stay in the processor's reach; they are sent again and again, with instants
 * and so with ids of their own where the emitter makes them. */
struct made {
    struct test_result result;
    struct result_texts texts;
    uint8_t value[RESULT_VALUE_MAX / 4];
    size_t size;
};

static struct made *make(void)
{
    const struct variant *variant = variant_named("steady");
    struct sequence *sequence = sequence_new(variant, false);
    struct made *made = calloc(DISTINCT, sizeof *made);
    if (made == NULL)
        fail("out of memory");
    for (size_t i = 0; i < DISTINCT; i++) {
        uint8_t value[RESULT_VALUE_MAX];
        made[i].result = sequence_next(sequence);
        result_texts_of(variant, &made[i].result, &made[i].texts);
        made[i].size = result_encode(&made[i].result, &made[i].texts, value);
        if (made[i].size > sizeof made[i].value)
            fail("a value is longer than expected");
        memcpy(made[i].value, value, made[i].size);
    }
    sequence_free(sequence);
    return made;
}

static void by_emitter(const char *brokers, const struct made *made, long count)
{
    struct assay_error error;
    assay_emitter *emitter =
        assay_emitter_open(&(struct assay_emitter_options){.brokers = brokers}, &error);
    if (emitter == NULL)
        fail(error.text);
    for (long i = 0; i < count; i++) {
        const struct made *one = &made[i % DISTINCT];
        const struct assay_result result = {
            .service = one->texts.service,
            .environment = one->texts.environment,
            .check = one->texts.check,
            .verdict = one->result.passes ? ASSAY_PASS : ASSAY_FAIL,
            .occurred_at = {.tv_sec = one->result.at / 1000 + i / DISTINCT,
                            .tv_nsec = one->result.at % 1000 * 1000000},
            .tool = one->texts.tool,
            .tool_version = one->texts.version,
            .summary = one->texts.summary,
            .source = one->texts.source,
        };
        if (assay_emitter_send_result(emitter, &result, NULL, &error) != ASSAY_OK)
            fail(error.text);
    }
    if (assay_emitter_close(emitter, CLOSE_MS, NULL, &error) != ASSAY_OK)
        fail(error.text);
}

static rd_kafka_headers_t *headers_of(const struct record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(RECORD_HEADERS);
    for (size_t i = 0; i < RECORD_HEADERS && record->headers[i].name != NULL; i++)
        rd_kafka_header_add(headers, record->headers[i].name, -1, record->headers[i].value,
                            (ssize_t)record->headers[i].size);
    return headers;
}

static void by_librdkafka(const char *brokers, const struct made *made, long count, bool headers)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct judgement judgement;
    struct record record = {0};
    struct fault why;
    if (!record_judge(RECORD_EVIDENCE, NULL, 0, made[0].value, made[0].size, INSTANT_BEGIN, arena,
                      &judgement) ||
        judgement.event == NULL || !record_of_event(judgement.event, NULL, arena, &record, &why))
        fail("its own event is not valid");
    rd_kafka_t *producer = producer_new(brokers, "5"); /* librdkafka's own, and so the emitter's */
    for (long i = 0; i < count; i++) {
        const struct made *one = &made[i % DISTINCT];
        producer_send(producer, one->texts.service, one->value, one->size,
                      headers ? headers_of(&record) : NULL);
    }
    producer_finish(producer);
    arena_free(arena);
}

static void print_lines(const struct made *made, long count)
{
    char id[UUID_TEXT_MAX];
    for (long i = 0; i < count; i++) {
        const struct made *one = &made[i % DISTINCT];
        time_t second = one->result.at / 1000 + i / DISTINCT;
        struct tm parts;
        char at[32];
        strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%S", gmtime_r(&second, &parts));
        printf("{\"id\":\"%s\",\"source\":\"%s\",\"occurredAt\":\"%s.%03dZ\","
               "\"controlTestResult\":{\"service\":\"%s\",\"environment\":\"%s\","
               "\"check\":\"%s\",\"result\":\"RESULT_%s\",\"method\":\"METHOD_TEST\","
               "\"tool\":{\"name\":\"%s\",\"version\":\"%s\"},\"summary\":\"%s\"}}\n",
               uuid_format(&one->result.id, id), one->texts.source, at,
               (int)(one->result.at % 1000), one->texts.service, one->texts.environment,
               one->texts.check, one->result.passes ? "PASS" : "FAIL", one->texts.tool,
               one->texts.version, one->texts.summary);
    }
}

static void parse_lines(long count)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    long parsed = 0;
    while ((size = getline(&line, &room, stdin)) > 0) {
        json_t *value = json_loadb(line, (size_t)size, JSON_REJECT_DUPLICATES, NULL);
        if (value == NULL)
            fail("a line is no JSON");
        json_decref(value);
        parsed++;
    }
    free(line);
    if (parsed != count)
        fail("there are not as many lines as that");
}

int main(int argc, char **argv)
{
    long count = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    const char *way = argc == 4 ? argv[3] : "";
    struct made *made = make();
    double begin = now(), cpu = cpu_seconds();
    if (strcmp(way, "emitter") == 0)
        by_emitter(argv[1], made, count);
    else if (strcmp(way, "plain") == 0 || strcmp(way, "headers") == 0)
        by_librdkafka(argv[1], made, count, way[0] == 'h');
    else if (strcmp(way, "parse") == 0)
        parse_lines(count);
    else if (strcmp(way, "lines") == 0) {
        print_lines(made, count);
        free(made);
        return fflush(stdout) == 0 ? 0 : 3;
    } else {
        fprintf(stderr, "usage: bench-publish BROKERS|- COUNT emitter|plain|headers|lines|parse\n");
        return 2;
    }
    printf("{\"records\": %ld, \"seconds\": %.4f, \"cpu\": %.3f}\n", count, now() - begin,
           cpu_seconds() - cpu);
    free(made);
    return 0;
}
