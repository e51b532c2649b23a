/* What governance changes: mappings, standards, programmes; its own steps. */
#include "tests/unit/posture/play.h"

#include <stdio.h>

static struct play play;

static void begin(void)
{
    play = play_begin();
    play_scene(&play);
}

START_TEST(the_ttl_in_force_decides)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1", .ttl = 10);
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    ck_status(&play, "A.1", day(11), CELL_STALE);
    /* A longer ttl from day 20 on makes it fresh again until day 31. */
    TELL(&play, MAPPING, .at = day(20), .controls = "A.1", .ttl = 30);
    ck_status(&play, "A.1", day(19), CELL_STALE);
    ck_decided(&play, "A.1", day(20), CELL_PASSED, 1);
    ck_status(&play, "A.1", day(31) - 1, CELL_PASSED);
    ck_status(&play, "A.1", day(31), CELL_STALE);
    /* A shorter one ends it at once. */
    TELL(&play, MAPPING, .at = day(5), .controls = "A.1", .ttl = 2);
    ck_status(&play, "A.1", day(5) - 1, CELL_PASSED);
    ck_status(&play, "A.1", day(5), CELL_STALE);
    play_end(&play);
}
END_TEST

START_TEST(mappings_come_and_go)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    ck_unmapped(&play, 1, day(1), "unknown_service");
    TELL(&play, ONBOARDING, .at = day(0), LIVE);
    ck_unmapped(&play, 1, day(1), "no_mapping");
    TELL(&play, MAPPING, .at = day(3), .controls = "A.1");
    ck_unmapped(&play, 1, day(2), "no_mapping");
    ck_unmapped(&play, 1, day(3), "-");
    ck_status(&play, "A.1", day(2), CELL_NOT_TESTED);
    ck_status(&play, "A.1", day(3), CELL_PASSED);
    TELL(&play, MAPPING, .at = day(5), .controls = "A.2");
    ck_status(&play, "A.1", day(5), CELL_NOT_TESTED);
    ck_decided(&play, "A.2", day(5), CELL_PASSED, 1);
    TELL(&play, MAPPING, .at = day(7), .controls = "A.1 A.2", .applies = "mail/gov other/public");
    ck_status(&play, "A.2", day(7), CELL_NOT_TESTED);
    ck_unmapped(&play, 1, day(7), "no_mapping");
    TELL(&play, MAPPING, .at = day(8), .controls = "A.1 A.2", .applies = "mail/gov */public");
    ck_status(&play, "A.1", day(8), CELL_PASSED);
    ck_status(&play, "A.2", day(8), CELL_PASSED);
    TELL(&play, MAPPING, .at = day(9), .controls = "A.1", .applies = "other/* mail/gov");
    ck_status(&play, "A.1", day(9), CELL_NOT_TESTED);
    TELL(&play, MAPPING, .at = day(10), .controls = "A.1", .applies = "mail/*");
    ck_status(&play, "A.1", day(10), CELL_PASSED);
    play_end(&play);
}
END_TEST

START_TEST(required_may_change)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, MAPPING, .check = "d", .at = day(0), .controls = "A.1");
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    ck_status(&play, "A.1", day(1), CELL_NOT_TESTED);
    TELL(&play, MAPPING, .check = "d", .at = day(5), .controls = "A.1", .optional = true);
    ck_status(&play, "A.1", day(4), CELL_NOT_TESTED);
    ck_decided(&play, "A.1", day(5), CELL_PASSED, 1);
    play_end(&play);
}
END_TEST

START_TEST(controls_come_and_go)
{
    begin();
    TELL(&play, STANDARD, .at = day(5), .controls = "A.2 A.3");
    TELL(&play, STANDARD, .at = day(9), .controls = "A.1 A.2");
    ck_status(&play, "A.1", day(4), CELL_NOT_TESTED);
    ck_assert_ptr_null(play_cell(&play, "A.1", day(5)));
    ck_assert_ptr_null(play_cell(&play, "A.3", day(4)));
    ck_status(&play, "A.3", day(5), CELL_NOT_TESTED);
    ck_status(&play, "A.1", day(9), CELL_NOT_TESTED);
    ck_assert_int_eq(play_cell(&play, "A.1", day(9))->at, day(9));
    ck_assert_int_eq(play_cell(&play, "A.2", day(9))->at, day(0));
    ck_assert_int_eq(play_standing(&play, "iso", day(5))->standing.not_tested, 2);
    play_end(&play);
}
END_TEST

START_TEST(the_greatest_programme_has_the_environment)
{
    begin();
    TELL(&play, PROGRAMME, .at = day(1), .programme = "p", .environments = "public");
    TELL(&play, PROGRAMME, .at = day(2), .programme = "q", .environments = "public!");
    ck_status(&play, "A.1", day(1), CELL_NOT_TESTED);
    ck_status(&play, "A.1", day(2), CELL_OUT_OF_SCOPE);
    TELL(&play, PROGRAMME, .at = day(3), .programme = "p", .environments = "public gov");
    ck_status(&play, "A.1", day(3), CELL_NOT_TESTED);
    TELL(&play, PROGRAMME, .id = 5, .at = day(4), .programme = "p", .environments = "gov");
    ck_status(&play, "A.1", day(4), CELL_OUT_OF_SCOPE); /* q's again */
    char text[UUID_TEXT_MAX];
    uuid cause = play_id(5);
    ck_assert_ptr_nonnull(strstr(play_cell(&play, "A.1", day(4))->text, uuid_format(&cause, text)));
    TELL(&play, PROGRAMME, .at = day(5), .programme = "q", .environments = "gov");
    ck_status(&play, "A.1", day(5), CELL_NOT_TESTED);
    play_end(&play);
}
END_TEST

static enum cell_status status_in(struct recorder *recorder, instant at)
{
    const struct recorded_step *step =
        recorded_at(recorder_line(recorder, RECORDED_CELL, "public|iso|A.1"), at);
    return step == NULL ? CELL_NONE : step->cell.step.status;
}

START_TEST(a_service_ignores_later_positions)
{
    play = play_begin();
    TELL(&play, STANDARD, .at = day(0), .controls = "A.1");                /* position 1 */
    TELL(&play, MAPPING, .id = 5, .at = day(0), .controls = "A.1");        /* 2 */
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(0), .retracts = 5);   /* 3 */
    TELL(&play, MAPPING, .check = "d", .at = day(0), .controls = "X/X.1"); /* 4 */
    struct posture_governance *governance = rehearsal_governance(play.rehearsal);
    struct posture_service *service = posture_service_new("mail");
    struct recorder *recorder = recorder_new();
    struct posture_result result = {.order = {.occurred_at = day(1)},
                                    .result = ASSAY__V1__RESULT__RESULT_PASS,
                                    .expires_at = INSTANT_END,
                                    .tool = POSTURE_NO_TOOL};
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    Assay__V1__ScopeChange scope = ASSAY__V1__SCOPE_CHANGE__INIT;
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    at.seconds = day(0) / INSTANT_SECOND;
    event.id = "00000000-0000-4000-8000-000000000001";
    event.occurred_at = &at;
    event.body_case = ASSAY__V1__EVENT__BODY_SCOPE_CHANGE;
    event.scope_change = &scope;
    scope.service = "mail";
    scope.environment = "public";
    scope.standard = "iso";
    scope.membership = ASSAY__V1__MEMBERSHIP__MEMBERSHIP_IN_SCOPE;
    static const uint8_t digest[16];
    posture_add_fact(service, &event, digest, &(struct posture_record){0});
    posture_add_result(service, posture_stream(service, "public", "c", "", NULL), &result);

    static const enum cell_status expected[] = {CELL_NONE, CELL_NOT_TESTED, CELL_PASSED,
                                                CELL_NOT_TESTED};
    for (int64_t position = 0; position < 4; position++) {
        ck_assert(position == 0 || posture_concerned(service, governance, position - 1, position));
        posture_evaluate(service, governance, position, position, recorder_sink(recorder));
        ck_assert_int_eq(status_in(recorder, day(1)), expected[position]);
    }
    ck_assert(!posture_concerned(service, governance, 3, 4));
    recorder_free(recorder);
    posture_service_free(service);
    play_end(&play);
}
END_TEST

static const struct recorded_step *fact(const char *key, instant at)
{
    return recorded_at(
        recorder_line(rehearsal_governance_recorder(play.rehearsal), RECORDED_FACT, key), at);
}

START_TEST(versions_in_force_are_reported)
{
    begin();
    ck_assert_ptr_null(fact("standard|iso", day(-1)));
    TELL(&play, STANDARD, .id = 5, .at = day(5), .controls = "A.1");
    char text[UUID_TEXT_MAX];
    uuid five = play_id(5);
    ck_assert_ptr_nonnull(strstr(fact("standard|iso", day(5))->text, uuid_format(&five, text)));
    ck_assert_ptr_null(strstr(fact("standard|iso", day(4))->text, text));
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(6), .retracts = 5);
    ck_assert_ptr_null(strstr(fact("standard|iso", day(5))->text, text));
    TELL(&play, RECALL, .at = day(5), .tool = "scan 1");
    ck_assert_ptr_nonnull(fact("tool_recall|scan|1|*", day(5)));
    /* The service's own, with the beginning of its membership. */
    TELL(&play, SCOPE, .at = day(3), IN_SCOPE);
    TELL(&play, SCOPE, .at = day(4), PENDING);
    struct recorder *mail = rehearsal_recorder(play.rehearsal, "mail");
    const struct recorded_line *scope =
        recorder_line(mail, RECORDED_FACT, "scope_change|mail|public|iso");
    char since[64];
    snprintf(since, sizeof since, "since=%lld", (long long)day(0));
    ck_assert_ptr_nonnull(strstr(recorded_at(scope, day(3))->text, since));
    ck_assert_ptr_null(strstr(recorded_at(scope, day(4))->text, since));
    play_end(&play);
}
END_TEST

START_TEST(mappings_to_what_is_not_known)
{
    begin();
    TELL(&play, MAPPING, .id = 1, .at = day(1), .controls = "A.1 A.9 other/B.1");
    struct recorder *recorder = rehearsal_governance_recorder(play.rehearsal);
    uint32_t count;
    const struct recorded_line *const *lines = recorder_lines(recorder, &count);
    uint32_t unmapped = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (lines[i]->kind != RECORDED_UNMAPPED)
            continue;
        unmapped++;
        const char *reason = recorded_at(lines[i], day(1))->text;
        bool control = strstr(lines[i]->key, "c|iso|A.9") != NULL;
        ck_assert_str_eq(reason, control ? "unknown_control" : "unknown_standard");
    }
    ck_assert_int_eq(unmapped, 2);
    TELL(&play, STANDARD, .at = day(4), .controls = "A.1 A.9");
    TELL(&play, STANDARD, .at = day(0), .standard = "other", .controls = "B.1");
    ck_unmapped(&play, 1, day(3), "unknown_control");
    ck_unmapped(&play, 1, day(4), "-");
    TELL(&play, MAPPING, .at = day(2), .controls = "A.1");
    ck_unmapped(&play, 1, day(1), "unknown_control");
    ck_unmapped(&play, 1, day(2), "-");
    play_end(&play);
}
END_TEST

int main(void)
{
    const struct named_test tests[] = {
        {"ttl", the_ttl_in_force_decides},
        {"mappings", mappings_come_and_go},
        {"required", required_may_change},
        {"controls", controls_come_and_go},
        {"programmes", the_greatest_programme_has_the_environment},
        {"positions", a_service_ignores_later_positions},
        {"facts", versions_in_force_are_reported},
        {"unmapped", mappings_to_what_is_not_known},
    };
    return RUN_TESTS("governance", tests);
}
