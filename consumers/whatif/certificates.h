/*
 * certificates -- what posture says of governance's own, as courses: certificates that are, those
 * that would be, and what of the supposed facts has no effect.
 *
 * Names: "programme\nstandard\nwhat". Ownership: the two sets are its own.
 */
#ifndef ASSAY_WHATIF_CERTIFICATES_H
#define ASSAY_WHATIF_CERTIFICATES_H

#include "consumers/posture/posture.h"
#include "consumers/whatif/courses.h"

struct certificates {
    struct courses *before, *after;
    struct courses *ineffective; /* which supposed events have no effect; borrowed */
    bool supposing;              /* what is told goes to `after` alone */
};

void certificates_open(struct certificates *certificates, struct courses *ineffective);
void certificates_close(struct certificates *certificates);
struct posture_sink certificates_sink(struct certificates *certificates);

#endif
