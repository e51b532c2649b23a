/*
 * origin -- where results came from, but for offset and batch: topic, partition and tool, each
 * combination once.
 *
 * A service's results come from few places, and a million of them would each say which.
 *
 * Ownership: owns its items, which move as they grow.
 */
#ifndef ASSAY_POSTURE_ORIGIN_H
#define ASSAY_POSTURE_ORIGIN_H

#include "consumers/posture/index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct origin {
    uint32_t tool; /* the service's number; UINT32_MAX: none */
    uint32_t team; /* NAME_NONE: not a team's topic */
    int32_t partition;
    int32_t incarnation;
    int16_t topic;
    bool governance;
};

struct origins {
    struct origin *items; /* by number */
    uint32_t count, room;
    uint32_t last; /* asked for: mostly it is the same again */
    struct index index;
};

uint32_t origin_number(struct origins *origins, const struct origin *origin, size_t *meter);
void origins_free(struct origins *origins);

#endif
