/* The rules of a cell: 1, 5 to 8 and 10, one by one and in their order. */
#include "tests/unit/posture/play.h"

static struct play play;

static void begin(void)
{
    play = play_begin();
    play_scene(&play);
}

START_TEST(a_cell_for_each_control_in_scope)
{
    begin();
    ck_assert_ptr_null(play_cell(&play, "A.1", day(-1)));
    ck_decided(&play, "A.1", day(0), CELL_NOT_TESTED, 0);
    ck_decided(&play, "A.2", day(400), CELL_NOT_TESTED, 0);
    ck_assert_ptr_null(play_cell(&play, "A.3", day(1)));
    ck_assert_int_eq(play_cell(&play, "A.1", day(1))->at, day(0));
    play_end(&play);
}
END_TEST

START_TEST(passed_by_the_greatest_passing_result)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, RESULT, .id = 1, .at = day(2), PASS, .subject = "a");
    TELL(&play, RESULT, .id = 2, .at = day(3), PASS, .subject = "b");
    ck_status(&play, "A.1", day(1), CELL_NOT_TESTED);
    ck_decided(&play, "A.1", day(2), CELL_PASSED, 1);
    ck_decided(&play, "A.1", day(3), CELL_PASSED, 2);
    ck_assert(play_cell(&play, "A.1", day(2))->cell.step.transition);
    ck_assert(!play_cell(&play, "A.1", day(3))->cell.step.transition);
    ck_status(&play, "A.2", day(3), CELL_NOT_TESTED);
    play_end(&play);
}
END_TEST

START_TEST(no_ttl_is_366_days)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, RESULT, .id = 1, .at = day(2), PASS);
    ck_status(&play, "A.1", day(2 + 366) - 1, CELL_PASSED);
    ck_decided(&play, "A.1", day(2 + 366), CELL_STALE, 1);
    ck_assert(play_cell(&play, "A.1", day(2 + 366))->cell.step.stale);
    play_end(&play);
}
END_TEST

START_TEST(the_lesser_of_expiry_and_ttl)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1", .ttl = 10);
    TELL(&play, RESULT, .id = 1, .at = day(2), PASS, .expires = day(5));
    ck_status(&play, "A.1", day(5) - 1, CELL_PASSED);
    ck_status(&play, "A.1", day(5), CELL_STALE);
    TELL(&play, RESULT, .id = 2, .at = day(6), PASS, .expires = day(60));
    ck_status(&play, "A.1", day(16) - 1, CELL_PASSED);
    ck_status(&play, "A.1", day(16), CELL_STALE);
    TELL(&play, RESULT, .id = 3, .at = day(20), PASS, .expires = day(19)); /* never fresh */
    ck_decided(&play, "A.1", day(20), CELL_STALE, 3);
    play_end(&play);
}
END_TEST

START_TEST(a_failure_never_ages)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1", .ttl = 10);
    TELL(&play, RESULT, .id = 1, .at = day(2), FAIL, .expires = day(3));
    ck_decided(&play, "A.1", day(2), CELL_FAILED, 1);
    ck_decided(&play, "A.1", day(4000), CELL_FAILED, 1);
    ck_assert(!play_cell(&play, "A.1", day(4000))->cell.step.stale);
    play_end(&play);
}
END_TEST

START_TEST(what_is_stale)
{
    static const struct {
        Assay__V1__Result result;
        enum cell_status fresh, expired;
    } cases[] = {
        {ASSAY__V1__RESULT__RESULT_PASS, CELL_PASSED, CELL_STALE},
        {ASSAY__V1__RESULT__RESULT_ERROR, CELL_ERROR, CELL_STALE},
        {ASSAY__V1__RESULT__RESULT_UNKNOWN, CELL_ERROR, CELL_STALE},
        {ASSAY__V1__RESULT__RESULT_NOT_APPLICABLE, CELL_NOT_TESTED, CELL_STALE},
        {ASSAY__V1__RESULT__RESULT_NOT_CHECKED, CELL_NOT_TESTED, CELL_NOT_TESTED},
        {ASSAY__V1__RESULT__RESULT_INFO, CELL_NOT_TESTED, CELL_NOT_TESTED},
        {ASSAY__V1__RESULT__RESULT_RETIRED, CELL_NOT_TESTED, CELL_NOT_TESTED},
        {ASSAY__V1__RESULT__RESULT_FAIL, CELL_FAILED, CELL_FAILED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        TELL(&play, MAPPING, .at = day(0), .controls = "A.1", .ttl = 10);
        TELL(&play, RESULT, .id = 1, .at = day(2), .result = cases[i].result);
        ck_status(&play, "A.1", day(2), cases[i].fresh);
        ck_status(&play, "A.1", day(12), cases[i].expired);
        play_end(&play);
    }
}
END_TEST

START_TEST(worst_first)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1", .ttl = 10);
    TELL(&play, MAPPING, .check = "d", .at = day(0), .controls = "A.1");
    ck_assert_int_eq(play_cell(&play, "A.1", day(0))->cell.step.missing, 2);
    TELL(&play, RESULT, .id = 1, .at = day(2), PASS);
    ck_status(&play, "A.1", day(2), CELL_NOT_TESTED); /* d is missing */
    ck_assert_int_eq(play_cell(&play, "A.1", day(2))->cell.step.missing, 1);
    ck_assert_int_eq(play_cell(&play, "A.1", day(2))->cell.step.checks, 2);
    ck_status(&play, "A.1", day(12), CELL_STALE); /* before NOT_TESTED */
    TELL(&play, RESULT, .id = 2, .check = "d", .subject = "x", .at = day(3), UNKNOWN);
    ck_decided(&play, "A.1", day(3), CELL_ERROR, 2);
    ck_decided(&play, "A.1", day(12), CELL_ERROR, 2); /* before STALE, which shows beside it */
    ck_assert(play_cell(&play, "A.1", day(12))->cell.step.stale);
    TELL(&play, RESULT, .id = 3, .check = "d", .subject = "y", .at = day(4), FAIL);
    ck_decided(&play, "A.1", day(4), CELL_FAILED, 3);
    play_end(&play);
}
END_TEST

START_TEST(an_optional_check_only_fails)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1", .ttl = 10, .optional = true);
    TELL(&play, RESULT, .at = day(2), PASS);
    ck_decided(&play, "A.1", day(2), CELL_NOT_TESTED, 0); /* no required check at all */
    ck_assert_int_eq(play_cell(&play, "A.1", day(2))->cell.step.missing, 0);
    TELL(&play, MAPPING, .check = "d", .at = day(0), .controls = "A.1");
    TELL(&play, RESULT, .id = 1, .check = "d", .at = day(1), PASS);
    ck_decided(&play, "A.1", day(2), CELL_PASSED, 1); /* the optional one proves nothing */
    ck_status(&play, "A.1", day(12), CELL_PASSED);    /* nor does it go stale */
    ck_assert(!play_cell(&play, "A.1", day(12))->cell.step.stale);
    TELL(&play, RESULT, .at = day(13), ERR);
    ck_status(&play, "A.1", day(13), CELL_PASSED);
    TELL(&play, RESULT, .id = 2, .at = day(14), FAIL);
    ck_decided(&play, "A.1", day(14), CELL_FAILED, 2);
    TELL(&play, RESULT, .at = day(15), NOT_CHECKED);
    ck_decided(&play, "A.1", day(15), CELL_PASSED, 1);
    play_end(&play);
}
END_TEST

START_TEST(not_checked_makes_a_check_missing)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, RESULT, .at = day(1), PASS, .subject = "a");
    TELL(&play, RESULT, .at = day(2), NOT_CHECKED, .subject = "b");
    ck_status(&play, "A.1", day(1), CELL_PASSED);
    ck_status(&play, "A.1", day(2), CELL_NOT_TESTED);
    ck_assert_int_eq(play_cell(&play, "A.1", day(2))->cell.step.missing, 1);
    TELL(&play, RESULT, .at = day(3), RETIRED, .subject = "b");
    ck_status(&play, "A.1", day(3), CELL_PASSED);
    play_end(&play);
}
END_TEST

START_TEST(neutral_results_prove_nothing)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, RESULT, .at = day(1), NOT_APPLICABLE, .subject = "a");
    TELL(&play, RESULT, .at = day(1), INFO, .subject = "b");
    ck_status(&play, "A.1", day(1), CELL_NOT_TESTED);
    TELL(&play, RESULT, .id = 1, .at = day(2), PASS, .subject = "c");
    ck_decided(&play, "A.1", day(2), CELL_PASSED, 1);
    play_end(&play);
}
END_TEST

START_TEST(a_retired_subject_leaves)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, RESULT, .at = day(1), FAIL, .subject = "a");
    TELL(&play, RESULT, .at = day(1), PASS, .subject = "b");
    TELL(&play, RESULT, .id = 5, .at = day(2), RETIRED, .subject = "a");
    ck_status(&play, "A.1", day(1), CELL_FAILED);
    ck_status(&play, "A.1", day(2), CELL_PASSED);
    uuid cause = play_id(5);
    char text[UUID_TEXT_MAX];
    ck_assert_ptr_nonnull(strstr(play_cell(&play, "A.1", day(2))->text, uuid_format(&cause, text)));
    TELL(&play, RESULT, .at = day(3), RETIRED, .subject = "b");
    ck_status(&play, "A.1", day(3), CELL_NOT_TESTED); /* nothing empty passes */
    play_end(&play);
}
END_TEST

START_TEST(out_of_scope_three_ways)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, RESULT, .at = day(1), FAIL);
    TELL(&play, SCOPE, .id = 10, .at = day(5), REMOVED);
    ck_status(&play, "A.1", day(4), CELL_FAILED);
    ck_decided(&play, "A.1", day(5), CELL_OUT_OF_SCOPE, 10);
    ck_assert_int_eq(play_cell(&play, "A.1", day(5))->cell.step.checks, 1);
    TELL(&play, ONBOARDING, .id = 11, .at = day(6), LIFECYCLE_RETIRED);
    ck_decided(&play, "A.1", day(6), CELL_OUT_OF_SCOPE, 11);
    TELL(&play, PROGRAMME, .id = 12, .at = day(7), .environments = "public!");
    ck_decided(&play, "A.1", day(7), CELL_OUT_OF_SCOPE, 12);
    TELL(&play, SCOPE, .at = day(8), IN_SCOPE);
    TELL(&play, ONBOARDING, .at = day(9), LIVE);
    ck_decided(&play, "A.1", day(9), CELL_OUT_OF_SCOPE, 12);
    TELL(&play, PROGRAMME, .at = day(10), .environments = "public");
    ck_status(&play, "A.1", day(10), CELL_FAILED);
    play_end(&play);
}
END_TEST

START_TEST(ties_at_one_instant)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    /* The same instant and sequence: the worse one is in force, whatever the ids say. */
    TELL(&play, RESULT, .id = 1, .at = day(1), FAIL);
    TELL(&play, RESULT, .id = 2, .at = day(1), PASS);
    ck_decided(&play, "A.1", day(1), CELL_FAILED, 1);
    /* A greater sequence is later. */
    TELL(&play, RESULT, .id = 3, .at = day(1), PASS, .sequence = 1);
    ck_decided(&play, "A.1", day(1), CELL_PASSED, 3);
    /* Alike in all: the greater id. */
    TELL(&play, RESULT, .id = 4, .at = day(1), PASS, .sequence = 1);
    ck_decided(&play, "A.1", day(1), CELL_PASSED, 4);
    /* RETIRED is the least of all. */
    TELL(&play, RESULT, .id = 9, .at = day(1), RETIRED, .sequence = 1);
    ck_decided(&play, "A.1", day(1), CELL_PASSED, 4);
    /* One id with two contents: the greater digest, here the one that expires. */
    TELL(&play, RESULT, .id = 4, .content = 7, .at = day(1), PASS, .sequence = 1,
         .expires = day(2));
    ck_status(&play, "A.1", day(2), CELL_STALE);
    play_end(&play);
}
END_TEST

START_TEST(late_events_rewrite_the_past)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1", .ttl = 10);
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, RESULT, .id = 2, .at = day(20), PASS);
    ck_status(&play, "A.1", day(11), CELL_STALE);
    TELL(&play, RESULT, .id = 3, .at = day(9), PASS);
    ck_decided(&play, "A.1", day(11), CELL_PASSED, 3);
    ck_decided(&play, "A.1", day(8), CELL_PASSED, 1);
    ck_status(&play, "A.1", day(19), CELL_STALE);
    TELL(&play, RESULT, .id = 4, .at = day(3), FAIL);
    ck_status(&play, "A.1", day(2), CELL_PASSED);
    ck_decided(&play, "A.1", day(3), CELL_FAILED, 4);
    ck_decided(&play, "A.1", day(9), CELL_PASSED, 3);
    play_end(&play);
}
END_TEST

START_TEST(another_check_decides_when_the_greatest_leaves)
{
    begin();
    const struct told facts[] = {
        {MAPPING, .at = day(0), .controls = "A.1"},
        {MAPPING, .check = "d", .at = day(0), .controls = "A.1"},
        {MAPPING, .check = "e", .at = day(0), .controls = "A.1"},
        {MAPPING, .check = "e", .at = day(7), .controls = "A.2"},
        {RESULT, .id = 1, .check = "d", .at = day(3), FAIL},
        {RESULT, .id = 2, .at = day(5), FAIL},
        {RESULT, .id = 3, .check = "e", .at = day(4), FAIL},
        {RESULT, .id = 4, .at = day(6), PASS},
    };
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        play_take(&play, &facts[i]);
    play_commit(&play); /* one batch, so that one sweep sees all of it */
    ck_decided(&play, "A.1", day(5), CELL_FAILED, 2);
    ck_decided(&play, "A.1", day(6), CELL_FAILED, 3);
    ck_decided(&play, "A.1", day(7), CELL_FAILED, 1);
    ck_decided(&play, "A.2", day(7), CELL_FAILED, 3);
    play_end(&play);
}
END_TEST

START_TEST(what_changes_nothing_may_be_the_cause)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, MAPPING, .check = "d", .at = day(0), .controls = "A.1", .optional = true);
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, RESULT, .id = 7, .check = "d", .at = day(1), INFO); /* worse, so greater */
    char text[UUID_TEXT_MAX];
    uuid cause = play_id(7);
    ck_decided(&play, "A.1", day(1), CELL_PASSED, 1);
    ck_assert_ptr_nonnull(strstr(play_cell(&play, "A.1", day(1))->text, uuid_format(&cause, text)));
    play_end(&play);
}
END_TEST

START_TEST(the_cause_and_when_it_was_known)
{
    begin(); /* batches 1 and 2 */
    TELL(&play, MAPPING, .id = 20, .at = day(0), .controls = "A.1", .ttl = 10);
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS); /* batch 4 */
    char text[UUID_TEXT_MAX];
    uuid result = play_id(1);
    const struct recorded_step *passed = play_cell(&play, "A.1", day(1));
    ck_assert_ptr_nonnull(strstr(passed->text, uuid_format(&result, text)));
    ck_assert_int_eq(passed->cell.step.known, 4);
    const struct recorded_step *stale = play_cell(&play, "A.1", day(11));
    ck_assert_ptr_nonnull(strstr(stale->text, "cause=- known=4")); /* time alone */
    TELL(&play, RESULT, .at = day(1), PASS, .subject = "other");   /* batch 5 */
    ck_assert_int_eq(play_cell(&play, "A.1", day(11))->cell.step.known, 4);
    /* The same event again, by a later batch: known since the first. */
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    ck_assert_int_eq(play_cell(&play, "A.1", day(1))->cell.step.known,
                     5); /* "other" has the greater id */
    TELL(&play, RESULT, .id = 30, .at = day(11), PASS, .expires = day(11));
    ck_assert_ptr_null(strstr(play_cell(&play, "A.1", day(11))->text, "cause=-"));
    play_end(&play);
}
END_TEST

START_TEST(twice_is_once)
{
    begin();
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, RESULT, .at = day(1), PASS);
    struct recorder *recorder = rehearsal_recorder(play.rehearsal, "mail");
    recorder_reports(recorder);
    struct posture_service *service = rehearsal_service(play.rehearsal, "mail");
    posture_evaluate(service, rehearsal_governance(play.rehearsal),
                     rehearsal_position(play.rehearsal), 99, recorder_sink(recorder));
    ck_assert_int_eq(recorder_reports(recorder), 0);
    play_end(&play);
}
END_TEST

int main(void)
{
    const struct named_test tests[] = {
        {"cells", a_cell_for_each_control_in_scope},
        {"passed", passed_by_the_greatest_passing_result},
        {"ttl", no_ttl_is_366_days},
        {"expiry", the_lesser_of_expiry_and_ttl},
        {"failure", a_failure_never_ages},
        {"stale", what_is_stale},
        {"worst first", worst_first},
        {"optional", an_optional_check_only_fails},
        {"not checked", not_checked_makes_a_check_missing},
        {"neutral", neutral_results_prove_nothing},
        {"retired", a_retired_subject_leaves},
        {"out of scope", out_of_scope_three_ways},
        {"ties", ties_at_one_instant},
        {"late", late_events_rewrite_the_past},
        {"greatest leaves", another_check_decides_when_the_greatest_leaves},
        {"neutral cause", what_changes_nothing_may_be_the_cause},
        {"cause", the_cause_and_when_it_was_known},
        {"twice", twice_is_once},
    };
    return RUN_TESTS("rules", tests);
}
