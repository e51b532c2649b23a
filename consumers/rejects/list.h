/*
 * list -- the refused records as a table or JSON: where each lies and why it was refused, none of
 * its bytes, so that assay_reader may ask.
 */
#ifndef ASSAY_REJECTS_LIST_H
#define ASSAY_REJECTS_LIST_H

#include "consumers/store/connection.h"
#include "runtime/fault.h"
#include "runtime/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* `reason` NULL: every reason. The newest `most` are shown, and standard error says where there are
 * more. EXIT_FAILED with the fault filled. */
enum exit_status rejects_list(PGconn *database, const char *reason, int64_t most, bool as_json,
                              struct fault *fault);

#endif
