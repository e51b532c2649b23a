/*
 * explain -- why a cell has its status at an instant, and what changes it next without new events.
 *
 * Asked of handles that posture_evaluate has brought up to `position`; changes nothing. It looks at
 * everything the rules looked at, stream by stream, so it costs what the cell's checks have
 * streams: it is for a person's question, not for every cell.
 *
 * What it is not: text. Programs word it, and find events' records in the ledger by what stands
 * here.
 *
 * Ownership: posture_explanation_free gives up what out holds. Names are borrowed from the handles
 * and live until they are told more.
 */
#ifndef ASSAY_POSTURE_EXPLAIN_H
#define ASSAY_POSTURE_EXPLAIN_H

#include "consumers/posture/posture.h"

/* How a stream's observation bears on its check. */
enum stream_state {
    STREAM_PASSES,
    STREAM_FAILS,
    STREAM_ERRS, /* a fresh ERROR or UNKNOWN */
    STREAM_STALE,
    STREAM_NEUTRAL, /* INFO, a fresh NOT_APPLICABLE */
    STREAM_NOT_CHECKED,
    STREAM_RETIRED, /* no longer of the population */
};
const char *stream_state_name(enum stream_state state); /* "passes" … */

struct explained_event {
    bool any;         /* else there is none, and the rest is empty */
    const char *body; /* "scope_change" … as in the .proto */
    uuid id;
    instant occurred_at;
    struct posture_record record; /* the first that counts */
};

struct explained_stream {
    const char *subject;
    enum stream_state state;
    Assay__V1__Result result;
    struct explained_event event;
    instant expires_at; /* when it becomes, or became, stale; INSTANT_END: it never does */
};

struct explained_check {
    const char *check;
    bool required;
    bool missing; /* required, and without a result that says anything */
    struct explained_event mapping;
    int64_t ttl;                      /* microseconds */
    struct explained_stream *streams; /* with a version in force, in order of first mention */
    uint32_t stream_count;
};

struct posture_explanation {
    enum cell_status status;
    instant since, until; /* the span of equal status; INSTANT_END: for good */
    int rule;             /* its number in DESIGN.md, section 3 */
    const char *rule_name, *sentence;
    struct explained_event deciding;

    struct explained_event scope, onboarding, programme, standard; /* in force */
    Assay__V1__Membership membership;
    Assay__V1__Lifecycle lifecycle; /* UNSPECIFIED: not onboarded */
    bool discontinued;              /* the environment */
    uint32_t required, missing;     /* checks */
    struct explained_check *checks; /* mapped ones, by name */
    uint32_t check_count;

    /* The next change of status: at `until`, where that is not INSTANT_END. */
    enum cell_status next_status;
    struct explained_event next_cause; /* a fact dated ahead; none: results that expire then */
    const struct explained_stream **next_expiring; /* of required checks, at `until` */
    uint32_t next_expiring_count;
};

/* False, with `out` empty, where there is no such cell at that instant. The service must have been
 * evaluated with this governance as of `position`, or be of no concern since (posture_concerned).
 */
bool posture_explain(struct posture_service *service, const struct posture_governance *governance,
                     int64_t position, const char *environment, const char *standard,
                     const char *control, instant at, struct posture_explanation *out);
void posture_explanation_free(struct posture_explanation *explanation);

#endif
