#include "runtime/stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_bool requested; /* read by every thread; set without a lock */

static void on_signal(int signal_number)
{
    (void)signal_number;
    atomic_store(&requested, true);
}

void stop_install(void)
{
    /* No SA_RESTART: a blocking read returns, so that the loop reaches its top. */
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, NULL);
}

bool stop_requested(void)
{
    return atomic_load(&requested);
}
