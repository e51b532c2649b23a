/*
 * plan -- what the database lacks of the schema, and bringing it there.
 *
 * A migration is applied once and must stay as it was; everything repeatable is applied again where
 * its SHA-256 differs from the one noted. What the database knows and this program does not means
 * that a newer Assay has been here, and is refused.
 *
 * Ownership: a plan borrows the scripts; plan_free frees it. All of it happens in the caller's
 * transaction, under the caller's lock.
 */
#ifndef ASSAY_SCHEMA_PLAN_H
#define ASSAY_SCHEMA_PLAN_H

#include "runtime/fault.h"
#include "schema/apply/scripts.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

struct plan {
    const struct script **pending; /* migrations and repeatables, in the order of scripts[] */
    size_t count;
};

/* Reads what has been applied. Refuses a migration that was changed after it had been applied, one
 * that sorts before the last one applied, and one that this program does not know. */
bool plan_read(PGconn *database, struct plan *plan, struct fault *fault);

/* Applies one pending script and notes it. */
bool plan_apply(PGconn *database, const struct script *script, struct fault *fault);

void plan_free(struct plan *plan);

#endif
