/*
 * print -- the answer as tables for people, or as one JSON object.
 *
 * Decides nothing. False where standard output could not be written.
 */
#ifndef ASSAY_WHATIF_PRINT_H
#define ASSAY_WHATIF_PRINT_H

#include "consumers/whatif/suppose.h"

bool print_text(const struct answer *answer, const struct supposed *supposed);
bool print_json(const struct answer *answer, const struct supposed *supposed);

#endif
