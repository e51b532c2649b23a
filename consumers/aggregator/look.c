#include "consumers/aggregator/look.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LOOK_MS = 500 };

struct look {
    struct intake *intake;
    struct seen seen; /* the thread's until it is done */
    bool under_way;
    atomic_bool done;
    pthread_t thread;
};

struct look *look_new(void)
{
    struct look *look = calloc(1, sizeof *look);
    if (look == NULL)
        abort();
    return look;
}

static instant now(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_REALTIME, &clock);
    return (instant)clock.tv_sec * INSTANT_SECOND + clock.tv_nsec / 1000;
}

static void *ask(void *argument)
{
    struct look *look = argument;
    struct seen *seen = &look->seen;
    seen->asked_at = now();
    if (seen->topic[0] != '\0')
        seen->answered = intake_bounds(look->intake, seen->topic, seen->partition, LOOK_MS,
                                       &seen->first, &seen->end, &seen->why);
    seen->heard = seen->answered || intake_answered(look->intake, LOOK_MS, &seen->why);
    atomic_store(&look->done, true);
    return NULL;
}

void look_begin(struct look *look, struct intake *intake, const char *topic, int32_t partition,
                int64_t epoch)
{
    if (look->under_way)
        return;
    look->intake = intake;
    look->seen = (struct seen){.partition = partition, .epoch = epoch};
    snprintf(look->seen.topic, sizeof look->seen.topic, "%s", topic == NULL ? "" : topic);
    atomic_store(&look->done, false);
    look->under_way = pthread_create(&look->thread, NULL, ask, look) == 0;
}

bool look_over(struct look *look, struct seen *seen)
{
    if (!look->under_way || !atomic_load(&look->done))
        return false;
    pthread_join(look->thread, NULL);
    look->under_way = false;
    *seen = look->seen;
    return true;
}

void look_free(struct look *look)
{
    if (look != NULL && look->under_way)
        pthread_join(look->thread, NULL);
    free(look);
}
