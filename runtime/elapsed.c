#include "runtime/elapsed.h"

#include <time.h>

int64_t elapsed_ms(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return (int64_t)clock.tv_sec * 1000 + clock.tv_nsec / 1000000;
}
