/*
 * present -- keeps what readers of now ask for ready to be read: record.present.
 *
 * A walk visits every (service, environment) and has PostgreSQL write the row anew where it serves
 * nobody any more, since something was committed or time has reached the next step. Nothing else
 * depends on these rows, nor on how often, or by how many, they are brought up to date
 * (docs/decisions/0012-the-present-kept-ready.md): work for when there is nothing else to do.
 *
 * Ownership: a walk, zeroed to begin with, owns its texts.
 */
#ifndef ASSAY_STORE_PRESENT_H
#define ASSAY_STORE_PRESENT_H

#include "consumers/store/store.h"

struct present_walk {
    char *service, *environment; /* the last one visited; NULL: at the beginning */
};

/* Visits some, and writes at most one row. The walk is at the beginning again when all have been
 * visited, and while there is a rebuild. */
bool present_go_on(struct present_walk *walk, struct store *store, struct fault *fault);
void present_free(struct present_walk *walk);

#endif
