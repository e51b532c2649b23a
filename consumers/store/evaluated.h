/*
 * evaluated -- one service read from the record and evaluated, for programs that answer questions
 * about it and write nothing.
 *
 * What the record held at one position: the present one, or that of a known_at. The reading is one
 * snapshot, so nothing an aggregator commits meanwhile is half in it.
 *
 * Ownership: an opaque handle that owns what it read; borrows the connection while it is opened.
 */
#ifndef ASSAY_STORE_EVALUATED_H
#define ASSAY_STORE_EVALUATED_H

#include "consumers/posture/posture.h"
#include "consumers/store/topics.h"
#include "runtime/fault.h"

#include <libpq-fe.h>

struct evaluated;

/*
 * Reads `name` as known at `known_at` (RFC 3339 text; NULL: now). NULL on a fault; REJECT where the
 * record does not know the service, and only there.
 */
struct evaluated *evaluated_open(PGconn *connection, const char *name, const char *known_at,
                                 struct fault *fault);
void evaluated_close(struct evaluated *evaluated);

/* The service asked for first, then those it is bound to by inheritance, evaluated with it. */
struct posture_service *const *evaluated_services(const struct evaluated *evaluated, size_t *count);
const struct posture_governance *evaluated_governance(const struct evaluated *evaluated);
int64_t evaluated_position(const struct evaluated *evaluated); /* governance commit evaluated to */

/* The topic's name by the record's number; "?" for one it has not met. */
const char *evaluated_topic(const struct evaluated *evaluated, int16_t number);

#endif
