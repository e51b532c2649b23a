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
    const char *exception; /* the greatest that covers it where it fails; NULL: none does */
    instant expires_at;    /* when it becomes, or became, stale; INSTANT_END: it never does */
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

struct explained_rule { /* in order; the first that matches decides */
    int number;         /* in DESIGN.md, section 3 */
    const char *name, *sentence;
    enum cell_status status; /* that it gives; CELL_NONE: rule 4, unless it decides */
    bool matches;            /* what it says is so, even where an earlier one decides */
    bool decides;            /* the status, or, behind rule 4, what the own side would be */
};

struct explained_finding { /* in force on the cell, of its programme */
    const char *finding;
    struct explained_event event;
    bool open, major, minor; /* neither of the last two: no nonconformity */
    instant due_at;          /* INSTANT_END: none given */
    bool weighs;             /* fails the cell now */
};

struct explained_exception { /* in force on the cell */
    const char *exception;
    struct explained_event event;
    instant expires_at;
    uint32_t covers; /* failing streams of its mapped checks */
};

enum explained_listing { /* of the control in the Statement of Applicability */
                         LISTING_NO_STATEMENT,
                         LISTING_OMITTED,
                         LISTING_INCLUDED, /* applicable, or excluded without a justification, which
                                              has no effect */
                         LISTING_EXCLUDED,
};

/* Why a provider counts as ERROR. */
enum provider_fault {
    PROVIDER_COUNTS, /* it does not: its status is taken */
    PROVIDER_ABSENT, /* there is no such cell */
    PROVIDER_OUT_OF_SCOPE,
    PROVIDER_NOT_APPLICABLE,
    PROVIDER_NOT_CERTIFIED, /* of another programme */
    PROVIDER_CIRCULAR,      /* the inheritor is on a cycle */
};
const char *provider_fault_sentence(enum provider_fault fault); /* NULL for PROVIDER_COUNTS */

struct explained_link { /* who inherits from whom; the first is the cell itself */
    const char *service, *environment;
    struct explained_event inheritance;
    Assay__V1__InheritanceKind kind;
    const char *provider_service, *provider_environment;
    enum cell_status own;      /* of the inheritor, by rules 5 to 10 */
    enum cell_status provider; /* as it is shown; CELL_NONE: there is none */
    enum provider_fault fault;
    enum cell_status taken; /* of the provider's side: its status, or ERROR */
    bool own_side;          /* of a HYBRID, the own side was taken: worse, or alike and greater */
    enum cell_status shown; /* of the inheritor */
};

struct posture_explanation {
    enum cell_status status;
    instant since, until; /* the span of equal status; INSTANT_END: for good */
    int rule; /* its number in DESIGN.md, section 3: 4 where the cell inherits, whichever side */
    const char *rule_name, *sentence;
    struct explained_event deciding;
    const char *exception, *finding; /* that decide; NULL: none does */
    const char *inherited_from;      /* "service/environment"; NULL: rule 4 is not reached */

    /* The own side: of a cell that inherits its rules 5 to 10, for others the whole. */
    enum cell_status own_status;
    struct explained_event own_deciding;
    struct explained_rule *rules; /* all ten */
    uint32_t rule_count;

    struct explained_link *chain; /* along the providers; none: the cell does not inherit */
    uint32_t chain_count;

    struct explained_finding *findings;
    uint32_t finding_count;
    struct explained_event statement; /* of applicability, in force for the programme */
    const char *statement_version;    /* NULL: none */
    enum explained_listing listing;
    bool clause; /* findings reach it; statements and exceptions do not */
    struct explained_exception *exceptions;
    uint32_t exception_count;

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
    const char *next_exception; /* expires then; NULL: none */
    const char *next_finding;   /* falls due then; NULL: none */
};

/* False, with `out` empty, where there is no such cell at that instant. The service must have been
 * evaluated with this governance as of `position`, or be of no concern since (posture_concerned).
 */
bool posture_explain(struct posture_service *service, const struct posture_governance *governance,
                     int64_t position, const char *environment, const char *standard,
                     const char *control, instant at, struct posture_explanation *out);

/* The same of services[0], with what it inherits from beside it: those that posture_governance_kin
 * tells for it (the others may be left out). All as of `position`. */
bool posture_explain_together(struct posture_service *const *services, size_t count,
                              const struct posture_governance *governance, int64_t position,
                              const char *environment, const char *standard, const char *control,
                              instant at, struct posture_explanation *out);
void posture_explanation_free(struct posture_explanation *explanation);

#endif
