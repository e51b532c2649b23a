/*
 * difference -- what would be otherwise: of a cell, of a standing, of a certificate.
 *
 * Plain data, gathered by suppose, printed by text and json.
 * Ownership: a list owns the texts of what is in it.
 */
#ifndef ASSAY_WHATIF_DIFFERENCE_H
#define ASSAY_WHATIF_DIFFERENCE_H

#include "consumers/posture/explain.h"

struct difference {
    char *service;     /* of a certificate: the programme */
    char *environment; /* of a certificate: NULL */
    char *standard;
    char *what;           /* of a cell: the control; else what of it: "posture", "state" … */
    instant at, until;    /* [at, until); INSTANT_END: for good */
    char *before, *after; /* NULL: there is nothing such */

    /* Why a cell is what it would be at `at`; sentence NULL: it would not be. */
    instant since;
    int rule; /* its number in DESIGN.md, section 3 */
    char *rule_name, *sentence;
    struct explained_event deciding; /* body is static */
};

struct differences {
    struct difference *items;
    size_t count, room;
};

/* One more, empty; good until the next is added. */
struct difference *differences_add(struct differences *list);
/* By place, then time; controls by the numbers in their names. */
void differences_sort(struct differences *list);
void differences_free(struct differences *list);

#endif
