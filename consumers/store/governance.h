/*
 * governance -- the governance facts of the record, held in memory up to a position.
 *
 * Grows with the commit log and never goes back; after a transaction that failed with facts already
 * told, it is thrown away and loaded anew.
 *
 * Ownership: an opaque handle; the posture_governance in it is borrowed by evaluations.
 */
#ifndef ASSAY_STORE_GOVERNANCE_H
#define ASSAY_STORE_GOVERNANCE_H

#include "consumers/posture/posture.h"
#include "consumers/store/taken.h"
#include "consumers/store/topics.h"
#include "runtime/fault.h"

#include <libpq-fe.h>

struct governance;

struct governance *governance_new(void);
void governance_free(struct governance *governance);
const struct posture_governance *governance_posture(const struct governance *governance);
int64_t governance_position(const struct governance *governance); /* of the last commit known */

/* Loads what was committed after the last known position, up to `position`. */
bool governance_load(struct governance *governance, PGconn *connection, struct topics *topics,
                     int64_t position, struct fault *fault);

/* Tells the facts of one governance commit, and reports how the versions in force change. */
void governance_commit(struct governance *governance, const struct taken *records, size_t count,
                       int64_t batch, int64_t position, const struct posture_sink *sink);

/* The commit after `position`; false: there is none known. */
bool governance_next(const struct governance *governance, int64_t position, int64_t *next,
                     int64_t *batch);

#endif
