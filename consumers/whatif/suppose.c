#include "consumers/whatif/suppose.h"

#include "consumers/store/connection.h"
#include "consumers/store/governance_log.h"
#include "consumers/whatif/certificates.h"
#include "consumers/whatif/subject.h"
#include "runtime/progress.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct known { /* a service that is known, or supposed */
    const char *name;
    bool supposed; /* has supposed events of its own, or governance is supposed */
    bool compared;
};

struct run {
    PGconn *connection;
    const struct supposed *supposed;
    struct answer *answer;
    struct governance_log *governance;
    struct services services;
    struct courses *ineffective;
    int64_t head;        /* the last commit; what is supposed comes after it */
    struct known *known; /* by name */
    const char **names;  /* theirs */
    size_t known_count;
    uint64_t read;
    struct progress progress;
};

struct group { /* services that are evaluated together */
    struct run *run;
    struct subject *subjects;
    size_t count;
};

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static char *copy(const char *text)
{
    return text == NULL ? NULL : must(strdup(text));
}

/* ---- differences ---- */

struct telling {
    struct run *run;
    struct subject *subject; /* NULL: certificates */
    const struct subject_courses *after;
    struct differences *list;
};

static struct difference *add(const struct telling *telling, const struct courses_difference *told)
{
    struct difference *difference = differences_add(telling->list);
    const char *name = told->name;
    difference->at = told->at;
    difference->until = told->until;
    difference->before = copy(told->before);
    difference->after = copy(told->after);
    if (telling->subject == NULL) {
        difference->service = course_name_part(&name);
    } else {
        difference->service = copy(telling->subject->service->name);
        difference->environment = course_name_part(&name);
    }
    difference->standard = course_name_part(&name);
    difference->what = course_name_part(&name);
    return difference;
}

static void on_difference(void *context, const struct courses_difference *told)
{
    add(context, told);
}

/* An event known by its id alone, as it is of another service's: its place, if it is supposed. */
static struct explained_event event_of(const struct supposed *supposed, const uuid *id)
{
    struct explained_event event = {.any = true, .id = *id};
    for (size_t i = 0; i < supposed->count; i++) {
        const struct taken *taken = &supposed->records[i];
        uuid own;
        if (!uuid_parse(taken->event->id, &own) || uuid_compare(&own, id) != 0)
            continue;
        event.body = record_body_name(taken->event);
        event.record = (struct posture_record){
            .topic = taken->topic, .partition = taken->partition, .offset = taken->offset};
    }
    return event;
}

/* Rule 4: posture_explain speaks of the cell's own facts. */
static void explain_inherited(struct difference *difference, const struct run *run,
                              const char *deciding, const char *provider)
{
    uuid id;
    size_t room = strlen(provider) + 64;
    difference->rule = 4;
    difference->rule_name = copy("inherited");
    difference->sentence = must(malloc(room));
    snprintf(difference->sentence, room, "inherited from %s", provider);
    if (uuid_parse(deciding, &id))
        difference->deciding = event_of(run->supposed, &id);
}

static void on_cell_difference(void *context, const struct courses_difference *told)
{
    const struct telling *telling = context;
    struct run *run = telling->run;
    struct difference *difference = add(telling, told);
    instant ignored;
    if (told->after == NULL)
        return;
    courses_value(telling->after->cells, told->name, told->at, &difference->since);
    const char *reason = courses_value(telling->after->reasons, told->name, told->at, &ignored);
    char *deciding = course_name_part(&reason);
    struct posture_explanation why;
    if (*reason != '\0') {
        explain_inherited(difference, run, deciding, reason);
    } else if (posture_explain(telling->subject->service->posture,
                               governance_log_posture(run->governance), run->head + 1,
                               difference->environment, difference->standard, difference->what,
                               told->at, &why)) {
        difference->rule = why.rule;
        difference->rule_name = copy(why.rule_name);
        difference->sentence = copy(why.sentence);
        difference->deciding = why.deciding;
        posture_explanation_free(&why);
    }
    free(deciding);
}

static void compare(struct run *run, struct subject *subject, const struct subject_courses *before,
                    const struct subject_courses *after)
{
    struct answer *answer = run->answer;
    struct telling telling = {run, subject, after, &answer->cells};
    courses_compare(before->cells, after->cells, answer->from, answer->upto, on_cell_difference,
                    &telling);
    telling.list = &answer->standings;
    courses_compare(before->standings, after->standings, answer->from, answer->upto, on_difference,
                    &telling);
}

/* ---- services ---- */

static void evaluate(struct group *group, int64_t position)
{
    struct posture_service **services = must(calloc(group->count, sizeof *services));
    struct posture_sink *sinks = must(calloc(group->count, sizeof *sinks));
    for (size_t i = 0; i < group->count; i++) {
        services[i] = group->subjects[i].service->posture;
        sinks[i] = subject_sink(&group->subjects[i]);
    }
    posture_evaluate_together(services, group->count,
                              governance_log_posture(group->run->governance), position,
                              SUPPOSED_BATCH, sinks);
    free(services);
    free(sinks);
}

static void compare_group(struct group *group)
{
    struct run *run = group->run;
    struct subject_courses *before = must(calloc(group->count, sizeof *before));
    evaluate(group, run->head);
    for (size_t i = 0; i < group->count; i++)
        if (group->subjects[i].changes)
            before[i] = subject_courses(&group->subjects[i], run->answer->from);
    for (size_t i = 0; i < group->count; i++)
        subject_suppose(&group->subjects[i], run->supposed);
    evaluate(group, run->head + 1);
    for (size_t i = 0; i < group->count; i++) {
        struct subject *subject = &group->subjects[i];
        if (!subject->changes)
            continue;
        struct subject_courses after = subject_courses(subject, run->answer->from);
        compare(run, subject, &before[i], &after);
        subject_courses_free(&before[i]);
        subject_courses_free(&after);
    }
    free(before);
}

static int compare_names(const void *name, const void *known)
{
    return strcmp(name, ((const struct known *)known)->name);
}

static struct known *known_named(const struct run *run, const char *name)
{
    struct known *known =
        bsearch(name, run->known, run->known_count, sizeof *run->known, compare_names);
    assert(known != NULL);
    return known;
}

/* One more of the group; compared where it may change and has not been compared with others. */
static void join_group(void *context, const char *service, bool changes)
{
    struct group *group = context;
    struct known *known = known_named(group->run, service);
    struct subject *subject = &group->subjects[group->count++];
    *subject = (struct subject){.service = services_get(&group->run->services, service),
                                .changes = changes && !known->compared,
                                .ineffective = group->run->ineffective};
    known->compared |= changes;
}

/* A service and its kin: whoever inherits from it may change with it, and rests on others again. */
static bool suppose_service(struct run *run, const char *service, struct fault *fault)
{
    struct group group = {.run = run,
                          .subjects = must(calloc(run->known_count, sizeof *group.subjects))};
    join_group(&group, service, true);
    posture_governance_kin(governance_log_posture(run->governance), &service, 1, run->names,
                           run->known_count, join_group, &group);
    bool done = true;
    for (size_t i = 0; i < group.count && done; i++) {
        struct subject *subject = &group.subjects[i];
        progress_show(&run->progress, "services read", run->read++, 0);
        done =
            subject_read(subject, subject->service, run->connection, &run->answer->topics, fault);
    }
    if (done)
        compare_group(&group);
    for (size_t i = 0; i < group.count; i++) {
        service_unload(&run->services, group.subjects[i].service);
        subject_free(&group.subjects[i]);
    }
    free(group.subjects);
    return done;
}

/* Every service there is, and those that only supposed facts are about. */
static PGresult *ask_services(const struct run *run, struct fault *fault)
{
    const struct supposed *supposed = run->supposed;
    struct request request = {0};
    struct pgwire *wire = request_next(&request);
    bool governance = false;
    size_t count = 0;
    for (size_t i = 0; i < supposed->count; i++) {
        count += supposed->records[i].service != NULL;
        governance |= supposed->records[i].service == NULL;
    }
    size_t mark = pgwire_array(wire, PGWIRE_TEXT, count);
    for (size_t i = 0; i < supposed->count; i++)
        if (supposed->records[i].service != NULL)
            pgwire_text(wire, supposed->records[i].service);
    pgwire_array_end(wire, mark);
    pgwire_bool(request_next(&request), governance);
    PGresult *result = connection_call(
        run->connection, fault, PGRES_TUPLES_OK,
        "SELECT n.service, bool_or(n.supposed) FROM (SELECT unnest($1::text[]) AS service,"
        " true AS supposed UNION ALL SELECT service, $2 FROM record.service) n"
        " GROUP BY n.service ORDER BY n.service COLLATE \"C\"",
        &request);
    request_free(&request);
    return result;
}

static bool suppose_services(struct run *run, struct fault *fault)
{
    PGresult *result = ask_services(run, fault);
    if (result == NULL)
        return false;
    run->known_count = (size_t)PQntuples(result);
    run->known = must(calloc(run->known_count + 1, sizeof *run->known));
    run->names = must(calloc(run->known_count + 1, sizeof *run->names));
    for (size_t i = 0; i < run->known_count; i++) {
        run->names[i] = result_text(result, (int)i, 0);
        run->known[i] =
            (struct known){.name = run->names[i], .supposed = result_bool(result, (int)i, 1)};
    }
    bool done = true;
    for (size_t i = 0; i < run->known_count && done; i++)
        if (run->known[i].supposed && !run->known[i].compared)
            done = suppose_service(run, run->names[i], fault);
    progress_end(&run->progress);
    free(run->known);
    free(run->names);
    PQclear(result);
    return done;
}

/* ---- all of it ---- */

static bool read_head(struct run *run, struct fault *fault)
{
    PGresult *result = connection_call(run->connection, fault, PGRES_TUPLES_OK,
                                       "SELECT position FROM record.commit_head", NULL);
    if (result == NULL)
        return false;
    run->head = result_int8(result, 0, 0);
    PQclear(result);
    return true;
}

/* What is supposed of governance is told once, after all that is known: evaluations as of earlier
 * positions take no notice of it. */
static bool suppose_governance(struct run *run, struct fault *fault)
{
    struct answer *answer = run->answer;
    struct certificates certificates;
    certificates_open(&certificates, run->ineffective);
    struct posture_sink sink = certificates_sink(&certificates);
    bool done = governance_log_read(run->governance, run->connection, &answer->topics, run->head,
                                    &sink, fault);
    if (done) {
        struct telling telling = {.run = run, .list = &answer->certificates};
        certificates.supposing = true;
        governance_log_commit(run->governance, run->supposed->records, run->supposed->count,
                              SUPPOSED_BATCH, run->head + 1, &sink);
        courses_compare(certificates.before, certificates.after, answer->from, answer->upto,
                        on_difference, &telling);
    }
    certificates_close(&certificates);
    return done;
}

bool suppose(PGconn *connection, const struct supposed *supposed, struct answer *answer,
             struct fault *fault)
{
    struct run run = {.connection = connection, .supposed = supposed, .answer = answer};
    run.governance = governance_log_new();
    run.ineffective = courses_new();
    progress_start(&run.progress);
    bool done =
        connection_command(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fault) &&
        /* Many services are evaluated between two questions. */
        connection_command(connection, "SET LOCAL idle_in_transaction_session_timeout = 0",
                           fault) &&
        read_head(&run, fault) && suppose_governance(&run, fault) && suppose_services(&run, fault);
    struct fault ignored;
    connection_command(connection, "ROLLBACK", &ignored);
    services_free(&run.services);
    governance_log_free(run.governance);
    ineffectives_list(&answer->ineffective, run.ineffective, answer->from);
    courses_free(run.ineffective);
    differences_sort(&answer->cells);
    differences_sort(&answer->standings);
    differences_sort(&answer->certificates);
    return done;
}

void suppose_free(struct answer *answer)
{
    differences_free(&answer->cells);
    differences_free(&answer->standings);
    differences_free(&answer->certificates);
    ineffectives_free(&answer->ineffective);
    topics_free(&answer->topics);
}

const char *suppose_topic(const struct answer *answer, int16_t number)
{
    for (size_t i = 0; i < answer->topics.count; i++)
        if (answer->topics.items[i]->number == number)
            return answer->topics.items[i]->name;
    return "?";
}
