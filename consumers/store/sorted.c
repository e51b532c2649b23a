#include "consumers/store/sorted.h"

#include <assert.h>
#include <stdlib.h>

/* Whose own fact each record is, by the service's place; UINT32_MAX: no service's. */
static uint32_t *places_of(const struct taken *records, size_t count, struct services *known,
                           struct service *const *services, size_t service_count)
{
    uint32_t *places = calloc(count + 1, sizeof *places);
    if (places == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        enum { AHEAD = 16 };
        if (i + AHEAD < count)
            __builtin_prefetch(records[i + AHEAD].service);
        places[i] = UINT32_MAX;
        if (records[i].verdict != VERDICT_ACCEPTED || records[i].service == NULL)
            continue;
        const struct service *service = services_of(known, &records[i]);
        assert(service->place < service_count && services[service->place] == service);
        places[i] = service->place;
    }
    return places;
}

struct sorted sorted_of(const struct taken *records, size_t count, struct services *known,
                        struct service *const *services, size_t service_count)
{
    struct sorted sorted = {calloc(count + 1, sizeof(const struct taken *)),
                            calloc(service_count + 2, sizeof *sorted.starts)};
    if (sorted.records == NULL || sorted.starts == NULL)
        abort();
    for (size_t i = 0; i < service_count; i++)
        services[i]->place = (uint32_t)i;
    uint32_t *places = places_of(records, count, known, services, service_count);
    /* Counted two further on, then summed: starts[place + 1] is where the next one of it goes. */
    for (size_t i = 0; i < count; i++)
        if (places[i] != UINT32_MAX)
            sorted.starts[places[i] + 2]++;
    for (size_t i = 2; i < service_count + 2; i++)
        sorted.starts[i] += sorted.starts[i - 1];
    for (size_t i = 0; i < count; i++)
        if (places[i] != UINT32_MAX)
            sorted.records[sorted.starts[places[i] + 1]++] = &records[i];
    free(places);
    return sorted;
}

void sorted_free(struct sorted *sorted)
{
    free(sorted->records);
    free(sorted->starts);
}
