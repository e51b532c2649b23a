/*
 * merge -- a cell's inputs, brought from instant to instant.
 *
 * Inside posture only. Holds, at one instant, everything that bears on a cell: scope, onboarding,
 * programme, standard, what the compliance office says of it, and for each check that was ever
 * mapped to it the mapping in force, the population's step and what exceptions cover of it.
 * merge_next says when something changes next, merge_advance takes the changes of that instant in
 * and keeps `facts` counted. Used for a window of instants (cell.c) and for a single one
 * (explain.c).
 *
 * Ownership: borrows the run and the cell; owns its arrays until merge_close.
 */
#ifndef ASSAY_POSTURE_MERGE_H
#define ASSAY_POSTURE_MERGE_H

#include "consumers/posture/cover.h"
#include "consumers/posture/office.h"
#include "consumers/posture/rules.h"

struct check_input {
    const struct governance_fact *fact;       /* of the mapping */
    const struct population *population;      /* NULL: no stream */
    const struct governance_version *mapping; /* in force */
    const struct population_step *step;       /* in force; NULL: no stream yet */
    uint32_t next_step;
    struct cover cover; /* no steps: no exception speaks of it */
    uint32_t next_cover;
    const struct cover_step *covered; /* in force; NULL with no steps */
    bool mapped, required;
    bool was_mapped;    /* before mapping_at */
    instant mapping_at; /* when the mapping in force last changed; INSTANT_BEGIN */
    instant next_mapping;
};

struct merge_point {
    instant at;
    uint32_t input; /* a check's, one of enum merge_source behind them, then the office's */
};

enum { FEW_CHECKS = 2, FEW_POINTS = 12 }; /* most cells have no more: no memory is asked for */

enum { BESTS = CATEGORIES + 1 }; /* the categories of a population, and IN_UNCOVERED */

struct best { /* the greatest observation of a category, and whose check's it is */
    uint32_t observation;
    uint32_t owner;
    bool known; /* else it must be looked for again */
};

struct merge {
    const struct evaluation *run;
    const struct cell *cell;
    struct cell_name name;
    const struct governance_fact *standard_fact;
    instant at;
    struct cell_facts facts;
    struct check_input *checks;
    uint32_t check_count;
    struct best best[BESTS];
    struct office office;
    struct exceptions exceptions;
    instant until;              /* nothing later is asked */
    bool office_changed;        /* or the programme: what it says must be looked at again */
    struct merge_point *points; /* a heap: the next change of each input, the earliest first */
    uint32_t point_count;
    const struct governance_version *listed_in; /* whose `listed` is; NULL: none yet */
    const struct listed_control *listed;
    struct check_input few_checks[FEW_CHECKS];
    struct merge_point few_points[FEW_POINTS];
};

/* Looks up what the cell's inputs are, for merge_open not to have to. */
void merge_prepare(const struct evaluation *run, struct cell *cell);
/* Opens at an instant: everything that began at or before it is taken in. The caller does not go
 * beyond `until`. */
void merge_open(struct merge *merge, const struct evaluation *run, const struct cell *cell,
                instant at, instant until);
void merge_close(struct merge *merge);
/* On to a later instant, without a stop at each change in between. */
void merge_seek(struct merge *merge, instant at);

instant merge_next(const struct merge *merge); /* INSTANT_END: nothing changes any more */
void merge_advance(struct merge *merge);       /* to merge_next, which must not be INSTANT_END */

/* The greatest event among the cell's inputs that takes effect at merge->at; NULL: time alone. */
const struct version *merge_cause(const struct merge *merge);

/* Whether a check, if required, is missing. */
bool check_missing(const struct check_input *input);

#endif
