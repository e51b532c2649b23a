/*
 * patience -- waiting for the world: the backoff between tries of what failed with FAULT_RETRY.
 *
 * Says once what it waits for and once that it is over, not at every try.
 */
#ifndef ASSAY_AGGREGATOR_PATIENCE_H
#define ASSAY_AGGREGATOR_PATIENCE_H

#include "runtime/fault.h"

#include <stdbool.h>
#include <stdint.h>

struct patience { /* zeroed: fresh */
    int tries;
    int wait_ms;      /* of the last wait: doubles from 100 ms to 5 s */
    int64_t since_ms; /* of the first try, monotonic */
};

/*
 * Waits before the next try. False where there is to be none: a stop was requested, or the fault is
 * not of the kind that passes, which is then logged and ends the program (patience_failed).
 */
bool patience_wait(struct patience *patience, const struct fault *fault);

/* After a success: says so, where it had been waited for. */
void patience_over(struct patience *patience);

/* Whether some wait, of any thread, met a fault that no waiting mends. */
bool patience_failed(void);

#endif
