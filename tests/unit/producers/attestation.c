#include "tests/unit/producers/import.h"

#include <string.h>

#define HEADER "service,environment,check,subject,result,occurred_at,expires_at,method,summary\n"

static struct imported read_text(const char *text)
{
    struct import import = imported_import();
    const char *path = file_with_text(text);
    return imported_run(&import, &attestation_format, &path, 1);
}

START_TEST(rows_become_results)
{
    struct imported imported =
        read_text(HEADER "mail,gcc,policy_reviewed,,PASS,2026-11-20T10:00:00+01:00,"
                         "2027-11-20T00:00:00Z,EXAMINE,\"Reviewed, \"\"as is\"\"\"\n"
                         "mail,gcc,policy_reviewed,site-1,RESULT_NOT_APPLICABLE,"
                         "2026-11-20T10:00:00Z,,METHOD_INTERVIEW,\n");
    ck_assert_str_eq(imported.errors, "");
    ck_assert_uint_eq(json_array_size(imported.events), 2);
    ck_assert_str_eq(imported_text(&imported, 0, "source"), "import/csv");
    ck_assert_str_eq(imported_text(&imported, 0, "occurredAt"), "2026-11-20T09:00:00Z");
    ck_assert_str_eq(imported_text(&imported, 0, "controlTestResult.result"), "RESULT_PASS");
    ck_assert_str_eq(imported_text(&imported, 0, "controlTestResult.method"), "METHOD_EXAMINE");
    ck_assert_str_eq(imported_text(&imported, 0, "controlTestResult.subject"), "");
    ck_assert_str_eq(imported_text(&imported, 0, "controlTestResult.summary"),
                     "Reviewed, \"as is\"");
    ck_assert_str_eq(imported_text(&imported, 0, "controlTestResult.expiresAt"),
                     "2027-11-20T00:00:00Z");
    ck_assert_str_eq(imported_text(&imported, 1, "controlTestResult.result"),
                     "RESULT_NOT_APPLICABLE");
    ck_assert_str_eq(imported_text(&imported, 1, "controlTestResult.method"), "METHOD_INTERVIEW");
    ck_assert_str_eq(imported_text(&imported, 1, "controlTestResult.expiresAt"), "");
}
END_TEST

START_TEST(a_row_keeps_its_id_wherever_it_stands)
{
    struct imported before = read_text(HEADER "mail,gcc,c,,PASS,2026-11-20T10:00:00Z,,TEST,\n");
    struct imported after =
        read_text(HEADER "mail,gcc,other,,PASS,2026-11-20T10:00:00Z,,TEST,\r\n"
                         "mail,gcc,c,,RESULT_PASS,2026-11-20T11:00:00+01:00,,TEST,\r\n");
    ck_assert_uint_eq(strlen(imported_text(&before, 0, "id")), 36);
    ck_assert_str_eq(imported_text(&before, 0, "id"), imported_text(&after, 1, "id"));
    ck_assert_str_ne(imported_text(&before, 0, "id"), imported_text(&after, 0, "id"));
}
END_TEST

START_TEST(each_bad_row_is_named_by_line_and_column)
{
    static const struct {
        const char *row, *error;
    } bad[] = {
        {"no slug,gcc,c,,PASS,2026-11-20T10:00:00Z,,TEST,", "column service: "},
        {"mail,,c,,PASS,2026-11-20T10:00:00Z,,TEST,", "column environment: "},
        {"mail,gcc,*,,PASS,2026-11-20T10:00:00Z,,TEST,", "column check: "},
        {"mail,gcc,c,\"two\nlines\",PASS,2026-11-20T10:00:00Z,,TEST,", "column subject: "},
        {"mail,gcc,c,,pass,2026-11-20T10:00:00Z,,TEST,", "column result: \"pass\" is none of PASS"},
        {"mail,gcc,c,,UNSPECIFIED,2026-11-20T10:00:00Z,,TEST,", "column result: "},
        {"mail,gcc,c,,PASS,,,TEST,", "column occurred_at: "},
        {"mail,gcc,c,,PASS,2026-11-20T10:00:00,,TEST,",
         "column occurred_at: \"2026-11-20T10:00:00\""
         " has no zone"},
        {"mail,gcc,c,,PASS,20.11.2026,,TEST,", "column occurred_at: "},
        {"mail,gcc,c,,PASS,2026-11-20T10:00:00Z,soon,TEST,", "column expires_at: "},
        {"mail,gcc,c,,PASS,2026-11-20T10:00:00Z,,,", "column method: "},
        {"mail,gcc,c,,PASS,2026-11-20T10:00:00Z,,TEST,caf\xE9", "column summary: is not UTF-8"},
        {"mail,gcc,c,,PASS,2026-11-20T10:00:00Z,,TEST", "has 8 fields, not 9"},
        {"mail,gcc,c,,PASS,2026-11-20T10:00:00Z,,TEST,,", "has 10 fields, not 9"},
        {"mail,gcc,c,a\"b,PASS,2026-11-20T10:00:00Z,,TEST,", "column subject: a quote"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[1024];
        snprintf(text, sizeof text,
                 HEADER "mail,gcc,first,,PASS,2026-11-20T10:00:00Z,,TEST,\n%s\n"
                        "mail,gcc,last,,PASS,2026-11-20T10:00:00Z,,TEST,\n",
                 bad[i].row);
        struct imported imported = read_text(text);
        ck_assert_msg(imported.refused == 1, "%s: %s", bad[i].row, imported.errors);
        ck_assert_contains(imported.errors, bad[i].error);
        ck_assert_contains(imported.errors, ":3: ");
        ck_assert_uint_eq(json_array_size(imported.events), 2); /* its neighbours */
    }
}
END_TEST

START_TEST(another_header_is_refused)
{
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"", "no header"},
        {"service;environment;check\n", "separated by commas"},
        {"service,environment,check,subject,result,occurred_at,expires_at,method\n",
         "lacks the column \"summary\""},
        {"service,environment,check,subject,result,occurred_at,expires_at,method,summary,note\n",
         "\"note\""},
        {"environment,service,check,subject,result,occurred_at,expires_at,method,summary\n",
         "column 1 of the header is \"environment\", not \"service\""},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct imported imported = read_text(bad[i].text);
        ck_assert_uint_eq(imported.refused, 1);
        ck_assert_contains(imported.errors, bad[i].error);
        ck_assert_contains(imported.errors, ":1: ");
    }
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"results", rows_become_results},
        {"identity", a_row_keeps_its_id_wherever_it_stands},
        {"bad rows", each_bad_row_is_named_by_line_and_column},
        {"header", another_header_is_refused},
    };
    return RUN_TESTS("attestation", tests);
}
