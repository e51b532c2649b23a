/*
 * connection -- one session with PostgreSQL: opening it, asking, and what went wrong.
 *
 * Where the database is comes from a URI, or from libpq's own environment and service files where
 * none is given. Sessions are pinned: UTC, an empty search_path, timeouts that end a wait no one
 * would sit out. Not a pool, and retries nothing: who decides that is the loop.
 *
 * Every answer is awaited for 150 s, longer than the session lets a statement take, and for 10 s
 * once a stop has been requested; then the connection is given up with FAULT_RETRY.
 *
 * Ownership: results are the caller's (PQclear); the connection is the caller's (PQfinish).
 */
#ifndef ASSAY_STORE_CONNECTION_H
#define ASSAY_STORE_CONNECTION_H

#include "consumers/store/pgwire.h"
#include "runtime/fault.h"
#include "runtime/settings.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

/* The row of a program's settings table that says where the database is. */
#define DATABASE_SETTING(uri)                                                                      \
    {                                                                                              \
        .kind = SETTING_TEXT, .name = "database", .environment = "ASSAY_DATABASE",                 \
        .argument = "URI", .help = "libpq URI or connection string; without it the PG* variables", \
        .value = &(uri)                                                                            \
    }

/* `uri`: a libpq connection string or URI; NULL or "": the PG* environment. `program` becomes
 * application_name. NULL on failure. The fault never holds a password. */
PGconn *connection_open(const char *uri, const char *program, struct fault *fault);

/* Runs one statement with text parameters and text results. NULL, with the fault filled, where the
 * status is not `expected`. */
PGresult *connection_query(PGconn *connection, struct fault *fault, ExecStatusType expected,
                           const char *sql, int count, const char *const *parameters);

/* The same with binary parameters and binary results. */
PGresult *connection_call(PGconn *connection, struct fault *fault, ExecStatusType expected,
                          const char *sql, const struct request *request);

/* The same, a row at a time, so that an answer of any size takes the memory of one row: `each` is
 * given a result that has only that, and must not use the connection. Rows seen before a fault are
 * not to be relied on. False: a fault, of the statement or of `each`, which then sees no more. */
typedef bool connection_row(void *context, const PGresult *result);
bool connection_each(PGconn *connection, struct fault *fault, const char *sql,
                     const struct request *request, connection_row *each, void *context);

/* A statement without parameters and rows: BEGIN, COMMIT, ROLLBACK. */
bool connection_command(PGconn *connection, const char *sql, struct fault *fault);

/* Opens `sql`, COPYs … FROM STDIN joined by semicolons. For each in turn PQputCopyData and
 * PQputCopyEnd then, and how it ended; `copy` is its text, `last` is false where another follows,
 * which is open then. */
bool connection_copy(PGconn *connection, const char *sql, struct fault *fault);
bool connection_copied(PGconn *connection, const char *copy, bool last, struct fault *fault);

/* For the whole process: answers are waited for until they come. For programs whose statements may
 * take hours. */
void connection_wait_forever(void);

/* ---- for pipeline.c ---- */

/* Waits until PQgetResult has something to say; false: given up, with the fault. */
bool connection_await(PGconn *connection, const char *sql, struct fault *fault);
/* Why there is this result, or none, to `sql`. */
void connection_fault(PGconn *connection, const PGresult *result, const char *sql,
                      struct fault *fault);
/* Nothing that is still to come may be taken for an answer to what is asked next. */
void connection_abandon(PGconn *connection);

/* ---- binary results: one field of a row, which must not be NULL where a value is asked ---- */

bool result_null(const PGresult *result, int row, int column);
int64_t result_int8(const PGresult *result, int row, int column);
int32_t result_int4(const PGresult *result, int row, int column);
int16_t result_int2(const PGresult *result, int row, int column);
bool result_bool(const PGresult *result, int row, int column);
const char *result_text(const PGresult *result, int row, int column); /* ends in NUL */
const uint8_t *result_bytes(const PGresult *result, int row, int column, size_t *size);

#endif
