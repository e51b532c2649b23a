/*
 * crosswalk -- from the controls of one standard to those of another: where evidence for the one
 * may be worth a look for the other.
 *
 * Each control of the standard it leads to stands in it, with the controls it can draw on, or as
 * new. FULL: what the later control asks for, the earlier one asked for too. PARTIAL: a part of it.
 *
 * A proposal for people, the project's own judgement. No program derives a status from it: evidence
 * counts where a check mapping says so, and nowhere else.
 *
 * Ownership: a crosswalk owns its texts; the editions are borrowed while it is read.
 */
#ifndef ASSAY_PRODUCERS_CATALOG_CROSSWALK_H
#define ASSAY_PRODUCERS_CATALOG_CROSSWALK_H

#include "producers/catalog/edition.h"

enum crosswalk_extent { CROSSWALK_FULL, CROSSWALK_PARTIAL, CROSSWALK_NEW };

enum { CROSSWALK_PROVENANCE_MAX = 8 };

struct crosswalk_pair {
    const char *from; /* NULL where new */
    const char *to;
    enum crosswalk_extent extent;
    const char *note; /* may be empty */
};

struct crosswalk {
    const char *from; /* the standards */
    const char *to;
    const char *provenance[CROSSWALK_PROVENANCE_MAX];
    size_t provenance_count;
    struct crosswalk_pair *pairs; /* in the order of the standard it leads to */
    size_t pair_count;
    struct sheet *sheet; /* what the texts point into */
};

/*
 * Reads `size` bytes of the file called `name`; `editions` are those its standards are looked for
 * in. NULL: FAULT_REJECT that names file, line and what is wrong: a standard or control that is not
 * there, a pair that stands twice, a new control that has a pair, one of `to` that does not stand.
 */
struct crosswalk *crosswalk_read(const char *name, const char *text, size_t size,
                                 struct edition *const *editions, size_t edition_count,
                                 struct fault *why);
void crosswalk_free(struct crosswalk *crosswalk); /* NULL is fine */

/* "full", "partial", "new". */
const char *crosswalk_extent_name(enum crosswalk_extent extent);

#endif
