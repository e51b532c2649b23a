#include "consumers/whatif/courses.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct courses *before, *after;

/* What is told, one span after the other: "name[at,until)before>after ". */
static char told[4096];

static void begin(void)
{
    before = courses_new();
    after = courses_new();
    *told = '\0';
}

static void end(void)
{
    courses_free(before);
    courses_free(after);
}

static void on_difference(void *context, const struct courses_difference *difference)
{
    (void)context;
    size_t used = strlen(told);
    char until[24] = "-";
    if (difference->until != INSTANT_END)
        snprintf(until, sizeof until, "%lld", (long long)difference->until);
    snprintf(told + used, sizeof told - used, "%s[%lld,%s)%s>%s ", difference->name,
             (long long)difference->at, until, difference->before == NULL ? "" : difference->before,
             difference->after == NULL ? "" : difference->after);
}

static const char *compared(instant from, instant upto)
{
    *told = '\0';
    courses_compare(before, after, from, upto, on_difference, NULL);
    return told;
}

START_TEST(alike_tells_nothing)
{
    courses_set(before, "a", 1, "X");
    courses_set(after, "a", 1, "X");
    courses_set(after, "a", 5, "X"); /* a step that changes nothing */
    courses_set(after, "b", 3, NULL);
    ck_assert_str_eq(compared(0, 10), "");
}
END_TEST

START_TEST(one_side_only)
{
    courses_set(before, "b", 2, "X");
    courses_set(after, "a", 4, "Y");
    ck_assert_str_eq(compared(3, 3), "b[3,-)X> ");
    ck_assert_str_eq(compared(0, 10), "a[4,-)>Y b[2,-)X> ");
    ck_assert_str_eq(compared(0, 1), "");
}
END_TEST

START_TEST(spans_end_where_either_changes)
{
    courses_set(before, "a", 1, "X");
    courses_set(before, "a", 8, "Y");
    courses_set(after, "a", 1, "Z");
    courses_set(after, "a", 4, "Z");
    courses_set(after, "a", 6, "Y");
    ck_assert_str_eq(compared(2, 20), "a[2,6)X>Z a[6,8)X>Y ");
    ck_assert_str_eq(compared(2, 5), "a[2,6)X>Z "); /* its end is not cut */
    ck_assert_str_eq(compared(8, 20), "");
}
END_TEST

START_TEST(steps_are_replaced_and_removed)
{
    courses_set(after, "a", 5, "X");
    courses_set(after, "a", 2, "Y");
    courses_set(after, "a", 5, "Z");
    ck_assert_str_eq(compared(0, 9), "a[2,5)>Y a[5,-)>Z ");
    courses_remove(after, "a", 5);
    courses_remove(after, "a", 7); /* there is none */
    courses_remove(after, "c", 7);
    ck_assert_str_eq(compared(0, 9), "a[2,-)>Y ");
}
END_TEST

START_TEST(a_value_and_since_when)
{
    instant since;
    courses_set(after, "a", 2, "X");
    courses_set(after, "a", 4, "X");
    courses_set(after, "a", 6, "Y");
    ck_assert_str_eq(courses_value(after, "a", 5, &since), "X");
    ck_assert_int_eq(since, 2);
    ck_assert_str_eq(courses_value(after, "a", 6, &since), "Y");
    ck_assert_int_eq(since, 6);
    ck_assert_ptr_null(courses_value(after, "a", 1, &since));
    ck_assert_int_eq(since, INSTANT_BEGIN);
    ck_assert_ptr_null(courses_value(after, "b", 1, &since));
}
END_TEST

/* Against looking at each instant by itself. */
enum { INSTANTS = 12, RUNS = 2000 };

static void on_span(void *context, const struct courses_difference *difference)
{
    const char **expected = context; /* two a instant; taken away as they are told */
    ck_assert_int_lt(difference->at, difference->until);
    for (instant at = difference->at; at < difference->until && at < INSTANTS; at++) {
        ck_assert_ptr_nonnull(expected[2 * at]);
        ck_assert_str_eq(expected[2 * at], difference->before == NULL ? "" : difference->before);
        ck_assert_str_eq(expected[2 * at + 1], difference->after == NULL ? "" : difference->after);
        expected[2 * at] = NULL;
    }
}

START_TEST(as_instant_by_instant)
{
    static const char *const values[] = {NULL, "X", "Y"};
    unsigned seed = 1;
    for (int run = 0; run < RUNS; run++) {
        const char *expected[2 * INSTANTS] = {0};
        end();
        begin();
        for (int step = 0; step < 8; step++)
            courses_set(rand_r(&seed) % 2 ? before : after, "a", rand_r(&seed) % INSTANTS,
                        values[rand_r(&seed) % 3]);
        instant from = rand_r(&seed) % INSTANTS;
        for (instant at = from; at < INSTANTS; at++) {
            instant ignored;
            const char *was = courses_value(before, "a", at, &ignored);
            const char *is = courses_value(after, "a", at, &ignored);
            expected[2 * at] = was == NULL ? "" : was;
            expected[2 * at + 1] = is == NULL ? "" : is;
            if (strcmp(expected[2 * at], expected[2 * at + 1]) == 0)
                expected[2 * at] = NULL;
        }
        courses_compare(before, after, from, INSTANTS, on_span, expected);
        for (instant at = 0; at < INSTANTS; at++)
            ck_assert_msg(expected[2 * at] == NULL, "run %d: %lld is not told", run, (long long)at);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("what-if/courses");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, begin, end);
    tcase_add_test(all, alike_tells_nothing);
    tcase_add_test(all, one_side_only);
    tcase_add_test(all, spans_end_where_either_changes);
    tcase_add_test(all, steps_are_replaced_and_removed);
    tcase_add_test(all, a_value_and_since_when);
    tcase_add_test(all, as_instant_by_instant);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
