/*
 * settle -- governance's own steps, brought up to a position part by part.
 *
 * Inside posture only. The parts: which version of each fact is in force (settle.c), and what its
 * facts say of controls in vain (unknown.c).
 *
 * Ownership: borrows everything, for the call.
 */
#ifndef ASSAY_POSTURE_SETTLE_H
#define ASSAY_POSTURE_SETTLE_H

#include "consumers/posture/evaluation.h"

/* Whether facts of that body name controls, so that they depend on standards and programmes. */
bool claims_controls(const struct governance_fact *fact);
/* To be called with the fact's steps settled. */
void settle_claims(const struct posture_governance *governance, struct governance_fact *fact,
                   int64_t position, const struct posture_sink *sink);

#endif
