/*
 * standard_event -- an edition of the catalogue as the event `standard` that makes it known.
 *
 * The same edition with the same wishes gives the same event with the same id, on every machine:
 * no clock is read. Where the source is the catalogue's own, the sequence is the file's revision,
 * so that a corrected catalogue published again takes the place of the former one.
 *
 * Sends nothing. Ownership: the event lives in the arena and borrows texts of edition and wishes.
 */
#ifndef ASSAY_PRODUCERS_CATALOG_STANDARD_EVENT_H
#define ASSAY_PRODUCERS_CATALOG_STANDARD_EVENT_H

#include "producers/catalog/edition.h"
#include "proto/arena.h"

struct standard_wishes {
    const char *source; /* NULL: "assay-catalog/STANDARD" */
    const char *actor;  /* NULL: none */
    bool has_occurred_at;
    instant occurred_at;        /* otherwise the edition's date */
    bool annex_only;            /* leaves the clauses out */
    const char *const *extends; /* in place of the edition's, where there are any */
    size_t extend_count;
};

/* With its id. The arena has to have room: 1 MiB is plenty (asserted). */
Assay__V1__Event *standard_event_make(const struct edition *edition,
                                      const struct standard_wishes *wishes, struct arena *arena);

#endif
