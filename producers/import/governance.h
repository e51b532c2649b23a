/*
 * governance -- the check mappings in force, as far as an import needs to know them.
 *
 * Fed with the events of assay.governance in any order; keeps check mappings and retractions. A
 * retraction without service takes back any mapping, whatever either's date; one that names a
 * service reaches only facts of that service, and a mapping is none. The version that counts is
 * the greatest by (occurred_at, sequence, id, digest), those dated ahead included, since it is
 * the one that a further version has to come after.
 *
 * Not the meaning of the contract: that is consumers/posture. Pure: reads no topic itself.
 */
#ifndef ASSAY_PRODUCERS_IMPORT_GOVERNANCE_H
#define ASSAY_PRODUCERS_IMPORT_GOVERNANCE_H

#include "assay/v1/event.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

struct governance;

struct governance *governance_new(void); /* never NULL (aborts) */
void governance_free(struct governance *governance);

/* Takes one valid event; copies what it keeps. `digest`: SHA-256 of the record's value. */
void governance_take(struct governance *governance, const Assay__V1__Event *event,
                     const uint8_t digest[static 32]);

/* The version of the check's mapping that counts, NULL where there is none. Good until the next
 * governance_take. */
const Assay__V1__Event *governance_mapping(const struct governance *governance, const char *check);

/* Whether a mapping of that id (UUID text) would be without effect. */
bool governance_retracted(const struct governance *governance, const char *id);

#endif
