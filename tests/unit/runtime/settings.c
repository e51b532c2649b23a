#include "runtime/settings.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool loud;
static const char *name;
static int64_t count;
static struct setting_list properties;

static const struct setting SETTINGS[] = {
    {.kind = SETTING_HEADING, .help = "All"},
    {.kind = SETTING_SWITCH, .letter = 'l', .name = "loud", .help = "loud", .value = &loud},
    {.kind = SETTING_TEXT,
     .letter = 'n',
     .name = "name",
     .environment = "TEST_SETTINGS_NAME",
     .argument = "NAME",
     .help = "a name",
     .fallback = "nobody",
     .value = &name},
    {.kind = SETTING_NUMBER,
     .name = "count",
     .environment = "TEST_SETTINGS_COUNT",
     .argument = "N",
     .help = "a number",
     .fallback = "5",
     .least = 1,
     .most = 10,
     .value = &count},
    {.kind = SETTING_LIST,
     .letter = 'X',
     .name = "property",
     .argument = "KEY=VALUE",
     .help = "a property",
     .value = &properties},
};

static const struct program PROGRAM = {"test", "test", "A test.", SETTINGS,
                                       SETTINGS_COUNT(SETTINGS)};

enum { WORDS_MOST = 16 };
static char *words[WORDS_MOST];
static char **operands;
static size_t operand_count;

static void read_words(const char *line)
{
    static char copy[256];
    int word_count = 0;
    snprintf(copy, sizeof copy, "%s", line);
    words[word_count++] = (char *)(uintptr_t) "test";
    char *rest = copy;
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        if (*word != '\0')
            words[word_count++] = word;
    settings_read(&PROGRAM, word_count, words, &operands, &operand_count);
}

static void clear(void)
{
    unsetenv("TEST_SETTINGS_NAME");
    unsetenv("TEST_SETTINGS_COUNT");
}

START_TEST(defaults_stand_where_nothing_is_said)
{
    read_words("");
    ck_assert(!loud);
    ck_assert_str_eq(name, "nobody");
    ck_assert_int_eq(count, 5);
    ck_assert_uint_eq(properties.count, 0);
    ck_assert_uint_eq(operand_count, 0);
}
END_TEST

START_TEST(the_environment_goes_before_defaults_and_flags_before_it)
{
    setenv("TEST_SETTINGS_NAME", "env", 1);
    setenv("TEST_SETTINGS_COUNT", "7", 1);
    read_words("--count 9");
    ck_assert_str_eq(name, "env");
    ck_assert_int_eq(count, 9);
}
END_TEST

START_TEST(flags_and_operands_may_be_mixed)
{
    read_words("one -l --name=me two -X a=b -Xc=d -- --three");
    ck_assert(loud);
    ck_assert_str_eq(name, "me");
    ck_assert_uint_eq(properties.count, 2);
    ck_assert_str_eq(properties.items[0], "a=b");
    ck_assert_str_eq(properties.items[1], "c=d");
    ck_assert_uint_eq(operand_count, 3);
    ck_assert_str_eq(operands[0], "one");
    ck_assert_str_eq(operands[1], "two");
    ck_assert_str_eq(operands[2], "--three");
    settings_free(&PROGRAM);
    ck_assert_uint_eq(properties.count, 0);
}
END_TEST

static const char *const WRONG[] = {"--nothing",
                                    "-q",
                                    "--loud=1",
                                    "--count",
                                    "--count 0",
                                    "--count 11",
                                    "--count x",
                                    "--count 1x",
                                    "--count=",
                                    "-n",
                                    "--count 99999999999999999999"};

START_TEST(what_is_put_wrongly_is_a_usage_error)
{
    read_words(WRONG[_i]);
}
END_TEST

START_TEST(help_is_no_error)
{
    read_words("--count 3 --help");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime/settings");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, clear, clear);
    tcase_add_test(all, defaults_stand_where_nothing_is_said);
    tcase_add_test(all, the_environment_goes_before_defaults_and_flags_before_it);
    tcase_add_test(all, flags_and_operands_may_be_mixed);
    tcase_add_loop_exit_test(all, what_is_put_wrongly_is_a_usage_error, EXIT_USAGE, 0,
                             sizeof WRONG / sizeof WRONG[0]);
    tcase_add_exit_test(all, help_is_no_error, EXIT_DONE);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
