/*
 * reporting -- what posture reports, gathered: by (service, environment), or at once as rows.
 *
 * Ownership: borrows everything; lives as long as one evaluation.
 */
#ifndef ASSAY_STORE_REPORTING_H
#define ASSAY_STORE_REPORTING_H

#include "consumers/store/service.h"

struct reporting {
    struct copies *copies;
    struct service *service; /* NULL: governance, whose `pair` is given */
    struct pair *pair;       /* of the last step, to look up once per environment */
    const char *environment; /* the text it was asked for by */
    bool any;                /* something was reported */
    int64_t batch;
};

/* Its context is `to`. */
struct posture_sink reporting_sink(struct reporting *to);

#endif
