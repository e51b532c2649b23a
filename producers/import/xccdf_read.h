/*
 * xccdf_read -- one pass over an XCCDF file (NIST SP 800-126, IR 7275): its rules and its results.
 *
 * Takes what scanners write: a Benchmark with its TestResults, a bare TestResult, or either
 * somewhere inside an ARF report or a data stream collection; XCCDF 1.1 and 1.2. The caller is
 * called back for every Rule and every rule-result as it passes by, so memory does not grow with
 * the file. Values are given as they stand there, white space at their ends removed: what they
 * mean is xccdf.c's question.
 *
 * Ownership: everything handed to a callback is good until it returns.
 */
#ifndef ASSAY_PRODUCERS_IMPORT_XCCDF_READ_H
#define ASSAY_PRODUCERS_IMPORT_XCCDF_READ_H

#include "producers/import/foreign_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xccdf_reference {
    char *href;
    char *text;
};

struct xccdf_rule {
    uint64_t line;
    char *id;        /* "" where it has none */
    char *benchmark; /* id of the Benchmark it stands in, "" likewise */
    char *title;     /* "" likewise; the first, where there are several languages */
    struct xccdf_reference *references;
    size_t reference_count;
};

/* What stands in a TestResult besides its rule-results; complete when it ends. */
struct xccdf_scan {
    size_t number; /* from 0, in the order of the file */
    uint64_t line;
    char *benchmark;    /* id: its own <benchmark>'s, else the enclosing Benchmark's, else "" */
    char *end_time;     /* "" where absent, like all that follow */
    char *test_system;  /* a CPE name */
    char *target;       /* the first */
    char *tool_name;    /* of the target-facts */
    char *tool_version; /* likewise */
};

struct xccdf_instance {
    char *context; /* "" where absent */
    char *text;
};

struct xccdf_result {
    uint64_t line;
    char *rule;    /* its idref */
    char *result;  /* "pass" … */
    char *message; /* the first */
    struct xccdf_instance *instances;
    size_t instance_count;
};

struct xccdf_visitor {
    void *context;
    /* Any may be NULL. False ends the pass, as a stop does. */
    bool (*rule)(void *context, const struct xccdf_rule *rule);
    bool (*result)(void *context, size_t scan, const struct xccdf_result *result);
    bool (*scan)(void *context, const struct xccdf_scan *scan);
};

/*
 * Reads `file` from its beginning to its end. False: FAULT_REJECT where it is no well-formed XML or
 * holds no TestResult of XCCDF 1.1 or 1.2 (the text names the line or the root), FAULT_FATAL where
 * it cannot be read, FAULT_NONE where a callback ended the pass.
 */
bool xccdf_read(struct foreign_file *file, const struct xccdf_visitor *visitor, struct fault *why);

#endif
