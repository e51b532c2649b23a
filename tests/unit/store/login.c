/* What is given to reach a database, and never shown. */
#include "consumers/store/login.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *const UNDERSTOOD[] = {
    NULL,
    "",
    "assay",
    "postgresql://reader@db.example/assay",
    "postgresql://reader:S3cret%2Fx%40y@db.example:5432/assay?sslmode=verify-full",
    "postgresql://one:5432,two:5433/assay?target_session_attrs=read-write",
    "postgresql:///assay?host=/run/postgresql",
    "postgresql://h/d?user=u&password=a@b/c",
    "host=db.example password='S3cret x' dbname=assay",
};

START_TEST(what_libpq_takes_passes)
{
    struct fault fault;
    ck_assert_msg(login_check(UNDERSTOOD[_i], &fault), "%s", UNDERSTOOD[_i]);
}
END_TEST

/* Each of them makes libpq quote a piece of the password, or try a host called so. */
static const char *const STRAY[] = {
    "postgresql://u:S3cret/x@127.0.0.1/assay", "postgresql://u:12/S3cret@127.0.0.1/assay",
    "postgresql://u:x@S3cret@127.0.0.1/assay", "postgresql://u:S3%zzcret@127.0.0.1/assay",
    "postgresql://127.0.0.1/assay?S3cret=x",   "postgresql://127.0.0.1:S3cret/assay",
    "host=127.0.0.1 password=S3cret S3cret",   "host=127.0.0.1 password='S3cret",
    "host=127.0.0.1 S3cret=1 password=S3cret",
};

START_TEST(what_libpq_would_quote_is_refused_unquoted)
{
    struct fault fault = {0};
    ck_assert_msg(!login_check(STRAY[_i], &fault), "%s", STRAY[_i]);
    ck_assert_int_eq(fault.reaction, FAULT_FATAL);
    ck_assert_msg(strstr(fault.text, "cret") == NULL, "%s", fault.text);
}
END_TEST

START_TEST(no_server_is_worth_another_try_and_no_service_is_not)
{
    struct fault fault = {0};
    PGconn *connection = PQconnectdb("host=127.0.0.1 port=1 dbname=assay password=S3cret");
    ck_assert(!login_failed(connection, &fault));
    ck_assert_int_eq(fault.reaction, FAULT_RETRY);
    PQfinish(connection);
    connection = PQconnectdb("service=there-is-none password=S3cret");
    ck_assert(!login_failed(connection, &fault));
    ck_assert_int_eq(fault.reaction, FAULT_FATAL);
    ck_assert(strstr(fault.text, "PGSERVICEFILE") != NULL && strchr(fault.text, '\n') == NULL);
    PQfinish(connection);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store/login");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, what_libpq_takes_passes, 0, sizeof UNDERSTOOD / sizeof UNDERSTOOD[0]);
    tcase_add_loop_test(all, what_libpq_would_quote_is_refused_unquoted, 0,
                        sizeof STRAY / sizeof STRAY[0]);
    tcase_add_test(all, no_server_is_worth_another_try_and_no_service_is_not);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
