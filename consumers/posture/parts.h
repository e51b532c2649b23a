/*
 * parts -- a standing, told: as steps, or in two parts that change little, its phase and its tally.
 *
 * Inside posture only. One result that is confirmed moves one expiry, and with it the counts of
 * every step between the old expiry and the new one: told as steps, a standing costs as many
 * changes as it has cells. Told as what is added to the counts at an instant, it costs two. What is
 * no count (membership, posture, certificate) changes rarely and stays a step function. Steps are
 * told to whoever asks for them, which aggregators do not: they are made for it each time.
 *
 * Ownership: borrows everything, for the call; steps are the caller's to free.
 */
#ifndef ASSAY_POSTURE_PARTS_H
#define ASSAY_POSTURE_PARTS_H

#include "consumers/posture/evaluation.h"

struct phases { /* rising */
    const struct posture_phase_step *items;
    uint32_t count;
};

static inline bool phases_alike(const struct posture_phase_step *a,
                                const struct posture_phase_step *b)
{
    return a->membership == b->membership && a->posture == b->posture &&
           a->certificate_state == b->certificate_state && a->certified == b->certified;
}

/* Reports the difference between what was and what is, both following on `before` (NULL: none). */
void parts_tell_phases(const struct evaluation *run, const struct standing *standing,
                       const struct posture_phase_step *before, struct phases was,
                       struct phases is);

/* Reports what has changed of the counts, which is arranged. */
void parts_tell_changes(const struct evaluation *run, const struct standing *standing);

/* Reports, as if nothing had been before, the parts that matter from `from` on. */
void parts_each(const struct posture_service *service, const struct standing *standing,
                instant from, const struct posture_sink *sink);

struct standing_steps { /* rising */
    struct posture_standing_step *items;
    uint32_t count, room;
};

/* All steps there are. */
struct standing_steps parts_steps(const struct standing *standing);

/* Reports what differs between the steps there were and those there are now. */
void parts_tell_steps(const struct evaluation *run, const struct standing *standing,
                      const struct standing_steps *was, const struct standing_steps *is);

#endif
