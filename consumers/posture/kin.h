/*
 * kin -- which cells inherit from which, as far as any inheritance ever told might make them.
 *
 * Inside posture only, but for posture_governance_kin. It knows no instant and no position: a
 * version that is retracted, or of a later position, makes kin as well, so that what is kin stays
 * kin. What is in force is office.h's and inherit.h's matter.
 *
 * Ownership: the index is governance's.
 */
#ifndef ASSAY_POSTURE_KIN_H
#define ASSAY_POSTURE_KIN_H

#include "consumers/posture/governance.h"

/* Fills the version's inheritance from the body, and registers whom it binds together. */
void kin_read(struct posture_governance *governance, struct governance_version *version,
              const Assay__V1__Inheritance *body);
void kin_free(struct posture_governance *governance);

/* The inheritances for a cell, the most specific first. Returns how many. */
uint32_t kin_inheritances(const struct posture_governance *governance, const struct cell_name *cell,
                          const struct governance_fact *facts[static 4]);

/* The inheritances that may take from a cell: for its control, and for all (either may be NULL). */
void kin_of_provider(const struct posture_governance *governance, const struct cell_name *cell,
                     const struct inheriting *found[static 2]);

/* Whether the cell may inherit or be inherited from. */
bool kin_has(const struct posture_governance *governance, const struct cell_name *cell);

#endif
