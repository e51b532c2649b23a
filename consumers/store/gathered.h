/*
 * gathered -- what a pair has gathered for one row of each table, not packed yet.
 *
 * Inside pack only, which fills it and writes it: the elements, and the order that rows have them
 * in.
 *
 * Ownership: a pair's (pack.h), texts too where it says so.
 */
#ifndef ASSAY_STORE_GATHERED_H
#define ASSAY_STORE_GATHERED_H

#include "consumers/posture/posture.h"

enum { FLAG_TRANSITION = 1, FLAG_STALE = 2, STEP_IS_REMOVED = -1 };

/* In place of a status: of all that are counted. PASSED is what these are more than the others. */
enum { TALLY_OF_ALL = CELL_NONE };

struct cell_row {
    instant at;
    int64_t known;
    uint32_t cell, checks, missing;
    int16_t status, flags;
    bool has_deciding, has_cause;
    uuid deciding, cause;
    char *exception, *finding, *inherited_from; /* owned; NULL mostly */
};

struct phase_row {
    const char *standard; /* one of the pair's */
    int16_t membership;   /* the step's, or STEP_IS_REMOVED */
    struct posture_phase_step step;
};

struct tally_row {
    const char *standard; /* one of the pair's */
    instant at;
    int16_t status;
    int32_t change;
};

struct unmapped_row {
    bool removed;
    instant at;
    uuid event;
    struct posture_record record;
    char *reason, *check, *standard, *control; /* owned */
};

struct result_row {
    instant occurred_at, expires_at;
    int64_t sequence, offset;
    uint32_t stream, source;
    int32_t tool, partition, incarnation;
    int16_t topic, result;
    uuid id;
    uint8_t digest[16];
};

struct rows { /* of one kind */
    char *items;
    size_t count, room;
};

struct gathered {
    struct rows cells, phases, tallies, unmapped, results;
};

/* Into an order that does not depend on what posture was told first: a service that was loaded was
 * told in another order than one that was there all along. Cells come by name, results as told.
 * What says nothing is gone, or says the same as its neighbours. */
void gathered_arrange(struct gathered *gathered);

#endif
