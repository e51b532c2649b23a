#include "consumers/aggregator/patience.h"

#include "runtime/elapsed.h"
#include "runtime/log.h"
#include "runtime/stop.h"

#include <stdatomic.h>
#include <time.h>

enum { FIRST_MS = 100, MOST_MS = 5000 };

static atomic_bool failed; /* some lane has: all end */

bool patience_wait(struct patience *patience, const struct fault *fault)
{
    if (stop_requested() || failed)
        return false;
    if (fault->reaction != FAULT_RETRY) {
        log_error("%s", fault->text);
        failed = true;
        return false;
    }
    if (patience->tries++ == 0) {
        patience->since_ms = elapsed_ms();
        log_warning("%s; trying again until it works", fault->text);
    }
    patience->wait_ms = patience->wait_ms == 0 ? FIRST_MS : patience->wait_ms * 2;
    if (patience->wait_ms > MOST_MS)
        patience->wait_ms = MOST_MS;
    int64_t until = elapsed_ms() + patience->wait_ms;
    const struct timespec nap = {0, FIRST_MS * 1000000L}; /* a signal wakes one thread of several */
    while (elapsed_ms() < until && !stop_requested() && !failed)
        nanosleep(&nap, NULL);
    return !stop_requested() && !failed;
}

void patience_over(struct patience *patience)
{
    if (patience->tries > 0)
        log_notice("it works again, after %.1f s (tries: %d)",
                   (double)(elapsed_ms() - patience->since_ms) / 1000, patience->tries);
    *patience = (struct patience){0};
}

bool patience_failed(void)
{
    return failed;
}
