#include "consumers/whatif/subject.h"

#include "consumers/store/connection.h"
#include "consumers/whatif/ineffective.h"
#include "proto/codec.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An environment: which cell has which number. */
struct subject_place {
    char *environment;
    char **cells; /* "standard\ncontrol" by number; NULL: not met */
    size_t count;
};

static void *must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

void course_name(char name[static COURSE_NAME_MAX], const char *a, const char *b, const char *c)
{
    int size = snprintf(name, COURSE_NAME_MAX, "%s\n%s\n%s", a, b, c);
    assert(size > 0 && size < COURSE_NAME_MAX);
}

char *course_name_part(const char **name)
{
    size_t size = strcspn(*name, "\n");
    char *copied = must(strndup(*name, size));
    *name += size + ((*name)[size] == '\n');
    return copied;
}

/* ---- names ---- */

static struct subject_place *place_of(struct subject *subject, const char *environment)
{
    for (size_t i = 0; i < subject->place_count; i++)
        if (strcmp(subject->places[i].environment, environment) == 0)
            return &subject->places[i];
    subject->places =
        must(reallocarray(subject->places, subject->place_count + 1, sizeof *subject->places));
    struct subject_place *place = &subject->places[subject->place_count++];
    *place = (struct subject_place){.environment = must(strdup(environment))};
    return place;
}

static void name_cell(struct subject *subject, const char *environment, size_t cell,
                      const char *standard, const char *control)
{
    struct subject_place *place = place_of(subject, environment);
    if (cell >= place->count) {
        place->cells = must(reallocarray(place->cells, cell + 1, sizeof *place->cells));
        while (place->count <= cell)
            place->cells[place->count++] = NULL;
    }
    size_t room = strlen(standard) + strlen(control) + 2;
    free(place->cells[cell]);
    place->cells[cell] = must(malloc(room));
    snprintf(place->cells[cell], room, "%s\n%s", standard, control);
}

static bool load_names(struct subject *subject, PGconn *connection, struct fault *fault)
{
    const char *const parameters[] = {subject->service->name};
    PGresult *result = connection_query(
        connection, fault, PGRES_TUPLES_OK,
        "SELECT environment, cell, standard, control FROM record.cell WHERE service = $1", 1,
        parameters);
    if (result == NULL)
        return false;
    for (int row = 0; row < PQntuples(result); row++)
        name_cell(subject, PQgetvalue(result, row, 0),
                  strtoul(PQgetvalue(result, row, 1), NULL, 10), PQgetvalue(result, row, 2),
                  PQgetvalue(result, row, 3));
    PQclear(result);
    return true;
}

bool subject_read(struct subject *subject, struct service *service, PGconn *connection,
                  struct topics *topics, struct fault *fault)
{
    subject->service = service;
    return service_read(&service, 1, connection, topics, INT64_MAX, fault) &&
           load_names(subject, connection, fault);
}

void subject_free(struct subject *subject)
{
    for (size_t i = 0; i < subject->place_count; i++) {
        for (size_t j = 0; j < subject->places[i].count; j++)
            free(subject->places[i].cells[j]);
        free(subject->places[i].cells);
        free(subject->places[i].environment);
    }
    free(subject->places);
}

/* ---- what is supposed ---- */

static void add_result(struct posture_service *posture, const struct taken *taken,
                       const struct posture_record *record)
{
    const Assay__V1__ControlTestResult *body = taken->event->control_test_result;
    struct posture_result fact = {
        .order = {.occurred_at = codec_instant(taken->event->occurred_at, INSTANT_BEGIN),
                  .sequence = taken->event->sequence},
        .result = body->result,
        .expires_at = codec_instant(body->expires_at, INSTANT_END),
        .tool = body->tool == NULL
                    ? POSTURE_NO_TOOL
                    : posture_tool(posture, body->tool->name, body->tool->version, NULL),
        .record = *record,
    };
    bool valid = uuid_parse(taken->event->id, &fact.order.id);
    assert(valid);
    memcpy(fact.order.digest, taken->digest, sizeof fact.order.digest);
    posture_add_result(posture,
                       posture_stream(posture, body->environment, body->check, body->subject, NULL),
                       &fact);
}

void subject_suppose(struct subject *subject, const struct supposed *supposed)
{
    for (size_t i = 0; i < supposed->count; i++) {
        const struct taken *taken = &supposed->records[i];
        const char *service = taken->service;
        if (service == NULL || strcmp(service, subject->service->name) != 0)
            continue;
        struct posture_record record = {.topic = taken->topic,
                                        .partition = taken->partition,
                                        .offset = taken->offset,
                                        .batch = SUPPOSED_BATCH,
                                        .team = taken->team};
        if (taken->event->body_case == ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT)
            add_result(subject->service->posture, taken, &record);
        else
            posture_add_fact(subject->service->posture, taken->event, taken->digest, &record);
    }
}

/* ---- what posture says ---- */

static void on_cell_new(void *context, const char *environment, uint32_t cell, const char *standard,
                        const char *control)
{
    name_cell(context, environment, cell, standard, control);
}

static void on_cell(void *context, const char *environment, uint32_t cell,
                    enum posture_change change, const struct posture_cell_step *step)
{
    struct subject *subject = context;
    struct subject_place *place = place_of(subject, environment);
    if (subject->to == NULL)
        return;
    assert(change == STEP_SET && cell < place->count && place->cells[cell] != NULL);
    char name[COURSE_NAME_MAX];
    int size = snprintf(name, sizeof name, "%s\n%s", environment, place->cells[cell]);
    assert(size > 0 && size < COURSE_NAME_MAX);
    courses_set(subject->to->cells, name, step->at,
                step->status == CELL_NONE ? NULL : cell_status_name(step->status));
    char id[UUID_TEXT_MAX];
    char reason[COURSE_NAME_MAX];
    snprintf(reason, sizeof reason, "%s\n%s",
             step->deciding == NULL ? "" : uuid_format(step->deciding, id),
             step->inherited_from == NULL ? "" : step->inherited_from);
    courses_set(subject->to->reasons, name, step->at, reason);
}

static void on_standing(void *context, const char *environment, const char *standard,
                        enum posture_change change, const struct posture_standing_step *step)
{
    struct subject *subject = context;
    place_of(subject, environment);
    if (subject->to == NULL)
        return;
    assert(change == STEP_SET);
    char percent[16];
    snprintf(percent, sizeof percent, "%d.%02d", step->percent / 100, step->percent % 100);
    const struct {
        const char *what, *value;
    } values[] = {
        {"membership", codec_enum_name(&assay__v1__membership__descriptor, (int)step->membership)},
        {"posture", step->posture == POSTURE_NONE ? NULL : posture_value_name(step->posture)},
        {"percent", step->percent < 0 ? NULL : percent},
        {"certificate", certificate_state_name((enum certificate_state)step->certificate_state)},
        {"certified", step->certified ? "yes" : "no"},
    };
    bool exists = step->membership != ASSAY__V1__MEMBERSHIP__MEMBERSHIP_UNSPECIFIED;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char name[COURSE_NAME_MAX];
        course_name(name, environment, standard, values[i].what);
        courses_set(subject->to->standings, name, step->at, exists ? values[i].value : NULL);
    }
}

static void on_unmapped(void *context, enum posture_change change,
                        const struct posture_unmapped_step *step)
{
    struct subject *subject = context;
    if (subject->to == NULL)
        ineffective_note(subject->ineffective, change, step);
}

struct posture_sink subject_sink(struct subject *subject)
{
    return (struct posture_sink){.context = subject,
                                 .cell = on_cell,
                                 .cell_new = on_cell_new,
                                 .standing = on_standing,
                                 .unmapped = on_unmapped};
}

struct subject_courses subject_courses(struct subject *subject, instant from)
{
    struct subject_courses courses = {courses_new(), courses_new(), courses_new()};
    struct posture_sink sink = subject_sink(subject);
    subject->to = &courses;
    for (size_t i = 0; i < subject->place_count; i++)
        posture_each(subject->service->posture, subject->places[i].environment, from, &sink);
    subject->to = NULL;
    return courses;
}

void subject_courses_free(struct subject_courses *courses)
{
    courses_free(courses->cells);
    courses_free(courses->standings);
    courses_free(courses->reasons);
}
