/*
 * version -- what orders the versions of a fact, and what every kept version begins with.
 *
 * A struct of any kind whose first member is a `struct version` can be a cell's deciding event or
 * the cause of a transition; versions stay where they are as long as their handle lives, so a
 * pointer names one.
 */
#ifndef ASSAY_POSTURE_VERSION_H
#define ASSAY_POSTURE_VERSION_H

#include "consumers/posture/posture.h"

struct version {
    struct posture_order order;
    int64_t known; /* batch of the first record told of it which counts */
};

/* The facts' order: (occurred_at, sequence, id), then the digest. <0, 0, >0. */
int order_compare(const struct posture_order *a, const struct posture_order *b);

/* Test results' order: (occurred_at, sequence, worse result, id), then the digest. */
int order_compare_results(const struct posture_order *a, Assay__V1__Result a_result,
                          const struct posture_order *b, Assay__V1__Result b_result);

/* The greater of two in the facts' order; either may be NULL. */
const struct version *version_greater(const struct version *a, const struct version *b);

/* Whether both name the same event (or both none). */
bool version_same_event(const struct version *a, const struct version *b);

/* order from an event; its id must be valid. */
struct posture_order order_of(const Assay__V1__Event *event, const uint8_t digest[static 16]);

/* A record as it is kept, with the team's name as a number of the handle's names. */
struct kept_record {
    int64_t offset;
    int64_t batch;
    int32_t partition;
    int32_t incarnation;
    uint32_t team; /* NAME_NONE: not a team's topic */
    int16_t topic;
    bool governance;
};

#endif
