/*
 * kin_set -- the services a transaction must hold: those it tells facts, and those bound to them by
 * inheritance.
 *
 * Rule 4 of the meaning looks into other services, so services that inherit from each other are
 * locked, loaded and evaluated together. Where nobody inherits, a service is its own kin.
 *
 * Ownership: a set owns its names.
 */
#ifndef ASSAY_STORE_KIN_SET_H
#define ASSAY_STORE_KIN_SET_H

#include "consumers/store/governance_log.h"

struct kin_set {
    const char **names; /* sorted, each once; those given among them */
    size_t count;
};

/* `known`: every service there is; those given need not be among them. */
void kin_set_gather(struct kin_set *kin, const struct governance_log *governance,
                    const char *const *names, size_t count, const char *const *known,
                    size_t known_count);

/* The same with the services the record knows, which are asked for only where any inheritance has
 * been told. `writing`: within a transaction that will evaluate them; until it ends nobody else
 * meets a new service that might be kin. */
bool kin_set_ask(struct kin_set *kin, const struct governance_log *governance, PGconn *connection,
                 const char *const *names, size_t count, bool writing, struct fault *fault);

bool kin_set_holds(const struct kin_set *kin, const char *name);
void kin_set_free(struct kin_set *kin);

#endif
