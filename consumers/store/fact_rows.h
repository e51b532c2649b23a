/*
 * fact_rows -- rows of facts, and of the steps by which their versions take force.
 *
 * Stateless: what is folded goes into the rows of the transaction. Ownership: borrows everything.
 */
#ifndef ASSAY_STORE_FACT_ROWS_H
#define ASSAY_STORE_FACT_ROWS_H

#include "consumers/store/pack.h"

/* An accepted fact; `service` NULL: governance's. `keys` is the caller's for the length of the
 * call. */
void fact_row(struct copies *copies, struct arena *keys, int64_t batch, const struct taken *taken,
              const char *service);

void fact_step_row(struct copies *copies, int64_t batch, enum posture_change change,
                   const struct posture_fact_step *step);
void certification_step_row(struct copies *copies, int64_t batch, const char *programme,
                            const char *standard, enum posture_change change,
                            const struct posture_certification_step *step);

#endif
