/*
 * service -- one service's facts and timelines in memory, as the record holds them.
 *
 * A cache, never trusted: valid while the service row's version, read under its lock, is the one it
 * was loaded or written at. `services` keeps the most recently used within a cap of memory.
 *
 * Ownership: services own their entries; an entry's posture may be dropped between transactions.
 */
#ifndef ASSAY_STORE_SERVICE_H
#define ASSAY_STORE_SERVICE_H

#include "consumers/posture/posture.h"
#include "consumers/store/governance_log.h"
#include "consumers/store/pack.h"
#include "consumers/store/taken.h"
#include "consumers/store/topics.h"

#include <uthash.h>

struct service {
    char *name;
    struct posture_service *posture; /* NULL: not loaded */
    struct heard *heard;             /* NULL: not loaded */
    struct pair **pairs;             /* by environment as met; "" among them where needed */
    size_t pair_count;
    int64_t version;    /* the row's, as of the last transaction that committed */
    int64_t governance; /* position up to which it is evaluated */
    uint64_t used;      /* when last, by the clock of services */
    uint32_t place;     /* among the services of the batch that is folded */
    size_t memory;
    UT_hash_handle hh;
};

struct services {
    struct service *by_name;
    uint64_t clock;
    size_t memory, cap; /* bytes */
};

/* The entry of a name, created empty; and of an accepted record that is a service's fact. */
struct service *services_get(struct services *services, const char *name);
struct service *services_of(struct services *services, const struct taken *taken);

/* The pair of an environment, created empty. */
struct pair *service_pair(struct service *service, const char *environment);

/*
 * Reads dictionaries and facts of services as of commit `position` (INT64_MAX: all) into new
 * postures. Then the caller evaluates them, together with their kin, with governance as of
 * service->governance; what that reports is in the record already. service_resume then reads what a
 * writer needs besides: when transitions that time alone causes were first known, where the last
 * rows left off, and which sources have been heard.
 */
bool service_read(struct service *const *services, size_t count, PGconn *connection,
                  struct topics *topics, int64_t position, struct fault *fault);
bool service_resume(struct service *const *services, size_t count, PGconn *connection,
                    struct fault *fault);

/* The same of a service of which nothing is in the record. */
void service_begin(struct service *service);

/* Has who was heard written, where that is due; once the batch's rows of its pairs are. */
void service_heard(struct service *service, struct heard_row **rows);

/* Drops posture and pairs; keeps name, version and governance. */
void service_unload(struct services *services, struct service *service);

/* Accounts for an entry's memory after use, and unloads the least recently used over the cap,
 * entries used at the present clock excepted. */
void services_settle(struct services *services, struct service *service);
void services_trim(struct services *services);

void services_free(struct services *services);

#endif
