/*
 * posture -- the meaning: from the set of facts to the status of every cell at every instant.
 *
 * Pure: no I/O, no clock, no Kafka, no SQL; time is data. One `posture_service` holds the facts of
 * one service and the timelines they give; one `posture_governance` holds what reaches every
 * service. Evaluating changes no fact: it brings the timelines up to the facts and reports each
 * step that was added, replaced or removed. So the same set of facts gives the same timelines
 * whatever the order, the batches or the restarts, and what is reported over time adds up to them.
 *
 * A timeline is a step function of valid time: from each step's instant on, its values hold until
 * the next step. The future is part of it: an expiry is a step like any other.
 *
 * What it is not: a store (it reports steps, and is told facts again after a restart), nor a judge
 * of records (proto/record.h): every fact it is told has been accepted.
 *
 * System time: facts carry the batch that brought them; governance facts also the position of their
 * commit, and a service is evaluated "as of" a governance position, ignoring later ones. Positions
 * rise with every commit; batches are only labels, whose order says nothing (a clock may have been
 * set back). So the records of one event are told in the order of their commits: the first told of
 * those that count made it known.
 *
 * Ownership: handles own copies of everything they are told. Texts and steps handed to a sink live
 * until the call returns. Memory: aborts when the system has none; sizes are bounded by the facts.
 */
#ifndef ASSAY_POSTURE_POSTURE_H
#define ASSAY_POSTURE_POSTURE_H

#include "assay/v1/event.pb-c.h"
#include "proto/identity.h"
#include "proto/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Stored numbers: append only. */
enum cell_status {
    CELL_NONE = 0, /* there is no such cell */
    CELL_OUT_OF_SCOPE = 1,
    CELL_NOT_APPLICABLE = 2,
    CELL_PASSED = 3,
    CELL_EXCEPTED = 4,
    CELL_NOT_TESTED = 5,
    CELL_STALE = 6,
    CELL_ERROR = 7,
    CELL_FAILED = 8,
};
const char *cell_status_name(enum cell_status status); /* "PASSED" … */

enum posture_value {
    POSTURE_NONE = 0, /* no scope change in force */
    POSTURE_OUT_OF_SCOPE = 1,
    POSTURE_NOT_APPLICABLE = 2,
    POSTURE_PASSING = 3,
    POSTURE_PASSING_WITH_EXCEPTIONS = 4,
    POSTURE_INCOMPLETE = 5,
    POSTURE_FAILING = 6,
};
const char *posture_value_name(enum posture_value value);

/* Stored numbers: append only. */
enum certificate_state {
    CERTIFICATE_NONE = 0, /* no decision has taken force */
    CERTIFICATE_CERTIFIED = 1,
    CERTIFICATE_SUSPENDED = 2,
    CERTIFICATE_EXPIRED = 3,
    CERTIFICATE_WITHDRAWN = 4,
};
const char *certificate_state_name(enum certificate_state state);

/* Bits, stored: append only. In this order they are shown. */
enum certificate_flag {
    CERTIFICATE_SURVEILLANCE_OVERDUE = 1,
    CERTIFICATE_SURVEILLANCE_DUE = 2,
    CERTIFICATE_RECERTIFICATION_DUE = 4,
    CERTIFICATE_SUSPENDED_OVER_6_MONTHS = 8,
    CERTIFICATE_MAJOR_NC_OPEN = 16,
    CERTIFICATE_SOA_DIFFERS = 32,
};
/* The name of bit `number` (0 is CERTIFICATE_SURVEILLANCE_OVERDUE); NULL: there is no such bit. */
const char *certificate_flag_name(uint32_t number);

/* The Kafka record by which a fact came; `topic` is the caller's number for the topic's name. */
struct posture_record {
    int16_t topic;
    int32_t partition;
    int32_t incarnation;
    int64_t offset;
    int64_t batch;
    const char *team; /* TEAM of assay.evidence.TEAM; NULL for every other topic. Copied. */
    bool governance;  /* came by assay.governance */
};

/* What orders the versions of a fact, apart from the result's severity. */
struct posture_order {
    instant occurred_at;
    uint64_t sequence;
    uuid id;
    uint8_t digest[16]; /* the first half of the SHA-256 of the value as received */
};

struct posture_result {
    struct posture_order order;
    Assay__V1__Result result;
    instant expires_at; /* INSTANT_END: none given */
    uint32_t tool;      /* from posture_tool; POSTURE_NO_TOOL: none named */
    struct posture_record record;
};
#define POSTURE_NO_TOOL UINT32_MAX

struct posture_governance;
struct posture_service;

/* ---- telling facts ---- */

struct posture_governance *posture_governance_new(void);
void posture_governance_free(struct posture_governance *governance);

/* Any body of assay.governance. Positions are told in rising order, and nothing is evaluated or
 * settled at one before all its facts are told; telling the same record twice is a bug. Copies what
 * it needs of `event`. */
void posture_governance_add(struct posture_governance *governance, const Assay__V1__Event *event,
                            const uint8_t digest[static 16], const struct posture_record *record,
                            int64_t position);

struct posture_service *posture_service_new(const char *service);
void posture_service_free(struct posture_service *service);
size_t posture_service_memory(const struct posture_service *service); /* bytes held, about */

/*
 * Streams, tools and cells have small dense numbers, in order of first mention, streams and tools
 * within the service, cells within (service, environment). The store keeps these numbers: after a
 * restart it mentions them again in order, before any fact. `created`, where given, says a number
 * is new.
 */
uint32_t posture_stream(struct posture_service *service, const char *environment, const char *check,
                        const char *subject, bool *created);

/* posture_stream of each, in order: sooner than one by one, since memory is asked for ahead. */
struct posture_mention {
    const char *environment, *check, *subject;
    uint32_t stream, pair; /* the answer; `pair`: dense number of (environment, check) */
    bool created;          /* as posture_stream's */
};
void posture_streams(struct posture_service *service, struct posture_mention *mentions,
                     size_t count);

uint32_t posture_tool(struct posture_service *service, const char *name, const char *version,
                      bool *created);
uint32_t posture_cell(struct posture_service *service, const char *environment,
                      const char *standard, const char *control, bool *created);

/* A record that carries a test result. The same event by several records: tell each. */
void posture_add_result(struct posture_service *service, uint32_t stream,
                        const struct posture_result *result);

/* Asks for the memory that posture_add_result of that stream and id will touch. */
void posture_expect(const struct posture_service *service, uint32_t stream, const uuid *id);

/* service_onboarding, scope_change, and a retraction that came by an evidence topic. */
void posture_add_fact(struct posture_service *service, const Assay__V1__Event *event,
                      const uint8_t digest[static 16], const struct posture_record *record);

/* ---- timelines ---- */

enum posture_change {
    STEP_SET,     /* a step is now at this instant with these values (new, or replaced) */
    STEP_REMOVED, /* there is no step at this instant any more; only `at` counts */
};

struct posture_cell_step {
    instant at;
    enum cell_status status;
    bool transition;  /* its status differs from the one before: a span of equal status starts */
    bool stale;       /* a required check has a stale stream */
    uint32_t checks;  /* mapped checks */
    uint32_t missing; /* required and missing ones */
    const uuid *deciding; /* NULL: none */
    const uuid *cause; /* transition only: greatest event taking effect at `at`; NULL: time alone */
    int64_t known;     /* transition only: batch of the cause's record, else the batch of the
                          evaluation since which time alone causes it */
    const char *exception; /* NULL: none; keys of the facts */
    const char *finding;
    const char *inherited_from; /* "service/environment" */
    bool joined;                /* of a change: a transition was here, and is none any more */
};

struct posture_standing_step { /* of (service, environment, standard) */
    instant at;
    Assay__V1__Membership membership; /* UNSPECIFIED: no scope change in force; the row ends */
    enum posture_value posture;
    uint32_t passed, excepted, failed, error, stale, not_tested, not_applicable;
    uint32_t applicable;
    int32_t percent;           /* hundredths, rounded down; -1: none applicable */
    uint8_t certificate_state; /* enum certificate_state, in the environment's programme */
    bool certified;
};

struct posture_phase_step { /* what a standing is besides its counts; a step function of its own */
    instant at;
    Assay__V1__Membership membership; /* these as above */
    enum posture_value posture;
    uint8_t certificate_state;
    bool certified;
};

struct posture_certification_step { /* of (programme, standard) */
    instant at;
    bool exists;          /* a decision has taken force, or the programme lists it; else no row */
    const uuid *decision; /* in force; NULL: none, and number … soa_version are NULL, or 0 */
    const char *number, *body, *soa_version;
    instant valid_from, valid_until;
    enum certificate_state state;
    instant surveillance_deadline; /* INSTANT_END: none */
    uint8_t flags;                 /* enum certificate_flag */
};

/* Which version of a fact is in force from `at` on. */
struct posture_fact_step {
    const char *body; /* as in the .proto: "scope_change" */
    const char *key;  /* the fact's key, parts joined by '|' */
    instant at;
    const uuid *id;        /* NULL: none is in force (retracted) */
    const uint8_t *digest; /* 16 bytes, with id */
    instant since; /* scope_change: first instant of the unbroken span of equal membership */
};

/*
 * A record whose event has no effect from `at` on, and why; reason NULL: it has one again, or was
 * superseded. Keyed by the record; of facts of governance, which may speak of several controls, by
 * record, standard and control. STEP_REMOVED carries the key too.
 *
 * Retracted events and those of a recalled tool are as if never sent, and not unmapped. A result
 * has an effect where the mapping in force of its check applies to its environment and names at
 * least one cell, whether or not the service is onboarded; else the first of these that holds:
 */
#define POSTURE_UNKNOWN_SERVICE                                                                    \
    "unknown_service"                   /* no onboarding in force; a team's: at its time */
#define POSTURE_NOT_OWNER  "not_owner"  /* a team's, of a service that was not its own: for ever */
#define POSTURE_NO_MAPPING "no_mapping" /* none in force that applies here and names a control */
#define POSTURE_NOT_IN_SCOPE                                                                       \
    "not_in_scope" /* no standard that it is mapped to is in scope here                            \
                    */
#define POSTURE_UNKNOWN_STANDARD "unknown_standard" /* of those in scope none is in force */
#define POSTURE_UNKNOWN_CONTROL  "unknown_control"  /* none of those in force has the control */
/* Further: a scope_change whose standard is not in force, and what names a control of such a one,
 * are POSTURE_UNKNOWN_STANDARD; what names a control its standard has not, POSTURE_UNKNOWN_CONTROL:
 * check_mappings, entries of statements_of_applicability, approved exceptions as long as they are
 * not expired, open nonconformities, inheritances. Entries and exceptions that name a clause, and a
 * statement of applicability for each control of a standard of its programme that it omits: */
#define POSTURE_CLAUSE  "clause"
#define POSTURE_OMITTED "omitted"
/* An evidence topic's retraction of what is not known here as a
 * test result it can reach (`at` is its occurred_at), as long as that is so: */
#define POSTURE_UNKNOWN_EVENT "unknown_event"
/* Not here: a retraction by assay.governance of an event that no service and no fact of governance
 * has, which only who sees all of them can tell. */
struct posture_unmapped_step {
    instant at;
    const char *reason;
    const uuid *event;
    struct posture_record record;
    const char *environment, *check, *standard, *control; /* NULL where it does not apply */
};

struct posture_sink {
    void *context;
    void (*cell)(void *context, const char *environment, uint32_t cell, enum posture_change change,
                 const struct posture_cell_step *step);
    void (*cell_new)(void *context, const char *environment, uint32_t cell, const char *standard,
                     const char *control); /* before the first step of a cell that got its number */
    void (*standing)(void *context, const char *environment, const char *standard,
                     enum posture_change change, const struct posture_standing_step *step);
    /* The same standings once more, in two parts that change little from one evaluation to the
     * next. From `at` on there are `change` more cells of that status (NOT_APPLICABLE … FAILED)
     * than was told so far: what is told about instants up to T adds up to the counts at T. */
    void (*phase)(void *context, const char *environment, const char *standard,
                  enum posture_change change, const struct posture_phase_step *step);
    void (*tally)(void *context, const char *environment, const char *standard, instant at,
                  enum cell_status status, int32_t change);
    void (*certification)(void *context, const char *programme, const char *standard,
                          enum posture_change change,
                          const struct posture_certification_step *step);
    void (*fact)(void *context, enum posture_change change, const struct posture_fact_step *step);
    void (*unmapped)(void *context, enum posture_change change,
                     const struct posture_unmapped_step *step);
};

/*
 * Brings the service's timelines up to its facts and to governance as of `position`, and reports
 * what changed: facts, then, grouped by environment in the order of their names, cell by cell, then
 * standings, then unmapped records, steps rising; last what is unmapped without environment (NULL).
 * `sink`, or any callback, may be NULL. A service is evaluated against one governance handle as
 * long as it lives, which must outlive it. A service that has kin (posture_governance_kin) is
 * evaluated with them, below. `batch` labels transitions that time alone causes and
 * that were not known before. Nothing is reported that stayed as it was; evaluating twice reports
 * nothing the second time.
 */
void posture_evaluate(struct posture_service *service, const struct posture_governance *governance,
                      int64_t position, int64_t batch, const struct posture_sink *sink);

/*
 * The same for services that inherit from each other: rule 4 is worked out over all their own
 * results. One sink a service, in the same order (NULL: nobody); each is told as above. Where
 * nobody inherits it is the same as evaluating one after the other.
 *
 * What the caller guarantees, holding all of them from before it tells them facts until what was
 * reported is stored:
 *  1. The set is closed: with the services that were told facts since they were last evaluated,
 *     and those that lag behind `position` in governance, as `changing`, it holds all that
 *     posture_governance_kin then tells; asked again, where some of those lag in turn. Who is
 *     missing is as good as without any cell, and an inheritor that is missing is not brought
 *     forward.
 *  2. Governance is caught up with one commit after the other: those of the set that are behind
 *     it or at it, together. Who is ahead of a commit (kin only by an inheritance that is told
 *     later) is left out there. Where nobody of those behind is concerned (posture_concerned), the
 *     commit may be skipped for all of them; else none is.
 *  3. Then all are at the same position, each is told all its facts, and they are evaluated.
 *  4. A handle of an inheritor that was not in the set when its provider changed (by what another
 *     process did, too) is not used any more: it is freed, and told and evaluated from its
 *     beginning, together with its providers. So is every service after a restart.
 * Services that are only read (`changes` false) report nothing.
 */
void posture_evaluate_together(struct posture_service *const *services, size_t count,
                               const struct posture_governance *governance, int64_t position,
                               int64_t batch, const struct posture_sink *sinks);

/*
 * Which further services must be evaluated together with those whose facts change: those that
 * inherit from them, directly or not (`changes`), and whatever any of these inherits from (only
 * read). As any inheritance ever told might have it, whatever its position, retracted or not.
 * `known`: all services there are, with those in `changing`; each is told at most once, and none
 * that was given. An inheritance for "*" makes every known service inherit.
 */
void posture_governance_kin(const struct posture_governance *governance,
                            const char *const *changing, size_t changing_count,
                            const char *const *known, size_t known_count,
                            void (*tell)(void *context, const char *service, bool changes),
                            void *context);

/*
 * Whether governance commits in (after, upto] can change anything in the service; false lets the
 * store move the service on without evaluating. May say true needlessly, never false wrongly.
 * A service told to skip is next evaluated at a position ≥ upto.
 */
bool posture_concerned(const struct posture_service *service,
                       const struct posture_governance *governance, int64_t after, int64_t upto);

/* Reports, as STEP_SET, every cell, standing and unmapped step of an environment that matters from
 * `from` on: the step in force at `from` and all later ones; tallies as if none had been told.
 * INSTANT_BEGIN: all. environment NULL: what is unmapped without one. */
void posture_each(const struct posture_service *service, const char *environment, instant from,
                  const struct posture_sink *sink);

/* After a reload: the batch since which time alone causes a transition. */
void posture_restore_known(struct posture_service *service, const char *environment, uint32_t cell,
                           instant at, int64_t known);

/* Governance's own steps, reported as they change: facts (the versions in force of every key), what
 * they say of controls in vain (unmapped), then certifications. */
void posture_governance_settle(struct posture_governance *governance, int64_t position,
                               const struct posture_sink *sink);

#endif
