/* Why a cell has its status, and what changes it next. */
#include "consumers/posture/explain.h"
#include "tests/unit/posture/play.h"

static struct play play;

static void begin(void)
{
    play = play_begin();
    play_scene(&play);
    TELL(&play, ONBOARDING, .id = 904, .at = day(0), LIVE, .owner = "red");
    TELL(&play, MAPPING, .id = 903, .at = day(0), .controls = "A.1", .ttl = 10);
}

static bool explain(const char *control, instant at, struct posture_explanation *out)
{
    return posture_explain(rehearsal_service(play.rehearsal, "mail"),
                           rehearsal_governance(play.rehearsal), rehearsal_position(play.rehearsal),
                           "public", "iso", control, at, out);
}

static void ck_event(const struct explained_event *event, int id, const char *body)
{
    uuid wanted = play_id(id);
    ck_assert(event->any);
    ck_assert_int_eq(uuid_compare(&event->id, &wanted), 0);
    ck_assert_str_eq(event->body, body);
}

START_TEST(no_such_cell)
{
    begin();
    struct posture_explanation out;
    ck_assert(!explain("A.1", day(-1), &out));
    ck_assert(!explain("A.9", day(1), &out));
    posture_explanation_free(&out);
    ck_assert(!posture_explain(rehearsal_service(play.rehearsal, "mail"),
                               rehearsal_governance(play.rehearsal), 1000, "gov", "iso", "A.1",
                               day(1), &out));
    play_end(&play);
}
END_TEST

START_TEST(passed_until_the_first_expiry)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS, .subject = "a");
    TELL(&play, RESULT, .id = 2, .at = day(2), PASS, .subject = "b", BY_TEAM("red"));
    TELL(&play, RESULT, .id = 3, .at = day(2), INFO, .subject = "c");
    TELL(&play, RESULT, .id = 4, .at = day(2), PASS, .subject = "d", BY_TEAM("blue"));
    struct posture_explanation out;
    ck_assert(explain("A.1", day(3), &out));
    ck_assert_int_eq(out.status, CELL_PASSED);
    ck_assert_int_eq(out.rule, 10);
    ck_assert_int_eq(out.since, day(1));
    ck_assert_int_eq(out.until, day(11));
    ck_event(&out.deciding, 2, "control_test_result");
    ck_assert_str_eq(out.deciding.record.team, "red");
    ck_event(&out.scope, 902, "scope_change");
    ck_event(&out.onboarding, 904, "service_onboarding");
    ck_event(&out.standard, 901, "standard");
    ck_assert(!out.programme.any);
    ck_assert_int_eq(out.check_count, 1);
    const struct explained_check *check = &out.checks[0];
    ck_event(&check->mapping, 903, "check_mapping");
    ck_assert(check->required && !check->missing);
    ck_assert_int_eq(check->ttl, 10 * INSTANT_DAY);
    ck_assert_int_eq(check->stream_count, 3); /* blue's does not count */
    ck_assert_str_eq(check->streams[1].subject, "b");
    ck_assert_int_eq(check->streams[1].state, STREAM_PASSES);
    ck_assert_int_eq(check->streams[1].expires_at, day(12));
    ck_assert_int_eq(check->streams[2].state, STREAM_NEUTRAL);
    ck_assert_int_eq(check->streams[2].expires_at, INSTANT_END);
    ck_assert_int_eq(out.next_status, CELL_STALE);
    ck_assert(!out.next_cause.any);
    ck_assert_int_eq(out.next_expiring_count, 1);
    ck_assert_str_eq(out.next_expiring[0]->subject, "a");
    posture_explanation_free(&out);
    play_end(&play);
}
END_TEST

START_TEST(each_rule_explains_itself)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, RESULT, .id = 2, .at = day(20), FAIL);
    TELL(&play, RESULT, .id = 3, .at = day(21), UNKNOWN);
    TELL(&play, SCOPE, .id = 4, .at = day(22), REMOVED);
    static const struct {
        double day;
        int rule, deciding;
        const char *body;
        enum stream_state state;
    } cases[] = {
        {0, 8, 0, NULL, STREAM_PASSES},
        {1, 10, 1, "control_test_result", STREAM_PASSES},
        {11, 7, 1, "control_test_result", STREAM_STALE},
        {20, 5, 2, "control_test_result", STREAM_FAILS},
        {21, 6, 3, "control_test_result", STREAM_ERRS},
        {22, 1, 4, "scope_change", STREAM_ERRS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct posture_explanation out;
        ck_assert(explain("A.1", day(cases[i].day), &out));
        ck_assert_int_eq(out.rule, cases[i].rule);
        ck_assert_int_eq(out.status, play_cell(&play, "A.1", day(cases[i].day))->cell.step.status);
        if (cases[i].deciding != 0)
            ck_event(&out.deciding, cases[i].deciding, cases[i].body);
        else
            ck_assert(!out.deciding.any && out.checks[0].missing);
        if (out.checks[0].stream_count > 0)
            ck_assert_int_eq(out.checks[0].streams[0].state, cases[i].state);
        posture_explanation_free(&out);
    }
    play_end(&play);
}
END_TEST

START_TEST(facts_dated_ahead_come_next)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, PROGRAMME, .id = 5, .at = day(4), .environments = "public!");
    struct posture_explanation out;
    ck_assert(explain("A.1", day(2), &out));
    ck_assert_int_eq(out.until, day(4));
    ck_assert_int_eq(out.next_status, CELL_OUT_OF_SCOPE);
    ck_event(&out.next_cause, 5, "programme");
    ck_assert_int_eq(out.next_expiring_count, 0);
    posture_explanation_free(&out);
    ck_assert(explain("A.1", day(4), &out));
    ck_assert_int_eq(out.until, INSTANT_END);
    ck_event(&out.deciding, 5, "programme");
    ck_assert(out.discontinued);
    posture_explanation_free(&out);
    ck_assert(explain("A.2", day(2), &out)); /* no check is mapped to it */
    ck_assert_int_eq(out.check_count, 0);
    ck_assert_int_eq(out.rule, 8);
    posture_explanation_free(&out);
    play_end(&play);
}
END_TEST

START_TEST(what_the_office_says)
{
    begin();
    TELL(&play, PROGRAMME, .at = day(0), .environments = "public", .standards = "iso");
    TELL(&play, STATEMENT, .id = 7, .at = day(0), .controls = "A.1", .excluded = "A.2",
         .version = "3");
    TELL(&play, RESULT, .id = 1, .at = day(1), FAIL, .subject = "x");
    TELL(&play, EXCEPTION, .id = 2, .at = day(1), APPROVED, .expires = day(30));
    TELL(&play, FINDING, .id = 3, .at = day(1), MINOR, .due = day(20));
    struct posture_explanation out;
    ck_assert(explain("A.1", day(2), &out));
    ck_assert_int_eq(out.status, CELL_EXCEPTED);
    ck_assert_int_eq(out.rule, 9);
    ck_assert_int_eq(out.rule_count, 10);
    for (uint32_t i = 0; i < out.rule_count; i++) {
        ck_assert_int_eq(out.rules[i].number, i + 1);
        ck_assert_int_eq(out.rules[i].matches, i + 1 == 9);
        ck_assert_int_eq(out.rules[i].decides, i + 1 == 9);
    }
    ck_assert_str_eq(out.exception, "k");
    ck_assert_ptr_null(out.finding);
    ck_assert_int_eq(out.exception_count, 1);
    ck_assert_str_eq(out.exceptions[0].exception, "k");
    ck_assert_int_eq(out.exceptions[0].covers, 1);
    ck_event(&out.exceptions[0].event, 2, "exception");
    ck_assert_str_eq(out.checks[0].streams[0].exception, "k");
    ck_assert_int_eq(out.finding_count, 1);
    ck_assert(out.findings[0].open && !out.findings[0].weighs);
    ck_event(&out.statement, 7, "statement_of_applicability");
    ck_assert_str_eq(out.statement_version, "3");
    ck_assert_int_eq(out.listing, LISTING_INCLUDED);
    ck_assert_int_eq(out.next_status, CELL_FAILED);
    ck_assert_str_eq(out.next_finding, "k");
    ck_assert_ptr_null(out.next_exception);
    posture_explanation_free(&out);
    ck_assert(explain("A.2", day(2), &out));
    ck_assert_int_eq(out.rule, 3);
    ck_assert_int_eq(out.listing, LISTING_EXCLUDED);
    ck_event(&out.deciding, 7, "statement_of_applicability");
    posture_explanation_free(&out);
    ck_assert(explain("A.1", day(21), &out)); /* the finding is due, which outranks the exception */
    ck_assert_int_eq(out.rule, 2);
    ck_assert(out.rules[1].decides && out.rules[8].matches && !out.rules[8].decides);
    ck_assert_str_eq(out.finding, "k");
    ck_assert_ptr_null(out.exception);
    posture_explanation_free(&out);
    play_end(&play);
}
END_TEST

int main(void)
{
    const struct named_test tests[] = {
        {"office", what_the_office_says},          {"no cell", no_such_cell},
        {"passed", passed_until_the_first_expiry}, {"rules", each_rule_explains_itself},
        {"ahead", facts_dated_ahead_come_next},
    };
    return RUN_TESTS("explain", tests);
}
