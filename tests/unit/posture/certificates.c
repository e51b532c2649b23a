/* Certificates: their states, deadlines and flags, and what is certified of a service. */
#include "tests/unit/posture/play.h"

#include <stdio.h>

static struct play play;

static void begin(void)
{
    play = play_begin();
    play_scene(&play);
    TELL(&play, PROGRAMME, .at = day(0), .environments = "public", .standards = "iso cloud");
}

static const struct posture_certification_step *certification(const char *standard, instant at)
{
    char key[64];
    snprintf(key, sizeof key, "p|%s", standard);
    const struct recorded_step *step = recorded_at(
        recorder_line(rehearsal_governance_recorder(play.rehearsal), RECORDED_CERTIFICATION, key),
        at);
    return step == NULL ? NULL : &step->certification.step;
}

static void ck_state(const char *standard, instant at, enum certificate_state state)
{
    const struct posture_certification_step *step = certification(standard, at);
    ck_assert_ptr_nonnull(step);
    ck_assert_msg(step->exists && step->state == state, "%s is %s, not %s", standard,
                  certificate_state_name(step->state), certificate_state_name(state));
}

static void ck_flag(instant at, enum certificate_flag flag, bool expected)
{
    ck_assert_int_eq((certification("iso", at)->flags & flag) != 0, expected);
}

START_TEST(only_decisions_change_the_state)
{
    begin();
    ck_assert_ptr_null(certification("iso", day(-1)));
    ck_state("iso", day(0), CERTIFICATE_NONE); /* the programme lists it */
    TELL(&play, CERTIFICATE, .id = 1, .at = day(5), DECIDED(GRANTED), .from = day(10));
    ck_state("iso", day(10) - 1, CERTIFICATE_NONE);
    ck_state("iso", day(10), CERTIFICATE_CERTIFIED);
    ck_state("iso", day(1000), CERTIFICATE_EXPIRED);
    TELL(&play, CERTIFICATE, .id = 2, .at = day(20), DECIDED(SUSPENDED), .from = day(500));
    ck_state("iso", day(20), CERTIFICATE_SUSPENDED); /* at once, whatever valid_from says */
    TELL(&play, CERTIFICATE, .id = 3, .at = day(30), DECIDED(RESTORED), .from = day(10));
    ck_state("iso", day(30), CERTIFICATE_CERTIFIED);
    TELL(&play, CERTIFICATE, .id = 4, .at = day(40), DECIDED(WITHDRAWN), .from = day(10));
    ck_state("iso", day(40), CERTIFICATE_WITHDRAWN);
    ck_state("iso", day(1000), CERTIFICATE_WITHDRAWN);
    TELL(&play, RETRACTION, .at = day(50), BY_GOVERNANCE, .retracts = 4);
    ck_state("iso", day(40), CERTIFICATE_CERTIFIED);
    play_end(&play);
}
END_TEST

START_TEST(a_standard_that_ends_and_a_base_that_is_not_certified)
{
    begin();
    TELL(&play, CERTIFICATE, .at = day(1), DECIDED(GRANTED));
    TELL(&play, STANDARD, .standard = "cloud", .at = day(1), .controls = "B.1", .extends = "iso");
    TELL(&play, CERTIFICATE, .standard = "cloud", .at = day(1), DECIDED(GRANTED));
    ck_state("cloud", day(1), CERTIFICATE_CERTIFIED);
    TELL(&play, CERTIFICATE, .at = day(5), DECIDED(SUSPENDED));
    ck_state("cloud", day(5), CERTIFICATE_SUSPENDED);
    TELL(&play, STANDARD, .at = day(8), .controls = "A.1", .ends_validity = day(9));
    ck_state("iso", day(9) - 1, CERTIFICATE_SUSPENDED);
    ck_state("iso", day(9), CERTIFICATE_EXPIRED);
    ck_state("cloud", day(9), CERTIFICATE_EXPIRED);
    TELL(&play, PROGRAMME, .at = day(12), .environments = "public", .standards = "cloud");
    ck_state("cloud", day(12), CERTIFICATE_CERTIFIED); /* no base that the programme lists */
    ck_state("iso", day(12), CERTIFICATE_EXPIRED);     /* it was decided upon */
    play_end(&play);
}
END_TEST

START_TEST(bases_in_a_circle)
{
    begin();
    TELL(&play, STANDARD, .standard = "cloud", .at = day(0), .controls = "B.1", .extends = "iso");
    TELL(&play, STANDARD, .at = day(0), .controls = "A.1", .extends = "cloud");
    TELL(&play, CERTIFICATE, .at = day(1), DECIDED(GRANTED));
    TELL(&play, CERTIFICATE, .standard = "cloud", .at = day(2), DECIDED(GRANTED));
    ck_state("iso", day(1), CERTIFICATE_NONE);
    ck_state("iso", day(2), CERTIFICATE_CERTIFIED);
    ck_state("cloud", day(2), CERTIFICATE_CERTIFIED);
    play_end(&play);
}
END_TEST

/* Day 0 is 2026-01-01. */
START_TEST(surveillance_falls_due)
{
    enum { YEAR = 365 };
    begin();
    TELL(&play, CERTIFICATE, .at = day(10), DECIDED(GRANTED), .from = day(10), .until = day(1500));
    instant deadline = day(10 + YEAR); /* 12 months after the grant */
    ck_assert_int_eq(certification("iso", day(10))->surveillance_deadline, deadline);
    ck_flag(deadline - 90 * INSTANT_DAY - 1, CERTIFICATE_SURVEILLANCE_DUE, false);
    ck_flag(deadline - 90 * INSTANT_DAY, CERTIFICATE_SURVEILLANCE_DUE, true);
    ck_flag(deadline, CERTIFICATE_SURVEILLANCE_DUE, false);
    ck_flag(deadline, CERTIFICATE_SURVEILLANCE_OVERDUE, true);
    ck_state("iso", deadline, CERTIFICATE_CERTIFIED); /* overdue never suspends */
    TELL(&play, AUDIT, .id = 7, .at = day(300), AUDITED(SURVEILLANCE), .until = day(320));
    ck_assert_int_eq(certification("iso", day(320) - 1)->surveillance_deadline, deadline);
    ck_assert_int_eq(certification("iso", day(320))->surveillance_deadline, day(2 * YEAR));
    TELL(&play, AUDIT, .id = 8, .at = day(301), AUDITED(SURVEILLANCE), .until = day(320),
         .planned = true);
    ck_assert_int_eq(certification("iso", day(320))->surveillance_deadline, deadline);
    play_end(&play);
}
END_TEST

START_TEST(no_deadline_in_the_year_of_the_end)
{
    begin();
    TELL(&play, CERTIFICATE, .at = day(10), DECIDED(GRANTED), .from = day(10), .until = day(400));
    ck_assert_int_eq(certification("iso", day(10))->surveillance_deadline, INSTANT_END);
    ck_flag(day(400) - 180 * INSTANT_DAY, CERTIFICATE_RECERTIFICATION_DUE, true);
    ck_flag(day(400) - 190 * INSTANT_DAY, CERTIFICATE_RECERTIFICATION_DUE, false);
    ck_assert_int_eq(certification("iso", day(400))->flags, 0); /* EXPIRED has none */
    play_end(&play);
}
END_TEST

START_TEST(flags)
{
    begin();
    TELL(&play, CERTIFICATE, .at = day(0), DECIDED(GRANTED), .until = day(1500), .version = "2");
    ck_flag(day(1), CERTIFICATE_SOA_DIFFERS, true); /* no statement is the empty version */
    TELL(&play, STATEMENT, .at = day(2), .controls = "A.1 A.2", .version = "2");
    ck_flag(day(2), CERTIFICATE_SOA_DIFFERS, false);
    TELL(&play, FINDING, .at = day(3), MAJOR, .service = "chat");
    ck_flag(day(3), CERTIFICATE_MAJOR_NC_OPEN, true);
    TELL(&play, FINDING, .at = day(4), MAJOR, .service = "chat", .closed = true);
    ck_flag(day(4), CERTIFICATE_MAJOR_NC_OPEN, false);
    TELL(&play, CERTIFICATE, .at = day(10), DECIDED(SUSPENDED), .until = day(1500));
    TELL(&play, CERTIFICATE, .at = day(100), DECIDED(SUSPENDED), .until = day(1500));
    ck_flag(day(190), CERTIFICATE_SUSPENDED_OVER_6_MONTHS, false);
    ck_flag(day(191), CERTIFICATE_SUSPENDED_OVER_6_MONTHS, true); /* 11 January + 6 months */
    play_end(&play);
}
END_TEST

static void ck_certified(instant at, enum certificate_state state, bool certified)
{
    const struct recorded_step *step = play_standing(&play, "iso", at);
    ck_assert_ptr_nonnull(step);
    ck_assert_int_eq(step->standing.certificate_state, state);
    ck_assert_int_eq(step->standing.certified, certified);
}

START_TEST(what_is_certified_of_a_service)
{
    begin();
    TELL(&play, CERTIFICATE, .at = day(5), DECIDED(GRANTED), .scope_as_of = day(2));
    ck_certified(day(4), CERTIFICATE_NONE, false);
    ck_certified(day(5), CERTIFICATE_CERTIFIED, true);
    ck_posture(&play, "iso", day(5), POSTURE_INCOMPLETE); /* beside it, unchanged */
    TELL(&play, SCOPE, .at = day(10), REMOVED);
    TELL(&play, SCOPE, .at = day(12), IN_SCOPE);
    ck_certified(day(10), CERTIFICATE_CERTIFIED, false);
    ck_certified(day(12), CERTIFICATE_CERTIFIED, false); /* added since */
    TELL(&play, CERTIFICATE, .at = day(20), DECIDED(EXPANDED));
    ck_certified(day(20), CERTIFICATE_CERTIFIED, true);
    TELL(&play, ONBOARDING, .at = day(30), LIFECYCLE_RETIRED);
    ck_certified(day(30), CERTIFICATE_CERTIFIED, false);
    TELL(&play, ONBOARDING, .at = day(31), LIVE);
    ck_certified(day(31), CERTIFICATE_CERTIFIED, true);
    TELL(&play, PROGRAMME, .at = day(40), .environments = "public!", .standards = "iso");
    ck_certified(day(40), CERTIFICATE_CERTIFIED, false);
    TELL(&play, PROGRAMME, .at = day(41), .standards = "iso");
    ck_certified(day(41), CERTIFICATE_NONE, false); /* of no programme */
    play_end(&play);
}
END_TEST

int main(void)
{
    const struct named_test tests[] = {
        {"decisions", only_decisions_change_the_state},
        {"ends", a_standard_that_ends_and_a_base_that_is_not_certified},
        {"circle", bases_in_a_circle},
        {"surveillance", surveillance_falls_due},
        {"no deadline", no_deadline_in_the_year_of_the_end},
        {"flags", flags},
        {"certified", what_is_certified_of_a_service},
    };
    return RUN_TESTS("certificates", tests);
}
