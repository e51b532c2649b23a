/*
 * show -- one refused record whole: why, its key, headers and value, decoded where that is
 * possible.
 */
#ifndef ASSAY_REJECTS_SHOW_H
#define ASSAY_REJECTS_SHOW_H

#include "consumers/rejects/record_name.h"
#include "consumers/store/connection.h"
#include "runtime/fault.h"
#include "runtime/settings.h"

enum show_form {
    SHOW_TEXT,  /* for people */
    SHOW_JSON,  /* one object a record; bytes in base64 */
    SHOW_VALUE, /* the value's bytes and nothing else: exactly one record, or it is refused */
};

/* EXIT_ANSWER_NO where no such record is refused; EXIT_FAILED with the fault filled. */
enum exit_status rejects_show(PGconn *database, const struct record_name *name, enum show_form form,
                              struct fault *fault);

#endif
