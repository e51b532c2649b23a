/*
 * pack -- steps of timelines, gathered and packed into one row a (service, environment) and batch.
 *
 * Stands between posture, which reports step by step, and the tables, whose grain is explained in
 * docs/decisions/0001-grain-of-the-record.md. It decides when a keyframe is due, from what is in
 * the rows alone, so that a rebuild decides the same.
 *
 * A `pair` is one (service, environment): its counters live in the service's cache and are those of
 * the last row written. `copies` are the rows of one transaction, not sent yet.
 *
 * Ownership: pairs own what they gather; copies own their buffers.
 */
#ifndef ASSAY_STORE_PACK_H
#define ASSAY_STORE_PACK_H

#include "consumers/posture/posture.h"
#include "consumers/store/copy.h"
#include "consumers/store/heard.h"
#include "consumers/store/kept.h"
#include "consumers/store/pipeline.h"
#include "consumers/store/taken.h"

/* The rows of one transaction, a table each, in the order in which they are sent. */
struct copies {
    struct copy ledger, verdict, fact, fact_step, certification_step, stream, tool, cell;
    struct copy history, timeline, standing, unmapped;
    struct noted { /* parameters of note_environments; texts owned */
        char *service, *environment;
    } * environments;
    size_t environment_count, environment_room;
    int32_t empty_first;        /* see copies_empty_first; 0: not */
    struct kept *kept;          /* likewise; NULL: no rebuild */
    struct heard_row *heard;    /* parameters of note_producers */
    struct copies_ahead *ahead; /* those a thread has to send; NULL: there never were any */
};

/* The last that is sent before COMMIT: what is much by COPY, the rest as statements of `pipeline`,
 * whose end answers for them. */
bool copies_say(struct copies *copies, struct pipeline *pipeline, struct fault *fault);

/* Sends everything, and says of all of it, also of what was sent ahead, whether it went well. */
bool copies_send(struct copies *copies, PGconn *connection, struct fault *fault);

/*
 * Has a thread of its own send everything there is, if it is much, while the caller makes more:
 * PostgreSQL takes rows in about as slowly as they are made. Until copies_send, which waits for
 * it, the connection must not be used; a second call waits for the first, too.
 */
bool copies_send_ahead(struct copies *copies, PGconn *connection, struct fault *fault);

/* Whether a call of copies_send_ahead would have to wait for the one before. */
bool copies_under_way(const struct copies *copies);

/* Before the next rows are sent, everything derived is emptied, for a rebuild by that version
 * (STORE_DERIVATION). Names are `kept`, which is borrowed until copies_clear: the record has the
 * right ones only after copies_settle, which is copies_send for whoever reads what was sent. */
void copies_empty_first(struct copies *copies, int32_t derivation, struct kept *kept);
bool copies_settle(struct copies *copies, PGconn *connection, struct fault *fault);

/* Waits for what is sent ahead, however it ends: before a rollback. */
void copies_await(struct copies *copies);

/* An environment met for the first time, for record.note_environments; takes its texts over. */
void copies_note(struct copies *copies, struct noted environment);

/* Adds all that `more` has, except who was heard, and empties it. */
void copies_join(struct copies *copies, struct copies *more);

void copies_clear(struct copies *copies); /* after a rollback */
void copies_free(struct copies *copies);
size_t copies_bytes(const struct copies *copies); /* of rows that nobody sends yet */

struct pair;
/* `environment` is copied; "" stands for what concerns the service (or governance) as a whole. */
struct pair *pair_new(const char *service, const char *environment);
void pair_free(struct pair *pair);
const char *pair_environment(const struct pair *pair);
int32_t pair_last(const struct pair *pair); /* seq of its last row; -1: none yet */

/* After a reload: where the last rows left off. */
struct pair_state {
    int32_t seq;             /* of the next row */
    int32_t weight;          /* steps in rows since the last keyframe */
    int32_t keyframe_weight; /* steps in the last keyframe; -1: there is none yet */
    instant horizon;         /* INSTANT_BEGIN: none yet */
    instant complete_from;   /* of the last keyframe; INSTANT_BEGIN: there is only the first */
};
void pair_restore(struct pair *pair, struct pair_state state);

/* Gathers one accepted test result; `tool` -1: none; `source` as heard_note says. */
void pair_result(struct pair *pair, const struct taken *taken, uint32_t stream, int32_t tool,
                 uint32_t source);

/* Gathers what posture reports. */
void pair_cell_step(struct pair *pair, uint32_t cell, enum posture_change change,
                    const struct posture_cell_step *step);
void pair_phase_step(struct pair *pair, const char *standard, enum posture_change change,
                     const struct posture_phase_step *step);
void pair_tally(struct pair *pair, const char *standard, instant at, enum cell_status status,
                int32_t change);
void pair_unmapped_step(struct pair *pair, enum posture_change change,
                        const struct posture_unmapped_step *step);

/*
 * Writes what was gathered as rows of `batch` and forgets it. True: a keyframe is due from *from
 * on, and the caller gathers posture_each(… *from …) and calls pair_keyframe.
 *
 * Two things call for one. The deltas since the last outweigh it by a quarter. Or a change reached
 * back behind a keyframe and took away a step, or a transition, that it rests on: what holds there
 * now is an earlier step, which no row since the keyframe says. The new keyframe begins at that
 * change, so every reader it concerns starts with it.
 */
bool pair_write(struct pair *pair, int64_t batch, struct copies *copies, instant *from);
void pair_keyframe(struct pair *pair, int64_t batch, instant from, struct copies *copies);

#endif
