#include "tests/unit/producers/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct imported read_one(struct import import, const char *path)
{
    return imported_run(&import, &xccdf_format, &path, 1);
}

static struct imported read_fixture(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", FIXTURES, name);
    const char *paths[] = {path};
    struct import import = imported_import();
    return imported_run(&import, &xccdf_format, paths, 1);
}

/* The number of the first event with that text at `path`; fails the test where there is none. */
static size_t find(const struct imported *imported, const char *path, const char *text)
{
    for (size_t i = 0; i < json_array_size(imported->events); i++)
        if (strcmp(imported_text(imported, i, path), text) == 0)
            return i;
    ck_abort_msg("no event with %s %s", path, text);
}

static size_t count(const struct imported *imported, const char *path, const char *text)
{
    size_t found = 0;
    for (size_t i = 0; i < json_array_size(imported->events); i++)
        found += strcmp(imported_text(imported, i, path), text) == 0;
    return found;
}

#define CHECK   "controlTestResult.check"
#define RESULT  "controlTestResult.result"
#define SUBJECT "controlTestResult.subject"

START_TEST(the_real_scan)
{
    struct imported imported = read_one(imported_import(), REAL_SCAN);
    ck_assert_uint_eq(imported.refused, 0);
    ck_assert_uint_eq(json_array_size(imported.events), 44);
    ck_assert_uint_eq(count(&imported, RESULT, "RESULT_PASS"), 17);
    ck_assert_uint_eq(count(&imported, RESULT, "RESULT_FAIL"), 1);
    ck_assert_uint_eq(count(&imported, RESULT, "RESULT_NOT_APPLICABLE"), 26);
    ck_assert_contains(imported.errors, "notselected 311");
    ck_assert_uint_eq(
        count(&imported, "source", "xccdf_org.ssgproject.content_benchmark_DEBIAN-11"), 44);
    ck_assert_uint_eq(count(&imported, "occurredAt", "2026-11-23T03:56:29Z"), 44);
    ck_assert_uint_eq(count(&imported, SUBJECT, "host-01.example.net"), 44);
    ck_assert_uint_eq(count(&imported, "controlTestResult.service", "mail"), 44);
    ck_assert_uint_eq(count(&imported, "controlTestResult.environment", "gcc"), 44);
    ck_assert_uint_eq(count(&imported, "controlTestResult.tool.name", "OpenSCAP"), 44);
    ck_assert_uint_eq(count(&imported, "controlTestResult.tool.version", "1.3.7"), 44);
    size_t tmp = find(&imported, CHECK, "partition_for_tmp");
    ck_assert_str_eq(imported_text(&imported, tmp, "controlTestResult.summary"),
                     "Ensure /tmp Located On Separate Partition");
    ck_assert_str_eq(imported_text(&imported, tmp, "controlTestResult.evidence.uri"),
                     "openscap-debian.xccdf.xml.gz");
    ck_assert_str_eq(imported_text(&imported, tmp, "controlTestResult.evidence.mediaType"),
                     "application/gzip");
    ck_assert_str_eq(imported_text(&imported, tmp, "controlTestResult.evidence.sha256"),
                     "+Y1vnG+z2s0OezxSo9Up5C5CHP2R6IqBlcruezew03I=");

    struct imported again = read_one(imported_import(), REAL_SCAN);
    ck_assert(json_equal(imported.events, again.events)); /* the ids are the content's */
}
END_TEST

START_TEST(all_nine_results_and_nothing_else)
{
    static const struct {
        const char *check, *result;
    } expected[] = {
        {"r-pass", "RESULT_PASS"},
        {"r-fixed", "RESULT_PASS"},
        {"r-fail", "RESULT_FAIL"},
        {"r-error", "RESULT_ERROR"},
        {"r-unknown", "RESULT_UNKNOWN"},
        {"r-notchecked", "RESULT_NOT_CHECKED"},
        {"r-notapplicable", "RESULT_NOT_APPLICABLE"},
        {"r-informational", "RESULT_INFO"},
    };
    enum { EXPECTED = sizeof expected / sizeof expected[0] };
    struct imported imported = read_fixture("nine-results.xml");
    ck_assert_uint_eq(json_array_size(imported.events), EXPECTED);
    for (size_t i = 0; i < EXPECTED; i++)
        ck_assert_str_eq(
            imported_text(&imported, find(&imported, CHECK, expected[i].check), RESULT),
            expected[i].result);
    ck_assert_contains(imported.errors, "notselected 1");
    ck_assert_uint_eq(imported.refused, 4);
    ck_assert_contains(imported.errors, "nine-results.xml:13: rule-result r-invented: \"passed\"");
    ck_assert_contains(imported.errors, "nine-results.xml:14: rule-result r-empty: \"\"");
    ck_assert_contains(imported.errors, "nine-results.xml:15: rule-result r-none: \"\"");
    ck_assert_contains(imported.errors, "nine-results.xml:16: control_test_result.check");
}
END_TEST

START_TEST(instances_are_subjects_of_their_own)
{
    struct imported imported = read_fixture("instances.xml");
    ck_assert_uint_eq(imported.refused, 0);
    ck_assert_uint_eq(json_array_size(imported.events), 5);
    size_t tmp = find(&imported, SUBJECT, "host-01 [filesystem=/tmp]");
    ck_assert_str_eq(imported_text(&imported, tmp, RESULT), "RESULT_PASS");
    ck_assert_str_eq(imported_text(&imported, tmp, "controlTestResult.summary"),
                     "Mount /tmp & its like <noexec>");
    ck_assert_str_eq(imported_text(&imported, tmp, "occurredAt"), "2026-11-20T08:00:00Z");
    ck_assert_str_eq(imported_text(&imported, tmp, "controlTestResult.tool.name"), "scanner");
    ck_assert_str_eq(imported_text(&imported, tmp, "controlTestResult.tool.version"), "5.4");
    size_t var = find(&imported, SUBJECT, "host-01 [filesystem=/var/tmp, second]");
    ck_assert_str_eq(imported_text(&imported, var, RESULT), "RESULT_FAIL");
    ck_assert_str_eq(imported_text(&imported, var, "controlTestResult.summary"),
                     "Mount /tmp & its like <noexec>: noexec is missing");
    /* The second TestResult of the file stands for itself. */
    size_t other = find(&imported, SUBJECT, "host-02");
    ck_assert_str_eq(imported_text(&imported, other, "source"),
                     "xccdf_org.example_benchmark_OTHER");
    ck_assert_str_eq(imported_text(&imported, other, "occurredAt"), "2026-11-21T10:00:00.123456Z");
    ck_assert_str_eq(imported_text(&imported, other, "controlTestResult.tool.name"), "Made-Up");
}
END_TEST

START_TEST(a_report_collection_is_read_through)
{
    struct imported imported = read_fixture("arf.xml");
    ck_assert_uint_eq(json_array_size(imported.events), 1);
    ck_assert_str_eq(imported_text(&imported, 0, "source"), "xccdf_org.example_benchmark_ARF");
    ck_assert_str_eq(imported_text(&imported, 0, CHECK), "login");
    ck_assert_str_eq(imported_text(&imported, 0, "controlTestResult.summary"),
                     "Log in with a key: no answer");
}
END_TEST

START_TEST(times_without_zone_need_a_word)
{
    struct imported imported = read_fixture("no-zone.xml");
    ck_assert_uint_eq(json_array_size(imported.events), 0);
    ck_assert_uint_eq(imported.refused, 1);
    ck_assert_contains(imported.errors, "no-zone.xml:1: TestResult: its end-time "
                                        "\"2026-11-20T10:00:00\" has no zone");
    ck_assert_contains(imported.errors, "--observed-at");

    struct import import = imported_import();
    import.has_observed_at = instant_parse("2026-11-20T09:00:00Z", &import.observed_at, NULL);
    imported = read_one(import, FIXTURES "/no-zone.xml");
    ck_assert_uint_eq(json_array_size(imported.events), 1);
    ck_assert_str_eq(imported_text(&imported, 0, "occurredAt"), "2026-11-20T09:00:00Z");

    imported = read_one(import, FIXTURES "/instances.xml"); /* one instant for two scans */
    ck_assert_uint_eq(imported.refused, 2);
    ck_assert_uint_eq(json_array_size(imported.events), 0);
}
END_TEST

START_TEST(flags_stand_in_for_what_a_file_says)
{
    struct import import = imported_import();
    import.source = "scanner/nightly";
    import.actor = "J. Doe";
    import.subject = "mail-01";
    struct imported imported = read_one(import, FIXTURES "/arf.xml");
    ck_assert_str_eq(imported_text(&imported, 0, "source"), "scanner/nightly");
    ck_assert_str_eq(imported_text(&imported, 0, "actor"), "J. Doe");
    ck_assert_str_eq(imported_text(&imported, 0, SUBJECT), "mail-01");
}
END_TEST

static void expect_refused(const struct imported *imported, const char *reason)
{
    ck_assert_uint_eq(json_array_size(imported->events), 0);
    ck_assert_uint_eq(imported->refused, 1);
    ck_assert_contains(imported->errors, reason);
    ck_assert_lacks(imported->errors, "must not be read");
}

START_TEST(entities_are_refused_before_they_act)
{
    struct imported imported = read_fixture("external-entity.xml");
    expect_refused(&imported, "DOCTYPE");
    imported = read_fixture("entity-bomb.xml");
    expect_refused(&imported, "DOCTYPE");

    /* Parameter entities unfold while the declaration itself is read: 30 to the 8th comments. */
    char bomb[8192];
    size_t size = (size_t)snprintf(bomb, sizeof bomb,
                                   "<!DOCTYPE T [<!ENTITY %% a0 \"<!-- aaaaaaaaaaaa -->\">");
    for (int i = 1; i < 9; i++) {
        size += (size_t)snprintf(bomb + size, sizeof bomb - size, "<!ENTITY %% a%d \"", i);
        for (int j = 0; j < 30; j++)
            size += (size_t)snprintf(bomb + size, sizeof bomb - size, "&#37;a%d;", i - 1);
        size += (size_t)snprintf(bomb + size, sizeof bomb - size, "\">");
    }
    snprintf(bomb + size, sizeof bomb - size, "%%a8;]><T/>");
    imported = read_one(imported_import(), file_with_text(bomb));
    expect_refused(&imported, "DOCTYPE");
}
END_TEST

START_TEST(what_is_no_scan_is_refused)
{
    static const struct {
        const char *text, *reason;
    } bad[] = {
        {"", "line 1: "},
        {"no XML", "line 1: "},
        {"<CHECKLIST/>", "its root is <CHECKLIST>"},
        {"<TestResult xmlns='http://checklists.nist.gov/xccdf/1.0'/>", "its root is <TestResult>"},
        {"<Benchmark xmlns='http://checklists.nist.gov/xccdf/1.2' id='b'/>", "no TestResult"},
        {"<T xmlns='http://checklists.nist.gov/xccdf/1.2'>\n<TestResult\n", "line 3: "},
        {"<TestResult xmlns='http://checklists.nist.gov/xccdf/1.2' end-time='2026-11-20T10:00:00Z'>"
         "<benchmark id='b'/></TestResult>",
         "--subject"},
        {"<TestResult xmlns='http://checklists.nist.gov/xccdf/1.2' end-time='2026-11-20T10:00:00Z'>"
         "<target>t</target></TestResult>",
         "--source"},
        {"<TestResult xmlns='http://checklists.nist.gov/xccdf/1.2'>"
         "<benchmark id='b'/><target>t</target></TestResult>",
         "no end-time"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct imported imported = read_one(imported_import(), file_with_text(bad[i].text));
        expect_refused(&imported, bad[i].reason);
    }
    char deep[300 * 4 + 1] = "";
    for (size_t i = 0; i < 300; i++)
        memcpy(deep + 4 * i, "<a>\n", 5);
    struct imported imported = read_one(imported_import(), file_with_text(deep));
    expect_refused(&imported, "line 257: ");
}
END_TEST

START_TEST(a_file_that_is_cut_off_sends_nothing)
{
    char bytes[100 * 1024];
    FILE *scan = fopen(REAL_SCAN, "re");
    ck_assert_ptr_nonnull(scan);
    ck_assert_uint_eq(fread(bytes, 1, sizeof bytes, scan), sizeof bytes);
    fclose(scan);
    struct imported imported = read_one(imported_import(), file_with(bytes, sizeof bytes));
    ck_assert_uint_eq(json_array_size(imported.events), 0);
    ck_assert(imported.unreadable);
    ck_assert_contains(imported.errors, "cut off");
    bytes[50000] = (char)~bytes[50000];
    bytes[50001] = (char)~bytes[50001];
    imported = read_one(imported_import(), file_with(bytes, sizeof bytes));
    ck_assert_uint_eq(json_array_size(imported.events), 0);
    ck_assert(imported.unreadable || imported.refused == 1);
}
END_TEST

/* Imports `name` with mappings into the governance of `import`. */
static struct imported map(struct import *import, const char *path)
{
    import->with_mappings = true;
    if (import->governance == NULL)
        import->governance = keep(governance_new());
    return imported_run(import, &xccdf_format, &path, 1);
}

START_TEST(mappings_of_the_real_scan)
{
    static const struct {
        enum import_required required;
        size_t count;
    } cases[] = {{IMPORT_REQUIRED_NONE, 0}, {IMPORT_REQUIRED_RAN, 15}, {IMPORT_REQUIRED_ALL, 172}};
    for (size_t i = 0; i < 3; i++) {
        struct import import = imported_import();
        import.required = cases[i].required;
        struct imported imported = map(&import, REAL_SCAN);
        size_t mappings = 0, required = 0;
        for (size_t j = 0; j < json_array_size(imported.events); j++) {
            json_t *mapping = json_object_get(json_array_get(imported.events, j), "checkMapping");
            mappings += mapping != NULL;
            required += json_is_true(json_object_get(mapping, "required"));
        }
        ck_assert_uint_eq(mappings, 172);
        ck_assert_uint_eq(required, cases[i].count);
        ck_assert_contains(imported.errors, "\"Clause 7.4\"");
        ck_assert_contains(imported.errors, "\"Clause 16.1.2\"");
        ck_assert_contains(imported.errors, "2 references excluded");
        ck_assert_contains(imported.errors, "172 sent, 0 unchanged, 0 left");

        struct imported again = map(&import, REAL_SCAN);
        ck_assert_uint_eq(json_array_size(again.events), 44);
        ck_assert_contains(again.errors, "0 sent, 172 unchanged, 0 left");
    }
}
END_TEST

START_TEST(mappings_say_what_the_rules_say)
{
    struct import import = imported_import();
    struct imported imported = map(&import, FIXTURES "/instances.xml");
    ck_assert_uint_eq(json_array_size(imported.events), 7); /* a clause alone maps nothing */
    size_t i = find(&imported, "checkMapping.check", "mount_noexec");
    json_t *expected = keep(
        json_pack("{s:s, s:s, s:[{s:s, s:s}, {s:s, s:s}], s:[{s:s, s:s}], s:b}", "check",
                  "mount_noexec", "title", "Mount /tmp & its like <noexec>", "controls", "standard",
                  "iso-27001-2013", "control", "A.12.5.1", "standard", "iso-27001-2013", "control",
                  "A.12.6.2", "appliesTo", "service", "mail", "environment", "gcc", "required", 1));
    json_t *mapping = json_object_get(json_array_get(imported.events, i), "checkMapping");
    char *difference = keep(json_dumps(mapping, 0));
    ck_assert_msg(json_equal(mapping, expected), "%s", difference);
    ck_assert_str_eq(imported_text(&imported, i, "source"), "xccdf_org.example_benchmark_MADE-UP");
    ck_assert_str_eq(imported_text(&imported, i, "occurredAt"), "2026-11-21T10:00:00.123456Z");
    i = find(&imported, "checkMapping.check", "untitled");
    ck_assert_str_eq(imported_text(&imported, i, "checkMapping.title"), "untitled");
    ck_assert_contains(imported.errors, "\"Clause 7.4\" is no control id: excluded (2×)");
}
END_TEST

START_TEST(a_mapping_grows_from_import_to_import)
{
    struct import import = imported_import();
    map(&import, FIXTURES "/arf.xml");
    import.environment = "dod";
    struct imported second = map(&import, FIXTURES "/arf.xml");
    ck_assert_contains(second.errors, "1 sent, 0 unchanged");
    ck_assert_uint_eq(json_array_size(second.events), 2);
    /* 1 µs past the version it replaces, since the scan ended no later. */
    ck_assert_str_eq(imported_text(&second, 1, "occurredAt"), "2026-11-20T10:00:00.000001Z");
    const json_t *mapping = json_object_get(json_array_get(second.events, 1), "checkMapping");
    const json_t *places = json_object_get(mapping, "appliesTo");
    ck_assert_uint_eq(json_array_size(places), 2);
    ck_assert_contains(map(&import, FIXTURES "/arf.xml").errors, "0 sent, 1 unchanged");
    import.environment = "gcc";
    ck_assert_contains(map(&import, FIXTURES "/arf.xml").errors, "0 sent, 1 unchanged");

    import.source = "another/scanner";
    struct imported other = map(&import, FIXTURES "/arf.xml");
    ck_assert_contains(other.errors, "0 sent, 0 unchanged, 1 left");
    ck_assert_contains(other.errors, "the mapping of check login stays as "
                                     "xccdf_org.example_benchmark_ARF has it");
    ck_assert_uint_eq(json_array_size(other.events), 1);
}
END_TEST

START_TEST(a_mapping_that_was_retracted_is_said_anew)
{
    static const uint8_t digest[32];
    struct import import = imported_import();
    struct imported first = map(&import, FIXTURES "/arf.xml");
    char id[64];
    snprintf(id, sizeof id, "%s", imported_text(&first, 1, "id"));

    Assay__V1__Retraction body = ASSAY__V1__RETRACTION__INIT;
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    body.event_id = id;
    event.body_case = ASSAY__V1__EVENT__BODY_RETRACTION;
    event.retraction = &body;
    governance_take(import.governance, &event, digest);

    struct imported second = map(&import, FIXTURES "/arf.xml");
    ck_assert_contains(second.errors, "1 sent, 0 unchanged");
    ck_assert_str_ne(imported_text(&second, 1, "id"), id); /* that id is without effect for ever */
    ck_assert_str_eq(imported_text(&second, 1, "occurredAt"), "2026-11-20T10:00:00.000001Z");
    ck_assert_contains(map(&import, FIXTURES "/arf.xml").errors, "0 sent, 1 unchanged");
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"real", the_real_scan},
        {"nine", all_nine_results_and_nothing_else},
        {"instances", instances_are_subjects_of_their_own},
        {"arf", a_report_collection_is_read_through},
        {"zone", times_without_zone_need_a_word},
        {"flags", flags_stand_in_for_what_a_file_says},
        {"entities", entities_are_refused_before_they_act},
        {"no scan", what_is_no_scan_is_refused},
        {"cut off", a_file_that_is_cut_off_sends_nothing},
        {"mappings", mappings_of_the_real_scan},
        {"mapping", mappings_say_what_the_rules_say},
        {"grows", a_mapping_grows_from_import_to_import},
        {"anew", a_mapping_that_was_retracted_is_said_anew},
    };
    return RUN_TESTS("xccdf", tests);
}
