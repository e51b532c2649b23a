/*
 * sweep -- the streams of a population as segments, and what is greatest of each category when.
 *
 * Inside posture only, and of population.c alone but for resweep.c. A stream is a row of segments,
 * each from its instant to the next one's: a version in force, fresh and then stale. Only the
 * starts are sorted: what has ended is noticed when it would be the greatest. A sweep begins just
 * before the window, so that every start in it is a point.
 *
 * Ownership: a sweep owns its arrays, which serve one population after the other.
 */
#ifndef ASSAY_POSTURE_SWEEP_H
#define ASSAY_POSTURE_SWEEP_H

#include "consumers/posture/evaluation.h"

enum { IN_NOTHING = IN_NOT_CHECKED + 1, HEAPS = IN_NOT_CHECKED + 1 };

struct segment {
    instant from, until;
    instant occurred_at; /* of the observation: most comparisons end there */
    uint32_t observation;
    uint32_t category;
};

struct heap { /* the greatest observation first; those that ended leave when they come first */
    struct segment *items;
    uint32_t count, room;
    instant last_until; /* the greatest `until` ever put in since it was empty */
};

struct sweep { /* its arrays serve one population after the other */
    const struct posture_service *service;
    const struct population *population;
    instant start; /* the window's, less one: its first state */
    struct segment *starts;
    uint32_t start_count, start_room;
    struct heap heaps[HEAPS];
    struct population_step *steps; /* what comes out, from `start` on */
    uint32_t step_count, step_room;
    uint8_t hidden; /* of the step held before these; see population_step.hidden */
};

/* Begins anew: nothing but what started after `start` will be a point. */
void sweep_open(struct sweep *sweep, const struct posture_service *service,
                const struct population *population, instant start);
void sweep_free(struct sweep *sweep);

/* Takes a stream in: what is in force at the start, and what starts later. */
void sweep_stream(struct sweep *sweep, const struct stream *stream);
/* Asks for what will be read of the streams a little behind the first of these. */
void sweep_ahead(const struct posture_service *service, const uint32_t *streams, uint32_t count);
/* To be called after the last stream: by their starts. */
void sweep_sort(struct sweep *sweep);

/* Takes in what starts at an instant, from the `*next`-th start on, which moves behind it; returns
 * the greatest observation that occurred then, NONE. */
uint32_t sweep_enter(struct sweep *sweep, uint32_t *next, instant at);
/* What is greatest at an instant; they must not fall. */
struct population_step sweep_state(struct sweep *sweep, instant at);
/* Adds a step where it differs from the one before, or something came. */
void sweep_add(struct sweep *sweep, const struct population_step *step,
               const struct population_step *before);
/* The categories of which one of these starts is not the greatest there. */
uint8_t sweep_hidden(const struct sweep *sweep, uint32_t first, uint32_t until,
                     const struct population_step *state);
/* Marks, where the last step is, that something starts there hidden. */
void sweep_hide(struct sweep *sweep, uint8_t hidden);

/* All streams. */
void sweep_all(struct sweep *sweep);

/*
 * resweep.c: the same out of what is held and the streams that were touched, without a look at the
 * others. False: what is held does not tell, and nothing was done.
 */
bool resweep(struct sweep *sweep, uint32_t kept);

#endif
