#include "proto/json.h"

#include "proto/limits.h"
#include "tests/unit/proto/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_written(const Assay__V1__Event *event, const char *expected)
{
    char *line = json_write_event(event);
    ck_assert_str_eq(line, expected);
    free(line);
}

/* --- what JSON allows besides --- */

static const struct {
    const char *read;
    const char *written;
} same[] = {
    {"{}", "{}"},
    {"{\"sequence\":42}", "{\"sequence\":\"42\"}"},
    {"{\"sequence\":\"42\"}", "{\"sequence\":\"42\"}"},
    {"{\"sequence\":4.2e1}", "{\"sequence\":\"42\"}"},
    {"{\"sequence\":\"18446744073709551615\"}", "{\"sequence\":\"18446744073709551615\"}"},
    {"{\"sequence\":0}", "{}"},
    {"{\"sequence\":null,\"actor\":null,\"occurredAt\":null,\"audit\":null}", "{}"},
    {"{\"occurred_at\":\"2026-11-23T03:56:40+01:00\"}",
     "{\"occurredAt\":\"2026-11-23T02:56:40Z\"}"},
    {"{\"occurredAt\":\"2026-11-23T03:56:40.000000001Z\"}",
     "{\"occurredAt\":\"2026-11-23T03:56:40.000000001Z\"}"},
    {"{\"control_test_result\":{\"result\":2,\"sample_size\":\"0\"}}",
     "{\"controlTestResult\":{\"result\":\"RESULT_FAIL\",\"sampleSize\":\"0\"}}"},
    {"{\"controlTestResult\":{\"result\":\"RESULT_UNSPECIFIED\"}}", "{\"controlTestResult\":{}}"},
    {"{\"controlTestResult\":{\"evidence\":{\"sha256\":\"+/+/\"}}}",
     "{\"controlTestResult\":{\"evidence\":{\"sha256\":\"+/+/\"}}}"},
    {"{\"controlTestResult\":{\"evidence\":{\"sha256\":\"-_-_\"}}}",
     "{\"controlTestResult\":{\"evidence\":{\"sha256\":\"+/+/\"}}}"},
    {"{\"controlTestResult\":{\"evidence\":{\"sha256\":\"AA\"}}}",
     "{\"controlTestResult\":{\"evidence\":{\"sha256\":\"AA==\"}}}"},
    {"{\"controlTestResult\":{\"evidence\":{\"sha256\":\"\"}}}",
     "{\"controlTestResult\":{\"evidence\":{}}}"},
    {"{\"serviceOnboarding\":{\"position\":\"-7\"}}", "{\"serviceOnboarding\":{\"position\":-7}}"},
    {"{\"serviceOnboarding\":{\"formerTitles\":[\"a\",\"\"]}}",
     "{\"serviceOnboarding\":{\"formerTitles\":[\"a\",\"\"]}}"},
    {"{\"serviceOnboarding\":{\"formerTitles\":[]}}", "{\"serviceOnboarding\":{}}"},
    {"{\"checkMapping\":{\"ttl\":\"1.5s\"}}", "{\"checkMapping\":{\"ttl\":\"1.500s\"}}"},
    {"{\"checkMapping\":{\"ttl\":\"-0.000001s\"}}", "{\"checkMapping\":{\"ttl\":\"-0.000001s\"}}"},
    {"{\"checkMapping\":{\"required\":true}}", "{\"checkMapping\":{\"required\":true}}"},
    {"{\"checkMapping\":{\"required\":false}}", "{\"checkMapping\":{}}"},
    {"{\"managementRecord\":{\"value\":0.1,\"target\":1}}",
     "{\"managementRecord\":{\"value\":0.1,\"target\":1.0}}"},
    {"{\"managementRecord\":{\"value\":\"1e3\",\"target\":0.30000000000000004}}",
     "{\"managementRecord\":{\"value\":1000.0,\"target\":0.30000000000000004}}"},
    {"{\"managementRecord\":{\"value\":\"NaN\",\"target\":\"-Infinity\"}}",
     "{\"managementRecord\":{\"value\":\"NaN\",\"target\":\"-Infinity\"}}"},
    {"{\"actor\":\"\\u00e9\\ud834\\udd1e \\\"\\\\\\n\"}", "{\"actor\":\"é𝄞 \\\"\\\\\\n\"}"},
    {" { \"actor\" : \"x\" } \r\n", "{\"actor\":\"x\"}"},
};

START_TEST(what_is_read_is_written_in_one_form)
{
    struct fault why;
    Assay__V1__Event *event =
        json_read_event(same[_i].read, strlen(same[_i].read), test_arena, &why);
    ck_assert_msg(event != NULL, "%s: %s", same[_i].read, why.text);
    assert_written(event, same[_i].written);
}
END_TEST

/* --- what is refused --- */

static const struct {
    const char *line;
    const char *reason;
} bad[] = {
    {"{\"sourc\":\"x\"}", "event: Event has no field \"sourc\""},
    {"{\"occurred_At\":\"2026-11-23T03:56:40Z\"}", "event: Event has no field \"occurred_At\""},
    {"{\"controlTestResult\":{\"tool\":{\"nam\":1}}}",
     "controlTestResult.tool: Tool has no field \"nam\""},
    {"{\"source\":\"x\",\"source\":\"y\"}",
     "event: no JSON at column 22: duplicate object key near '\"source\"'"},
    {"{\"occurredAt\":null,\"occurred_at\":\"2026-11-23T03:56:40Z\"}",
     "event: \"occurred_at\" stands twice, in two spellings"},
    {"{\"audit\":{},\"finding\":{}}", "finding: a second one where only one may stand"},
    {"{\"source\":7}", "source: must be text, is a number"},
    {"{\"source\":[\"x\"]}", "source: must be text, is a list"},
    {"{\"audit\":[]}", "audit: must be an object, is a list"},
    {"{\"audit\":{\"team\":\"x\"}}", "audit.team: must be a list, is text"},
    {"{\"audit\":{\"team\":[\"x\",null]}}", "audit.team[1]: must be text, is null"},
    {"{\"audit\":{\"samples\":[{},{\"control\":true}]}}",
     "audit.samples[1].control: must be text, is true or false"},
    {"{\"sequence\":-1}", "sequence: must not be negative"},
    {"{\"sequence\":1.5}", "sequence: must be a whole number"},
    {"{\"sequence\":1e30}", "sequence: must be a whole number"},
    {"{\"sequence\":-2.0}", "sequence: must not be negative"},
    {"{\"sequence\":\"1.0\"}", "sequence: must be a whole number of at most 64 bits"},
    {"{\"sequence\":\" 1\"}", "sequence: must be a whole number of at most 64 bits"},
    {"{\"sequence\":\"+1\"}", "sequence: must be a whole number of at most 64 bits"},
    {"{\"sequence\":\"\"}", "sequence: must be a whole number of at most 64 bits"},
    {"{\"sequence\":\"18446744073709551616\"}",
     "sequence: must be a whole number of at most 64 bits"},
    {"{\"sequence\":true}", "sequence: must be a whole number, is true or false"},
    {"{\"serviceOnboarding\":{\"position\":2147483648}}",
     "serviceOnboarding.position: must be from -2147483648 to 2147483647"},
    {"{\"occurredAt\":\"2026-11-23T03:56:40\"}",
     "occurredAt: \"2026-11-23T03:56:40\" has no zone: end it in Z or +HH:MM"},
    {"{\"occurredAt\":\"yesterday\"}",
     "occurredAt: \"yesterday\" is no instant such as 2026-11-23T03:56:40Z"},
    {"{\"occurredAt\":1795406200}", "occurredAt: must be text, is a number"},
    {"{\"controlTestResult\":{\"result\":\"PASS\"}}",
     "controlTestResult.result: \"PASS\" is no value of Result, for example RESULT_PASS"},
    {"{\"controlTestResult\":{\"result\":9}}", "controlTestResult.result: 9 is no value of Result"},
    {"{\"controlTestResult\":{\"result\":true}}",
     "controlTestResult.result: must be the name of a value, is true or false"},
    {"{\"controlTestResult\":{\"evidence\":{\"sha256\":\"A\"}}}",
     "controlTestResult.evidence.sha256: not base64"},
    {"{\"controlTestResult\":{\"evidence\":{\"sha256\":\"AA=\"}}}",
     "controlTestResult.evidence.sha256: not base64"},
    {"{\"controlTestResult\":{\"evidence\":{\"sha256\":\"AA==AAAA\"}}}",
     "controlTestResult.evidence.sha256: not base64"},
    {"{\"controlTestResult\":{\"evidence\":{\"sha256\":\" AAA\"}}}",
     "controlTestResult.evidence.sha256: not base64"},
    {"{\"checkMapping\":{\"required\":\"true\"}}",
     "checkMapping.required: must be true or false, is text"},
    {"{\"checkMapping\":{\"ttl\":\"90d\"}}",
     "checkMapping.ttl: \"90d\" is no duration in seconds such as 1.5s"},
    {"{\"checkMapping\":{\"ttl\":\".5s\"}}",
     "checkMapping.ttl: \".5s\" is no duration in seconds such as 1.5s"},
    {"{\"checkMapping\":{\"ttl\":\"1.0000000001s\"}}",
     "checkMapping.ttl: \"1.0000000001s\" is no duration in seconds such as 1.5s"},
    {"{\"checkMapping\":{\"ttl\":\"315576000001s\"}}",
     "checkMapping.ttl: \"315576000001s\" is no duration in seconds such as 1.5s"},
    {"{\"managementRecord\":{\"value\":\"0x10\"}}", "managementRecord.value: must be a number"},
    {"{\"managementRecord\":{\"value\":\"\"}}", "managementRecord.value: must be a number"},
    {"{\"managementRecord\":{\"value\":\"1e999\"}}", "managementRecord.value: must be a number"},
    {"{\"actor\":\"\\u0000\"}", "event: NUL in text at column 17"},
    {"[]", "event: must be an object, is a list"},
};

START_TEST(what_is_wrong_is_named)
{
    struct fault why;
    Assay__V1__Event *event = json_read_event(bad[_i].line, strlen(bad[_i].line), test_arena, &why);
    ck_assert_msg(event == NULL, "%s", bad[_i].line);
    ck_assert_int_eq(why.reaction, FAULT_REJECT);
    ck_assert_str_eq(why.text, bad[_i].reason);
    ck_assert_uint_eq(arena_used(test_arena), 0);
}
END_TEST

static const char *const no_json[] = {
    "",
    " ",
    "{",
    "}",
    "{\"a\"}",
    "{\"actor\":\"x\"} x",
    "{\"actor\":\"\xC3(\"}",
    "nonsense",
    "7",
    "{'actor':'x'}",
    "{\"sequence\":99999999999999999999}",
    "{\"actor\":\"\\ud800\"}",
};

START_TEST(what_is_no_json_is_refused)
{
    struct fault why;
    ck_assert_ptr_null(json_read_event(no_json[_i], strlen(no_json[_i]), test_arena, &why));
    ck_assert_int_eq(why.reaction, FAULT_REJECT);
    ck_assert_ptr_nonnull(strstr(why.text, "event: no JSON at column "));
}
END_TEST

START_TEST(a_line_is_bounded_and_need_not_end_in_nul)
{
    struct fault why;
    ck_assert_ptr_nonnull(json_read_event("{}garbage", 2, test_arena, &why));
    char *line = malloc(LIMIT_JSON_BYTES + 1);
    memset(line, ' ', LIMIT_JSON_BYTES + 1);
    memcpy(line, "{}", 2);
    ck_assert_ptr_nonnull(json_read_event(line, LIMIT_JSON_BYTES, test_arena, &why));
    ck_assert_ptr_null(json_read_event(line, LIMIT_JSON_BYTES + 1, test_arena, &why));
    ck_assert_int_eq(why.reaction, FAULT_REJECT);
    memset(line, '[', LIMIT_JSON_BYTES);
    ck_assert_ptr_null(json_read_event(line, LIMIT_JSON_BYTES, test_arena, &why));
    ck_assert_int_eq(why.reaction, FAULT_REJECT);
    free(line);
}
END_TEST

START_TEST(a_full_arena_is_no_fault_of_the_line)
{
    while (arena_take_raw(test_arena, 64) != NULL)
        ;
    struct fault why;
    ck_assert_ptr_null(json_read_event("{\"actor\":\"x\"}", 13, test_arena, &why));
    ck_assert_int_eq(why.reaction, FAULT_RETRY);
}
END_TEST

START_TEST(rows_have_every_field)
{
    const Assay__V1__Event *event =
        event_from("{'controlTestResult':{'service':'s','result':'RESULT_NOT_CHECKED',"
                   "'sampleSize':'3','tool':{'name':'t'},'evidence':{'size':'9007199254740993'}}}");
    json_t *row = json_from_message(&event->control_test_result->base, true);
    char *text = json_dumps(row, JSON_COMPACT);
    ck_assert_str_eq(
        text,
        "{\"service\":\"s\",\"environment\":\"\",\"check\":\"\",\"subject\":\"\","
        "\"result\":\"NOT_CHECKED\",\"expires_at\":null,\"method\":\"UNSPECIFIED\","
        "\"tool\":{\"name\":\"t\",\"version\":\"\"},\"evidence\":{\"uri\":\"\",\"sha256\":\"\","
        "\"media_type\":\"\",\"size\":9007199254740993},\"summary\":\"\",\"observed_from\":null,"
        "\"population\":null,\"sample_size\":3,\"deviations\":null}");
    free(text);
    json_decref(row);

    event = event_from("{'occurredAt':'2026-11-23T00:00:00Z','programme':{'roles':[{'standard':"
                       "'s','role':'PROCESSING_ROLE_PROCESSOR'}]}}");
    row = json_from_message(&event->base, true);
    text = json_dumps(row, JSON_COMPACT);
    ck_assert_str_eq(text, "{\"id\":\"\",\"source\":\"\",\"sequence\":0,\"occurred_at\":"
                           "\"2026-11-23T00:00:00Z\",\"actor\":\"\",\"programme\":{\"programme\":"
                           "\"\",\"title\":\"\",\"organisation\":\"\",\"scope_statement\":null,"
                           "\"environments\":[],\"standards\":[],\"roles\":[{\"standard\":\"s\","
                           "\"role\":\"PROCESSOR\"}]}}");
    free(text);
    json_decref(row);
}
END_TEST

/* A refused event can be shown, whatever its times are. */
START_TEST(times_out_of_range_are_written_as_such)
{
    Assay__V1__Event *event =
        event_from("{'occurredAt':'2026-11-23T00:00:00Z','checkMapping':{'ttl':'1s'}}");
    event->occurred_at->seconds = INT64_MIN;
    event->occurred_at->nanos = -1;
    event->check_mapping->ttl->nanos = -5;
    assert_written(event, "{\"occurredAt\":\"out of range: -9223372036854775808 s, -1 ns\","
                          "\"checkMapping\":{\"ttl\":\"out of range: 1 s, -5 ns\"}}");
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"one form", what_is_read_is_written_in_one_form, COUNT(same)},
        {"refused", what_is_wrong_is_named, COUNT(bad)},
        {"no JSON", what_is_no_json_is_refused, COUNT(no_json)},
        {"bounds", a_line_is_bounded_and_need_not_end_in_nul, 0},
        {"full arena", a_full_arena_is_no_fault_of_the_line, 0},
        {"rows", rows_have_every_field, 0},
        {"out of range", times_out_of_range_are_written_as_such, 0},
    };
    return RUN_TESTS("json", tests);
}
