/*
 * sorted -- a batch's records of services' own facts, service by service.
 *
 * A batch has its records in the order of Kafka's logs, which is at random among services. Folded
 * service by service, a service's memory is fetched once a batch, and not once an event. The order
 * among one service's records, which counts, stays.
 *
 * Ownership: owns its arrays; records and services are borrowed.
 */
#ifndef ASSAY_STORE_SORTED_H
#define ASSAY_STORE_SORTED_H

#include "consumers/store/service.h"
#include "consumers/store/taken.h"

struct sorted {
    const struct taken **records;
    uint32_t *starts; /* the i-th service's: from starts[i] up to starts[i + 1] */
};

/* Of the accepted records; every service they name must be among those given, whose `place` is
 * set. */
struct sorted sorted_of(const struct taken *records, size_t count, struct services *known,
                        struct service *const *services, size_t service_count);
void sorted_free(struct sorted *sorted);

#endif
