/*
 * import -- what the formats share: the flags they heed, and where their events go.
 *
 * A format reads one file and hands over events; here they are completed, checked, and sent, or,
 * with --dry-run, printed. A format refuses what it cannot take by sending_refuse, with the line.
 *
 * One thread. Ownership: everything is the program's and lives until its end.
 */
#ifndef ASSAY_PRODUCERS_IMPORT_IMPORT_H
#define ASSAY_PRODUCERS_IMPORT_IMPORT_H

#include "producers/import/foreign_file.h"
#include "producers/import/governance.h"
#include "producers/sending.h"
#include "proto/arena.h"
#include "proto/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Which rules' mappings say that the check is required. */
enum import_required {
    IMPORT_REQUIRED_NONE,
    IMPORT_REQUIRED_RAN, /* selected, and applicable to the target */
    IMPORT_REQUIRED_ALL,
};

struct import {
    /* From the flags; NULL: not given. */
    const char *service;
    const char *environment;
    const char *source;
    const char *actor;
    const char *subject;
    bool with_mappings;
    enum import_required required;
    bool has_observed_at;
    instant observed_at;
    bool dry_run;

    struct sending sending;
    struct governance *governance; /* with_mappings only */
    struct arena *arena;           /* of the event in hand */
    FILE *out;                     /* where events are printed, with dry_run */
    uint64_t printed;              /* events, likewise */
};

/* One foreign format. Reads file number `file` of the run, opened as `opened`. False: there is no
 * point in going on with further files; the reason is logged. */
struct import_format {
    const char *name;
    bool needs_place; /* --service and --environment have to be given */
    bool (*read)(struct import *import, size_t file, struct foreign_file *opened);
};

extern const struct import_format xccdf_format;
extern const struct import_format attestation_format;

/* Sends or prints `event`, found at `line` of the file; gives it its id where it has none. The
 * outcomes are those of sending_event. `event` may live in the arena, which is not reset here. */
enum assay_outcome import_event(struct import *import, size_t file, uint64_t line,
                                Assay__V1__Event *event);

/* Whether to go on: no stop was asked for, and events still get through. */
bool import_goes_on(struct import *import);

/* `at` as a Timestamp in the arena. */
Google__Protobuf__Timestamp *import_timestamp(struct import *import, instant at);

/* Copies text into the arena, runs of white space as one space, cut to `most` bytes at a whole
 * character. */
char *import_text(struct import *import, const char *text, size_t most);

#endif
