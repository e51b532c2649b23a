/*
 * service -- what is held of one service: its streams and facts, and the timelines they give.
 *
 * Inside posture only: posture.h's struct posture_service. Three layers, see
 * docs/decisions/0002-incremental-posture.md: streams (every version of every result), populations
 * (a check in an environment, swept from its streams), cells and standings (merged from
 * populations and governance). Each layer is worked out again from the earliest instant at which
 * what is below it changed; `dirty_from` says which, INSTANT_END: not at all.
 *
 * Ownership: owns everything. Observations and facts' versions stay where they are; arrays move.
 */
#ifndef ASSAY_POSTURE_SERVICE_H
#define ASSAY_POSTURE_SERVICE_H

#include "consumers/posture/governance.h"
#include "consumers/posture/index.h"
#include "consumers/posture/names.h"
#include "consumers/posture/origin.h"
#include "consumers/posture/version.h"

#include <assert.h>
#include <uthash.h>

#define NONE UINT32_MAX /* no observation, stream, tool, cell number */

/* ---- streams ---- */

enum { /* struct observation.flags */
       OBSERVATION_COUNTS = 1,
       OBSERVATION_PENDING = 2, /* waits to be judged */
       OBSERVATION_OF_TEAM = 4, /* a record of it came by a team's topic */
};

struct observation { /* one version of a test result; what a sweep reads comes first */
    struct version head;
    uint8_t result; /* Assay__V1__Result */
    uint8_t flags;
    uint32_t stream;
    instant expires_at;
    int64_t offset, batch; /* of the record first told */
    uint32_t origin;
    uint32_t more; /* further records: number in posture_service.records, plus one; 0: none */
};
_Static_assert(sizeof(struct observation) == 96, "see docs/decisions/0002-incremental-posture.md");

struct further_record {
    int64_t offset, batch;
    uint32_t origin;
    uint32_t more;
};

struct stream {
    uint32_t population;
    uint32_t subject;
    uint32_t count, room; /* versions; room 0: the one is in place */
    union {
        uint32_t one;
        uint32_t *many; /* in the order of test results */
    };
    struct unmapped_line *unmapped; /* NULL: nothing to report of it */
};

/* Why records have no effect, as was reported. Also used for scope changes and retractions. */
struct unmapped_step {
    instant at;
    uint32_t version; /* an observation, or a place among a fact's versions in order of telling */
    uint32_t record;  /* as record_at has it; of a fact its place */
    uint8_t reason;   /* enum unmapped_reason */
};
struct unmapped_line {
    uint32_t count;
    struct unmapped_step steps[]; /* by (at, version, record) */
};

/* ---- populations ---- */

enum category { IN_PASS, IN_FAIL, IN_ERROR, IN_STALE, CATEGORIES, IN_NOT_CHECKED = CATEGORIES };

struct population_step {
    instant at;
    uint32_t greatest[CATEGORIES]; /* observation of each category; NONE */
    uint32_t came;                 /* greatest observation that occurred at `at`; NONE */
    bool not_checked;              /* a stream is NOT_CHECKED */
    uint8_t hidden; /* bits of categories of which, before the next step, an observation may have
                       begun to hold that is not the greatest */
};

struct ttl_step {
    instant at;
    int64_t ttl;
};

struct reason_step {
    instant at;
    uint8_t reason;
};

struct touched {
    uint32_t stream;
    instant from;
};

struct population {
    struct environment *environment;
    uint32_t check;
    uint32_t number;
    uint32_t *streams;
    uint32_t stream_count, stream_room;
    struct population_step *steps;
    uint32_t step_count, step_room;
    const struct governance_fact *mapping; /* of the check; NULL: not known yet */
    struct cell **mapped;                  /* by any version of the mapping, as of … */
    uint32_t mapped_count, mapped_room;
    uint32_t mapped_versions, mapped_among; /* … so many versions, and cells of the environment */
    struct ttl_step *ttls; /* of the mapping in force; the first at INSTANT_BEGIN */
    uint32_t ttl_count;
    struct reason_step *reasons; /* why its results have no effect */
    uint32_t reason_count;
    struct touched *touched; /* streams changed since the last evaluation */
    uint32_t touched_count, touched_room;
    instant dirty_from;
    bool all_dirty;          /* from then on all its streams, not only the touched ones */
    instant reasons_changed; /* INSTANT_END: not */
    bool mapping_changed;    /* ttls must be looked at again */
    bool reasons_stale;      /* reasons must be looked at again */
    bool unmapped_queued;
    UT_hash_handle hh;
};

/* ---- facts of the service itself ---- */

struct fact_version {
    struct version head;
    struct kept_record *records;
    uint32_t record_count, record_room;
    uint32_t told; /* in order of telling, within the fact */
    bool counts;
    Assay__V1__Membership membership; /* scope change */
    Assay__V1__Lifecycle lifecycle;   /* onboarding */
    uint32_t owner;                   /* onboarding */
};

struct fact_step {
    instant at;
    const struct fact_version *version;
    instant since;
};

struct service_fact {
    struct fact_version **versions; /* in the facts' order */
    uint32_t version_count, version_room;
    struct fact_step *steps; /* as reported: those in force */
    uint32_t step_count;
    bool changed;
    struct unmapped_line *unmapped;
};

struct service_retraction {
    uuid id;
    uint32_t team; /* NAME_NONE: by assay.evidence, any record */
    bool matched;  /* something it reaches is known */
    bool reported; /* shown as unmapped */
    struct posture_order order;
    struct kept_record record;
    struct service_retraction *same_id;
    UT_hash_handle hh;
};

/* ---- cells and standings ---- */

struct cell_step {
    instant at;
    const struct version *deciding;
    const struct version *cause; /* of a transition */
    int64_t known;               /* of a transition */
    uint32_t checks;
    /* The last two are governance's numbers; NAME_NONE: none. */
    uint32_t exception; /* the greatest covering one, where rule 9 decides: its name */
    uint32_t inherits;  /* own: the inheritance's number; shown: the provider's name */
    uint32_t missing : 24;
    uint32_t status : 4;
    uint32_t transition : 1;
    uint32_t stale : 1;
    uint32_t found : 1;  /* a finding decides */
    uint32_t result : 1; /* an observation decides: ordered as results are */
};

/* When a cell may differ from what is held: at both ends and between. */
struct window {
    instant from, until;
    bool weak; /* only which result passes differs: nothing, where the cell is not PASSED */
};

struct cell {
    struct standing *standing;
    uint32_t control;
    uint32_t number;             /* NONE: not given yet */
    uint32_t rank;               /* among all of the environment, by name; see environment.ranked */
    bool kin;                    /* may inherit or be inherited from: keeps its own steps apart */
    const struct naming *naming; /* what maps checks to it; NULL: not known yet */
    struct population *population; /* of the first of these checks; NULL: not known yet */
    struct cell_step *steps;       /* shown; without kin its own as well */
    uint32_t step_count, step_room;
    struct cell_step
        *own; /* rules 1 to 3 and 5 to 10; a change of `inherits` is a transition too */
    uint32_t own_count, own_room;
    struct window *windows; /* since the last evaluation */
    uint32_t window_count, window_room;
    UT_hash_handle hh; /* in its standing, by control */
};

struct count_change { /* so many cells go from one status to another */
    instant at;
    int32_t cells;    /* as a change of what is held less than 0 where they no longer do */
    uint8_t from, to; /* enum cell_status */
};

struct certified_step {
    instant at;
    const struct version *cause; /* the greatest event that takes effect at `at` */
    uint8_t state;
    bool certified;
};

struct standing { /* of a standard in an environment */
    struct environment *environment;
    uint32_t standard;
    const struct governance_fact *fact; /* the standard's; NULL: not known yet */
    struct service_fact scope;
    struct cell *cells;           /* by control */
    struct count_change *moves;   /* of all cells: see counts.h */
    struct count_change *changes; /* of these, since the last evaluation */
    uint32_t move_count, move_room, change_count, change_room;
    uint32_t counts[CELL_FAILED + 1]; /* by enum cell_status, once all have moved */
    struct posture_phase_step *own;   /* as the cells have it; nothing of certificates */
    struct posture_phase_step *shown; /* with the bases; what is reported */
    uint32_t own_count, own_room, shown_count, shown_room;
    struct certified_step *certified;
    uint32_t certified_count;
    instant own_dirty_from, shown_dirty_from;
    instant certified_from; /* what is certified differs in this evaluation; INSTANT_END: nowhere */
    bool controls_changed;  /* the standard may have controls without a cell */
    bool certified_stale;   /* certified must be looked at again */
    bool scope_unmapped_stale; /* whether scope has an effect must be looked at again */
};

struct programme_step {
    instant at;
    const struct governance_version *version; /* that the environment belongs to; NULL: none */
    const struct version *cause;              /* the greatest that took force at `at` */
    bool discontinued;
};

struct environment {
    uint32_t name;
    struct population *populations; /* by check */
    struct standing **standings;    /* by the standard's name */
    uint32_t standing_count, standing_room;
    struct cell **cells; /* by number */
    uint32_t cell_count, cell_room;
    struct cell **ranked; /* by standard and control; those there were when last in order */
    uint32_t ranked_count, all_count; /* all_count: cells of its standings */
    struct programme_step *programmes;
    uint32_t programme_count;
    bool programmes_changed;
    bool populations_changed; /* some have mapping_changed or reasons_stale */
    struct population **dirty_populations;
    uint32_t dirty_population_count, dirty_population_room;
    struct cell **dirty_cells;
    uint32_t dirty_cell_count, dirty_cell_room;
    struct population **unmapped; /* to be looked at again */
    uint32_t unmapped_count, unmapped_room;
};

struct tool {
    struct tool_key {
        uint32_t name, version;
    } key;
    uint32_t number;
    bool judged; /* recalled is as of the last evaluation */
    bool recalled;
    bool turned; /* in this evaluation recalled, or no longer */
    UT_hash_handle hh;
};

struct peers { /* numbers of one handle's names to the other's; NAME_NONE: not found yet */
    uint32_t *numbers;
    uint32_t room;
};

struct posture_service {
    struct names *names;
    uint32_t name;
    struct peers to_governance, from_governance;
    const struct posture_governance *governance; /* the one it is evaluated against */
    bool evaluated;
    int64_t position;

    struct observation **chunks;
    uint32_t chunk_count, chunk_room;
    uint32_t observation_count;
    struct further_record *records;
    uint32_t record_count, record_room;
    struct origins origins;
    struct index by_id; /* observations */
    uint32_t *pending;
    uint32_t pending_count, pending_room;
    uint32_t *of_teams;
    uint32_t of_team_count, of_team_room;

    struct stream *streams;
    uint32_t stream_count, stream_room;
    struct index by_key;
    struct index by_check; /* populations, by the texts of environment and check */
    struct population **populations;
    uint32_t population_count, population_room;

    struct tool *tools;   /* by key */
    struct index by_tool; /* by the texts of name and version */
    struct tool **tool_numbers;
    bool tools_changed; /* some are not judged */
    uint32_t tool_count, tool_room;

    struct service_fact onboarding;
    struct service_retraction *retractions; /* by id */
    bool retractions_changed;

    struct environment **environments; /* by name */
    uint32_t environment_count, environment_room;
    size_t bytes;
};

enum { OBSERVATIONS_CHUNK = 64 }; /* allocated at a time */
static inline struct observation *observation_at(const struct posture_service *service,
                                                 uint32_t number)
{
    assert(number < service->observation_count);
    return &service->chunks[number / OBSERVATIONS_CHUNK][number % OBSERVATIONS_CHUNK];
}
int observation_compare(const struct posture_service *service, uint32_t a, uint32_t b);

/* The stream's version numbers, sorted. */
static inline const uint32_t *stream_versions(const struct stream *stream)
{
    return stream->room == 0 ? &stream->one : stream->many;
}

/* The records of an observation: 0 is the first told, then the others while record_next is not 0.
 */
struct kept_record record_at(const struct posture_service *service,
                             const struct observation *observation, uint32_t record);
uint32_t record_next(const struct posture_service *service, const struct observation *observation,
                     uint32_t record);
struct observation *observation_new(struct posture_service *service); /* zeroed */

/* NONE: none */
static inline uint32_t tool_of(const struct posture_service *service,
                               const struct observation *observation)
{
    return service->origins.items[observation->origin].tool;
}

struct environment *environment_of(struct posture_service *service, const char *name);
struct environment *environment_find(const struct posture_service *service, const char *name);
struct standing *standing_of(struct posture_service *service, struct environment *environment,
                             const char *standard);
struct standing *standing_find(const struct posture_service *service,
                               const struct environment *environment, const char *standard);
/* By the standard's number in governance's names. */
struct standing *standing_named(struct posture_service *service,
                                const struct environment *environment, uint32_t standard);
struct cell *cell_of(struct posture_service *service, struct standing *standing, uint32_t control);
struct cell *cell_find(const struct standing *standing, uint32_t control);
struct population *population_find(const struct environment *environment, uint32_t check);

/* Gives the cell its number. */
void cell_number(struct posture_service *service, struct cell *cell);

/* Notes that something changed, from an instant on or in windows. */
void cell_touch_windows(struct posture_service *service, struct cell *cell,
                        const struct window *windows, uint32_t count);
void cell_touch(struct posture_service *service, struct cell *cell, instant from);
/* All streams of it. */
void population_touch(struct posture_service *service, struct population *population, instant from);
void unmapped_queue(struct posture_service *service, struct population *population);
void stream_touch(struct posture_service *service, uint32_t stream, instant from);
void observation_touch(struct posture_service *service, uint32_t number); /* to be judged again */
void standing_touch(struct standing *standing, instant from);             /* its membership */
void standing_count(struct posture_service *service, struct standing *standing,
                    struct count_change change);
struct mapped_cells {
    struct cell **items;
    uint32_t count, room;
};
/* The environment's cells that a version of a check's mapping names. */
void mapped_cells_add(struct posture_service *service, const struct environment *environment,
                      const struct mapping *mapping, struct mapped_cells *cells, size_t *meter);
/* Touches the cells that any version of a check's mapping (NULL: none) ever named: one version
 * takes over from another. */
void touch_mapped_cells(struct posture_service *service, const struct environment *environment,
                        const struct governance_fact *mapping, const struct window *windows,
                        uint32_t count);

/* A name here in governance's numbers, and the other way round; NAME_NONE: never heard there. */
uint32_t to_governance(struct posture_service *service, uint32_t name);
uint32_t from_governance(struct posture_service *service, uint32_t name);

const char *text_of(const struct posture_service *service, uint32_t name);

#endif
