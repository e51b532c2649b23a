/*
 * evaluation -- one run of posture_evaluate, handed from step to step.
 *
 * The order of the steps: governance's log (advance.c) and what was told mark what they touch;
 * facts' versions in force and which results count (counting.c); then, environment by environment,
 * the programme it belongs to, what is certified, populations, and the own steps of cells that may
 * inherit or be inherited from. When all services that are evaluated together are there, what
 * changed is carried on to those that inherit (inherit.c); then, environment by environment
 * again, cells, standings, and what is unmapped.
 *
 * Ownership: borrows everything, for the run.
 */
#ifndef ASSAY_POSTURE_EVALUATION_H
#define ASSAY_POSTURE_EVALUATION_H

#include "consumers/posture/service.h"

#include <string.h>

struct together { /* the services that are evaluated together */
    struct evaluation *runs;
    size_t count;
    const struct evaluation **by_name; /* those governance has heard of, by its number */
    size_t by_name_count;
};

struct evaluation {
    const struct together *together;
    struct posture_service *service;
    const struct posture_governance *governance;
    int64_t position, batch;
    const struct posture_sink *sink;
    uint32_t name; /* of the service, in governance's numbers */
};

/* advance.c: marks what governance's commits since the last run touch. */
void advance(struct evaluation *run);

/* counting.c: facts' versions in force, with their steps; recalled tools; pending results. */
void count_facts(struct evaluation *run);
void count_results(struct evaluation *run);

enum record_fate {
    RECORD_COUNTS,
    RECORD_GONE, /* retracted, or its tool recalled */
    RECORD_UNKNOWN_SERVICE,
    RECORD_NOT_OWNER,
};
/* What becomes of one record of an observation. */
enum record_fate record_fate(const struct evaluation *run, const struct observation *observation,
                             const struct kept_record *record);

/* The version of a service's own fact in force at an instant, from its steps; NULL: none. */
const struct fact_version *fact_in_force(const struct service_fact *fact, instant at);
/* How many of its steps begin at or before an instant. */
uint32_t fact_steps_until(const struct service_fact *fact, instant at);

/* programme.c: the programme the environment belongs to, and its standards' cells. */
void settle_environment(struct evaluation *run, struct environment *environment);
const struct programme_step *programme_at(const struct environment *environment, instant at);

/* population.c: sweeps what is dirty, and touches the cells above. */
void evaluate_populations(struct evaluation *run, struct environment *environment);
/* How many of its steps begin at or before an instant. */
uint32_t population_steps_until(const struct population *population, instant at);
int64_t population_ttl(const struct population *population, instant at);
/* Of its check; NULL: none was ever told. */
const struct governance_fact *mapping_of(const struct evaluation *run,
                                         struct population *population);

/* cell.c */
/* The own steps of dirty cells that have kin. Their windows stay, for what is shown. */
void evaluate_own(struct evaluation *run, struct environment *environment);
/* Makes a cell keep its own steps apart. */
void cell_become_kin(struct posture_service *service, struct cell *cell);
struct fresh { /* the steps of a cell from some instant on, as they are now */
    struct cell_step *steps;
    uint32_t count, room;
};
void fresh_add(struct fresh *fresh, const struct cell_step *step);
/* The own step in force; NULL: none. */
const struct cell_step *cell_own_at(const struct cell *cell, instant at);
instant cell_own_next(const struct cell *cell, instant at); /* INSTANT_END: no step after `at` */
bool cell_same_values(const struct cell_step *a, const struct cell_step *b);
/* As it was told, where a transition that time alone causes was there before. */
int64_t cell_known_of(const struct evaluation *run, const struct cell *cell,
                      const struct cell_step *step);
void evaluate_cells(struct evaluation *run, struct environment *environment);
uint32_t cell_steps_until(const struct cell *cell, instant at);
struct posture_cell_step cell_step_reported(const struct posture_service *service,
                                            const struct cell_step *step);

/* certified.c */
void evaluate_certified(struct evaluation *run, struct environment *environment);
const struct certified_step *certified_at(const struct standing *standing, instant at);
/* Marks that what is certified must be looked at again: in an environment, or what a decision bears
 * on; whether there is any such standing. */
void touch_certified(const struct environment *environment);
bool touch_certificate(struct evaluation *run, const struct governance_version *version,
                       bool only_ask);

/* inherit.c */
/* The services' numbers are known; to be called first and last. */
void together_open(struct together *together);
void together_close(struct together *together);
/* Carries windows on to the cells that inherit, of all services. */
void spread(struct together *together);
/* Works out what is shown of a cell with kin within a window; `last` is the step before it. */
void sweep_inherited(const struct evaluation *run, const struct cell *cell,
                     const struct window *window, struct cell_step last, struct fresh *fresh);

/* standing.c */
void evaluate_standings(struct evaluation *run, struct environment *environment);
/* Touches the shown posture of whatever may rest on others. */
void touch_extending(struct evaluation *run, struct environment *environment, instant from);

/* Whether any version of the standard extends others; NAME_NONE: no. */
bool standard_extends(const struct posture_governance *governance, uint32_t name);

/* unmapped.c */
void evaluate_unmapped(struct evaluation *run, struct environment *environment);
void evaluate_retractions(struct evaluation *run);
void each_unmapped(const struct posture_service *service, const struct environment *environment,
                   instant from, const struct posture_sink *sink);
void each_retraction(const struct posture_service *service, const struct posture_sink *sink);
/* Filled but for at, reason and what the event is about. */
struct posture_unmapped_step unmapped_record(const struct names *names,
                                             const struct kept_record *record);

/* Marks that the reasons why results have no effect must be looked at again. */
void touch_reasons(struct environment *environment);

/* Where steps begin: the number of `count` elements of `size` bytes, each starting with its
 * instant, rising, that are at or before `at`. Looks from the end on, in strides that double: what
 * is asked for mostly lies there, and what lies before is in no cache. */
static inline uint32_t steps_until(const void *steps, uint32_t count, size_t size, instant at)
{
    const char *bytes = steps;
    uint32_t low = 0, high = count;
    for (uint32_t stride = 1; low < high;) {
        uint32_t probed = stride < high - low ? high - stride : low + (high - low) / 2;
        instant begins;
        memcpy(&begins, bytes + probed * size, sizeof begins);
        if (begins <= at)
            low = probed + 1;
        else
            high = probed;
        stride = low > 0 || stride > count / 2 ? count : 2 * stride; /* between two: halves */
    }
    return low;
}

#endif
