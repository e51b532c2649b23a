/*
 * mapping -- what a scan says a check speaks for, united with what its source said before.
 *
 * A mapping is one fact, and each version of it is whole: a second host's scan that named its own
 * environment alone would take the first host's away. So a source's mapping only grows by what a
 * file adds: controls, places it applies to, and being required.
 *
 * Pure. Ownership: the result lives in the arena and points into the wish and the former mapping.
 */
#ifndef ASSAY_PRODUCERS_IMPORT_MAPPING_H
#define ASSAY_PRODUCERS_IMPORT_MAPPING_H

#include "assay/v1/event.pb-c.h"
#include "proto/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct mapping_wish {
    const char *check;
    const char *title;
    const char *standard;
    char *const *controls; /* of the standard, each once */
    size_t control_count;
    const char *service;
    const char *environment;
    bool required;
};

/*
 * Whether the wish adds anything to `former` (NULL: there is none, so it does). If so, *united is
 * the mapping that says both; controls and places in order of their text, so that the order of
 * imports leaves no trace. An empty former applies_to already means everywhere, and so does a "*"
 * for the part it stands for. The former ttl stays.
 */
bool mapping_unite(const Assay__V1__CheckMapping *former, const struct mapping_wish *wish,
                   struct arena *arena, Assay__V1__CheckMapping **united);

#endif
