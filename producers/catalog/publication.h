/*
 * publication -- standards of the catalogue, sent as events to assay.governance, or printed.
 *
 * One run. Everything that can be judged beforehand is: either all events are sent, or none.
 */
#ifndef ASSAY_PRODUCERS_CATALOG_PUBLICATION_H
#define ASSAY_PRODUCERS_CATALOG_PUBLICATION_H

#include "producers/catalog/standard_event.h"
#include "producers/sending.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Sends the event of each edition. Returns the exit status; what went wrong is on the log. False
 * settings (no broker named, for instance) are told through `why`, with -1.
 */
int publication_send(const struct sending_settings *settings, const char *client,
                     const struct edition *const *editions, size_t count,
                     const struct standard_wishes *wishes, struct fault *why);

/* Prints each as a line of JSON instead; needs no broker. */
int publication_print(const struct edition *const *editions, size_t count,
                      const struct standard_wishes *wishes);

#endif
