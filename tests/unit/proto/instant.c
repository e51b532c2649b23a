#include "proto/instant.h"

#include "tests/unit/proto/fixture.h"

#include <stdio.h>
#include <time.h>

static const struct {
    const char *text;
    instant at;
    const char *written; /* NULL: as it was read */
} good[] = {
    {"1970-01-01T00:00:00Z", 0, NULL},
    {"1969-12-31T23:59:59.999999Z", -1, NULL},
    {"2026-11-23T03:56:28Z", 1795406188 * INSTANT_SECOND, NULL},
    {"2026-11-23T04:56:28+01:00", 1795406188 * INSTANT_SECOND, "2026-11-23T03:56:28Z"},
    {"2026-11-22T22:26:28-05:30", 1795406188 * INSTANT_SECOND, "2026-11-23T03:56:28Z"},
    {"2026-11-23t03:56:28z", 1795406188 * INSTANT_SECOND, "2026-11-23T03:56:28Z"},
    {"2026-11-23T03:56:28.5Z", 1795406188 * INSTANT_SECOND + 500000, "2026-11-23T03:56:28.500Z"},
    {"2026-11-23T03:56:28.000001Z", 1795406188 * INSTANT_SECOND + 1, NULL},
    {"2026-11-23T03:56:28.000001999Z", 1795406188 * INSTANT_SECOND + 1,
     "2026-11-23T03:56:28.000001Z"},
    {"2024-02-29T00:00:00Z", 1709164800 * INSTANT_SECOND, NULL},
    {"2000-02-29T00:00:00Z", 951782400 * INSTANT_SECOND, NULL},
    {"0001-01-01T00:00:00Z", INSTANT_LEAST, NULL},
    {"9999-12-31T23:59:59.999999999Z", INSTANT_MOST, "9999-12-31T23:59:59.999999Z"},
};

START_TEST(good_texts_are_read_and_written)
{
    instant at;
    char text[INSTANT_TEXT_MAX];
    bool zoneless = true;
    ck_assert_msg(instant_parse(good[_i].text, &at, &zoneless), "%s", good[_i].text);
    ck_assert(!zoneless);
    ck_assert_int_eq(at, good[_i].at);
    const char *expected = good[_i].written != NULL ? good[_i].written : good[_i].text;
    ck_assert_str_eq(instant_format(at, text), expected);
    ck_assert(instant_parse(text, &at, NULL));
    ck_assert_int_eq(at, good[_i].at);
}
END_TEST

static const struct {
    const char *text;
    bool zoneless;
} bad[] = {
    {"", false},
    {"2026-11-23", false},
    {"2026-11-23T03:56:28", true},
    {"2026-11-23T03:56:28.25", true},
    {"2026-11-23 03:56:28Z", false},
    {"2026-11-23T03:56Z", false},
    {"2026-11-23T03:56:28 Z", false},
    {"2026-11-23T03:56:28Zx", false},
    {"2026-11-23T03:56:28.Z", false},
    {"2026-11-23T03:56:28.1234567890Z", false},
    {"2026-11-23T03:56:60Z", false},
    {"2026-11-23T24:00:00Z", false},
    {"2026-11-23T03:60:00Z", false},
    {"2026-13-01T00:00:00Z", false},
    {"2026-00-01T00:00:00Z", false},
    {"2026-02-29T00:00:00Z", false},
    {"1900-02-29T00:00:00Z", false},
    {"2026-11-00T00:00:00Z", false},
    {"2026-11-31T00:00:00Z", false},
    {"2026-11-23T03:56:28+0100", false},
    {"2026-11-23T03:56:28+24:00", false},
    {"2026-11-23T03:56:28+01:60", false},
    {"2026-11-23T03:56:28+01:00:00", false},
    {"0000-01-01T00:00:00Z", false},
    {"0001-01-01T00:00:00+00:01", false},
    {"9999-12-31T23:59:59-00:01", false},
    {"+2026-11-23T03:56:28Z", false},
    {" 2026-11-23T03:56:28Z", false},
    {"12026-11-23T03:56:28Z", false},
};

START_TEST(bad_texts_are_refused)
{
    instant at = 42;
    bool zoneless = !bad[_i].zoneless;
    ck_assert_msg(!instant_parse(bad[_i].text, &at, &zoneless), "%s", bad[_i].text);
    ck_assert_int_eq(zoneless, bad[_i].zoneless);
    ck_assert_int_eq(at, 42);
    ck_assert(!instant_parse(bad[_i].text, &at, NULL));
}
END_TEST

START_TEST(the_calendar_is_the_system_s)
{
    for (int64_t day = INSTANT_LEAST / INSTANT_DAY; day <= INSTANT_MOST / INSTANT_DAY; day += 97) {
        time_t seconds = day * 86400 + (day % 86400 + 86400) % 86400;
        struct tm broken;
        char expected[64];
        char text[INSTANT_TEXT_MAX];
        ck_assert_ptr_nonnull(gmtime_r(&seconds, &broken));
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02dZ", broken.tm_year + 1900,
                 broken.tm_mon + 1, broken.tm_mday, broken.tm_hour, broken.tm_min, broken.tm_sec);
        ck_assert_str_eq(instant_format(seconds * INSTANT_SECOND, text), expected);
        instant at;
        ck_assert(instant_parse(text, &at, NULL));
        ck_assert_int_eq(at, seconds * INSTANT_SECOND);
    }
}
END_TEST

START_TEST(infinity_has_a_text)
{
    char text[INSTANT_TEXT_MAX];
    ck_assert_str_eq(instant_format(INSTANT_BEGIN, text), "-infinity");
    ck_assert_str_eq(instant_format(INSTANT_END, text), "infinity");
}
END_TEST

START_TEST(nanoseconds_are_kept_when_asked_for)
{
    int64_t seconds;
    int32_t nanos;
    char text[INSTANT_TEXT_MAX];
    ck_assert(instant_parse_exact("1969-12-31T23:59:59.000000001Z", &seconds, &nanos, NULL));
    ck_assert_int_eq(seconds, -1);
    ck_assert_int_eq(nanos, 1);
    ck_assert_str_eq(instant_format_exact(seconds, nanos, text), "1969-12-31T23:59:59.000000001Z");
    ck_assert_int_eq(instant_of(seconds, nanos), -INSTANT_SECOND); /* cut, not rounded */
}
END_TEST

START_TEST(sums_do_not_wrap)
{
    ck_assert_int_eq(instant_add(10, 5), 15);
    ck_assert_int_eq(instant_add(10, -15), -5);
    ck_assert_int_eq(instant_add(INSTANT_MOST, INT64_MAX), INSTANT_END);
    ck_assert_int_eq(instant_add(INSTANT_LEAST, INT64_MIN), INSTANT_BEGIN);
    ck_assert_int_eq(instant_add(INSTANT_END, -1), INSTANT_END);
    ck_assert_int_eq(instant_add(INSTANT_BEGIN, 1), INSTANT_BEGIN);
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"good texts", good_texts_are_read_and_written, COUNT(good)},
        {"bad texts", bad_texts_are_refused, COUNT(bad)},
        {"calendar", the_calendar_is_the_system_s, 0},
        {"infinity", infinity_has_a_text, 0},
        {"nanoseconds", nanoseconds_are_kept_when_asked_for, 0},
        {"sums", sums_do_not_wrap, 0},
    };
    return RUN_TESTS("instant", tests);
}
