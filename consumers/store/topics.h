/*
 * topics -- the record's small numbers of topic names, both ways.
 *
 * Ownership: texts live as long as the table.
 */
#ifndef ASSAY_STORE_TOPICS_H
#define ASSAY_STORE_TOPICS_H

#include "proto/record.h"
#include "runtime/fault.h"

#include <libpq-fe.h>
#include <stdint.h>

struct topic {
    int16_t number;
    char *name;
    enum record_topic kind;
    const char *team; /* NULL: not a team's */
};

struct topics {
    struct topic **items; /* stable addresses */
    size_t count;
};

/* By name, giving a number at first mention; by number. NULL: fault. */
const struct topic *topics_named(struct topics *topics, PGconn *connection, const char *name,
                                 struct fault *fault);
const struct topic *topics_numbered(struct topics *topics, PGconn *connection, int16_t number,
                                    struct fault *fault);
/* Reads all there are, so that topics_known, which asks nobody, finds whatever has been recorded.
 */
bool topics_every(struct topics *topics, PGconn *connection, struct fault *fault);
const struct topic *topics_known(const struct topics *topics, int16_t number, struct fault *fault);
/* Whether the record still gives these names the same numbers; FATAL where it does not: it is not
 * the record this process began with. */
bool topics_hold(const struct topics *topics, PGconn *connection, struct fault *fault);
void topics_free(struct topics *topics);

#endif
