#include "runtime/fault.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(a_fault_is_one_statement)
{
    struct fault fault;
    ck_assert(!fault_set(&fault, FAULT_RETRY, "offset %d", 7));
    ck_assert_int_eq(fault.reaction, FAULT_RETRY);
    ck_assert_str_eq(fault.text, "offset 7");
    ck_assert(!fault_context(&fault, "partition %d", 3));
    ck_assert_int_eq(fault.reaction, FAULT_RETRY);
    ck_assert_str_eq(fault.text, "partition 3: offset 7");
}
END_TEST

/* Whole UTF-8 sequences at every place where the text can be cut. */
START_TEST(a_long_text_is_cut_between_characters)
{
    char text[2 * FAULT_TEXT_MAX];
    struct fault fault;
    size_t ahead = (size_t)_i;
    memset(text, 'a', ahead);
    for (size_t at = ahead; at + 2 < sizeof text; at += 2)
        memcpy(text + at, "é", 2);
    text[sizeof text - 1 - (sizeof text - 1 - ahead) % 2] = '\0';
    fault_set(&fault, FAULT_REJECT, "%s", text);
    size_t size = strlen(fault.text);
    ck_assert_uint_lt(size, FAULT_TEXT_MAX);
    ck_assert_str_eq(fault.text + size - strlen("…"), "…");
    size_t kept = size - strlen("…");
    ck_assert_mem_eq(fault.text, text, kept);
    ck_assert_uint_eq((kept - ahead) % 2, 0);
}
END_TEST

START_TEST(every_reaction_has_a_name)
{
    ck_assert_str_eq(fault_reaction_name(FAULT_NONE), "none");
    ck_assert_str_eq(fault_reaction_name(FAULT_REJECT), "reject");
    ck_assert_str_eq(fault_reaction_name(FAULT_RETRY), "retry");
    ck_assert_str_eq(fault_reaction_name(FAULT_FENCED), "fenced");
    ck_assert_str_eq(fault_reaction_name(FAULT_FATAL), "fatal");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime/fault");
    TCase *all = tcase_create("all");
    tcase_add_test(all, a_fault_is_one_statement);
    tcase_add_loop_test(all, a_long_text_is_cut_between_characters, 0, 6);
    tcase_add_test(all, every_reaction_has_a_name);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
