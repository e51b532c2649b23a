/* Which events count: retractions by topic, recalls, teams and owners. */
#include "tests/unit/posture/play.h"

static struct play play;

static void begin(void)
{
    play = play_begin();
    play_scene(&play);
    TELL(&play, MAPPING, .id = 903, .at = day(0), .controls = "A.1");
}

START_TEST(retracted_as_if_never_sent)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, RESULT, .id = 2, .at = day(2), FAIL);
    /* Whatever the retraction's own date. */
    TELL(&play, RETRACTION, .id = 3, .at = day(50), .retracts = 2);
    ck_decided(&play, "A.1", day(2), CELL_PASSED, 1);
    TELL(&play, RETRACTION, .at = day(51), .retracts = 3); /* never retracted */
    ck_decided(&play, "A.1", day(2), CELL_PASSED, 1);
    /* Arriving first makes no difference. */
    TELL(&play, RETRACTION, .id = 5, .at = day(3), .retracts = 4);
    ck_unmapped(&play, 5, day(3), "unknown_event");
    TELL(&play, RESULT, .id = 4, .at = day(4), FAIL);
    ck_status(&play, "A.1", day(4), CELL_PASSED);
    ck_unmapped(&play, 5, day(3), NULL);
    play_end(&play);
}
END_TEST

/* Batches are labels: a clock that was set back names a later one lower. */
START_TEST(known_by_the_first_told)
{
    begin();
    play.batch = 100;
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    play.batch = 50;
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    play.batch = 40;
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    ck_assert_int_eq(play_cell(&play, "A.1", day(1))->cell.step.known, 100);
    play_end(&play);
}
END_TEST

START_TEST(evidence_retracts_results_of_its_service_only)
{
    begin();
    TELL(&play, ONBOARDING, .id = 10, .at = day(0), LIFECYCLE_RETIRED);
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, RETRACTION, .id = 2, .at = day(2), .retracts = 10);
    ck_status(&play, "A.1", day(1), CELL_OUT_OF_SCOPE);
    ck_unmapped(&play, 2, day(2), "unknown_event");
    TELL(&play, RETRACTION, .id = 3, .at = day(2), .retracts = 1, .service = "other");
    TELL(&play, RETRACTION, .id = 4, .at = day(2), .retracts = 903);
    ck_assert_int_eq(play_cell(&play, "A.1", day(1))->cell.step.checks, 1);
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(2), .retracts = 10);
    ck_decided(&play, "A.1", day(1), CELL_PASSED, 1);
    play_end(&play);
}
END_TEST

START_TEST(governance_retracts_what_its_service_is)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(2), .retracts = 1, .service = "other");
    ck_status(&play, "A.1", day(1), CELL_PASSED);
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(2), .retracts = 1, .service = "mail");
    ck_status(&play, "A.1", day(1), CELL_NOT_TESTED);
    /* A mapping has no service. */
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(2), .retracts = 903, .service = "mail");
    ck_assert_int_eq(play_cell(&play, "A.1", day(1))->cell.step.checks, 1);
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(2), .retracts = 903);
    ck_assert_int_eq(play_cell(&play, "A.1", day(1))->cell.step.checks, 0);
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(2), .retracts = 902, .service = "mail");
    ck_assert_ptr_null(play_cell(&play, "A.1", day(1)));
    ck_assert_ptr_null(play_standing(&play, "iso", day(1)));
    play_end(&play);
}
END_TEST

START_TEST(a_retracted_standard_takes_its_cells)
{
    begin();
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(2), .retracts = 901);
    ck_assert_ptr_null(play_cell(&play, "A.1", day(1)));
    ck_posture(&play, "iso", day(1), POSTURE_INCOMPLETE);
    play_end(&play);
}
END_TEST

START_TEST(a_team_retracts_its_own_topic_only)
{
    begin();
    TELL(&play, ONBOARDING, .at = day(0), LIVE, .owner = "red");
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, RESULT, .id = 2, .at = day(2), FAIL);
    TELL(&play, RESULT, .id = 2, .at = day(2), FAIL, BY_TEAM("red"));
    TELL(&play, RETRACTION, .id = 3, .at = day(3), .retracts = 2, BY_TEAM("blue"));
    ck_unmapped(&play, 3, day(3), "unknown_event");
    TELL(&play, RETRACTION, .at = day(3), .retracts = 2, BY_TEAM("red"));
    ck_decided(&play, "A.1", day(2), CELL_FAILED, 2); /* it came by assay.evidence too */
    TELL(&play, RESULT, .id = 4, .at = day(4), PASS, BY_TEAM("red"));
    ck_decided(&play, "A.1", day(4), CELL_PASSED, 4);
    TELL(&play, RETRACTION, .at = day(5), .retracts = 4, BY_TEAM("red"));
    ck_decided(&play, "A.1", day(4), CELL_FAILED, 2);
    /* assay.evidence reaches what came by any topic. */
    TELL(&play, RESULT, .id = 6, .at = day(6), PASS, BY_TEAM("red"));
    TELL(&play, RETRACTION, .at = day(7), .retracts = 6);
    TELL(&play, RETRACTION, .at = day(7), .retracts = 2);
    ck_decided(&play, "A.1", day(6), CELL_PASSED, 1);
    play_end(&play);
}
END_TEST

START_TEST(a_team_counts_where_it_owns)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(3), PASS, BY_TEAM("red"));
    ck_status(&play, "A.1", day(3), CELL_NOT_TESTED);
    ck_unmapped(&play, 1, day(3), "unknown_service");
    TELL(&play, ONBOARDING, .id = 10, .at = day(2), LIVE, .owner = "red");
    ck_decided(&play, "A.1", day(3), CELL_PASSED, 1);
    ck_unmapped(&play, 1, day(3), NULL);
    TELL(&play, ONBOARDING, .at = day(4), LIVE, .owner = "blue");
    TELL(&play, RESULT, .id = 2, .at = day(5), FAIL, BY_TEAM("red"));
    ck_decided(&play, "A.1", day(5), CELL_PASSED, 1); /* counted at its occurred_at */
    ck_unmapped(&play, 2, day(5), "not_owner");
    ck_unmapped(&play, 2, day(5000), "not_owner");
    TELL(&play, RESULT, .id = 3, .at = day(6), FAIL, BY_TEAM("blue"));
    ck_decided(&play, "A.1", day(6), CELL_FAILED, 3);
    /* By a second topic, the trusted one, it counts. */
    TELL(&play, RESULT, .id = 2, .at = day(5), FAIL);
    ck_decided(&play, "A.1", day(5), CELL_FAILED, 2);
    ck_unmapped(&play, 2, day(5), NULL);
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(9), .retracts = 10);
    ck_unmapped(&play, 1, day(3), "unknown_service");
    play_end(&play);
}
END_TEST

START_TEST(recalled_tools)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS, .tool = "scan 1");
    TELL(&play, RESULT, .id = 2, .at = day(2), FAIL, .tool = "scan 2");
    TELL(&play, RESULT, .id = 3, .at = day(3), FAIL, .tool = "scan 2", .subject = "x");
    TELL(&play, RECALL, .id = 20, .at = day(9), .tool = "scan 2");
    ck_decided(&play, "A.1", day(2), CELL_PASSED, 1);
    TELL(&play, RESULT, .id = 4, .at = day(20), FAIL, .tool = "scan 2"); /* later ones too */
    ck_decided(&play, "A.1", day(20), CELL_PASSED, 1);
    /* The greatest version of all decides, not the last told, and not the one in force then. */
    TELL(&play, RECALL, .at = day(8), .tool = "scan 2", .lifted = true);
    ck_status(&play, "A.1", day(2), CELL_PASSED);
    TELL(&play, RECALL, .id = 21, .at = day(500), .tool = "scan 2", .lifted = true);
    ck_decided(&play, "A.1", day(2), CELL_FAILED, 2);
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(1), .retracts = 21);
    ck_status(&play, "A.1", day(2), CELL_PASSED);
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(1), .retracts = 20);
    ck_status(&play, "A.1", day(2), CELL_FAILED);
    play_end(&play);
}
END_TEST

START_TEST(a_recall_for_one_service)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS, .tool = "scan 1");
    TELL(&play, RECALL, .at = day(2), .tool = "scan 1", .service = "other");
    ck_status(&play, "A.1", day(1), CELL_PASSED);
    TELL(&play, RECALL, .id = 5, .at = day(2), .tool = "scan 1", .service = "mail");
    ck_status(&play, "A.1", day(1), CELL_NOT_TESTED);
    ck_unmapped(&play, 1, day(1), NULL); /* as if never sent */
    /* Another fact: it lifts nothing but itself. */
    TELL(&play, RECALL, .at = day(3), .tool = "scan 1", .lifted = true);
    ck_status(&play, "A.1", day(1), CELL_NOT_TESTED);
    /* A retraction may name its service. */
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(4), .retracts = 5, .service = "mail");
    ck_status(&play, "A.1", day(1), CELL_PASSED);
    play_end(&play);
}
END_TEST

int main(void)
{
    const struct named_test tests[] = {
        {"retracted", retracted_as_if_never_sent},
        {"known by the first told", known_by_the_first_told},
        {"by evidence", evidence_retracts_results_of_its_service_only},
        {"by governance", governance_retracts_what_its_service_is},
        {"standard", a_retracted_standard_takes_its_cells},
        {"by team", a_team_retracts_its_own_topic_only},
        {"owners", a_team_counts_where_it_owns},
        {"recall", recalled_tools},
        {"recall for one", a_recall_for_one_service},
    };
    return RUN_TESTS("counting", tests);
}
