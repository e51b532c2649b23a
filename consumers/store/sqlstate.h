/*
 * sqlstate -- the one translation of what PostgreSQL says to a reaction.
 *
 * Classes 08 (connection), 40 (serialization, deadlock), 53 (resources, disk full), 55 (locks),
 * 57 (operator, shutdown), 58 (system) and 25006 (read-only: a failed-over primary) are the world:
 * FAULT_RETRY. 22 (data) and 23 (integrity) blame a record: FAULT_REJECT, which the aggregator
 * answers by bisecting. Anything else, and a login refused, is FAULT_FATAL.
 */
#ifndef ASSAY_STORE_SQLSTATE_H
#define ASSAY_STORE_SQLSTATE_H

#include "runtime/fault.h"

#include <libpq-fe.h>

/* `sqlstate` of five characters, or NULL (libpq itself failed: the connection is gone). */
enum fault_reaction sqlstate_reaction(const char *sqlstate);

/* Fills the fault from a failed result (may be NULL) and its connection; `doing` says what was
 * being done. Returns false. */
bool sqlstate_fault(struct fault *fault, PGconn *connection, const PGresult *result,
                    const char *doing);

#endif
