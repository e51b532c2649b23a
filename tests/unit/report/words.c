/* Names, dates and lists as the report words them. */
#include "consumers/report/words.h"

#include <check.h>
#include <stdlib.h>

static const struct {
    const char *said, *shown;
} dates[] = {
    {"2026-09-18T00:00:00Z", "2026-09-18"},
    {"2026-09-18T14:00:00Z", "2026-09-18 14:00 UTC"},
    {"2026-09-18T14:00:01Z", "2026-09-18 14:00:01 UTC"},
    {"2026-09-18T00:00:00.000001Z", "2026-09-18 00:00:00.000001 UTC"},
    {"9999-12-31T23:59:59.999999Z", "9999-12-31 23:59:59.999999 UTC"},
    {"", ""},
    {"infinity", "infinity"},
};
enum { DATES = sizeof dates / sizeof dates[0] };

START_TEST(dates_are_days_where_they_can_be)
{
    char text[WORDS_DATE_MAX];
    ck_assert_str_eq(words_date(dates[_i].said, text), dates[_i].shown);
}
END_TEST

START_TEST(names_and_lists)
{
    json_t *object = json_pack("{s:s, s:n, s:[s, s], s:[{s:s}, {s:s}], s:i, s:b, s:[]}", "grade",
                               "MAJOR_NC", "none", "roles", "CONTROLLER", "UNHEARD_OF", "places",
                               "title", "OFFICE", "title", "Keld", "count", 3, "yes", 1, "empty");
    ck_assert_str_eq(words_named(object, "grade"), "Major nonconformity");
    ck_assert_str_eq(words_text(object, "none"), "");
    ck_assert_str_eq(words_text(object, "absent"), "");
    ck_assert_int_eq(words_count(object, "count"), 3);
    ck_assert(words_is(object, "yes") && !words_is(object, "none"));
    char *roles = words_join_names(json_object_get(object, "roles"), ", ");
    ck_assert_str_eq(roles, "controller, UNHEARD_OF");
    /* a title is nobody's enum */
    char *places = words_join(json_object_get(object, "places"), "title", "; ");
    ck_assert_str_eq(places, "OFFICE; Keld");
    char *empty = words_join(json_object_get(object, "empty"), NULL, "; ");
    ck_assert_str_eq(empty, "");
    free(roles);
    free(places);
    free(empty);
    json_decref(object);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report/words");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, dates_are_days_where_they_can_be, 0, DATES);
    tcase_add_test(all, names_and_lists);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
