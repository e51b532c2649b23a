/*
 * validate -- whether a decoded event may be accepted, and if not, the first rule it breaks.
 *
 * The answer names the field by its path in proto names ("control_test_result.tool.name",
 * "check_mapping.controls[3].control") and the rule in words. Everything here follows from the
 * event alone: what depends on the topic, key or Kafka timestamp is record.h's.
 */
#ifndef ASSAY_PROTO_VALIDATE_H
#define ASSAY_PROTO_VALIDATE_H

#include "assay/v1/event.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

struct violation {
    char path[160]; /* of the first field that breaks a rule, in the order of the .proto files */
    char rule[240]; /* which rule, in words, with the bound */
};

bool validate_event(const Assay__V1__Event *event, struct violation *first);

/* [A-Za-z0-9][A-Za-z0-9._:-]* of 1 … 128 bytes; with `slash`, also '/'. */
bool validate_slug(const char *text, bool slash);

/* [A-Za-z0-9._-]+, as the TEAM in assay.evidence.TEAM. */
bool validate_team(const char *text);

#endif
