/*
 * governance -- the facts that reach every service, in the order of the positions that told them.
 *
 * Inside posture only. A version counts "as of position p" where it was told at or before p and no
 * retraction told at or before p reaches it: two numbers in the version say so, and every service
 * asks as of its own position. The log is what a service walks to learn what changed.
 *
 * Of the bodies that have no effect on a cell or a certificate (location, management_record) only
 * the versions are kept.
 *
 * Ownership: owns everything; versions and facts stay where they are until posture_governance_free.
 */
#ifndef ASSAY_POSTURE_GOVERNANCE_H
#define ASSAY_POSTURE_GOVERNANCE_H

#include "consumers/posture/names.h"
#include "consumers/posture/version.h"

#include <uthash.h>

#define POSITION_NEVER INT64_MAX

struct control_name {
    uint32_t standard, control;
};

struct target { /* where a mapping applies; "*" is posture_governance.star */
    uint32_t service, environment;
};

struct mapping {
    struct control_name *controls; /* sorted, each once */
    uint32_t control_count;
    struct target *targets; /* none: everywhere */
    uint32_t target_count;
    bool required;
    int64_t ttl; /* microseconds */
};

struct standard {
    struct listed_control {
        uint32_t control;
        bool clause;
    } * controls; /* of kind CLAUSE or CONTROL; sorted, each once */
    uint32_t control_count;
    uint32_t *extends;
    uint32_t extend_count;
    instant certifiable_until; /* INSTANT_END: no end is known */
};

struct programme {
    struct listed_environment {
        uint32_t environment;
        bool discontinued;
    } * environments;
    uint32_t environment_count;
    uint32_t *standards;
    uint32_t standard_count;
};

struct recall {
    uint32_t tool, version, service;
    bool in_force;
};

/* What a finding or an exception speaks of; "*" is posture_governance.star. */
struct reach {
    uint32_t programme, standard, control, service, environment;
};

struct finding {
    struct reach reach;
    bool open, major, minor;
    instant due_at; /* INSTANT_END: none given */
};

struct exception {
    struct reach reach;
    uint32_t check, subject;
    bool approved;
    instant expires_at;
};

struct statement { /* of applicability */
    uint32_t version;
    struct statement_entry {
        struct control_name control;
        bool excluded; /* not applicable, with a justification */
    } * entries;       /* sorted */
    uint32_t entry_count;
};

/* A cell, in governance's numbers; NAME_NONE: never heard there. Of an inheritance service and
 * control may be "*". */
struct cell_name {
    uint32_t service, environment, standard, control;
};

struct inheritance {
    struct cell_name name; /* whom it is for: the fact's key */
    uint32_t number;       /* in posture_governance.inheritance_versions */
    uint32_t provider_service, provider_environment;
    uint32_t provider; /* "service/environment" */
    Assay__V1__InheritanceKind kind;
};

struct certificate { /* a decision on it */
    uint32_t programme, standard;
    Assay__V1__CertificateDecision decision;
    instant force; /* takes effect */
    instant valid_from, valid_until;
    instant scope_date; /* the day whose scope it certifies */
    uint32_t number, body, soa_version;
};

struct audit {
    uint32_t programme;
    uint32_t *standards;
    uint32_t standard_count;
    bool surveys; /* a surveillance or recertification, and not only planned */
    instant ends_at;
};

struct governance_record {
    int64_t position;
    struct kept_record record;
};

struct governance_version {
    struct version head;
    struct governance_fact *fact;
    uint32_t service;  /* the `service` its event is about; NAME_NONE: of none */
    int64_t position;  /* of its first record */
    int64_t retracted; /* of the first retraction that reaches it; POSITION_NEVER */
    struct governance_record *records;
    uint32_t record_count, record_room;
    struct governance_version *same_id; /* another version (content) with the same event id */
    union {
        struct mapping mapping;
        struct standard standard;
        struct programme programme;
        struct recall recall;
        struct finding finding;
        struct exception exception;
        struct statement statement;
        struct inheritance inheritance;
        struct certificate certificate;
        struct audit audit;
    };
};

struct governance_step { /* settled: what was reported as in force */
    instant at;
    const struct governance_version *version;
};

struct unmapped_control { /* settled: a mapping's record that names what is not known */
    instant at;
    const struct governance_version *version;
    uint32_t record;
    struct control_name control;
    const char *reason; /* NULL: ends */
};

struct governance_fact {
    struct fact_key {
        uint32_t body; /* Assay__V1__Event__BodyCase */
        uint32_t key;
    } key;
    struct governance_version **versions; /* in the facts' order, those that do not count too */
    uint32_t version_count, version_room;
    UT_hash_handle hh;
    bool unsettled;
    struct governance_step *steps;
    uint32_t step_count;
    struct unmapped_control *unmapped;
    uint32_t unmapped_count;
    const struct governance_fact *statement; /* a programme's, of applicability; NULL: none yet */
};

/* What any version of any fact ever named: a control its checks' mappings, its findings and its
 * exceptions ("*" being a name of its own), an environment its programmes, a check the exceptions
 * that speak of one subject of it, a programme and standard the certificate, its findings and
 * audits. */
struct naming {
    struct control_name name; /* an environment: {environment, NAME_NONE}; a check likewise */
    struct governance_fact **facts;
    uint32_t fact_count, fact_room;
    UT_hash_handle hh;
};

/* Inheritances by the cells they are for, or by the cells any version of them ever provides from.
 */
struct inheriting {
    struct cell_name name;
    struct governance_fact **facts;
    uint32_t fact_count, fact_room;
    UT_hash_handle hh;
};

struct kin { /* which services a service, or "*", inherits from and gives to, each once */
    uint32_t service;
    uint32_t *providers, *inheritors;
    uint32_t provider_count, provider_room;
    uint32_t inheritor_count, inheritor_room;
    UT_hash_handle hh;
};

struct governance_retraction {
    uuid id;
    uint32_t service; /* NAME_NONE: reaches any event */
    int64_t position;
    struct governance_retraction *same_id;
    UT_hash_handle hh;
};

struct governance_entry {
    int64_t position;
    struct governance_version *version;             /* NULL: a retraction */
    const struct governance_retraction *retraction; /* NULL: a version, or one more record of it */
};

struct posture_governance {
    struct names *names;
    uint32_t star;
    struct governance_fact *facts;
    struct governance_id { /* the versions of one event id */
        uuid id;
        struct governance_version *first;
        UT_hash_handle hh;
    } * ids;
    struct governance_retraction *retractions; /* by id; others of the same id behind the first */
    struct naming *controls, *environments;
    struct naming *findings, *exceptions; /* by standard and control */
    struct naming *subjects;              /* by check: exceptions for a single subject */
    struct naming *certificates, *pairs;  /* by programme and standard; pairs: findings, audits */
    struct certification *certifications; /* by programme and standard */
    struct inheriting *inheritors, *providers;
    struct kin *kin;
    struct governance_version **inheritance_versions; /* by number */
    uint32_t inheritance_count, inheritance_room;
    struct governance_entry *log;
    uint32_t log_count, log_room;
    uint32_t settled; /* log entries that posture_governance_settle has seen */
    struct arena *scratch;
    size_t bytes;
};

/* The fact of that body and key; NULL: none was ever told. */
const struct governance_fact *governance_fact(const struct posture_governance *governance,
                                              Assay__V1__Event__BodyCase body, const char *key);
const struct governance_fact *governance_standard(const struct posture_governance *governance,
                                                  uint32_t name);

/* The fact whose key is that one name. */
const struct governance_fact *governance_named(const struct posture_governance *governance,
                                               Assay__V1__Event__BodyCase body, uint32_t name);

bool governance_counts(const struct governance_version *version, int64_t position);

/* The version in force at an instant, as of a position; NULL: none, or fact NULL. */
const struct governance_version *governance_in_force(const struct governance_fact *fact,
                                                     int64_t position, instant at);

/* The first instant after `at` at which a version takes force; INSTANT_END: none. */
instant governance_next(const struct governance_fact *fact, int64_t position, instant at);

/* The greatest version of all that counts, whenever it takes force. */
const struct governance_version *governance_last(const struct governance_fact *fact,
                                                 int64_t position);

/* The facts whose versions ever named it; NULL: none. */
const struct naming *governance_control(const struct posture_governance *governance,
                                        uint32_t standard, uint32_t control);
const struct naming *governance_environment(const struct posture_governance *governance,
                                            uint32_t environment);

/* The facts that ever named {first, second}; NULL: none. */
const struct naming *naming_find(const struct naming *namings, uint32_t first, uint32_t second);

/* Whether, as of a position, a retraction of governance reaches an event of that service (a number
 * of governance's names). */
bool governance_retracts(const struct posture_governance *governance, const uuid *id,
                         uint32_t service, int64_t position);

const struct governance_version *governance_of_id(const struct posture_governance *governance,
                                                  const uuid *id);

/* "check_mapping" … as in the .proto. */
const char *governance_body_name(const struct governance_fact *fact);

/* The first log entry after a position. */
uint32_t governance_log_after(const struct posture_governance *governance, int64_t position);

/* ---- bodies.c: what a body says ---- */

/* Fills the union of version from the event, and registers what it names. */
void governance_read_body(struct posture_governance *governance, struct governance_version *version,
                          const Assay__V1__Event *event);
void governance_free_body(struct governance_version *version);
/* The name of the event's field `service`; NULL: its body has none. */
const char *governance_service_of(const Assay__V1__Event *event);

bool mapping_names(const struct mapping *mapping, uint32_t standard, uint32_t control);
bool mapping_applies(const struct mapping *mapping, uint32_t star, uint32_t service,
                     uint32_t environment);
/* NULL: has not. */
const struct listed_control *standard_lists(const struct standard *standard, uint32_t control);
bool programme_lists_standard(const struct programme *programme, uint32_t standard);
/* NULL: does not list it. */
const struct listed_environment *programme_lists(const struct programme *programme,
                                                 uint32_t environment);
/* NULL: omits it. */
const struct statement_entry *statement_lists(const struct statement *statement, uint32_t standard,
                                              uint32_t control);

#endif
