/*
 * kin -- the services a transaction must hold: those it tells facts, and those bound to them by
 * inheritance.
 *
 * Rule 4 of the meaning looks into other services, so services that inherit from each other are
 * locked, loaded and evaluated together. Where nobody inherits, a service is its own kin.
 *
 * Ownership: a kin owns its names.
 */
#ifndef ASSAY_STORE_KIN_H
#define ASSAY_STORE_KIN_H

#include "consumers/store/governance_log.h"

struct kin {
    const char **names; /* sorted, each once; those given among them */
    size_t count;
};

/* `known`: every service there is; those given need not be among them. */
void kin_gather(struct kin *kin, const struct governance_log *governance, const char *const *names,
                size_t count, const char *const *known, size_t known_count);

/* The same with the services the record knows, which are asked for only where any inheritance has
 * been told. */
bool kin_ask(struct kin *kin, const struct governance_log *governance, PGconn *connection,
             const char *const *names, size_t count, struct fault *fault);

bool kin_holds(const struct kin *kin, const char *name);
void kin_free(struct kin *kin);

#endif
