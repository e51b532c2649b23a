/*
 * layout -- the model laid out as a document: which section says what, in which order, in which
 * words. It decides nothing: every number and order is the model's.
 */
#ifndef ASSAY_REPORT_LAYOUT_H
#define ASSAY_REPORT_LAYOUT_H

#include "consumers/report/form.h"

#include <jansson.h>
#include <stdbool.h>

/* False where it could not be written. */
bool layout_write(const json_t *model, const struct form *form, FILE *out);

#endif
