/*
 * reach -- which cells a finding, an exception or a Statement of Applicability speaks of.
 *
 * Inside posture only. Numbers of names are governance's. What a version says of the programme is
 * not looked at here: an environment's programme is a matter of the instant.
 *
 * Ownership: borrows everything.
 */
#ifndef ASSAY_POSTURE_REACH_H
#define ASSAY_POSTURE_REACH_H

#include "consumers/posture/evaluation.h"

struct cell_name cell_name_of(const struct evaluation *run, const struct cell *cell);

bool reach_matches(const struct reach *reach, uint32_t star, const struct cell_name *cell);

/* Of a version of a finding or an exception. */
const struct reach *reach_of(const struct governance_version *version);

/* The findings, or the exceptions, any version of which matches the cell. Returns how many; the
 * array is the caller's to free, NULL where there are none. */
uint32_t reaching_facts(const struct evaluation *run, const struct naming *namings,
                        const struct cell_name *cell, const struct governance_fact ***facts);

/* Touches, from an instant on, what any version of a finding or exception matches: one version
 * takes over from another. In one environment, or (NULL) in all. */
void touch_reached(struct evaluation *run, const struct governance_fact *fact,
                   struct environment *in, instant from);
/* Whether it may match anything of the service. */
bool reaches_here(struct evaluation *run, const struct governance_fact *fact);

/* The same for a statement: the cells of controls that any version of it excludes. */
void touch_excluded(struct evaluation *run, const struct governance_fact *fact, instant from);
bool excludes_here(struct evaluation *run, const struct governance_fact *fact);

/* The same for the cells an inheritance is for; touches nothing where `from` is INSTANT_END.
 * Returns whether there is any standing for them. */
bool touch_inheriting(struct evaluation *run, const struct governance_fact *fact, instant from);

/* Touches the cells with an exception for single subjects of a population that was swept: which
 * results fail may differ though the greatest is the same. */
void touch_subjects(struct evaluation *run, const struct population *population, instant from);

#endif
