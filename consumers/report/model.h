/*
 * model -- a report as one JSON object: what its sections say, asked from the record.
 *
 * Everything comes from facts in force at the report's instant; no clock is read, and every list
 * has an order of its own, so the same events give the same object. It knows nothing of how it is
 * shown: that is layout's. Its names and values are in report.schema.json.
 */
#ifndef ASSAY_REPORT_MODEL_H
#define ASSAY_REPORT_MODEL_H

#include "consumers/store/connection.h"

#include <jansson.h>

/* What every report says of itself. */
#define MODEL_STATEMENT                                                                            \
    "Prepared by the organisation; not a certificate, nor a certification body's report."

struct model_wish {
    const char *programme, *audit;
    const char *at;       /* RFC 3339; NULL: the audit's reported_at, else its ends_at */
    const char *known_at; /* RFC 3339; NULL: by everything known */
};

/* A new reference; the keys are in the report's order. NULL with the fault: FAULT_REJECT where
 * there is no such programme or audit, saying what there is. */
json_t *model_read(PGconn *database, const struct model_wish *wish, struct fault *fault);

/* The partitions that are halted, with the reasons, for people: what came by them since is in no
 * report. "" where there are none; malloc'ed. NULL: fault. */
char *model_halted(PGconn *database, struct fault *fault);

#endif
