#include "consumers/aggregator/keeper.h"

#include "consumers/aggregator/patience.h"
#include "consumers/store/present.h"
#include "runtime/elapsed.h"
#include "runtime/log.h"
#include "runtime/stop.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
    TICK_MS = 50,
    QUIET_MS = 1000,           /* since the last commit */
    BUSY_EVERY_MS = 1000,      /* a step takes a few */
    WALK_EVERY_MS = 60 * 1000, /* for what time alone changes, and other processes commit */
};

struct keeper {
    const _Atomic int64_t *committed_ms;
    struct store *store;
    struct present_walk walk;
    int64_t began_ms, stepped_ms; /* the walk and its last step, monotonic */
    pthread_t thread;
    bool runs;
    atomic_bool ends;
};

static bool goes_on(const struct keeper *keeper)
{
    return !atomic_load(&keeper->ends) && !stop_requested() && !patience_failed();
}

/* Whether the next step is due. A walk that is over begins again where something was committed
 * since it began. */
static bool due(const struct keeper *keeper)
{
    int64_t now = elapsed_ms();
    int64_t committed = atomic_load(keeper->committed_ms);
    if (now - committed < QUIET_MS && now - keeper->stepped_ms < BUSY_EVERY_MS)
        return false;
    return keeper->walk.service != NULL || committed >= keeper->began_ms ||
           now - keeper->began_ms >= WALK_EVERY_MS;
}

static void *keep(void *argument)
{
    struct keeper *keeper = argument;
    const struct timespec tick = {0, TICK_MS * 1000000L};
    struct patience patience = {0};
    log_place("keeper");
    while (goes_on(keeper)) {
        if (!due(keeper)) {
            nanosleep(&tick, NULL);
            continue;
        }
        if (keeper->walk.service == NULL)
            keeper->began_ms = elapsed_ms();
        struct fault fault;
        if (present_go_on(&keeper->walk, keeper->store, &fault))
            patience_over(&patience);
        else if (!patience_wait(&patience, &fault))
            break;
        keeper->stepped_ms = elapsed_ms();
    }
    return NULL;
}

struct keeper *keeper_begin(const char *uri, const char *program,
                            const _Atomic int64_t *committed_ms)
{
    struct keeper *keeper = calloc(1, sizeof *keeper);
    if (keeper == NULL)
        abort();
    keeper->committed_ms = committed_ms;
    keeper->store = store_new(uri, program, 0);
    keeper->began_ms = keeper->stepped_ms = elapsed_ms() - WALK_EVERY_MS;
    keeper->runs = pthread_create(&keeper->thread, NULL, keep, keeper) == 0;
    return keeper;
}

void keeper_end(struct keeper *keeper)
{
    if (keeper == NULL)
        return;
    atomic_store(&keeper->ends, true);
    if (keeper->runs)
        pthread_join(keeper->thread, NULL);
    present_free(&keeper->walk);
    store_free(keeper->store);
    free(keeper);
}
