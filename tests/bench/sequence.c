#include "tests/bench/sequence.h"

#include "assay/v1/event.pb-c.h"
#include "proto/codec.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LATE_MS = 600 * 1000, DAY_MS = 24 * 3600 * 1000 };

static const int64_t FILL_AT = 1767312000000;   /* 2026-01-02T00:00:00Z, milliseconds */
static const int64_t EVENTS_AT = 1767398400000; /* a day later */

/* Each mode draws from a sequence of its own: an id must not come twice. */
static const uint64_t FILL_SEED = 20260101, EVENTS_SEED = 20260102;

static const struct variant VARIANTS[] = {
    {"steady", 300, 2, 174, 1, 104400, 1},
    {"adversarial", 300, 2, 174, 1, 104400, 100},
    {"hot", 300, 2, 174, 1, 1000, 1},
    {"subjects", 1, 1, 200, 5000, 1000000, 1},
    {"subjects-quick", 1, 1, 200, 250, 50000, 1},
};

const struct variant *variant_named(const char *name)
{
    for (size_t i = 0; i < sizeof VARIANTS / sizeof VARIANTS[0]; i++)
        if (strcmp(VARIANTS[i].name, name) == 0)
            return &VARIANTS[i];
    return NULL;
}

uint32_t variant_streams(const struct variant *variant)
{
    return variant->services * variant->environments * variant->checks * variant->subjects;
}

struct sequence {
    const struct variant *variant;
    bool fill;
    int64_t count; /* results yielded */
    uint64_t random;
    uint8_t *passes; /* of each stream, its last result */
};

/* splitmix64, as in Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014 */
static uint64_t random_next(struct sequence *sequence)
{
    uint64_t z = (sequence->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

struct sequence *sequence_new(const struct variant *variant, bool fill)
{
    struct sequence *sequence = malloc(sizeof *sequence);
    uint8_t *passes = malloc(variant_streams(variant));
    if (sequence == NULL || passes == NULL)
        abort();
    memset(passes, 1, variant_streams(variant));
    *sequence = (struct sequence){.variant = variant,
                                  .fill = fill,
                                  .random = fill ? FILL_SEED : EVENTS_SEED,
                                  .passes = passes};
    return sequence;
}

void sequence_free(struct sequence *sequence)
{
    free(sequence->passes);
    free(sequence);
}

struct test_result sequence_next(struct sequence *sequence)
{
    const struct variant *variant = sequence->variant;
    uint32_t streams = variant_streams(variant);
    struct test_result result = {0};
    int64_t count = sequence->count++;
    if (sequence->fill) {
        assert(count < streams);
        result.stream = (uint32_t)count;
        result.at = FILL_AT + count % DAY_MS;
    } else {
        uint32_t stride = streams / variant->streams;
        result.stream = (uint32_t)(random_next(sequence) % variant->streams) * stride;
        if (random_next(sequence) % 100 < variant->flips)
            sequence->passes[result.stream] = !sequence->passes[result.stream];
        bool late = random_next(sequence) % 100 == 0;
        result.at = EVENTS_AT + LATE_MS + count - (late ? LATE_MS : 0);
    }
    result.passes = sequence->passes[result.stream];
    result.host = (uint32_t)(random_next(sequence) % 40);
    result.month = (uint32_t)(random_next(sequence) % 12);
    result.object = random_next(sequence);
    for (size_t i = 0; i < sizeof result.id.bytes; i += 8)
        memcpy(&result.id.bytes[i], &(uint64_t){random_next(sequence)}, 8);
    return result;
}

void result_texts_of(const struct variant *variant, const struct test_result *result,
                     struct result_texts *texts)
{
    uint32_t rest = result->stream;
    uint32_t subject = rest % variant->subjects;
    uint32_t check = (rest /= variant->subjects) % variant->checks;
    uint32_t environment = (rest /= variant->checks) % variant->environments;
    uint32_t service = rest / variant->environments;
    snprintf(texts->service, RESULT_TEXT_MAX, "svc-%03u-payments", service);
    snprintf(texts->environment, RESULT_TEXT_MAX, "%s",
             environment == 0 ? "production" : "staging");
    snprintf(texts->check, RESULT_TEXT_MAX, "CC%u.%u-access-review-%03u", check % 9, check % 7,
             check);
    texts->subject[0] = '\0';
    if (variant->subjects > 1)
        snprintf(texts->subject, RESULT_TEXT_MAX, "host-%04u.example.net", subject);
    snprintf(texts->source, RESULT_TEXT_MAX, "scanner/host-%02u", result->host);
    snprintf(texts->summary, RESULT_TEXT_MAX, "rule set 2026.%02u, evidence object %016llx",
             result->month, (unsigned long long)result->object);
    texts->tool = "policy-agent";
    texts->version = result->stream % 2 == 0 ? "2.1" : "2.2";
}

size_t result_encode(const struct test_result *result, const struct result_texts *texts,
                     uint8_t value[static RESULT_VALUE_MAX])
{
    /* protobuf-c's fields are not const; encoding changes nothing */
    struct result_texts *names = (struct result_texts *)(uintptr_t)texts;
    Google__Protobuf__Timestamp occurred = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    occurred.seconds = result->at / 1000;
    occurred.nanos = (int32_t)(result->at % 1000) * 1000000;
    Assay__V1__Tool tool = ASSAY__V1__TOOL__INIT;
    tool.name = (char *)(uintptr_t)texts->tool;
    tool.version = (char *)(uintptr_t)texts->version;
    Assay__V1__ControlTestResult body = ASSAY__V1__CONTROL_TEST_RESULT__INIT;
    body.service = names->service;
    body.environment = names->environment;
    body.check = names->check;
    body.subject = names->subject;
    body.result = result->passes ? ASSAY__V1__RESULT__RESULT_PASS : ASSAY__V1__RESULT__RESULT_FAIL;
    body.method = ASSAY__V1__METHOD__METHOD_TEST;
    body.tool = &tool;
    body.summary = names->summary;
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    char id[UUID_TEXT_MAX];
    event.id = uuid_format(&result->id, id);
    event.source = names->source;
    event.occurred_at = &occurred;
    event.body_case = ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT;
    event.control_test_result = &body;
    size_t size = codec_encode(&event, NULL);
    assert(size <= RESULT_VALUE_MAX);
    codec_encode(&event, value);
    return size;
}
