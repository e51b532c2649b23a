/* What has no effect, and why; numbers that outlive a restart. */
#include "tests/unit/posture/play.h"

#include <stdio.h>
#include <stdlib.h>

static struct play play;

START_TEST(reasons_in_their_order)
{
    play = play_begin();
    TELL(&play, RESULT, .id = 1, .at = day(5), PASS);
    ck_unmapped(&play, 1, day(4), NULL);
    ck_unmapped(&play, 1, day(5), "unknown_service");
    TELL(&play, ONBOARDING, .at = day(0), LIVE);
    ck_unmapped(&play, 1, day(5), "no_mapping");
    TELL(&play, MAPPING, .at = day(0), .controls = "");
    ck_unmapped(&play, 1, day(5), "no_mapping");
    TELL(&play, MAPPING, .at = day(1), .controls = "A.1 cloud/B.1");
    ck_unmapped(&play, 1, day(5), "not_in_scope");
    TELL(&play, SCOPE, .at = day(0), IN_SCOPE);
    ck_unmapped(&play, 1, day(5), "unknown_standard");
    TELL(&play, STANDARD, .at = day(0), .controls = "A.2");
    ck_unmapped(&play, 1, day(5), "unknown_control");
    TELL(&play, STANDARD, .at = day(7), .controls = "A.1");
    ck_unmapped(&play, 1, day(6), "unknown_control");
    ck_unmapped(&play, 1, day(7), "-");
    play_end(&play);
}
END_TEST

START_TEST(a_cell_is_an_effect_whether_onboarded_or_not)
{
    play = play_begin();
    play_scene(&play);
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1 cloud/B.1");
    TELL(&play, RESULT, .id = 1, .at = day(5), PASS);
    ck_unmapped(&play, 1, day(5), NULL);
    TELL(&play, SCOPE, .at = day(6), REMOVED); /* the cell is out of scope, and there */
    ck_unmapped(&play, 1, day(6), NULL);
    play_end(&play);
}
END_TEST

START_TEST(superseded_results_leave)
{
    play = play_begin();
    TELL(&play, ONBOARDING, .at = day(0), LIVE);
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, RESULT, .id = 3, .at = day(3), PASS);
    ck_unmapped(&play, 1, day(2), "no_mapping");
    ck_unmapped(&play, 1, day(3), "-");
    ck_unmapped(&play, 3, day(3), "no_mapping");
    TELL(&play, RESULT, .id = 2, .at = day(2), PASS); /* late */
    ck_unmapped(&play, 1, day(2), "-");
    ck_unmapped(&play, 2, day(2), "no_mapping");
    ck_unmapped(&play, 2, day(3), "-");
    TELL(&play, RETRACTION, .at = day(4), .retracts = 3);
    ck_unmapped(&play, 3, day(3), NULL);
    ck_unmapped(&play, 2, day(3), "no_mapping");
    play_end(&play);
}
END_TEST

START_TEST(each_record_of_an_event)
{
    play = play_begin();
    TELL(&play, ONBOARDING, .at = day(0), LIVE, .owner = "red");
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS, BY_TEAM("red"));
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS, BY_TEAM("blue")); /* the event counts */
    uint32_t count, records = 0;
    const struct recorded_line *const *lines =
        recorder_lines(rehearsal_recorder(play.rehearsal, "mail"), &count);
    for (uint32_t i = 0; i < count; i++)
        records += lines[i]->kind == RECORDED_UNMAPPED;
    ck_assert_int_eq(records, 3);
    play_end(&play);
}
END_TEST

/* Counts what posture_each tells from an instant on. */
struct told_again {
    uint32_t cells, standings, unmapped;
    instant first_cell;
};

static void count_cell(void *context, const char *environment, uint32_t cell,
                       enum posture_change change, const struct posture_cell_step *step)
{
    struct told_again *again = context;
    (void)environment;
    (void)cell;
    ck_assert_int_eq(change, STEP_SET);
    if (again->cells++ == 0)
        again->first_cell = step->at;
}

static void count_standing(void *context, const char *environment, const char *standard,
                           enum posture_change change, const struct posture_standing_step *step)
{
    struct told_again *again = context;
    (void)environment;
    (void)standard;
    (void)change;
    (void)step;
    again->standings++;
}

static void count_unmapped(void *context, enum posture_change change,
                           const struct posture_unmapped_step *step)
{
    struct told_again *again = context;
    (void)change;
    (void)step;
    again->unmapped++;
}

START_TEST(what_matters_from_an_instant_on)
{
    play = play_begin();
    TELL(&play, STANDARD, .at = day(0), .controls = "A.1");
    TELL(&play, SCOPE, .at = day(0), IN_SCOPE);
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1", .ttl = 10);
    TELL(&play, RESULT, .at = day(1), PASS);
    TELL(&play, RESULT, .at = day(2), FAIL);
    TELL(&play, RESULT, .at = day(3), PASS);
    TELL(&play, RESULT, .check = "d", .at = day(1), PASS);
    TELL(&play, RESULT, .check = "d", .at = day(2), PASS);
    struct told_again again = {0};
    struct posture_sink sink = {.context = &again,
                                .cell = count_cell,
                                .standing = count_standing,
                                .unmapped = count_unmapped};
    const struct posture_service *service = rehearsal_service(play.rehearsal, "mail");
    posture_each(service, "public", day(2.5), &sink);
    ck_assert_int_eq(again.cells, 3); /* FAILED since day 2, PASSED, STALE */
    ck_assert_int_eq(again.first_cell, day(2));
    ck_assert_int_eq(again.standings, 3);
    ck_assert_int_eq(again.unmapped, 1); /* d's second result */
    again = (struct told_again){0};
    posture_each(service, "public", INSTANT_BEGIN, &sink);
    ck_assert_int_eq(again.cells, 5);
    ck_assert_int_eq(again.unmapped, 3);
    again = (struct told_again){0};
    posture_each(service, "nowhere", INSTANT_BEGIN, &sink);
    ck_assert_int_eq(again.cells + again.standings + again.unmapped, 0);
    play_end(&play);
}
END_TEST

START_TEST(numbers_are_dense_and_stay)
{
    struct posture_service *service = posture_service_new("mail");
    bool created;
    ck_assert_int_eq(posture_stream(service, "public", "c", "", &created), 0);
    ck_assert(created);
    ck_assert_int_eq(posture_stream(service, "public", "c", "x", &created), 1);
    ck_assert_int_eq(posture_stream(service, "gov", "c", "x", &created), 2);
    ck_assert_int_eq(posture_stream(service, "public", "c", "x", &created), 1);
    ck_assert(!created);
    ck_assert_int_eq(posture_tool(service, "scan", "1", &created), 0);
    ck_assert_int_eq(posture_tool(service, "scan", "2", &created), 1);
    ck_assert(created);
    ck_assert_int_eq(posture_tool(service, "scan", "1", &created), 0);
    ck_assert(!created);
    ck_assert_int_eq(posture_cell(service, "public", "iso", "A.2", &created), 0);
    ck_assert_int_eq(posture_cell(service, "public", "iso", "A.1", &created), 1);
    ck_assert(created);
    ck_assert_int_eq(posture_cell(service, "gov", "iso", "A.1", &created), 0);
    ck_assert_int_eq(posture_cell(service, "public", "iso", "A.2", &created), 0);
    ck_assert(!created);
    char subject[32];
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(subject, sizeof subject, "host-%u", i);
        ck_assert_int_eq(posture_stream(service, "public", "c", subject, &created), 3 + i);
        ck_assert(created);
    }
    ck_assert_int_eq(posture_stream(service, "public", "c", "host-2500", &created), 2503);
    ck_assert(posture_service_memory(service) < 5000 * 400);
    posture_service_free(service);
}
END_TEST

START_TEST(known_is_restored)
{
    play = play_begin();
    TELL(&play, STANDARD, .at = day(0), .controls = "A.1");
    TELL(&play, SCOPE, .at = day(0), IN_SCOPE);
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1", .ttl = 10);
    TELL(&play, RESULT, .at = day(1), PASS);
    struct recorder *recorder = rehearsal_recorder(play.rehearsal, "mail");
    struct posture_service *service = rehearsal_service(play.rehearsal, "mail");
    posture_restore_known(service, "public", 0, day(11), 2); /* time alone: STALE */
    posture_restore_known(service, "public", 0, day(1), 2);  /* by an event: its batch stays */
    recorder_forget(recorder);
    posture_each(service, "public", INSTANT_BEGIN, recorder_sink(recorder));
    ck_assert_int_eq(play_cell(&play, "A.1", day(11))->cell.step.known, 2);
    ck_assert_int_eq(play_cell(&play, "A.1", day(1))->cell.step.known, 4);
    /* It stays as long as the transition does. */
    TELL(&play, RESULT, .at = day(5), PASS, .subject = "x");
    ck_assert_int_eq(play_cell(&play, "A.1", day(11))->cell.step.known, 2);
    TELL(&play, RESULT, .at = day(7), PASS);
    ck_assert_int_eq(play_cell(&play, "A.1", day(15))->cell.step.known, 6);
    play_end(&play);
}
END_TEST

int main(void)
{
    const struct named_test tests[] = {
        {"reasons", reasons_in_their_order},
        {"effect", a_cell_is_an_effect_whether_onboarded_or_not},
        {"superseded", superseded_results_leave},
        {"records", each_record_of_an_event},
        {"each", what_matters_from_an_instant_on},
        {"numbers", numbers_are_dense_and_stay},
        {"known", known_is_restored},
    };
    return RUN_TESTS("unmapped", tests);
}
