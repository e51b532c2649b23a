/*
 * results -- a service's test results of one batch, told to posture and gathered into rows.
 *
 * Several at a time: a result's stream, its last version and the place of its id lie anywhere in
 * the service's memory, which is asked for ahead. What comes out is the same as one by one.
 *
 * Ownership: borrows everything.
 */
#ifndef ASSAY_STORE_RESULTS_H
#define ASSAY_STORE_RESULTS_H

#include "consumers/store/pack.h"
#include "consumers/store/service.h"

/* Tells the first of these records that are test results, up to the first that is another fact;
 * returns how many. */
size_t results_tell(struct service *service, const struct taken *const *records, size_t count,
                    int64_t batch, struct copies *copies);

#endif
