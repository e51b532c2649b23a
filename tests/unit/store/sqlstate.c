#include "consumers/store/sqlstate.h"

#include <check.h>
#include <stdlib.h>

static const struct {
    const char *state;
    enum fault_reaction reaction;
} STATES[] = {
    {NULL, FAULT_RETRY},     /* the connection is gone */
    {"08006", FAULT_RETRY},  /* connection failure */
    {"40001", FAULT_RETRY},  /* serialization failure */
    {"40P01", FAULT_RETRY},  /* deadlock */
    {"53100", FAULT_RETRY},  /* disk full */
    {"53300", FAULT_RETRY},  /* too many connections */
    {"55P03", FAULT_RETRY},  /* lock not available */
    {"57P01", FAULT_RETRY},  /* shut down by an operator */
    {"57014", FAULT_RETRY},  /* cancelled */
    {"58030", FAULT_RETRY},  /* I/O error */
    {"25006", FAULT_RETRY},  /* read-only: a standby was promoted elsewhere */
    {"25P02", FAULT_FATAL},  /* in a failed transaction: ours to know */
    {"22021", FAULT_REJECT}, /* a character not in the repertoire */
    {"23505", FAULT_REJECT}, /* unique violation */
    {"42P01", FAULT_FATAL},  /* no such table */
    {"42501", FAULT_FATAL},  /* insufficient privilege */
    {"28P01", FAULT_FATAL},  /* wrong password */
    {"XX000", FAULT_FATAL},  /* internal error */
};

START_TEST(each_class_has_its_reaction)
{
    ck_assert_int_eq(sqlstate_reaction(STATES[_i].state), STATES[_i].reaction);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store/sqlstate");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, each_class_has_its_reaction, 0, sizeof STATES / sizeof STATES[0]);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
