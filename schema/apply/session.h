/*
 * session -- the one connection of assay-migrate: running a whole SQL file, and saying which line
 * of it failed and what to do.
 *
 * Not the store's connection (consumers/store/connection.h), which is for small statements of a
 * long life: this one runs files, as whoever may create roles, once.
 *
 * Ownership: session_open's PGconn is the caller's to PQfinish; results are the caller's.
 */
#ifndef ASSAY_SCHEMA_SESSION_H
#define ASSAY_SCHEMA_SESSION_H

#include "runtime/fault.h"
#include "schema/apply/scripts.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* Wait this long for others to let go of a table or view, then say so instead of standing in
 * everyone's way. Not for the advisory lock, behind which another migration may take its time. */
#define SESSION_LOCK_TIMEOUT "30s"

/*
 * `uri`: a libpq connection string, URI or database name; NULL: PG* variables and service files.
 * Refuses a server before PostgreSQL 15 and a database that is not in UTF-8. NULL on failure; the
 * fault never holds what `uri` holds, which may be a password.
 */
PGconn *session_open(const char *uri, struct fault *fault);

/* Runs all statements of one script inside the open transaction. */
bool session_run(PGconn *database, const struct script *script, struct fault *fault);

/* One statement with text parameters. NULL, with the fault filled, unless it ends as `expected`. */
PGresult *session_query(PGconn *database, ExecStatusType expected, struct fault *fault,
                        const char *sql, int count, const char *const *parameters);

/* One statement whose rows nobody wants. */
bool session_command(PGconn *database, const char *sql, struct fault *fault);

#endif
