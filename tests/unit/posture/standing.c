/* Postures: counts, percent, and standards that extend others. */
#include "tests/unit/posture/play.h"

static struct play play;

/* iso with four controls, each with a check of its own name. */
static void begin(void)
{
    play = play_begin();
    TELL(&play, STANDARD, .at = day(0), .controls = "A.1 A.2 A.3 A.4");
    TELL(&play, SCOPE, .at = day(0), IN_SCOPE);
    static const char *const controls[] = {"A.1", "A.2", "A.3", "A.4"};
    for (size_t i = 0; i < 4; i++)
        TELL(&play, MAPPING, .at = day(0), .check = controls[i], .controls = controls[i]);
}

START_TEST(counts_and_percent)
{
    begin();
    ck_posture(&play, "iso", day(0), POSTURE_INCOMPLETE);
    TELL(&play, RESULT, .check = "A.1", .at = day(1), PASS);
    TELL(&play, RESULT, .check = "A.2", .at = day(2), PASS);
    TELL(&play, RESULT, .check = "A.3", .at = day(3), PASS);
    const struct posture_standing_step *step = &play_standing(&play, "iso", day(3))->standing;
    ck_assert_int_eq(step->passed, 3);
    ck_assert_int_eq(step->not_tested, 1);
    ck_assert_int_eq(step->applicable, 4);
    ck_assert_int_eq(step->percent, 7500);
    ck_assert_int_eq(step->membership, ASSAY__V1__MEMBERSHIP__MEMBERSHIP_IN_SCOPE);
    TELL(&play, RESULT, .check = "A.4", .at = day(4), PASS);
    ck_posture(&play, "iso", day(4), POSTURE_PASSING);
    ck_assert_int_eq(play_standing(&play, "iso", day(4))->standing.percent, 10000);
    TELL(&play, RESULT, .check = "A.4", .at = day(5), FAIL);
    ck_posture(&play, "iso", day(5), POSTURE_FAILING);
    TELL(&play, RESULT, .check = "A.4", .at = day(6), ERR);
    ck_posture(&play, "iso", day(6), POSTURE_INCOMPLETE);
    ck_assert_int_eq(play_standing(&play, "iso", day(6))->standing.error, 1);
    ck_assert_int_eq(play_standing(&play, "iso", day(390))->standing.stale, 4);
    play_end(&play);
}
END_TEST

START_TEST(percent_is_rounded_down)
{
    play = play_begin();
    TELL(&play, STANDARD, .at = day(0), .controls = "A.1 A.2 A.3");
    TELL(&play, SCOPE, .at = day(0), IN_SCOPE);
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1 A.2");
    TELL(&play, RESULT, .at = day(1), PASS);
    ck_assert_int_eq(play_standing(&play, "iso", day(1))->standing.percent, 6666);
    play_end(&play);
}
END_TEST

START_TEST(out_of_scope_has_no_percent)
{
    begin();
    TELL(&play, SCOPE, .at = day(5), REMOVED);
    ck_posture(&play, "iso", day(5), POSTURE_OUT_OF_SCOPE);
    ck_assert_int_eq(play_standing(&play, "iso", day(5))->standing.percent, -1);
    ck_assert_int_eq(play_standing(&play, "iso", day(5))->standing.applicable, 0);
    play_end(&play);
}
END_TEST

START_TEST(no_cells_is_incomplete)
{
    play = play_begin();
    TELL(&play, SCOPE, .id = 1, .at = day(0), REMOVED);
    ck_posture(&play, "iso", day(0), POSTURE_INCOMPLETE);
    ck_unmapped(&play, 1, day(0), "unknown_standard");
    TELL(&play, STANDARD, .at = day(1), .controls = "A.1");
    ck_posture(&play, "iso", day(0), POSTURE_INCOMPLETE);
    ck_posture(&play, "iso", day(1), POSTURE_OUT_OF_SCOPE);
    ck_unmapped(&play, 1, day(1), "-");
    play_end(&play);
}
END_TEST

/* "cloud" extends iso, "privacy" extends cloud; one control each, passing from day 1 on. */
static void begin_extended(void)
{
    play = play_begin();
    TELL(&play, STANDARD, .at = day(0), .controls = "A.1");
    TELL(&play, STANDARD, .standard = "cloud", .at = day(0), .controls = "B.1", .extends = "iso");
    TELL(&play, STANDARD, .standard = "privacy", .at = day(0), .controls = "C.1",
         .extends = "cloud");
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, MAPPING, .check = "d", .at = day(0), .controls = "cloud/B.1 privacy/C.1");
    TELL(&play, RESULT, .at = day(1), PASS);
    TELL(&play, RESULT, .check = "d", .at = day(1), PASS);
    TELL(&play, SCOPE, .at = day(0), IN_SCOPE);
    TELL(&play, SCOPE, .standard = "cloud", .at = day(0), IN_SCOPE);
    TELL(&play, SCOPE, .standard = "privacy", .at = day(0), IN_SCOPE);
}

START_TEST(the_worst_of_its_own_and_its_bases)
{
    begin_extended();
    TELL(&play, RESULT, .at = day(5), FAIL);
    ck_posture(&play, "cloud", day(5), POSTURE_PASSING); /* of no programme */
    TELL(&play, PROGRAMME, .at = day(3), .environments = "public", .standards = "iso cloud");
    ck_posture(&play, "cloud", day(1), POSTURE_PASSING);
    ck_posture(&play, "cloud", day(5), POSTURE_FAILING);
    ck_posture(&play, "privacy", day(5), POSTURE_FAILING); /* a base of a base */
    ck_posture(&play, "iso", day(5), POSTURE_FAILING);
    ck_assert_int_eq(play_standing(&play, "cloud", day(5))->standing.passed, 1); /* own counts */
    TELL(&play, PROGRAMME, .at = day(6), .environments = "public", .standards = "cloud");
    ck_posture(&play, "cloud", day(6), POSTURE_PASSING); /* iso is not listed */
    TELL(&play, STANDARD, .standard = "cloud", .at = day(5.5), .controls = "B.1");
    ck_posture(&play, "cloud", day(5.5), POSTURE_PASSING); /* extends nothing any more */
    ck_posture(&play, "privacy", day(5.5), POSTURE_PASSING);
    play_end(&play);
}
END_TEST

START_TEST(bases_out_of_scope_are_incomplete)
{
    begin_extended();
    TELL(&play, PROGRAMME, .at = day(0), .environments = "public", .standards = "iso cloud");
    ck_posture(&play, "cloud", day(1), POSTURE_PASSING);
    TELL(&play, SCOPE, .id = 7, .at = day(5), REMOVED);
    ck_posture(&play, "cloud", day(5), POSTURE_INCOMPLETE);
    ck_posture(&play, "privacy", day(5), POSTURE_INCOMPLETE);
    /* A posture of its own that is no posture stays. */
    TELL(&play, SCOPE, .standard = "cloud", .at = day(6), REMOVED);
    ck_posture(&play, "cloud", day(6), POSTURE_OUT_OF_SCOPE);
    TELL(&play, RETRACTION, BY_GOVERNANCE, .at = day(6), .retracts = 7);
    ck_posture(&play, "cloud", day(5), POSTURE_PASSING);
    play_end(&play);
}
END_TEST

START_TEST(a_base_without_scope_is_incomplete)
{
    play = play_begin();
    TELL(&play, STANDARD, .standard = "cloud", .at = day(0), .controls = "B.1", .extends = "iso");
    TELL(&play, MAPPING, .at = day(0), .controls = "cloud/B.1");
    TELL(&play, RESULT, .at = day(1), PASS);
    TELL(&play, SCOPE, .standard = "cloud", .at = day(0), IN_SCOPE);
    ck_posture(&play, "cloud", day(1), POSTURE_PASSING);
    TELL(&play, PROGRAMME, .at = day(2), .environments = "public", .standards = "iso");
    ck_posture(&play, "cloud", day(2), POSTURE_INCOMPLETE);
    play_end(&play);
}
END_TEST

START_TEST(standards_in_a_circle_end)
{
    play = play_begin();
    TELL(&play, STANDARD, .at = day(0), .controls = "A.1", .extends = "cloud");
    TELL(&play, STANDARD, .standard = "cloud", .at = day(0), .controls = "B.1", .extends = "iso");
    TELL(&play, PROGRAMME, .at = day(0), .environments = "public", .standards = "iso cloud");
    TELL(&play, SCOPE, .at = day(0), IN_SCOPE);
    TELL(&play, SCOPE, .standard = "cloud", .at = day(0), IN_SCOPE);
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1");
    TELL(&play, MAPPING, .check = "d", .at = day(0), .controls = "cloud/B.1");
    TELL(&play, RESULT, .at = day(1), PASS);
    TELL(&play, RESULT, .check = "d", .at = day(1), FAIL);
    ck_posture(&play, "iso", day(1), POSTURE_FAILING);
    TELL(&play, RESULT, .check = "d", .at = day(2), PASS);
    ck_posture(&play, "iso", day(2), POSTURE_PASSING);
    play_end(&play);
}
END_TEST

int main(void)
{
    const struct named_test tests[] = {
        {"counts", counts_and_percent},
        {"percent", percent_is_rounded_down},
        {"out of scope", out_of_scope_has_no_percent},
        {"no cells", no_cells_is_incomplete},
        {"extends", the_worst_of_its_own_and_its_bases},
        {"bases out of scope", bases_out_of_scope_are_incomplete},
        {"bases without scope", a_base_without_scope_is_incomplete},
        {"circle", standards_in_a_circle_end},
    };
    return RUN_TESTS("standing", tests);
}
