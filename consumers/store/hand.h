/*
 * hand -- one thread's part of a fold: services are told their facts and evaluated, and what that
 * gives becomes rows.
 *
 * Services of which none inherits from another may be in several hands at once: each has rows of
 * its own, and what they share, governance and the records, does not change meanwhile.
 *
 * Ownership: owns its rows; borrows the rest.
 */
#ifndef ASSAY_STORE_HAND_H
#define ASSAY_STORE_HAND_H

#include "consumers/store/service.h"

struct hand {
    struct copies copies;
    struct arena *keys; /* a fact's key, until its row is written */
};

void hand_open(struct hand *hand);
void hand_close(struct hand *hand);

/* Facts of the service's own, in their order. */
void hand_tell(struct hand *hand, struct service *service, const struct taken *const *records,
               size_t count, int64_t batch);

/* Evaluates services together and writes one row a (service, environment). *marks[i] becomes true
 * where the i-th has anything to write. */
void hand_evaluate(struct hand *hand, const struct posture_governance *governance,
                   struct service *const *services, size_t count, int64_t position, int64_t batch,
                   bool **marks);

#endif
