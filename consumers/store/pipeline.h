/*
 * pipeline -- statements that need no answer of each other, sent together: one round trip for all.
 *
 * Each is prepared when a session meets its text for the first time. That is for what batches are
 * made of: calls of functions and rows added, which have one plan whatever they are given. Not for
 * reads that join by what they are asked: PostgreSQL would settle for one plan after five of them.
 *
 * What fails is named by its own text; what was sent behind it has then done nothing, for it stands
 * in the same transaction. So COMMIT may come last.
 *
 * Ownership: borrows the connection, on which nothing else may be asked between the first
 * statement and pipeline_end, which answers for all; results stay the pipeline's until
 * pipeline_free.
 */
#ifndef ASSAY_STORE_PIPELINE_H
#define ASSAY_STORE_PIPELINE_H

#include "consumers/store/pgwire.h"
#include "runtime/fault.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

enum { PIPELINE_MOST = 64 };

struct pipeline {
    PGconn *connection;
    int count;
    struct said {
        struct statement *statement;
        PGresult *result;
        bool prepares, ends; /* its preparation was sent with it; an end of its own follows it */
    } said[PIPELINE_MOST];
    size_t unended; /* bytes since the last end, about */
    bool broken;    /* something could not be sent */
};

/* Adds a statement; `request` NULL: without parameters. Returns its number, for pipeline_result. */
int pipeline_say(struct pipeline *pipeline, const char *sql, const struct request *request);

/* The same with the fields of a row of binary COPY as parameters. */
int pipeline_say_row(struct pipeline *pipeline, const char *sql, const uint8_t *row);

/* Awaits all answers. False: the fault of the first statement that failed. */
bool pipeline_end(struct pipeline *pipeline, struct fault *fault);

const PGresult *pipeline_result(const struct pipeline *pipeline, int number);
PGresult *pipeline_take(struct pipeline *pipeline, int number); /* the caller's then */
void pipeline_free(struct pipeline *pipeline);

/* One statement by itself; the result is the caller's, NULL with the fault filled. */
PGresult *pipeline_ask(PGconn *connection, struct fault *fault, const char *sql,
                       const struct request *request);

#endif
