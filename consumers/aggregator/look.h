/*
 * look -- asks a broker for the ends of one log, beside the loop that takes records.
 *
 * A broker answers what came by one connection in turn, and the fetch before the question may wait
 * for records as long as fetch.wait.max.ms: asked within the loop, each question would keep records
 * waiting as long. One question at a time, by a thread of its own that shares nothing with the loop
 * but the answer. What the answer means is held.h's.
 *
 * Ownership: borrows the intake from look_begin until the answer is taken or the look is freed.
 */
#ifndef ASSAY_AGGREGATOR_LOOK_H
#define ASSAY_AGGREGATOR_LOOK_H

#include "consumers/intake/intake.h"

struct look;

struct seen {
    char topic[256]; /* empty: no log's ends were asked for, only whether some broker answers */
    int32_t partition;
    int64_t epoch;    /* as given to look_begin */
    instant asked_at; /* by the wall clock, before the question */
    bool answered;    /* first and end are the log's */
    bool heard;       /* some broker answers; where none does, why */
    int64_t first, end;
    struct fault why;
};

struct look *look_new(void);
void look_free(struct look *look); /* waits for the answer, a second at most; NULL: nothing */

/* Asks, unless a question is under way. `topic` NULL: only whether some broker answers. */
void look_begin(struct look *look, struct intake *intake, const char *topic, int32_t partition,
                int64_t epoch);

/* Takes the answer, once; false: there is none (yet). */
bool look_over(struct look *look, struct seen *seen);

#endif
