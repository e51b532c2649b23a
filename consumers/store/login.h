/*
 * login -- getting into the database: what was given is looked at before libpq quotes it, and an
 * attempt that failed says what to do about it.
 *
 * libpq quotes the part of a URI or connection string that it does not understand, and that part
 * may be a piece of the password; so such a string never gets as far as libpq's messages.
 *
 * Not a connection (connection.h, schema/apply/session.h). Ownership: borrows, keeps nothing.
 */
#ifndef ASSAY_STORE_LOGIN_H
#define ASSAY_STORE_LOGIN_H

#include "runtime/fault.h"

#include <libpq-fe.h>
#include <stdbool.h>

/* `given`: a libpq URI, a connection string, the name of a database; NULL or "": nothing. False:
 * FAULT_FATAL, without a word of it. */
bool login_check(const char *given, struct fault *fault);

/*
 * Why `connection`, which may be NULL, did not come about. FATAL where the login, a certificate or
 * a setting is what is wrong, since no repetition mends that; else RETRY. Returns false.
 *
 * libpq gives no SQLSTATE for a login: the server's words are all there is. Those of a server that
 * speaks another language than English are not recognized, and such a failure is RETRY.
 */
bool login_failed(PGconn *connection, struct fault *fault);

#endif
