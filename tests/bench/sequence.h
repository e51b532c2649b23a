/*
 * sequence -- the benchmark's test results, always the same ones in the same order.
 *
 * A variant says how many streams there are and how often a result differs from its stream's last.
 * A sequence yields either the fill, one PASS of each stream, or the results after it: a
 * millisecond apart, one in a hundred told ten minutes late. Pure: no I/O and no clock. What the
 * results are about (standard, mappings, scope) workload.py publishes, with the same names.
 *
 * Ownership: a sequence owns its memory of the streams; results are plain data.
 */
#ifndef ASSAY_TESTS_BENCH_SEQUENCE_H
#define ASSAY_TESTS_BENCH_SEQUENCE_H

#include "proto/identity.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct variant {
    const char *name;
    uint32_t services, environments, checks, subjects;
    uint32_t streams; /* how many of them get results after the fill, evenly spread */
    uint32_t flips;   /* results that differ from their stream's last, in a hundred */
};

const struct variant *variant_named(const char *name); /* NULL: there is none */
uint32_t variant_streams(const struct variant *variant);

struct test_result {
    uint32_t stream;
    bool passes;
    int64_t at; /* milliseconds since 1970 */
    uuid id;
    uint32_t host, month; /* for its source and its summary */
    uint64_t object;
};

struct sequence;
struct sequence *sequence_new(const struct variant *variant, bool fill); /* aborts without memory */
void sequence_free(struct sequence *sequence);
/* The next result. There is one a stream in the fill, and no end after it. */
struct test_result sequence_next(struct sequence *sequence);

enum { RESULT_TEXT_MAX = 96, RESULT_VALUE_MAX = 2048 };

/* The result's names, as texts. */
struct result_texts {
    char service[RESULT_TEXT_MAX], environment[RESULT_TEXT_MAX], check[RESULT_TEXT_MAX],
        subject[RESULT_TEXT_MAX], source[RESULT_TEXT_MAX], summary[RESULT_TEXT_MAX];
    const char *tool, *version;
};
void result_texts_of(const struct variant *variant, const struct test_result *result,
                     struct result_texts *texts);

/* The event's serialization, about 235 bytes; returns its size. */
size_t result_encode(const struct test_result *result, const struct result_texts *texts,
                     uint8_t value[static RESULT_VALUE_MAX]);

#endif
