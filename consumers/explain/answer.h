/*
 * answer -- an explanation as it is printed: for people, or as one JSON object.
 *
 * Words posture's explanation and names each event's record, so that anyone can look it up in
 * assay.event. Decides nothing. Borrows everything.
 */
#ifndef ASSAY_EXPLAIN_ANSWER_H
#define ASSAY_EXPLAIN_ANSWER_H

#include "consumers/posture/explain.h"
#include "consumers/store/evaluated.h"

struct answer {
    const char *service, *environment, *standard, *control;
    instant at;
    const struct posture_explanation *explanation;
    const struct evaluated *evaluated;
    bool all; /* every check and stream, however many */
};

void answer_text(const struct answer *answer);
/* False where it could not be written. */
bool answer_json(const struct answer *answer);

#endif
