/*
 * play -- a rehearsal with facts written in a line each, and questions answered in a line each.
 *
 * Unless a fact says otherwise it is about service "mail", environment "public", standard "iso" and
 * check "c"; each has a batch of its own. Instants are days since 2026-01-01T00:00:00Z, see day().
 * Ids are small numbers: 7 is 00000000-0000-4000-8000-000000000007.
 */
#ifndef ASSAY_TESTS_UNIT_POSTURE_PLAY_H
#define ASSAY_TESTS_UNIT_POSTURE_PLAY_H

#include "tests/unit/posture/rehearsal.h"

#include <check.h>

#define day(n)         (INSTANT_C_2026 + (instant)((n) * (double)INSTANT_DAY))
#define INSTANT_C_2026 INT64_C(1767225600000000)

struct told {
    Assay__V1__Event__BodyCase body;
    int id;      /* 0: one of its own */
    int content; /* another number: another digest, so another content of that id */
    instant at;
    uint64_t sequence;
    const char *topic; /* NULL: where it belongs; of results assay.evidence */
    const char *service, *environment, *standard, *check, *subject;
    Assay__V1__Result result;
    instant expires;  /* 0: not */
    const char *tool; /* "name version"; of a result or a recall */
    Assay__V1__Membership membership;
    Assay__V1__Lifecycle lifecycle;
    const char *owner;
    const char *controls;     /* "A.1 A.2"; of a mapping also "other/B.1"; "5.1!" is a clause */
    const char *applies;      /* "mail/public mail/gov"; NULL: everywhere */
    bool optional;            /* of a mapping: not required */
    double ttl;               /* days; 0: absent */
    const char *extends;      /* standards */
    const char *environments; /* of a programme; "gov!" is discontinued */
    const char *standards;    /* of a programme */
    const char *programme;
    int retracts;        /* an id */
    bool lifted;         /* of a recall */
    const char *key;     /* of a finding, an exception, an audit; NULL: "k" */
    const char *control; /* of a finding, an exception, an inheritance; NULL: "A.1" */
    Assay__V1__FindingGrade grade;
    bool closed; /* a finding */
    instant due; /* 0: not given */
    Assay__V1__ExceptionState state;
    const char *excluded; /* of a statement, beside `controls`: "A.1 other/B.1" */
    bool unjustified;     /* these without a justification */
    const char *version;  /* of a statement, or that a certificate names; NULL: "1" */
    const char *provider; /* "chat/public" */
    Assay__V1__InheritanceKind kind;
    Assay__V1__CertificateDecision decision;
    instant from, until;   /* a certificate's, or an audit's; 0: day(0), and day(1000) */
    instant scope_as_of;   /* 0: absent */
    instant ends_validity; /* certifiable_until of a standard; 0: absent */
    Assay__V1__AuditKind audit;
    bool planned; /* an audit; else reported */
};

struct play {
    struct rehearsal *rehearsal;
    int64_t batch;
    int64_t offset;
    int ids;
};

struct play play_begin(void);
void play_end(struct play *play);

/* A record in the batch in hand. */
void play_take(struct play *play, const struct told *told);
void play_commit(struct play *play); /* ends it */

/* A batch of one record, after which everything is caught up. */
void play_tell(struct play *play, const struct told *told);

#define TELL(play, ...)   play_tell(play, &(struct told){__VA_ARGS__})
#define RESULT            .body = ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT
#define ONBOARDING        .body = ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING
#define SCOPE             .body = ASSAY__V1__EVENT__BODY_SCOPE_CHANGE
#define STANDARD          .body = ASSAY__V1__EVENT__BODY_STANDARD
#define MAPPING           .body = ASSAY__V1__EVENT__BODY_CHECK_MAPPING
#define PROGRAMME         .body = ASSAY__V1__EVENT__BODY_PROGRAMME
#define RETRACTION        .body = ASSAY__V1__EVENT__BODY_RETRACTION
#define RECALL            .body = ASSAY__V1__EVENT__BODY_TOOL_RECALL
#define FINDING           .body = ASSAY__V1__EVENT__BODY_FINDING
#define EXCEPTION         .body = ASSAY__V1__EVENT__BODY_EXCEPTION
#define STATEMENT         .body = ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY
#define INHERITANCE       .body = ASSAY__V1__EVENT__BODY_INHERITANCE
#define CERTIFICATE       .body = ASSAY__V1__EVENT__BODY_CERTIFICATE
#define AUDIT             .body = ASSAY__V1__EVENT__BODY_AUDIT
#define MAJOR             .grade = ASSAY__V1__FINDING_GRADE__FINDING_GRADE_MAJOR_NC
#define MINOR             .grade = ASSAY__V1__FINDING_GRADE__FINDING_GRADE_MINOR_NC
#define OBSERVATION       .grade = ASSAY__V1__FINDING_GRADE__FINDING_GRADE_OBSERVATION
#define APPROVED          .state = ASSAY__V1__EXCEPTION_STATE__EXCEPTION_STATE_APPROVED
#define PROPOSED          .state = ASSAY__V1__EXCEPTION_STATE__EXCEPTION_STATE_PROPOSED
#define REVOKED           .state = ASSAY__V1__EXCEPTION_STATE__EXCEPTION_STATE_REVOKED
#define FULL              .kind = ASSAY__V1__INHERITANCE_KIND__INHERITANCE_KIND_FULL
#define HYBRID            .kind = ASSAY__V1__INHERITANCE_KIND__INHERITANCE_KIND_HYBRID
#define NO_INHERITANCE    .kind = ASSAY__V1__INHERITANCE_KIND__INHERITANCE_KIND_NONE
#define DECIDED(what)     .decision = ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_##what
#define AUDITED(what)     .audit = ASSAY__V1__AUDIT_KIND__AUDIT_KIND_##what
#define PASS              .result = ASSAY__V1__RESULT__RESULT_PASS
#define FAIL              .result = ASSAY__V1__RESULT__RESULT_FAIL
#define ERR               .result = ASSAY__V1__RESULT__RESULT_ERROR
#define UNKNOWN           .result = ASSAY__V1__RESULT__RESULT_UNKNOWN
#define NOT_CHECKED       .result = ASSAY__V1__RESULT__RESULT_NOT_CHECKED
#define NOT_APPLICABLE    .result = ASSAY__V1__RESULT__RESULT_NOT_APPLICABLE
#define INFO              .result = ASSAY__V1__RESULT__RESULT_INFO
#define RETIRED           .result = ASSAY__V1__RESULT__RESULT_RETIRED
#define IN_SCOPE          .membership = ASSAY__V1__MEMBERSHIP__MEMBERSHIP_IN_SCOPE
#define REMOVED           .membership = ASSAY__V1__MEMBERSHIP__MEMBERSHIP_REMOVED
#define PENDING           .membership = ASSAY__V1__MEMBERSHIP__MEMBERSHIP_PENDING_AUDIT
#define LIVE              .lifecycle = ASSAY__V1__LIFECYCLE__LIFECYCLE_LIVE
#define LIFECYCLE_RETIRED .lifecycle = ASSAY__V1__LIFECYCLE__LIFECYCLE_RETIRED
#define BY_TEAM(team)     .topic = "assay.evidence." team
#define BY_GOVERNANCE     .topic = "assay.governance"

/* A standard "iso" with A.1 and A.2, and mail in scope, both from day 0 on; ids 901 and 902. */
void play_scene(struct play *play);

/* The cell of mail in public: "A.1" of iso, or "other/B.1". NULL: there is none then. */
const struct recorded_step *play_cell(struct play *play, const char *control, instant at);
const struct recorded_step *play_standing(struct play *play, const char *standard, instant at);
/* The reason why the event has no effect; "-": it has one, or was superseded; NULL: no step. */
const char *play_unmapped(struct play *play, int id, instant at);
uuid play_id(int id);

#define ck_status(play, control, at, expected)                                                     \
    do {                                                                                           \
        const struct recorded_step *step_ = play_cell(play, control, at);                          \
        ck_assert_msg(step_ != NULL && step_->cell.step.status == (expected), "%s is %s, not %s",  \
                      control,                                                                     \
                      step_ == NULL ? "nothing" : cell_status_name(step_->cell.step.status),       \
                      cell_status_name(expected));                                                 \
    } while (0)
/* Also which event decides; 0: none. */
#define ck_decided(play, control, at, expected, id)                                                \
    do {                                                                                           \
        ck_status(play, control, at, expected);                                                    \
        uuid wanted_ = play_id(id);                                                                \
        ck_assert_msg(uuid_compare(&play_cell(play, control, at)->cell.deciding, &wanted_) == 0,   \
                      "%s is not decided by %d but: %s", control, id,                              \
                      play_cell(play, control, at)->text);                                         \
    } while (0)
#define ck_posture(play, standard, at, expected)                                                   \
    do {                                                                                           \
        const struct recorded_step *step_ = play_standing(play, standard, at);                     \
        ck_assert_msg(step_ != NULL && step_->standing.posture == (expected), "%s is %s, not %s",  \
                      standard,                                                                    \
                      step_ == NULL ? "nothing" : posture_value_name(step_->standing.posture),     \
                      posture_value_name(expected));                                               \
    } while (0)
#define ck_unmapped(play, id, at, expected)                                                        \
    do {                                                                                           \
        const char *reason_ = play_unmapped(play, id, at);                                         \
        const char *wanted_ = expected;                                                            \
        ck_assert_msg(reason_ == wanted_ ||                                                        \
                          (reason_ != NULL && wanted_ != NULL && strcmp(reason_, wanted_) == 0),   \
                      "event %d: %s", id, reason_ == NULL ? "(nothing)" : reason_);                \
    } while (0)

struct named_test {
    const char *name;
    const TTest *function;
};
int run_tests(const char *unit, const struct named_test *tests, size_t count);
#define RUN_TESTS(unit, tests) run_tests(unit, tests, sizeof(tests) / sizeof((tests)[0]))

#endif
