/*
 * fixture -- what the tests of the contract share: events made from JSON, and one arena a test.
 */
#ifndef ASSAY_TESTS_UNIT_PROTO_FIXTURE_H
#define ASSAY_TESTS_UNIT_PROTO_FIXTURE_H

#include "proto/codec.h"
#include "proto/json.h"

#include <check.h>
#include <stddef.h>
#include <stdint.h>

/* A fresh one for each test; freed after it. */
extern struct arena *test_arena;

/* An event that must be readable. For the eye, ' stands for " in the JSON. */
Assay__V1__Event *event_from(const char *json);

/* The golden event of that body with every field filled, with the value at `path` ("actor",
 * "controlTestResult.tool.name", "standard.controls.0.kind") replaced by `value` (JSON, with ' for
 * "); null takes the field away. path NULL: as it is. */
Assay__V1__Event *golden_with(const char *body, const char *path, const char *value);

/* Its serialization, in the arena. */
const uint8_t *bytes_of(const Assay__V1__Event *event, size_t *size);

struct test {
    const char *name;
    const TTest *function;
    int loops; /* 0: once; else _i runs from 0 to loops - 1 */
};

/* Runs them all; the exit status of main. */
int run_tests(const char *unit, const struct test *tests, size_t count);
#define RUN_TESTS(unit, tests) run_tests(unit, tests, sizeof(tests) / sizeof((tests)[0]))
#define COUNT(array)           (int)(sizeof(array) / sizeof((array)[0]))

#endif
