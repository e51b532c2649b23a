/* A line of the log stays one line, without commands to a terminal, whatever it quotes. */
#include "runtime/log.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

START_TEST(a_quoted_text_stays_in_its_line)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    int kept = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    log_open("assay-test");
    log_error("\"%s\" is no instant", "x\nassay-test: forged\t\x1b[2J\x7f\xc2\x9b"
                                      "1m\xc3\xa9");
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    char text[256] = {0};
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    ck_assert_uint_eq(size, strlen(text));
    ck_assert_str_eq(text, "assay-test: error: \"x assay-test: forged ?[2J???1m\xc3\xa9\" is no "
                           "instant\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *cases = tcase_create("log");
    tcase_add_test(cases, a_quoted_text_stays_in_its_line);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
