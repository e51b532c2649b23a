/*
 * kafka_trouble -- what librdkafka's error callback says about connections, gathered in one fault.
 *
 * A broker that does not accept this client, or whose certificate this client does not accept, is
 * one of several, and may be the only one set up wrongly. So the fault is RETRY while others may do
 * better, and for ever once one has answered. It is FATAL where every broker is down and such a
 * refusal is the reason: no repetition helps then. A connection that merely broke, in the midst of
 * a handshake too, is no refusal.
 *
 * Not a log and not a policy. Ownership: plain data.
 */
#ifndef ASSAY_PRODUCERS_EMITTER_KAFKA_TROUBLE_H
#define ASSAY_PRODUCERS_EMITTER_KAFKA_TROUBLE_H

#include "runtime/fault.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

struct kafka_trouble { /* zeroed: nothing was said */
    struct fault last; /* which broker, why, what to do; the same trouble has the same text */
    bool refused;      /* the last trouble was a decision and not an accident */
    bool all_down;     /* every broker has been down at once */
};

/* Takes in what the error callback was called with, on the thread that serves callbacks. */
void kafka_trouble_note(struct kafka_trouble *trouble, rd_kafka_t *client, int code,
                        const char *reason);

#endif
