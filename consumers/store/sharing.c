#include "consumers/store/sharing.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

struct shared {
    sharing_work *work;
    void *context;
    size_t items;
    atomic_size_t next;
};

struct helper {
    struct shared *shared;
    size_t hand;
    pthread_t thread;
};

static void work_on(struct shared *shared, size_t hand)
{
    size_t item;
    while ((item = atomic_fetch_add(&shared->next, 1)) < shared->items)
        shared->work(shared->context, hand, item);
}

static void *help(void *argument)
{
    struct helper *helper = argument;
    work_on(helper->shared, helper->hand);
    return NULL;
}

void share(size_t hands, size_t items, sharing_work *work, void *context)
{
    struct shared shared = {.work = work, .context = context, .items = items};
    struct helper helpers[HANDS_MOST];
    size_t helping = 1; /* the caller */
    for (; helping < hands && helping < items && helping < HANDS_MOST; helping++) {
        struct helper *helper = &helpers[helping];
        *helper = (struct helper){.shared = &shared, .hand = helping};
        if (pthread_create(&helper->thread, NULL, help, helper) != 0)
            break;
    }
    work_on(&shared, 0);
    for (size_t i = 1; i < helping; i++)
        pthread_join(helpers[i].thread, NULL);
}

size_t sharing_hands(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return 1; /* more processors than the set has room for */
    size_t count = (size_t)CPU_COUNT(&allowed);
    return count < HANDS_MOST ? count : HANDS_MOST;
}
