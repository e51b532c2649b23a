#include "tests/unit/posture/play.h"

#include "proto/codec.h"
#include "proto/record.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARTS_MOST = 64, PART_MOST = 64 };

struct parts { /* of a text, between blanks */
    char texts[PARTS_MOST][2][PART_MOST];
    size_t count;
};

/* "a/b c" to {{"a", "b"}, {"c", ""}}; a part without slash stands first, or, with `first`, second
 * behind that. */
static struct parts split(const char *text, const char *first)
{
    struct parts parts = {0};
    while (text != NULL && *text != '\0') {
        size_t size = strcspn(text, " ");
        const char *slash = memchr(text, '/', size);
        assert(parts.count < PARTS_MOST && size < PART_MOST);
        char(*part)[PART_MOST] = parts.texts[parts.count++];
        if (slash != NULL) {
            memcpy(part[0], text, (size_t)(slash - text));
            memcpy(part[1], slash + 1, size - (size_t)(slash - text) - 1);
        } else if (first != NULL) {
            memcpy(part[0], first, strlen(first));
            memcpy(part[1], text, size);
        } else {
            memcpy(part[0], text, size);
        }
        text += size;
        text += strspn(text, " ");
    }
    return parts;
}

static char * or (const char *given, const char *otherwise)
{
    return (char *)(given == NULL ? otherwise : given);
}

static Google__Protobuf__Timestamp timestamp(instant at)
{
    Google__Protobuf__Timestamp made = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    made.seconds = at / INSTANT_SECOND; /* after 1970, in all tests */
    made.nanos = (int32_t)(at % INSTANT_SECOND) * 1000;
    return made;
}

uuid play_id(int id)
{
    uuid made = {{0}};
    if (id == 0)
        return made;
    char text[UUID_TEXT_MAX];
    snprintf(text, sizeof text, "00000000-0000-4000-8000-%012d", id);
    bool valid = uuid_parse(text, &made);
    assert(valid);
    return made;
}

/* ---- bodies: each builds on the stack and takes the event ---- */

struct taking {
    struct play *play;
    const struct told *told;
    Assay__V1__Event *event;
    const char *topic;
};

static void take(const struct taking *taking)
{
    struct play *play = taking->play;
    uint8_t digest[16] = {(uint8_t)taking->told->content};
    rehearsal_take(play->rehearsal, or (taking->told->topic, taking->topic), 0, play->offset++,
                   taking->event, digest, play->batch);
}

static void take_result(struct taking *taking)
{
    const struct told *told = taking->told;
    Assay__V1__ControlTestResult body = ASSAY__V1__CONTROL_TEST_RESULT__INIT;
    Assay__V1__Tool tool = ASSAY__V1__TOOL__INIT;
    Google__Protobuf__Timestamp expires = timestamp(told->expires);
    struct parts parts = split(told->tool, NULL);
    body.service = or (told->service, "mail");
    body.environment = or (told->environment, "public");
    body.check = or (told->check, "c");
    body.subject = or (told->subject, "");
    body.result = told->result;
    body.method = ASSAY__V1__METHOD__METHOD_TEST;
    if (told->expires != 0)
        body.expires_at = &expires;
    if (told->tool != NULL) {
        tool.name = parts.texts[0][0];
        tool.version = parts.texts[1][0];
        body.tool = &tool;
    }
    taking->event->control_test_result = &body;
    taking->topic = RECORD_TOPIC_EVIDENCE;
    take(taking);
}

static void take_onboarding(struct taking *taking)
{
    Assay__V1__ServiceOnboarding body = ASSAY__V1__SERVICE_ONBOARDING__INIT;
    body.service = or (taking->told->service, "mail");
    body.title = "A service";
    body.owner = or (taking->told->owner, "");
    body.lifecycle = taking->told->lifecycle;
    taking->event->service_onboarding = &body;
    taking->topic = RECORD_TOPIC_SERVICES;
    take(taking);
}

static void take_scope(struct taking *taking)
{
    Assay__V1__ScopeChange body = ASSAY__V1__SCOPE_CHANGE__INIT;
    body.service = or (taking->told->service, "mail");
    body.environment = or (taking->told->environment, "public");
    body.standard = or (taking->told->standard, "iso");
    body.membership = taking->told->membership;
    taking->event->scope_change = &body;
    taking->topic = RECORD_TOPIC_SCOPE;
    take(taking);
}

static void take_standard(struct taking *taking)
{
    Assay__V1__Standard body = ASSAY__V1__STANDARD__INIT;
    Assay__V1__Standard__Control controls[PARTS_MOST], *pointers[PARTS_MOST];
    char *extends[PARTS_MOST];
    struct parts parts = split(taking->told->controls, NULL);
    struct parts bases = split(taking->told->extends, NULL);
    body.standard = or (taking->told->standard, "iso");
    body.title = "A standard";
    for (size_t i = 0; i < parts.count; i++) {
        char *mark = strchr(parts.texts[i][0], '!');
        assay__v1__standard__control__init(&controls[i]);
        controls[i].control = parts.texts[i][0];
        controls[i].title = "A control";
        controls[i].kind = mark == NULL ? ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CONTROL
                                        : ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CLAUSE;
        if (mark != NULL)
            *mark = '\0';
        pointers[i] = &controls[i];
    }
    for (size_t i = 0; i < bases.count; i++)
        extends[i] = bases.texts[i][0];
    body.n_controls = parts.count;
    body.controls = pointers;
    body.n_extends = bases.count;
    body.extends = extends;
    Google__Protobuf__Timestamp until = timestamp(taking->told->ends_validity);
    if (taking->told->ends_validity != 0)
        body.certifiable_until = &until;
    taking->event->standard = &body;
    take(taking);
}

static void take_mapping(struct taking *taking)
{
    const struct told *told = taking->told;
    Assay__V1__CheckMapping body = ASSAY__V1__CHECK_MAPPING__INIT;
    Assay__V1__ControlReference controls[PARTS_MOST], *control_pointers[PARTS_MOST];
    Assay__V1__CheckMapping__Target targets[PARTS_MOST], *target_pointers[PARTS_MOST];
    Google__Protobuf__Duration ttl = GOOGLE__PROTOBUF__DURATION__INIT;
    struct parts named = split(told->controls, or (told->standard, "iso"));
    struct parts places = split(told->applies, NULL);
    body.check = or (told->check, "c");
    body.title = "A check";
    body.required = !told->optional;
    for (size_t i = 0; i < named.count; i++) {
        assay__v1__control_reference__init(&controls[i]);
        controls[i].standard = named.texts[i][0];
        controls[i].control = named.texts[i][1];
        control_pointers[i] = &controls[i];
    }
    for (size_t i = 0; i < places.count; i++) {
        assay__v1__check_mapping__target__init(&targets[i]);
        targets[i].service = places.texts[i][0];
        targets[i].environment = places.texts[i][1];
        target_pointers[i] = &targets[i];
    }
    body.n_controls = named.count;
    body.controls = control_pointers;
    body.n_applies_to = places.count;
    body.applies_to = target_pointers;
    ttl.seconds = (int64_t)(told->ttl * 86400);
    if (ttl.seconds > 0)
        body.ttl = &ttl;
    taking->event->check_mapping = &body;
    take(taking);
}

static void take_programme(struct taking *taking)
{
    Assay__V1__Programme body = ASSAY__V1__PROGRAMME__INIT;
    Assay__V1__Programme__Environment environments[PARTS_MOST], *pointers[PARTS_MOST];
    char *standards[PARTS_MOST];
    struct parts listed = split(taking->told->environments, NULL);
    struct parts named = split(taking->told->standards, NULL);
    body.programme = or (taking->told->programme, "p");
    body.title = "A programme";
    for (size_t i = 0; i < listed.count; i++) {
        char *name = listed.texts[i][0];
        char *mark = strchr(name, '!');
        assay__v1__programme__environment__init(&environments[i]);
        environments[i].state = ASSAY__V1__ENVIRONMENT_STATE__ENVIRONMENT_STATE_LIVE;
        if (mark != NULL) {
            *mark = '\0';
            environments[i].state = ASSAY__V1__ENVIRONMENT_STATE__ENVIRONMENT_STATE_DISCONTINUED;
        }
        environments[i].environment = name;
        environments[i].title = name;
        pointers[i] = &environments[i];
    }
    for (size_t i = 0; i < named.count; i++)
        standards[i] = named.texts[i][0];
    body.n_environments = listed.count;
    body.environments = pointers;
    body.n_standards = named.count;
    body.standards = standards;
    taking->event->programme = &body;
    take(taking);
}

static void take_retraction(struct taking *taking)
{
    Assay__V1__Retraction body = ASSAY__V1__RETRACTION__INIT;
    char reached[UUID_TEXT_MAX];
    uuid id = play_id(taking->told->retracts);
    body.event_id = uuid_format(&id, reached);
    bool governance =
        taking->told->topic != NULL && record_topic_of(taking->told->topic) == RECORD_GOVERNANCE;
    body.service = or (taking->told->service, governance ? "" : "mail");
    taking->event->retraction = &body;
    taking->topic = RECORD_TOPIC_EVIDENCE;
    take(taking);
}

static void take_recall(struct taking *taking)
{
    Assay__V1__ToolRecall body = ASSAY__V1__TOOL_RECALL__INIT;
    struct parts parts = split(taking->told->tool, NULL);
    body.tool = parts.texts[0][0];
    body.version = parts.texts[1][0];
    body.service = or (taking->told->service, "*");
    body.state = taking->told->lifted ? ASSAY__V1__RECALL_STATE__RECALL_STATE_LIFTED
                                      : ASSAY__V1__RECALL_STATE__RECALL_STATE_IN_FORCE;
    taking->event->tool_recall = &body;
    take(taking);
}

/* ---- the compliance office's ---- */

static void take_finding(struct taking *taking)
{
    const struct told *told = taking->told;
    Assay__V1__Finding body = ASSAY__V1__FINDING__INIT;
    Google__Protobuf__Timestamp due_at = timestamp(told->due);
    body.finding = or (told->key, "k");
    body.programme = or (told->programme, "p");
    body.standard = or (told->standard, "iso");
    body.control = or (told->control, "A.1");
    body.service = or (told->service, "mail");
    body.environment = or (told->environment, "public");
    body.title = "A finding";
    body.grade = told->grade;
    body.state = told->closed ? ASSAY__V1__FINDING_STATE__FINDING_STATE_CLOSED
                              : ASSAY__V1__FINDING_STATE__FINDING_STATE_OPEN;
    if (told->due != 0)
        body.due_at = &due_at;
    taking->event->finding = &body;
    take(taking);
}

static void take_exception(struct taking *taking)
{
    const struct told *told = taking->told;
    Assay__V1__Exception body = ASSAY__V1__EXCEPTION__INIT;
    Google__Protobuf__Timestamp expires_at = timestamp(told->expires);
    body.exception = or (told->key, "k");
    body.programme = or (told->programme, "p");
    body.standard = or (told->standard, "iso");
    body.control = or (told->control, "A.1");
    body.service = or (told->service, "mail");
    body.environment = or (told->environment, "public");
    body.check = or (told->check, "*");
    body.subject = or (told->subject, "*");
    body.approver = "The board";
    body.state = told->state;
    if (told->expires != 0)
        body.expires_at = &expires_at;
    taking->event->exception = &body;
    take(taking);
}

static void take_statement(struct taking *taking)
{
    const struct told *told = taking->told;
    Assay__V1__StatementOfApplicability body = ASSAY__V1__STATEMENT_OF_APPLICABILITY__INIT;
    Assay__V1__StatementOfApplicability__Entry entries[2 * PARTS_MOST], *pointers[2 * PARTS_MOST];
    struct parts parts[] = {split(told->controls, "iso"), split(told->excluded, "iso")};
    body.programme = or (told->programme, "p");
    body.version = or (told->version, "1");
    for (size_t excluded = 0; excluded < 2; excluded++) {
        for (size_t i = 0; i < parts[excluded].count; i++) {
            Assay__V1__StatementOfApplicability__Entry *entry = &entries[body.n_entries];
            assay__v1__statement_of_applicability__entry__init(entry);
            entry->standard = parts[excluded].texts[i][0];
            entry->control = parts[excluded].texts[i][1];
            entry->applicable = excluded == 0;
            entry->justification = excluded == 1 && told->unjustified ? "" : "Because";
            entry->implementation = ASSAY__V1__IMPLEMENTATION__IMPLEMENTATION_IMPLEMENTED;
            pointers[body.n_entries++] = entry;
        }
    }
    body.entries = pointers;
    taking->event->statement_of_applicability = &body;
    take(taking);
}

static void take_inheritance(struct taking *taking)
{
    const struct told *told = taking->told;
    Assay__V1__Inheritance body = ASSAY__V1__INHERITANCE__INIT;
    struct parts provider = split(told->provider, NULL);
    body.service = or (told->service, "mail");
    body.environment = or (told->environment, "public");
    body.standard = or (told->standard, "iso");
    body.control = or (told->control, "A.1");
    body.kind = told->kind;
    if (provider.count > 0) {
        body.provider_service = provider.texts[0][0];
        body.provider_environment = provider.texts[0][1];
    }
    taking->event->inheritance = &body;
    take(taking);
}

static void take_certificate(struct taking *taking)
{
    const struct told *told = taking->told;
    Assay__V1__Certificate body = ASSAY__V1__CERTIFICATE__INIT;
    Google__Protobuf__Timestamp from = timestamp(told->from == 0 ? day(0) : told->from);
    Google__Protobuf__Timestamp until = timestamp(told->until == 0 ? day(1000) : told->until);
    Google__Protobuf__Timestamp as_of = timestamp(told->scope_as_of);
    body.programme = or (told->programme, "p");
    body.standard = or (told->standard, "iso");
    body.number = "N-1";
    body.body = "A body";
    body.decision = told->decision;
    body.initial_at = body.valid_from = &from;
    body.valid_until = &until;
    body.soa_version = or (told->version, "1");
    if (told->scope_as_of != 0)
        body.scope_as_of = &as_of;
    taking->event->certificate = &body;
    take(taking);
}

static void take_audit(struct taking *taking)
{
    const struct told *told = taking->told;
    Assay__V1__Audit body = ASSAY__V1__AUDIT__INIT;
    Google__Protobuf__Timestamp from = timestamp(told->from == 0 ? day(0) : told->from);
    Google__Protobuf__Timestamp until = timestamp(told->until == 0 ? day(1000) : told->until);
    struct parts parts = split(or (told->standards, "iso"), NULL);
    char *standards[PARTS_MOST];
    for (size_t i = 0; i < parts.count; i++)
        standards[i] = parts.texts[i][0];
    body.audit = or (told->key, "k");
    body.programme = or (told->programme, "p");
    body.kind = told->audit;
    body.state = told->planned ? ASSAY__V1__AUDIT_STATE__AUDIT_STATE_PLANNED
                               : ASSAY__V1__AUDIT_STATE__AUDIT_STATE_REPORTED;
    body.starts_at = &from;
    body.ends_at = &until;
    body.n_standards = parts.count;
    body.standards = standards;
    taking->event->audit = &body;
    take(taking);
}

static bool take_office(struct taking *taking)
{
    switch (taking->told->body) {
    case ASSAY__V1__EVENT__BODY_FINDING:
        take_finding(taking);
        return true;
    case ASSAY__V1__EVENT__BODY_EXCEPTION:
        take_exception(taking);
        return true;
    case ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY:
        take_statement(taking);
        return true;
    case ASSAY__V1__EVENT__BODY_INHERITANCE:
        take_inheritance(taking);
        return true;
    case ASSAY__V1__EVENT__BODY_CERTIFICATE:
        take_certificate(taking);
        return true;
    case ASSAY__V1__EVENT__BODY_AUDIT:
        take_audit(taking);
        return true;
    default:
        return false;
    }
}

void play_take(struct play *play, const struct told *told)
{
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    Google__Protobuf__Timestamp at = timestamp(told->at);
    char text[UUID_TEXT_MAX];
    uuid id = play_id(told->id != 0 ? told->id : 100000 + play->ids++);
    event.id = uuid_format(&id, text);
    event.source = "play";
    event.sequence = told->sequence;
    event.occurred_at = &at;
    event.body_case = told->body;
    struct taking taking = {play, told, &event, RECORD_TOPIC_GOVERNANCE};
    switch (told->body) {
    case ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT:
        take_result(&taking);
        break;
    case ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING:
        take_onboarding(&taking);
        break;
    case ASSAY__V1__EVENT__BODY_SCOPE_CHANGE:
        take_scope(&taking);
        break;
    case ASSAY__V1__EVENT__BODY_STANDARD:
        take_standard(&taking);
        break;
    case ASSAY__V1__EVENT__BODY_CHECK_MAPPING:
        take_mapping(&taking);
        break;
    case ASSAY__V1__EVENT__BODY_PROGRAMME:
        take_programme(&taking);
        break;
    case ASSAY__V1__EVENT__BODY_RETRACTION:
        take_retraction(&taking);
        break;
    case ASSAY__V1__EVENT__BODY_TOOL_RECALL:
        take_recall(&taking);
        break;
    default: {
        bool written = take_office(&taking);
        assert(written);
    }
    }
}

/* ---- the play ---- */

struct play play_begin(void)
{
    return (struct play){.rehearsal = rehearsal_new(), .batch = 1};
}

void play_end(struct play *play)
{
    rehearsal_free(play->rehearsal);
}

void play_commit(struct play *play)
{
    rehearsal_commit(play->rehearsal, play->batch++);
}

void play_tell(struct play *play, const struct told *told)
{
    play_take(play, told);
    play_commit(play);
    rehearsal_catch_up(play->rehearsal);
}

void play_scene(struct play *play)
{
    TELL(play, STANDARD, .id = 901, .at = day(0), .controls = "A.1 A.2");
    TELL(play, SCOPE, .id = 902, .at = day(0), IN_SCOPE);
}

const struct recorded_step *play_cell(struct play *play, const char *control, instant at)
{
    struct parts parts = split(control, "iso");
    char key[3 * PART_MOST];
    snprintf(key, sizeof key, "public|%s|%s", parts.texts[0][0], parts.texts[0][1]);
    const struct recorded_step *step = recorded_at(
        recorder_line(rehearsal_recorder(play->rehearsal, "mail"), RECORDED_CELL, key), at);
    return step == NULL || step->cell.step.status == CELL_NONE ? NULL : step;
}

const struct recorded_step *play_standing(struct play *play, const char *standard, instant at)
{
    char key[2 * PART_MOST];
    snprintf(key, sizeof key, "public|%s", standard);
    return recorded_at(
        recorder_line(rehearsal_recorder(play->rehearsal, "mail"), RECORDED_STANDING, key), at);
}

static const char *unmapped_in(struct recorder *recorder, const char *id, instant at)
{
    uint32_t count;
    const struct recorded_line *const *lines = recorder_lines(recorder, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (lines[i]->kind != RECORDED_UNMAPPED || strstr(lines[i]->key, id) == NULL)
            continue;
        const struct recorded_step *step = recorded_at(lines[i], at);
        if (step != NULL)
            return step->text;
    }
    return NULL;
}

const char *play_unmapped(struct play *play, int id, instant at)
{
    char text[UUID_TEXT_MAX];
    uuid wanted = play_id(id);
    uuid_format(&wanted, text);
    const char *reason = unmapped_in(rehearsal_recorder(play->rehearsal, "mail"), text, at);
    return reason != NULL ? reason
                          : unmapped_in(rehearsal_governance_recorder(play->rehearsal), text, at);
}

int run_tests(const char *unit, const struct named_test *tests, size_t count)
{
    Suite *suite = suite_create(unit);
    for (size_t i = 0; i < count; i++) {
        TCase *test = tcase_create(tests[i].name);
        tcase_add_test(test, tests[i].function);
        suite_add_tcase(suite, test);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
