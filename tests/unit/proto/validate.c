#include "proto/validate.h"

#include "proto/limits.h"
#include "tests/unit/proto/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UUID_TEXT "'0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7a11'"

/* One field of a golden event changed, and the rule that breaks; rule NULL: none does. */
static const struct {
    const char *body;
    const char *field; /* in JSON */
    const char *value;
    const char *path;
    const char *rule;
} cases[] = {
    {"control_test_result", "id", "null", "id", "required"},
    {"control_test_result", "id", "'0B3F4C4E-2A52-4C39-9C3D-0D4F6F5B7A11'", "id",
     "not a UUID in lower-case text"},
    {"control_test_result", "id", UUID_TEXT, NULL, NULL},
    {"control_test_result", "source", "null", "source", "required"},
    {"control_test_result", "source", "'a/b:c._-9'", NULL, NULL},
    {"control_test_result", "source", "'/a'", "source",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:/-]* of at most 128 bytes"},
    {"control_test_result", "source", "'a b'", "source",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:/-]* of at most 128 bytes"},
    {"control_test_result", "sequence", "'9223372036854775807'", NULL, NULL},
    {"control_test_result", "sequence", "'9223372036854775808'", "sequence",
     "at most 9223372036854775807"},
    {"control_test_result", "occurredAt", "null", "occurred_at", "required"},
    {"control_test_result", "actor", "null", NULL, NULL},
    {"control_test_result", "controlTestResult", "null", "body",
     "required: none that this version knows is set"},

    {"control_test_result", "controlTestResult.service", "null", "control_test_result.service",
     "required"},
    {"control_test_result", "controlTestResult.service", "'*'", "control_test_result.service",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"control_test_result", "controlTestResult.service", "'a/b'", "control_test_result.service",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"control_test_result", "controlTestResult.environment", "null",
     "control_test_result.environment", "required"},
    {"control_test_result", "controlTestResult.check", "null", "control_test_result.check",
     "required"},
    {"control_test_result", "controlTestResult.check", "'.a'", "control_test_result.check",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:/-]* of at most 128 bytes"},
    {"control_test_result", "controlTestResult.subject", "null", NULL, NULL},
    {"control_test_result", "controlTestResult.subject", "'a|b * é/?'", NULL, NULL},
    {"control_test_result", "controlTestResult.subject", "'a\\tb'", "control_test_result.subject",
     "control character"},
    {"control_test_result", "controlTestResult.subject", "'a\\u007f'",
     "control_test_result.subject", "control character"},
    {"control_test_result", "controlTestResult.subject", "'a\\u0085'",
     "control_test_result.subject", "control character"},
    {"control_test_result", "controlTestResult.subject", "'\\u00a0\\u00ff'", NULL, NULL},
    {"control_test_result", "controlTestResult.result", "null", "control_test_result.result",
     "required"},
    {"control_test_result", "controlTestResult.result", "'RESULT_UNSPECIFIED'",
     "control_test_result.result", "required"},
    {"control_test_result", "controlTestResult.expiresAt", "null", NULL, NULL},
    {"control_test_result", "controlTestResult.expiresAt", "'1999-01-01T00:00:00Z'", NULL, NULL},
    {"control_test_result", "controlTestResult.method", "0", "control_test_result.method",
     "required"},
    {"control_test_result", "controlTestResult.tool", "null", NULL, NULL},
    {"control_test_result", "controlTestResult.tool", "{}", NULL, NULL},
    {"control_test_result", "controlTestResult.tool.name", "'open scap'",
     "control_test_result.tool.name",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"control_test_result", "controlTestResult.evidence.sha256", "null", NULL, NULL},
    {"control_test_result", "controlTestResult.evidence.sha256", "'AAEC'",
     "control_test_result.evidence.sha256", "3 bytes, must be 32"},
    {"control_test_result", "controlTestResult.evidence.size", "'18446744073709551615'",
     "control_test_result.evidence.size", "at most 9223372036854775807"},
    {"control_test_result", "controlTestResult.summary", "'line\\nline\\u0001'", NULL, NULL},
    {"control_test_result", "controlTestResult.population", "'9223372036854775808'",
     "control_test_result.population", "at most 9223372036854775807"},
    {"control_test_result", "controlTestResult.deviations", "null", NULL, NULL},

    {"service_onboarding", "serviceOnboarding.service", "null", "service_onboarding.service",
     "required"},
    {"service_onboarding", "serviceOnboarding.title", "''", "service_onboarding.title", "required"},
    {"service_onboarding", "serviceOnboarding.owner", "null", NULL, NULL},
    {"service_onboarding", "serviceOnboarding.owner", "'Mail Team'", "service_onboarding.owner",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"service_onboarding", "serviceOnboarding.parent", "'office/365'", "service_onboarding.parent",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"service_onboarding", "serviceOnboarding.lifecycle", "null", "service_onboarding.lifecycle",
     "required"},

    {"scope_change", "scopeChange.environment", "null", "scope_change.environment", "required"},
    {"scope_change", "scopeChange.standard", "null", "scope_change.standard", "required"},
    {"scope_change", "scopeChange.membership", "null", "scope_change.membership", "required"},

    {"location", "location.programme", "null", "location.programme", "required"},
    {"location", "location.location", "null", "location.location", "required"},
    {"location", "location.title", "null", "location.title", "required"},
    {"location", "location.kind", "null", "location.kind", "required"},
    {"location", "location.environments.1", "''", "location.environments[1]", "required"},
    {"location", "location.environments.1", "'*'", "location.environments[1]",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},

    {"programme", "programme.title", "null", "programme.title", "required"},
    {"programme", "programme.scopeStatement", "null", NULL, NULL},
    {"programme", "programme.environments.0.environment", "null",
     "programme.environments[0].environment", "required"},
    {"programme", "programme.environments.1.title", "null", "programme.environments[1].title",
     "required"},
    {"programme", "programme.environments.1.state", "null", "programme.environments[1].state",
     "required"},
    {"programme", "programme.environments.1.environment", "'gcc'", "programme.environments[1]",
     "environment stands twice in the list"},
    {"programme", "programme.standards.0", "''", "programme.standards[0]", "required"},
    {"programme", "programme.roles.1.role", "null", "programme.roles[1].role", "required"},
    {"programme", "programme.environments", "[]", NULL, NULL},

    {"standard", "standard.title", "null", "standard.title", "required"},
    {"standard", "standard.extends.0", "'a b'", "standard.extends[0]",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"standard", "standard.controls.0.control", "'Clause 7.4'", "standard.controls[0].control",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"standard", "standard.controls.1.title", "null", "standard.controls[1].title", "required"},
    {"standard", "standard.controls.1.kind", "0", "standard.controls[1].kind", "required"},
    {"standard", "standard.controls.1.control", "'A.5.1.1'", "standard.controls[1]",
     "control stands twice in the list"},

    {"check_mapping", "checkMapping.title", "null", "check_mapping.title", "required"},
    {"check_mapping", "checkMapping.check", "'a b'", "check_mapping.check",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:/-]* of at most 128 bytes"},
    {"check_mapping", "checkMapping.controls.1.control", "null",
     "check_mapping.controls[1].control", "required"},
    {"check_mapping", "checkMapping.controls.0.standard", "'*'",
     "check_mapping.controls[0].standard",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"check_mapping", "checkMapping.appliesTo.0.service", "''",
     "check_mapping.applies_to[0].service", "required"},
    {"check_mapping", "checkMapping.appliesTo.0.environment", "'**'",
     "check_mapping.applies_to[0].environment",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes, or \"*\""},
    {"check_mapping", "checkMapping.ttl", "null", NULL, NULL},
    {"check_mapping", "checkMapping.ttl", "'0s'", "check_mapping.ttl",
     "must be positive, at least 1 µs"},
    {"check_mapping", "checkMapping.ttl", "'0.000000999s'", "check_mapping.ttl",
     "must be positive, at least 1 µs"},
    {"check_mapping", "checkMapping.ttl", "'0.000001s'", NULL, NULL},
    {"check_mapping", "checkMapping.ttl", "'-1s'", "check_mapping.ttl",
     "out of range: above 0 and at most 315576000000 s"},

    {"statement_of_applicability", "statementOfApplicability.programme", "null",
     "statement_of_applicability.programme", "required"},
    {"statement_of_applicability", "statementOfApplicability.entries.1.implementation", "null",
     "statement_of_applicability.entries[1].implementation", "required"},
    {"statement_of_applicability", "statementOfApplicability.entries.0.risks.1", "''",
     "statement_of_applicability.entries[0].risks[1]", "required"},
    {"statement_of_applicability", "statementOfApplicability.entries.1.control", "'A.11.1.1'",
     "statement_of_applicability.entries[1]", "standard and control stands twice in the list"},
    {"statement_of_applicability", "statementOfApplicability.entries.1.standard", "'other'", NULL,
     NULL},

    {"inheritance", "inheritance.service", "'*'", NULL, NULL},
    {"inheritance", "inheritance.environment", "'*'", "inheritance.environment",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"inheritance", "inheritance.standard", "'*'", "inheritance.standard",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"inheritance", "inheritance.control", "null", "inheritance.control", "required"},
    {"inheritance", "inheritance.providerService", "'*'", "inheritance.provider_service",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"inheritance", "inheritance.kind", "null", "inheritance.kind", "required"},

    {"exception", "exception.programme", "null", "exception.programme", "required"},
    {"exception", "exception.programme", "'*'", "exception.programme",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"exception", "exception.control", "'*'", "exception.service",
     "\"*\" for both control and service cannot be APPROVED"},
    {"exception", "exception.standard", "'*'", NULL, NULL},
    {"exception", "exception.service", "'exchange-online'", NULL, NULL},
    {"exception", "exception.check", "'*'", NULL, NULL},
    {"exception", "exception.state", "null", "exception.state", "required"},
    {"exception", "exception.expiresAt", "null", "exception.expires_at",
     "required where the state is APPROVED"},
    {"exception", "exception.approver", "null", "exception.approver",
     "required where the state is APPROVED"},
    {"exception", "exception.approver", "'Jørgen of the compliance office'", "exception.approver",
     "must be another than the event's actor"},
    {"exception", "exception.risks.0", "'Loss of mail'", "exception.risks[0]",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},

    {"finding", "finding.finding", "null", "finding.finding", "required"},
    {"finding", "finding.programme", "null", "finding.programme", "required"},
    {"finding", "finding.standard", "'*'", "finding.standard",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"finding", "finding.control", "'*'", NULL, NULL},
    {"finding", "finding.service", "'*'", NULL, NULL},
    {"finding", "finding.grade", "null", "finding.grade", "required"},
    {"finding", "finding.state", "null", "finding.state", "required"},
    {"finding", "finding.dueAt", "null", "finding.due_at",
     "required where the grade is MAJOR_NC or MINOR_NC"},
    {"finding", "finding.audit", "'AU 1'", "finding.audit",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"finding", "finding.title", "null", "finding.title", "required"},

    {"audit", "audit.audit", "null", "audit.audit", "required"},
    {"audit", "audit.kind", "null", "audit.kind", "required"},
    {"audit", "audit.startsAt", "null", "audit.starts_at", "required"},
    {"audit", "audit.endsAt", "null", "audit.ends_at", "required"},
    {"audit", "audit.reportedAt", "null", NULL, NULL},
    {"audit", "audit.standards.0", "''", "audit.standards[0]", "required"},
    {"audit", "audit.locations.0", "''", "audit.locations[0]", "required"},
    {"audit", "audit.reviews.0.control", "'a b'", "audit.reviews[0].control",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"audit", "audit.samples.0", "{}", NULL, NULL},

    {"certificate", "certificate.standard", "null", "certificate.standard", "required"},
    {"certificate", "certificate.decision", "null", "certificate.decision", "required"},
    {"certificate", "certificate.initialAt", "null", "certificate.initial_at", "required"},
    {"certificate", "certificate.validFrom", "null", "certificate.valid_from", "required"},
    {"certificate", "certificate.validUntil", "null", "certificate.valid_until", "required"},
    {"certificate", "certificate.scopeAsOf", "null", NULL, NULL},
    {"certificate", "certificate.audit", "'AU 1'", "certificate.audit",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},
    {"certificate", "certificate.evidence.sha256", "'AA=='", "certificate.evidence.sha256",
     "1 bytes, must be 32"},

    {"management_record", "managementRecord.kind", "null", "management_record.kind", "required"},
    {"management_record", "managementRecord.title", "null", "management_record.title", "required"},
    {"management_record", "managementRecord.value", "'NaN'", "management_record.value",
     "must be a finite number"},
    {"management_record", "managementRecord.target", "'-Infinity'", "management_record.target",
     "must be a finite number"},
    {"management_record", "managementRecord.value", "null", NULL, NULL},

    {"retraction", "retraction.eventId", "null", "retraction.event_id", "required"},
    {"retraction", "retraction.eventId", "'event-7'", "retraction.event_id",
     "not a UUID in lower-case text"},
    {"retraction", "retraction.service", "null", NULL, NULL},
    {"retraction", "retraction.service", "'*'", "retraction.service",
     "not a name: [A-Za-z0-9][A-Za-z0-9._:-]* of at most 128 bytes"},

    {"tool_recall", "toolRecall.tool", "null", "tool_recall.tool", "required"},
    {"tool_recall", "toolRecall.version", "null", "tool_recall.version", "required"},
    {"tool_recall", "toolRecall.service", "null", "tool_recall.service", "required"},
    {"tool_recall", "toolRecall.service", "'exchange-online'", NULL, NULL},
    {"tool_recall", "toolRecall.state", "null", "tool_recall.state", "required"},
};

START_TEST(each_rule_is_kept)
{
    const Assay__V1__Event *event = golden_with(cases[_i].body, cases[_i].field, cases[_i].value);
    struct violation first = {"", ""};
    bool valid = validate_event(event, &first);
    ck_assert_msg(valid == (cases[_i].rule == NULL), "%s = %s: %s: %s", cases[_i].field,
                  cases[_i].value, first.path, first.rule);
    if (valid)
        return;
    ck_assert_str_eq(first.path, cases[_i].path);
    ck_assert_str_eq(first.rule, cases[_i].rule);
}
END_TEST

START_TEST(the_first_violation_is_named)
{
    struct violation first;
    ck_assert(!validate_event(event_from("{'controlTestResult':{}}"), &first));
    ck_assert_str_eq(first.path, "id");
    ck_assert(!validate_event(event_from("{'id':" UUID_TEXT ",'source':'s','sequence':"
                                         "'18446744073709551615','controlTestResult':{}}"),
                              &first));
    ck_assert_str_eq(first.path, "sequence");
    ck_assert(!validate_event(
        event_from("{'id':" UUID_TEXT ",'source':'s','occurredAt':'2026-01-01T00:00:00Z',"
                   "'controlTestResult':{'service':'s','method':'METHOD_TEST'}}"),
        &first));
    ck_assert_str_eq(first.path, "control_test_result.environment");
}
END_TEST

/* --- rules that need more than one value --- */

START_TEST(an_exception_ends_within_366_days)
{
    static const struct {
        const char *expires_at;
        bool valid;
    } ends[] = {
        {"'2026-11-23T00:00:00Z'", true},           {"'2027-11-24T12:00:00.000001Z'", true},
        {"'2027-11-24T12:00:00.000001999Z'", true}, /* cut to the same microsecond */
        {"'2027-11-24T12:00:00.000002Z'", false},   {"'9999-12-31T23:59:59Z'", false},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        Assay__V1__Event *event =
            golden_with("exception", "exception.expiresAt", ends[i].expires_at);
        Assay__V1__Event *dated = event_from("{'occurredAt':'2026-11-23T12:00:00.000001Z'}");
        event->occurred_at = dated->occurred_at;
        struct violation first = {"", ""};
        ck_assert_msg(validate_event(event, &first) == ends[i].valid, "%s", ends[i].expires_at);
        if (!ends[i].valid) {
            ck_assert_str_eq(first.path, "exception.expires_at");
            ck_assert_str_eq(first.rule, "more than 366 days after occurred_at");
        }
        /* What is not approved is bound by none of it. */
        event->exception->state = ASSAY__V1__EXCEPTION_STATE__EXCEPTION_STATE_PROPOSED;
        event->exception->approver = event->actor;
        event->exception->control = event->exception->service;
        ck_assert(validate_event(event, &first));
    }
}
END_TEST

START_TEST(only_nonconformities_are_due)
{
    struct violation first;
    Assay__V1__Event *event = golden_with("finding", "finding.dueAt", "null");
    event->finding->grade = ASSAY__V1__FINDING_GRADE__FINDING_GRADE_MAJOR_NC;
    ck_assert(!validate_event(event, &first));
    event->finding->grade = ASSAY__V1__FINDING_GRADE__FINDING_GRADE_OFI;
    ck_assert(validate_event(event, &first));
    event->finding->grade = ASSAY__V1__FINDING_GRADE__FINDING_GRADE_OBSERVATION;
    ck_assert(validate_event(event, &first));
}
END_TEST

START_TEST(times_are_in_range)
{
    static const struct {
        int64_t seconds;
        int32_t nanos;
        bool valid;
    } times[] = {
        {-62135596800, 0, true},
        {-62135596801, 999999999, false},
        {253402300799, 999999999, true},
        {253402300800, 0, false},
        {0, -1, false},
        {0, 1000000000, false},
        {INT64_MAX, 0, false},
        {INT64_MIN, 0, false},
    };
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        Assay__V1__Event *event = golden_with("audit", NULL, NULL);
        struct violation first;
        event->occurred_at->seconds = times[i].seconds;
        event->occurred_at->nanos = times[i].nanos;
        ck_assert_int_eq(validate_event(event, &first), times[i].valid);
        if (!times[i].valid)
            ck_assert_str_eq(first.path, "occurred_at");
        event = golden_with("audit", NULL, NULL);
        event->audit->meetings[1]->at->seconds = times[i].seconds;
        event->audit->meetings[1]->at->nanos = times[i].nanos;
        ck_assert_int_eq(validate_event(event, &first), times[i].valid);
        if (!times[i].valid)
            ck_assert_str_eq(first.path, "audit.meetings[1].at");
    }
}
END_TEST

/* --- lengths --- */

static char *letters(size_t count)
{
    char *text = arena_take(test_arena, count + 1);
    memset(text, 'a', count);
    return text;
}

static void assert_longest(Assay__V1__Event *event, char **field, size_t most, const char *path)
{
    struct violation first = {"", ""};
    *field = letters(most);
    ck_assert_msg(validate_event(event, &first), "%s: %s", first.path, first.rule);
    *field = letters(most + 1);
    ck_assert(!validate_event(event, &first));
    ck_assert_str_eq(first.path, path);
}

START_TEST(texts_are_bounded)
{
    Assay__V1__Event *event = golden_with("control_test_result", NULL, NULL);
    assert_longest(event, &event->source, LIMIT_SLUG_BYTES, "source");
    event->source = letters(1);
    assert_longest(event, &event->actor, LIMIT_TEXT_BYTES, "actor");
    event->actor = letters(1);
    Assay__V1__ControlTestResult *result = event->control_test_result;
    assert_longest(event, &result->service, LIMIT_SLUG_BYTES, "control_test_result.service");
    result->service = letters(1);
    assert_longest(event, &result->subject, LIMIT_SUBJECT_BYTES, "control_test_result.subject");
    result->subject = letters(1);
    assert_longest(event, &result->tool->version, LIMIT_VERSION_BYTES,
                   "control_test_result.tool.version");
    result->tool->version = letters(1);
    assert_longest(event, &result->summary, LIMIT_PROSE_BYTES, "control_test_result.summary");
}
END_TEST

START_TEST(lists_are_bounded_and_searched_for_what_stands_twice)
{
    Assay__V1__Event *event = golden_with("standard", NULL, NULL);
    Assay__V1__Standard *standard = event->standard;
    size_t count = LIMIT_LIST + 1;
    Assay__V1__Standard__Control **controls = arena_take(test_arena, count * sizeof *controls);
    for (size_t i = 0; i < count; i++) {
        controls[i] = arena_take(test_arena, sizeof **controls);
        *controls[i] = *standard->controls[0];
        controls[i]->control = arena_take(test_arena, 16);
        snprintf(controls[i]->control, 16, "A.%zu", (i * 7919) % count);
    }
    standard->controls = controls;
    standard->n_controls = LIMIT_LIST;
    struct violation first;
    ck_assert(validate_event(event, &first));

    controls[9000]->control = controls[20]->control;
    controls[12000]->control = controls[10]->control;
    ck_assert(!validate_event(event, &first));
    ck_assert_str_eq(first.path, "standard.controls[9000]");

    standard->n_controls = count;
    ck_assert(!validate_event(event, &first));
    ck_assert_str_eq(first.path, "standard.controls");
    ck_assert_str_eq(first.rule, "16385 elements, at most 16384");
}
END_TEST

START_TEST(names_are_as_the_contract_has_them)
{
    ck_assert(validate_slug("a", false));
    ck_assert(validate_slug("9.A_b:c-d", false));
    ck_assert(!validate_slug("", false));
    ck_assert(!validate_slug("-a", false));
    ck_assert(!validate_slug("a/b", false));
    ck_assert(validate_slug("a/b", true));
    ck_assert(!validate_slug("/b", true));
    ck_assert(!validate_slug("ä", true));
    ck_assert(!validate_slug("a\n", true));
    ck_assert(validate_team("_team.A-1"));
    ck_assert(!validate_team(""));
    ck_assert(!validate_team("a:b"));
    ck_assert(!validate_team("a/b"));
    ck_assert(validate_team(letters(LIMIT_TEAM_BYTES)));
    ck_assert(!validate_team(letters(LIMIT_TEAM_BYTES + 1)));
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"rules", each_rule_is_kept, COUNT(cases)},
        {"first", the_first_violation_is_named, 0},
        {"exceptions", an_exception_ends_within_366_days, 0},
        {"nonconformities", only_nonconformities_are_due, 0},
        {"times", times_are_in_range, 0},
        {"texts", texts_are_bounded, 0},
        {"lists", lists_are_bounded_and_searched_for_what_stands_twice, 0},
        {"names", names_are_as_the_contract_has_them, 0},
    };
    return RUN_TESTS("validate", tests);
}
