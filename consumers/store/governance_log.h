/*
 * governance_log -- the governance facts of the record, held in memory up to a position.
 *
 * Grows with the commit log and never goes back; after a transaction that failed with facts already
 * told, it is thrown away and loaded anew.
 *
 * Ownership: an opaque handle; the posture_governance in it is borrowed by evaluations.
 */
#ifndef ASSAY_STORE_GOVERNANCE_LOG_H
#define ASSAY_STORE_GOVERNANCE_LOG_H

#include "consumers/posture/posture.h"
#include "consumers/store/taken.h"
#include "consumers/store/topics.h"
#include "runtime/fault.h"

#include <libpq-fe.h>

struct governance_log;

struct governance_log *governance_log_new(void);
void governance_log_free(struct governance_log *governance);
const struct posture_governance *governance_log_posture(const struct governance_log *governance);
int64_t
governance_log_position(const struct governance_log *governance); /* of the last commit known */

/* Whether any inheritance has ever been told. */
bool governance_log_inherits(const struct governance_log *governance);

/* Loads what was committed after the last known position, up to `position`. */
bool governance_log_load(struct governance_log *governance, PGconn *connection,
                         struct topics *topics, int64_t position, struct fault *fault);

/* The same, and reports how the versions in force came to be, which the record holds already. */
bool governance_log_read(struct governance_log *governance, PGconn *connection,
                         struct topics *topics, int64_t position, const struct posture_sink *sink,
                         struct fault *fault);

/* Tells the facts of one governance commit, and reports how the versions in force change. */
void governance_log_commit(struct governance_log *governance, const struct taken *records,
                           size_t count, int64_t batch, int64_t position,
                           const struct posture_sink *sink);

/* The commit after `position`; false: there is none known. */
bool governance_log_next(const struct governance_log *governance, int64_t position, int64_t *next,
                         int64_t *batch);

#endif
