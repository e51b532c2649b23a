/*
 * explaining -- the parts of an explanation, each filling its own fields of it.
 *
 * Inside posture only: explain.c asks them in turn.
 *
 * Ownership: borrows everything; the arrays in `out` are the explanation's.
 */
#ifndef ASSAY_POSTURE_EXPLAINING_H
#define ASSAY_POSTURE_EXPLAINING_H

#include "consumers/posture/explain.h"
#include "consumers/posture/inherit.h"
#include "consumers/posture/merge.h"

/* explain_events.c: an event that is in hand as a version. */
struct explained_event explained_fact(const struct posture_service *service, const char *body,
                                      const struct fact_version *version);
struct explained_event explained_governance(const struct posture_governance *governance,
                                            const struct governance_version *version);
struct explained_event explained_result(const struct evaluation *run,
                                        const struct observation *observation);
/* Any version of governance or of one of the services; NULL, or of none of them: no event. */
struct explained_event explained_version(const struct together *together,
                                         const struct version *version);

/* Rule 4, as long as it does not decide. */
extern const struct explained_rule explained_inheriting;

/* explain_office.c: findings, statement, exceptions; then the chain of providers, which may take
 * over status, rule and deciding event. After the checks. */
void explain_office(const struct merge *merge, instant at, struct posture_explanation *out);
void explain_chain(const struct evaluation *run, const struct cell *cell, instant at,
                   struct posture_explanation *out);

#endif
