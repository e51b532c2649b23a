/*
 * result_event -- the emitter's plain struct for one result, as the contract's event.
 *
 * Fills, and checks nothing: whether the event may be sent is the contract's question.
 *
 * Ownership: the filled event points into the struct itself and into the texts of the result; it
 * is good for as long as both stay where they are.
 */
#ifndef ASSAY_PRODUCERS_EMITTER_RESULT_EVENT_H
#define ASSAY_PRODUCERS_EMITTER_RESULT_EVENT_H

#include "assay/v1/event.pb-c.h"

#include <assay/emitter.h>

struct result_event {
    Assay__V1__Event event;
    Assay__V1__ControlTestResult body;
    Assay__V1__Tool tool;
    Assay__V1__Evidence evidence;
    Google__Protobuf__Timestamp occurred_at, expires_at;
};

void result_event_fill(struct result_event *filled, const struct assay_result *result);

#endif
