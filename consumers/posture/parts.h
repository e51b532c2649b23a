/*
 * parts -- a standing's steps, told in two parts that change little: its phase and its tally.
 *
 * Inside posture only. One result that is confirmed moves one expiry, and with it the counts of
 * every step between the old expiry and the new one: told as steps, a standing costs as many
 * changes as it has cells. Told as what is added to the counts at an instant, it costs two. What is
 * no count (membership, posture, certificate) changes rarely and stays a step function.
 *
 * Ownership: borrows everything, for the call.
 */
#ifndef ASSAY_POSTURE_PARTS_H
#define ASSAY_POSTURE_PARTS_H

#include "consumers/posture/evaluation.h"

struct standing_steps { /* rising */
    const struct standing_step *items;
    uint32_t count;
};

/* Reports the difference between what was and what is, both following on `before` (NULL: none). */
void parts_tell(const struct posture_sink *sink, const char *environment, const char *standard,
                const struct standing_step *before, struct standing_steps was,
                struct standing_steps is);

/* Reports, as if nothing had been before, the parts that matter from `from` on. */
void parts_each(const struct posture_sink *sink, const char *environment, const char *standard,
                struct standing_steps all, instant from);

#endif
