/*
 * certificates -- what posture says of certificates, as courses: those that are, and those that
 * would be.
 *
 * Names: "programme\nstandard\nwhat". Ownership: the two sets are its own.
 */
#ifndef ASSAY_WHATIF_CERTIFICATES_H
#define ASSAY_WHATIF_CERTIFICATES_H

#include "consumers/posture/posture.h"
#include "consumers/whatif/courses.h"

struct certificates {
    struct courses *before, *after;
    bool supposing; /* what is told goes to `after` alone */
};

void certificates_open(struct certificates *certificates);
void certificates_close(struct certificates *certificates);
struct posture_sink certificates_sink(struct certificates *certificates);

#endif
