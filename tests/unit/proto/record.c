#include "proto/record.h"

#include "proto/limits.h"
#include "tests/unit/proto/fixture.h"

#include <stdio.h>
#include <string.h>

/* --- topics --- */

START_TEST(topics_are_told_apart)
{
    ck_assert_int_eq(record_topic_of("assay.evidence"), RECORD_EVIDENCE);
    ck_assert_int_eq(record_topic_of("assay.evidence.team-a"), RECORD_TEAM);
    ck_assert_int_eq(record_topic_of("assay.evidence.a.b"), RECORD_TEAM);
    ck_assert_int_eq(record_topic_of("assay.services"), RECORD_SERVICES);
    ck_assert_int_eq(record_topic_of("assay.scope"), RECORD_SCOPE);
    ck_assert_int_eq(record_topic_of("assay.governance"), RECORD_GOVERNANCE);
    ck_assert_int_eq(record_topic_of("assay.reject"), RECORD_UNKNOWN);
    ck_assert_int_eq(record_topic_of("assay.evidence."), RECORD_UNKNOWN);
    ck_assert_int_eq(record_topic_of("assay.evidencex"), RECORD_UNKNOWN);
    ck_assert_int_eq(record_topic_of("assay.services.team-a"), RECORD_UNKNOWN);
    ck_assert_int_eq(record_topic_of(""), RECORD_UNKNOWN);
    ck_assert_str_eq(record_team_of("assay.evidence.team-a"), "team-a");
    ck_assert_ptr_null(record_team_of("assay.evidence"));
}
END_TEST

/* --- events to records --- */

static const struct {
    const char *body;
    const char *topic;
    const char *team_topic;
    const char *key;
} bodies[] = {
    {"control_test_result", "assay.evidence", "assay.evidence.team-a", "exchange-online"},
    {"service_onboarding", "assay.services", "assay.services", "exchange-online"},
    {"scope_change", "assay.scope", "assay.scope", "exchange-online"},
    {"location", "assay.governance", "assay.governance", "cloud|ams-01"},
    {"programme", "assay.governance", "assay.governance", "cloud"},
    {"standard", "assay.governance", "assay.governance", "iso-27018-2019"},
    {"check_mapping", "assay.governance", "assay.governance", "benchmark/sshd_disable_root_login"},
    {"statement_of_applicability", "assay.governance", "assay.governance", "cloud"},
    {"inheritance", "assay.governance", "assay.governance", "exchange-online|gcc|iso-27001-2013|*"},
    {"exception", "assay.governance", "assay.governance", "EX-2026-017"},
    {"finding", "assay.governance", "assay.governance", "NC-2026-03"},
    {"audit", "assay.governance", "assay.governance", "AU-2026-S1"},
    {"certificate", "assay.governance", "assay.governance", "cloud|iso-27001-2013"},
    {"management_record", "assay.governance", "assay.governance", "KPI-7"},
    {"retraction", "assay.evidence", "assay.evidence.team-a", "exchange-online"},
    {"tool_recall", "assay.governance", "assay.governance", "openscap|1.3.7 (build 2)|*"},
};

static struct record record_of(const Assay__V1__Event *event, const char *team)
{
    struct record record;
    struct fault why;
    ck_assert_msg(record_of_event(event, team, test_arena, &record, &why), "%s", why.text);
    return record;
}

START_TEST(each_body_has_its_topic_and_key)
{
    Assay__V1__Event *event = golden_with(bodies[_i].body, NULL, NULL);
    struct record record = record_of(event, NULL);
    ck_assert_str_eq(record.topic, bodies[_i].topic);
    ck_assert_uint_eq(record.key_size, strlen(bodies[_i].key));
    ck_assert_mem_eq(record.key, bodies[_i].key, record.key_size);
    ck_assert_str_eq(record_key(event, test_arena), bodies[_i].key);
    ck_assert_str_eq(record_of(event, "team-a").topic, bodies[_i].team_topic);

    /* Each is accepted where it is sent to, and nowhere else. */
    static const enum record_topic topics[] = {RECORD_UNKNOWN,  RECORD_EVIDENCE, RECORD_TEAM,
                                               RECORD_SERVICES, RECORD_SCOPE,    RECORD_GOVERNANCE};
    bool retraction = strcmp(bodies[_i].body, "retraction") == 0;
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        struct judgement judgement;
        ck_assert(record_judge(topics[i], (const uint8_t *)record.key, record.key_size,
                               record.value, record.value_size, INSTANT_BEGIN, test_arena,
                               &judgement));
        bool there = topics[i] == record_topic_of(bodies[_i].topic) ||
                     topics[i] == record_topic_of(bodies[_i].team_topic) ||
                     (retraction && topics[i] == RECORD_GOVERNANCE);
        ck_assert_int_eq(judgement.verdict, there ? VERDICT_ACCEPTED : VERDICT_WRONG_TOPIC);
        ck_assert_ptr_nonnull(judgement.event);
    }
}
END_TEST

START_TEST(headers_are_cloudevents)
{
    Assay__V1__Event *event =
        golden_with("scope_change", "occurredAt", "'2026-11-23T01:02:03.123456789Z'");
    struct record record = record_of(event, NULL);
    const char *const expected[RECORD_HEADERS][2] = {
        {"ce_specversion", "1.0"},
        {"ce_id", event->id},
        {"ce_source", "scanner/host-01"},
        {"ce_type", "assay.v1.scope_change"},
        {"ce_time", "2026-11-23T01:02:03.123456Z"},
        {"content-type", "application/protobuf"},
    };
    for (int i = 0; i < RECORD_HEADERS; i++) {
        ck_assert_str_eq(record.headers[i].name, expected[i][0]);
        ck_assert_uint_eq(record.headers[i].size, strlen(expected[i][1]));
        ck_assert_mem_eq(record.headers[i].value, expected[i][1], record.headers[i].size);
    }
    size_t size;
    const uint8_t *bytes = bytes_of(event, &size);
    ck_assert_uint_eq(record.value_size, size);
    ck_assert_mem_eq(record.value, bytes, size);
}
END_TEST

START_TEST(what_cannot_be_sent_is_refused)
{
    struct record record;
    struct fault why;
    Assay__V1__Event *event = golden_with("retraction", "retraction.service", "null");
    ck_assert_str_eq(record_of(event, "team-a").topic, "assay.governance");
    ck_assert_str_eq(record_of(event, NULL).key, "0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7a11");
    ck_assert(!record_of_event(event, "a:b", test_arena, &record, &why));
    ck_assert_int_eq(why.reaction, FAULT_REJECT);

    event->retraction->reason = arena_take(test_arena, LIMIT_RECORD_BYTES + 1);
    memset(event->retraction->reason, 'x', LIMIT_RECORD_BYTES);
    ck_assert(!record_of_event(event, NULL, test_arena, &record, &why));
    ck_assert_int_eq(why.reaction, FAULT_REJECT);
    ck_assert_ptr_nonnull(strstr(why.text, "at most 1048576"));

    event->retraction->reason[10] = '\0';
    while (arena_take_raw(test_arena, 16) != NULL)
        ;
    ck_assert(!record_of_event(event, NULL, test_arena, &record, &why));
    ck_assert_int_eq(why.reaction, FAULT_RETRY);
    ck_assert_ptr_null(record_key(event, test_arena));
}
END_TEST

START_TEST(the_longest_keys_fit)
{
    char slug[LIMIT_SLUG_BYTES + 1] = "";
    char version[LIMIT_VERSION_BYTES + 1] = "";
    memset(slug, 's', LIMIT_SLUG_BYTES);
    memset(version, 'v', LIMIT_VERSION_BYTES);
    Assay__V1__Event *event = golden_with("tool_recall", NULL, NULL);
    event->tool_recall->tool = event->tool_recall->service = slug;
    event->tool_recall->version = version;
    ck_assert_uint_eq(strlen(record_key(event, test_arena)), LIMIT_KEY_BYTES);
    event = golden_with("inheritance", NULL, NULL);
    event->inheritance->service = event->inheritance->environment = slug;
    event->inheritance->standard = event->inheritance->control = slug;
    ck_assert_uint_eq(strlen(record_key(event, test_arena)), 4 * LIMIT_SLUG_BYTES + 3);
}
END_TEST

/* --- records to verdicts --- */

static const instant kafka_time = 1795392000 * INSTANT_SECOND; /* 2026-11-23T00:00:00Z */

static struct judgement judge(enum record_topic topic, const char *key,
                              const Assay__V1__Event *event)
{
    struct judgement judgement;
    size_t size;
    const uint8_t *bytes = bytes_of(event, &size);
    ck_assert(record_judge(topic, (const uint8_t *)key, key == NULL ? 0 : strlen(key), bytes, size,
                           kafka_time, test_arena, &judgement));
    return judgement;
}

static void assert_judged(struct judgement judgement, enum verdict expected, const char *detail)
{
    ck_assert_str_eq(verdict_name(judgement.verdict), verdict_name(expected));
    ck_assert_str_eq(judgement.detail, detail);
}

static Assay__V1__Event *dated(const char *body, const char *occurred_at)
{
    return golden_with(body, "occurredAt", occurred_at);
}

START_TEST(bytes_come_first)
{
    struct judgement judgement;
    static const uint8_t large[LIMIT_RECORD_BYTES + 1];
    ck_assert(record_judge(RECORD_UNKNOWN, NULL, 0, large, sizeof large, kafka_time, test_arena,
                           &judgement));
    assert_judged(judgement, VERDICT_TOO_LARGE, "1048577 bytes of value, at most 1048576");
    ck_assert_ptr_null(judgement.event);
    ck_assert(record_judge(RECORD_UNKNOWN, NULL, 0, NULL, 0, kafka_time, test_arena, &judgement));
    assert_judged(judgement, VERDICT_UNDECODABLE, "no value (a tombstone)");
    ck_assert(record_judge(RECORD_UNKNOWN, NULL, 0, large, 0, kafka_time, test_arena, &judgement));
    assert_judged(judgement, VERDICT_UNDECODABLE, "event: empty value");
    ck_assert(record_judge(RECORD_EVIDENCE, NULL, 0, (const uint8_t *)"\x2A\x01\xFF", 3, kafka_time,
                           test_arena, &judgement));
    assert_judged(judgement, VERDICT_UNDECODABLE, "actor: not UTF-8 at byte 0");
    ck_assert_ptr_null(judgement.event);
}
END_TEST

/* Everything is wrong with the first; one thing after the other is put right. */
START_TEST(the_first_reason_is_given)
{
    Assay__V1__Event *event = dated("control_test_result", "'2026-11-23T00:05:00.000001Z'");
    char *service = event->control_test_result->service;
    event->control_test_result->service = (char *)"";
    struct judgement judged = judge(RECORD_SCOPE, "other", event);
    assert_judged(judged, VERDICT_INVALID, "control_test_result.service: required");
    ck_assert_ptr_nonnull(judged.event);
    event->control_test_result->service = service;
    assert_judged(judge(RECORD_SCOPE, "other", event), VERDICT_WRONG_TOPIC,
                  "control_test_result does not belong on this topic");
    assert_judged(judge(RECORD_EVIDENCE, "other", event), VERDICT_KEY_MISMATCH,
                  "the record's key is 'other', must be 'exchange-online'");
    assert_judged(judge(RECORD_EVIDENCE, "exchange-online", event), VERDICT_FUTURE,
                  "occurred_at 2026-11-23T00:05:00.000001Z is more than 5 minutes past the "
                  "record's Kafka timestamp 2026-11-23T00:00:00Z");
    event = dated("control_test_result", "'2026-11-23T00:05:00.000000999Z'");
    assert_judged(judge(RECORD_EVIDENCE, "exchange-online", event), VERDICT_ACCEPTED, "");
}
END_TEST

START_TEST(only_evidence_cannot_be_dated_ahead)
{
    Assay__V1__Event *event = dated("retraction", "'2027-01-01T00:00:00Z'");
    ck_assert_int_eq(judge(RECORD_EVIDENCE, "exchange-online", event).verdict, VERDICT_FUTURE);
    ck_assert_int_eq(judge(RECORD_TEAM, "exchange-online", event).verdict, VERDICT_FUTURE);
    ck_assert_int_eq(judge(RECORD_GOVERNANCE, "exchange-online", event).verdict, VERDICT_ACCEPTED);
    event = dated("scope_change", "'2027-01-01T00:00:00Z'");
    ck_assert_int_eq(judge(RECORD_SCOPE, "exchange-online", event).verdict, VERDICT_ACCEPTED);
    event = dated("service_onboarding", "'2027-01-01T00:00:00Z'");
    ck_assert_int_eq(judge(RECORD_SERVICES, "exchange-online", event).verdict, VERDICT_ACCEPTED);

    /* A record without a timestamp cannot be told to be ahead of it. */
    struct judgement judgement;
    size_t size;
    const uint8_t *bytes = bytes_of(dated("retraction", "'9999-01-01T00:00:00Z'"), &size);
    ck_assert(record_judge(RECORD_EVIDENCE, (const uint8_t *)"exchange-online", 15, bytes, size,
                           INSTANT_BEGIN, test_arena, &judgement));
    ck_assert_int_eq(judgement.verdict, VERDICT_ACCEPTED);
}
END_TEST

START_TEST(a_retraction_of_evidence_names_its_service)
{
    Assay__V1__Event *event = golden_with("retraction", "retraction.service", "null");
    const char *id = event->retraction->event_id;
    assert_judged(judge(RECORD_EVIDENCE, id, event), VERDICT_INVALID,
                  "retraction.service: required on an evidence topic");
    assert_judged(judge(RECORD_TEAM, id, event), VERDICT_INVALID,
                  "retraction.service: required on an evidence topic");
    assert_judged(judge(RECORD_GOVERNANCE, id, event), VERDICT_ACCEPTED, "");
    assert_judged(judge(RECORD_SCOPE, id, event), VERDICT_WRONG_TOPIC,
                  "retraction does not belong on this topic");
}
END_TEST

START_TEST(keys_are_compared_whole)
{
    Assay__V1__Event *event = golden_with("certificate", NULL, NULL);
    assert_judged(judge(RECORD_GOVERNANCE, NULL, event), VERDICT_KEY_MISMATCH,
                  "the record has no key, must be 'cloud|iso-27001-2013'");
    assert_judged(judge(RECORD_GOVERNANCE, "", event), VERDICT_KEY_MISMATCH,
                  "the record's key is '', must be 'cloud|iso-27001-2013'");
    assert_judged(judge(RECORD_GOVERNANCE, "cloud|iso-27001-201", event), VERDICT_KEY_MISMATCH,
                  "the record's key is 'cloud|iso-27001-201', must be 'cloud|iso-27001-2013'");
    assert_judged(judge(RECORD_GOVERNANCE, "cloud|iso-27001-2013\n\xFF", event),
                  VERDICT_KEY_MISMATCH,
                  "the record's key is 'cloud|iso-27001-2013\\x0a\\xff', must be "
                  "'cloud|iso-27001-2013'");
    char huge[2000];
    memset(huge, '\xFE', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    struct judgement judged = judge(RECORD_GOVERNANCE, huge, event);
    ck_assert_int_eq(judged.verdict, VERDICT_KEY_MISMATCH);
    ck_assert_ptr_nonnull(strstr(judged.detail, "…', must be 'cloud|iso-27001-2013'"));
}
END_TEST

START_TEST(framed_values_are_judged_alike)
{
    size_t size;
    struct judgement judgement;
    const uint8_t *bytes = bytes_of(golden_with("audit", NULL, NULL), &size);
    uint8_t *framed = arena_take(test_arena, size + 6);
    framed[4] = 7;
    memcpy(framed + 6, bytes, size);
    ck_assert(record_judge(RECORD_GOVERNANCE, (const uint8_t *)"AU-2026-S1", 10, framed, size + 6,
                           kafka_time, test_arena, &judgement));
    assert_judged(judgement, VERDICT_ACCEPTED, "");
}
END_TEST

START_TEST(a_full_arena_gives_no_verdict)
{
    size_t size;
    struct judgement judgement;
    uint8_t copy[4096];
    const uint8_t *bytes = bytes_of(golden_with("audit", NULL, NULL), &size);
    ck_assert_uint_le(size, sizeof copy);
    memcpy(copy, bytes, size);
    while (arena_take_raw(test_arena, 16) != NULL)
        ;
    ck_assert(!record_judge(RECORD_GOVERNANCE, (const uint8_t *)"AU-2026-S1", 10, copy, size,
                            kafka_time, test_arena, &judgement));
    arena_reset(test_arena);
    ck_assert(record_judge(RECORD_GOVERNANCE, (const uint8_t *)"AU-2026-S1", 10, copy, size,
                           kafka_time, test_arena, &judgement));
    assert_judged(judgement, VERDICT_ACCEPTED, "");
}
END_TEST

START_TEST(verdicts_keep_their_names_and_numbers)
{
    static const char *const verdicts[] = {"accepted",    "too_large",    "undecodable", "invalid",
                                           "wrong_topic", "key_mismatch", "future"};
    for (int i = 0; i < COUNT(verdicts); i++)
        ck_assert_str_eq(verdict_name((enum verdict)i), verdicts[i]);
    Assay__V1__Event *event = event_from("{}");
    ck_assert_ptr_null(record_body_name(event));
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"topics", topics_are_told_apart, 0},
        {"bodies", each_body_has_its_topic_and_key, COUNT(bodies)},
        {"headers", headers_are_cloudevents, 0},
        {"unsendable", what_cannot_be_sent_is_refused, 0},
        {"long keys", the_longest_keys_fit, 0},
        {"bytes", bytes_come_first, 0},
        {"order", the_first_reason_is_given, 0},
        {"future", only_evidence_cannot_be_dated_ahead, 0},
        {"retraction", a_retraction_of_evidence_names_its_service, 0},
        {"keys", keys_are_compared_whole, 0},
        {"framing", framed_values_are_judged_alike, 0},
        {"full arena", a_full_arena_gives_no_verdict, 0},
        {"verdicts", verdicts_keep_their_names_and_numbers, 0},
    };
    return RUN_TESTS("record", tests);
}
