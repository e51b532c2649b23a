/*
 * import -- runs a format over files as assay-import does with --dry-run, and keeps what came.
 */
#ifndef ASSAY_TESTS_UNIT_PRODUCERS_IMPORT_H
#define ASSAY_TESTS_UNIT_PRODUCERS_IMPORT_H

#include "producers/import/import.h"
#include "tests/unit/producers/fixture.h"

#include <jansson.h>

struct imported {
    json_t *events;   /* the events, in their order */
    char *errors;     /* what was logged */
    uint64_t refused; /* by line */
    bool unreadable;
};

/* A run with service "mail" and environment "gcc", to be changed before imported_run. */
struct import imported_import(void);

/* Reads the files, one after the other. The governance seen stays in `import`. */
struct imported imported_run(struct import *import, const struct import_format *format,
                             const char *const *paths, size_t count);

/* The text at `path` ("controlTestResult.check") of event number i; "" where it is not there. */
const char *imported_text(const struct imported *imported, size_t i, const char *path);

#endif
