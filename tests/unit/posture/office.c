/* What the compliance office says: findings, Statements of Applicability, exceptions. */
#include "tests/unit/posture/play.h"

static struct play play;

static void begin(void)
{
    play = play_begin();
    TELL(&play, STANDARD, .id = 901, .at = day(0), .controls = "A.1 A.2 5.1!");
    TELL(&play, SCOPE, .id = 902, .at = day(0), IN_SCOPE);
    TELL(&play, PROGRAMME, .id = 903, .at = day(0), .environments = "public", .standards = "iso");
    TELL(&play, MAPPING, .id = 904, .at = day(0), .controls = "A.1 5.1");
}

static void ck_finding(const char *control, instant at, const char *finding)
{
    const struct recorded_step *step = play_cell(&play, control, at);
    ck_assert_ptr_nonnull(step);
    ck_assert_pstr_eq(step->cell.finding, finding);
}

static void ck_exception(const char *control, instant at, const char *exception)
{
    const struct recorded_step *step = play_cell(&play, control, at);
    ck_assert_ptr_nonnull(step);
    ck_assert_pstr_eq(step->cell.exception, exception);
}

/* ---- rule 2 ---- */

START_TEST(a_major_nonconformity_fails_at_once)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, FINDING, .id = 2, .at = day(5), MAJOR, .due = day(50));
    ck_decided(&play, "A.1", day(5) - 1, CELL_PASSED, 1);
    ck_decided(&play, "A.1", day(5), CELL_FAILED, 2);
    ck_finding("A.1", day(5), "k");
    ck_finding("A.1", day(4), NULL);
    ck_status(&play, "A.2", day(5), CELL_NOT_TESTED);
    TELL(&play, FINDING, .id = 3, .at = day(9), MAJOR, .due = day(50), .closed = true);
    ck_decided(&play, "A.1", day(9), CELL_PASSED, 1);
    TELL(&play, RETRACTION, .at = day(10), BY_GOVERNANCE, .retracts = 3);
    ck_decided(&play, "A.1", day(9), CELL_FAILED, 2);
    play_end(&play);
}
END_TEST

START_TEST(a_minor_one_when_it_is_due_and_time_alone_is_the_cause)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, FINDING, .id = 2, .at = day(5), MINOR, .due = day(20));
    TELL(&play, FINDING, .id = 3, .key = "l", .at = day(6), OBSERVATION, .due = day(7));
    ck_decided(&play, "A.1", day(20) - 1, CELL_PASSED, 1);
    ck_decided(&play, "A.1", day(20), CELL_FAILED, 2);
    const struct recorded_step *step = play_cell(&play, "A.1", day(20));
    ck_assert(step->cell.step.transition);
    ck_assert_ptr_null(step->cell.step.cause);
    play_end(&play);
}
END_TEST

START_TEST(a_finding_reaches_its_programme_only)
{
    begin();
    TELL(&play, FINDING, .id = 2, .at = day(5), MAJOR, .programme = "q", .control = "*",
         .service = "*", .environment = "*");
    ck_status(&play, "A.1", day(5), CELL_NOT_TESTED);
    TELL(&play, PROGRAMME, .id = 3, .programme = "q", .at = day(8), .environments = "public");
    ck_decided(&play, "A.1", day(8), CELL_FAILED, 2);
    ck_decided(&play, "5.1", day(8), CELL_FAILED, 2); /* clauses, too */
    TELL(&play, PROGRAMME, .id = 4, .at = day(9), .environments = "public");
    ck_status(&play, "A.1", day(9), CELL_NOT_TESTED);
    play_end(&play);
}
END_TEST

START_TEST(the_greatest_of_several_findings)
{
    begin();
    TELL(&play, FINDING, .id = 2, .at = day(5), MAJOR);
    TELL(&play, FINDING, .id = 3, .key = "l", .at = day(4), MAJOR, .control = "*");
    ck_decided(&play, "A.1", day(6), CELL_FAILED, 2);
    ck_finding("A.1", day(6), "k");
    ck_finding("A.2", day(6), "l");
    TELL(&play, FINDING, .id = 4, .at = day(7), MAJOR, .control = "A.2"); /* k moves on */
    ck_finding("A.1", day(7), "l");
    ck_finding("A.2", day(7), "k");
    play_end(&play);
}
END_TEST

/* ---- rule 3 ---- */

START_TEST(not_applicable_by_the_statement_alone)
{
    begin();
    TELL(&play, STATEMENT, .id = 2, .at = day(5), .controls = "A.2", .excluded = "A.1 5.1");
    ck_decided(&play, "A.1", day(5), CELL_NOT_APPLICABLE, 2);
    ck_status(&play, "A.1", day(5) - 1, CELL_NOT_TESTED);
    ck_status(&play, "A.2", day(5), CELL_NOT_TESTED);
    ck_status(&play, "5.1", day(5), CELL_NOT_TESTED);
    ck_unmapped(&play, 2, day(5), "clause");
    ck_assert_int_eq(play_standing(&play, "iso", day(5))->standing.not_applicable, 1);
    ck_assert_int_eq(play_standing(&play, "iso", day(5))->standing.applicable, 2);
    TELL(&play, STATEMENT, .id = 3, .at = day(7), .excluded = "A.1", .unjustified = true);
    ck_status(&play, "A.1", day(7), CELL_NOT_TESTED);
    ck_unmapped(&play, 3, day(7), "omitted"); /* A.2; a clause needs no entry */
    TELL(&play, FINDING, .id = 4, .at = day(6), MAJOR);
    ck_decided(&play, "A.1", day(6), CELL_FAILED, 4); /* before the statement */
    play_end(&play);
}
END_TEST

START_TEST(a_statement_dated_ahead)
{
    begin();
    TELL(&play, STATEMENT, .id = 2, .at = day(500), .controls = "A.2", .excluded = "A.1");
    ck_status(&play, "A.1", day(500) - 1, CELL_NOT_TESTED);
    ck_status(&play, "A.1", day(500), CELL_NOT_APPLICABLE);
    play_end(&play);
}
END_TEST

/* ---- rules 5 and 9 ---- */

START_TEST(an_exception_covers_until_it_expires)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), FAIL, .subject = "x");
    TELL(&play, EXCEPTION, .id = 2, .at = day(3), APPROVED, .expires = day(30));
    ck_decided(&play, "A.1", day(3) - 1, CELL_FAILED, 1);
    ck_decided(&play, "A.1", day(3), CELL_EXCEPTED, 2);
    ck_exception("A.1", day(3), "k");
    ck_decided(&play, "A.1", day(30), CELL_FAILED, 1);
    ck_exception("A.1", day(30), NULL);
    ck_posture(&play, "iso", day(3), POSTURE_FAILING); /* the clause still fails */
    ck_decided(&play, "5.1", day(3), CELL_FAILED, 1);
    TELL(&play, RESULT, .id = 3, .at = day(5), FAIL, .subject = "x");
    ck_decided(&play, "A.1", day(5), CELL_EXCEPTED, 3); /* results and exceptions together */
    ck_exception("A.1", day(5), "k");
    TELL(&play, EXCEPTION, .id = 4, .at = day(9), REVOKED, .expires = day(30));
    ck_decided(&play, "A.1", day(9), CELL_FAILED, 3);
    play_end(&play);
}
END_TEST

START_TEST(all_seven_parts_must_match)
{
    static const struct told others[] = {
        {.programme = "q"},     {.standard = "other"},
        {.control = "A.2"},     {.service = "chat"},
        {.environment = "gov"}, {.check = "d"},
        {.subject = "y"},       {.state = ASSAY__V1__EXCEPTION_STATE__EXCEPTION_STATE_PROPOSED},
    };
    for (size_t i = 0; i <= sizeof others / sizeof others[0]; i++) {
        begin();
        TELL(&play, RESULT, .id = 1, .at = day(1), FAIL, .subject = "x");
        struct told told = {EXCEPTION, .id = 2, .at = day(3), APPROVED, .expires = day(30)};
        bool matches = i == sizeof others / sizeof others[0];
        if (!matches) {
            told = others[i];
            told.body = ASSAY__V1__EVENT__BODY_EXCEPTION;
            told.at = day(3);
            told.expires = day(30);
            if (told.state == 0)
                told.state = ASSAY__V1__EXCEPTION_STATE__EXCEPTION_STATE_APPROVED;
        }
        play_tell(&play, &told);
        ck_status(&play, "A.1", day(3), matches ? CELL_EXCEPTED : CELL_FAILED);
        play_end(&play);
    }
}
END_TEST

START_TEST(each_failing_stream_must_be_covered)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), FAIL, .subject = "x");
    TELL(&play, RESULT, .id = 2, .at = day(2), FAIL, .subject = "y");
    TELL(&play, EXCEPTION, .id = 3, .at = day(3), APPROVED, .subject = "y", .expires = day(30));
    ck_decided(&play, "A.1", day(3), CELL_FAILED, 1); /* the greatest that is not covered */
    TELL(&play, EXCEPTION, .id = 4, .key = "l", .at = day(5), APPROVED, .subject = "x",
         .expires = day(20));
    ck_decided(&play, "A.1", day(5), CELL_EXCEPTED, 4);
    ck_exception("A.1", day(5), "l");
    ck_decided(&play, "A.1", day(20), CELL_FAILED, 1);
    TELL(&play, RESULT, .id = 5, .at = day(25), PASS, .subject = "x");
    ck_decided(&play, "A.1", day(25), CELL_EXCEPTED, 3);
    TELL(&play, RESULT, .id = 6, .at = day(26), PASS, .subject = "y");
    ck_decided(&play, "A.1", day(26), CELL_PASSED, 6);
    play_end(&play);
}
END_TEST

START_TEST(an_earlier_failure_comes_late_under_a_covered_one)
{
    begin();
    TELL(&play, RESULT, .id = 2, .at = day(2), FAIL, .subject = "y");
    TELL(&play, EXCEPTION, .id = 3, .at = day(3), APPROVED, .subject = "y", .expires = day(30));
    ck_status(&play, "A.1", day(4), CELL_EXCEPTED);
    TELL(&play, RESULT, .id = 1, .at = day(1), FAIL, .subject = "x"); /* the greatest is the same */
    ck_decided(&play, "A.1", day(4), CELL_FAILED, 1);
    TELL(&play, RETRACTION, .at = day(5), .retracts = 1);
    ck_status(&play, "A.1", day(4), CELL_EXCEPTED);
    play_end(&play);
}
END_TEST

START_TEST(what_is_excepted_comes_last_but_one)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), FAIL);
    TELL(&play, EXCEPTION, .id = 2, .at = day(3), APPROVED, .expires = day(30));
    TELL(&play, MAPPING, .check = "d", .at = day(4), .controls = "A.1");
    ck_status(&play, "A.1", day(4), CELL_NOT_TESTED); /* another check is missing */
    TELL(&play, RESULT, .check = "d", .at = day(5), ERR);
    ck_status(&play, "A.1", day(5), CELL_ERROR);
    TELL(&play, RESULT, .check = "d", .at = day(6), PASS);
    ck_status(&play, "A.1", day(6), CELL_EXCEPTED);
    play_end(&play);
}
END_TEST

START_TEST(exceptions_in_vain)
{
    begin();
    TELL(&play, EXCEPTION, .id = 2, .at = day(3), APPROVED, .control = "5.1", .expires = day(30));
    ck_unmapped(&play, 2, day(3), "clause");
    ck_unmapped(&play, 2, day(30), "-");
    TELL(&play, EXCEPTION, .id = 3, .key = "l", .at = day(3), APPROVED, .standard = "*",
         .control = "5.1", .expires = day(30));
    ck_unmapped(&play, 3, day(3), "clause");
    TELL(&play, EXCEPTION, .id = 4, .key = "m", .at = day(3), APPROVED, .control = "A.9",
         .expires = day(30));
    ck_unmapped(&play, 4, day(3), "unknown_control");
    TELL(&play, FINDING, .id = 5, .at = day(3), MAJOR, .standard = "other", .control = "*");
    ck_unmapped(&play, 5, day(3), "unknown_standard");
    TELL(&play, INHERITANCE, .id = 6, .at = day(3), .control = "A.9", FULL,
         .provider = "chat/public");
    ck_unmapped(&play, 6, day(3), "unknown_control");
    TELL(&play, STANDARD, .at = day(6), .standard = "other", .controls = "B.1");
    ck_unmapped(&play, 5, day(6), "-");
    play_end(&play);
}
END_TEST

int main(void)
{
    const struct named_test tests[] = {
        {"major", a_major_nonconformity_fails_at_once},
        {"minor", a_minor_one_when_it_is_due_and_time_alone_is_the_cause},
        {"programme", a_finding_reaches_its_programme_only},
        {"several findings", the_greatest_of_several_findings},
        {"statement", not_applicable_by_the_statement_alone},
        {"ahead", a_statement_dated_ahead},
        {"exception", an_exception_covers_until_it_expires},
        {"seven parts", all_seven_parts_must_match},
        {"each stream", each_failing_stream_must_be_covered},
        {"late failure", an_earlier_failure_comes_late_under_a_covered_one},
        {"order of rules", what_is_excepted_comes_last_but_one},
        {"in vain", exceptions_in_vain},
    };
    return RUN_TESTS("office", tests);
}
