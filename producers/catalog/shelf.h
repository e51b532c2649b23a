/*
 * shelf -- the whole catalogue: every standard that comes along, and every crosswalk between two of
 * them.
 *
 * Made from what the program carries; that it can be read is the build's promise, so a fault here
 * is a bug, told like any other.
 *
 * Ownership: the shelf owns editions and crosswalks.
 */
#ifndef ASSAY_PRODUCERS_CATALOG_SHELF_H
#define ASSAY_PRODUCERS_CATALOG_SHELF_H

#include "producers/catalog/crosswalk.h"
#include "producers/catalog/edition.h"
#include "producers/catalog/embedded.h"

struct shelf {
    struct edition **editions; /* by name of file, which is the standard's */
    size_t edition_count;
    struct crosswalk **crosswalks;
    size_t crosswalk_count;
};

/* Reads `count` files (embedded.h). NULL: FAULT_FATAL that names file, line and what is wrong, be
 * it in one of them or between them. */
struct shelf *shelf_read(const struct embedded_file *files, size_t count, struct fault *why);
void shelf_free(struct shelf *shelf); /* NULL is fine */

/* NULL: there is none. */
const struct edition *shelf_edition(const struct shelf *shelf, const char *standard);

/* The crosswalk between the two, whichever of them it leads to. NULL: there is none. */
const struct crosswalk *shelf_crosswalk(const struct shelf *shelf, const char *one,
                                        const char *other);

#endif
