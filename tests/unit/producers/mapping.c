/* mapping and governance: what is said of a check, and what counts of it. */
#include "producers/import/mapping.h"

#include "producers/import/governance.h"
#include "proto/json.h"
#include "tests/unit/producers/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena *arena;

/* For the eye, ' stands for " in the JSON. */
static Assay__V1__Event *event_from(const char *json)
{
    char text[2048];
    struct fault why;
    size_t size = strlen(json);
    ck_assert_uint_lt(size, sizeof text);
    for (size_t i = 0; i <= size; i++)
        text[i] = (char)(json[i] == '\'' ? '"' : json[i]);
    if (arena == NULL)
        arena = keep(arena_new(1));
    Assay__V1__Event *event = json_read_event(text, size, arena, &why);
    ck_assert_msg(event != NULL, "%s: %s", json, why.text);
    return event;
}

static const Assay__V1__CheckMapping *mapping_from(const char *fields)
{
    char json[2048];
    snprintf(json, sizeof json, "{'checkMapping': {'check': 'c', 'title': 'C'%s%s}}",
             *fields != '\0' ? ", " : "", fields);
    return event_from(json)->check_mapping;
}

static char a1[] = "A.1", a2[] = "A.2", a10[] = "A.10";
static char *const controls[] = {a2, a10, a1};

static struct mapping_wish wish_of(size_t control_count, bool required)
{
    return (struct mapping_wish){.check = "c",
                                 .title = "C, as the file has it",
                                 .standard = "s",
                                 .controls = controls,
                                 .control_count = control_count,
                                 .service = "mail",
                                 .environment = "gcc",
                                 .required = required};
}

/* The united mapping as JSON; NULL where nothing is added. */
static char *unite(const char *former, const struct mapping_wish *wish)
{
    Assay__V1__CheckMapping *united;
    if (!mapping_unite(former != NULL ? mapping_from(former) : NULL, wish, arena, &united))
        return NULL;
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    event.body_case = ASSAY__V1__EVENT__BODY_CHECK_MAPPING;
    event.check_mapping = united;
    return keep(json_write_event(&event));
}

START_TEST(a_first_mapping_says_what_the_file_says)
{
    struct mapping_wish wish = wish_of(3, true);
    arena = keep(arena_new(1));
    ck_assert_str_eq(unite(NULL, &wish),
                     "{\"checkMapping\":{\"check\":\"c\",\"title\":\"C, as the file has it\","
                     "\"controls\":[{\"standard\":\"s\",\"control\":\"A.1\"},"
                     "{\"standard\":\"s\",\"control\":\"A.10\"},"
                     "{\"standard\":\"s\",\"control\":\"A.2\"}],"
                     "\"appliesTo\":[{\"service\":\"mail\",\"environment\":\"gcc\"}],"
                     "\"required\":true}}");
}
END_TEST

#define S_A2  "'controls': [{'standard': 's', 'control': 'A.2'}], "
#define HERE  "'appliesTo': [{'service': 'mail', 'environment': 'gcc'}]"
#define THERE "'appliesTo': [{'service': 'zoo', 'environment': 'dod'}]"

START_TEST(only_what_adds_something_is_sent)
{
    static const struct {
        const char *former;
        size_t controls;
        bool required;
        const char *expected; /* part of the united mapping; NULL: nothing to send */
    } cases[] = {
        {S_A2 HERE, 1, false, NULL},
        {S_A2 HERE ", 'required': true", 1, false, NULL}, /* never less than before */
        {S_A2 HERE ", 'required': true", 1, true, NULL},
        {S_A2 HERE, 1, true, "\"required\":true"},
        {S_A2 HERE, 2, false, "\"control\":\"A.10\"},{\"standard\":\"s\",\"control\":\"A.2\""},
        {S_A2 THERE, 1, false,
         "[{\"service\":\"mail\",\"environment\":\"gcc\"},"
         "{\"service\":\"zoo\",\"environment\":\"dod\"}]"},
        /* Everywhere is everywhere already. */
        {"'controls': [{'standard': 's', 'control': 'A.2'}]", 1, false, NULL},
        {"'controls': [{'standard': 's', 'control': 'A.2'}]", 1, true, "}],\"required\":true"},
        {S_A2 "'appliesTo': [{'service': '*', 'environment': 'gcc'}]", 1, false, NULL},
        {S_A2 "'appliesTo': [{'service': 'mail', 'environment': '*'}]", 1, false, NULL},
        {S_A2 "'appliesTo': [{'service': '*', 'environment': 'dod'}]", 1, false,
         "[{\"service\":\"*\",\"environment\":\"dod\"},"
         "{\"service\":\"mail\",\"environment\":\"gcc\"}]"},
        /* The same control id of another standard is another control. */
        {"'controls': [{'standard': 't', 'control': 'A.2'}], " HERE, 1, false,
         "{\"standard\":\"s\",\"control\":\"A.2\"},{\"standard\":\"t\",\"control\":\"A.2\"}"},
        /* What the file does not speak of stays. */
        {S_A2 HERE ", 'ttl': '86400s'", 1, true, "\"ttl\":\"86400s\""},
    };
    arena = keep(arena_new(1));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mapping_wish wish = wish_of(cases[i].controls, cases[i].required);
        char *united = unite(cases[i].former, &wish);
        if (cases[i].expected == NULL)
            ck_assert_msg(united == NULL, "%s: %s", cases[i].former, united);
        else
            ck_assert_contains(united != NULL ? united : "nothing", cases[i].expected);
    }
}
END_TEST

static void take(struct governance *governance, int number, const char *at, uint64_t sequence,
                 const char *body)
{
    char json[1024];
    uint8_t digest[32] = {(uint8_t)number};
    snprintf(json, sizeof json,
             "{'id': '00000000-0000-5000-8000-%012d', 'source': 's%d', 'sequence': '%d', "
             "'occurredAt': '%s', %s}",
             number, number, (int)sequence, at, body);
    governance_take(governance, event_from(json), digest);
}

#define MAPPING "'checkMapping': {'check': 'c', 'title': 'C'}"
#define RETRACTION(number)                                                                         \
    "'retraction': {'eventId': '00000000-0000-5000-8000-00000000000" #number "'}"

static const char *source_of(const struct governance *governance, const char *check)
{
    const Assay__V1__Event *event = governance_mapping(governance, check);
    return event != NULL ? event->source : "none";
}

START_TEST(the_greatest_version_counts)
{
    struct governance *governance = governance_new();
    ck_assert_str_eq(source_of(governance, "c"), "none");
    take(governance, 2, "2026-11-02T00:00:00Z", 0, MAPPING);
    take(governance, 1, "2026-11-01T00:00:00Z", 9, MAPPING);
    ck_assert_str_eq(source_of(governance, "c"), "s2");
    take(governance, 4, "2026-11-02T00:00:00Z", 1, MAPPING);
    take(governance, 3, "2026-11-02T00:00:00Z", 1, MAPPING);
    ck_assert_str_eq(source_of(governance, "c"), "s4"); /* by sequence, then by id */
    take(governance, 5, "2027-01-01T00:00:00Z", 0, MAPPING);
    ck_assert_str_eq(source_of(governance, "c"), "s5"); /* dated ahead */
    ck_assert_str_eq(source_of(governance, "other"), "none");
    take(governance, 6, "2028-01-01T00:00:00Z", 0,
         "'programme': {'programme': 'c', 'title': 'no mapping'}");
    ck_assert_str_eq(source_of(governance, "c"), "s5");
    governance_free(governance);
}
END_TEST

START_TEST(what_is_retracted_was_never_said)
{
    struct governance *governance = governance_new();
    take(governance, 7, "2026-01-01T00:00:00Z", 0, RETRACTION(2)); /* before its event */
    take(governance, 1, "2026-11-01T00:00:00Z", 0, MAPPING);
    take(governance, 2, "2026-11-02T00:00:00Z", 0, MAPPING);
    ck_assert_str_eq(source_of(governance, "c"), "s1");
    ck_assert(governance_retracted(governance, "00000000-0000-5000-8000-000000000002"));
    /* One that names a service reaches facts of that service, which a mapping is not. */
    take(governance, 8, "2026-12-01T00:00:00Z", 0,
         "'retraction': {'eventId': '00000000-0000-5000-8000-000000000001', 'service': 'mail'}");
    ck_assert_str_eq(source_of(governance, "c"), "s1");
    take(governance, 9, "2026-12-01T00:00:00Z", 0, RETRACTION(1));
    ck_assert_str_eq(source_of(governance, "c"), "none");
    /* A retraction is never retracted. */
    take(governance, 3, "2026-12-01T00:00:00Z", 0, RETRACTION(9));
    ck_assert_str_eq(source_of(governance, "c"), "none");
    governance_free(governance);
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"first", a_first_mapping_says_what_the_file_says},
        {"adds", only_what_adds_something_is_sent},
        {"greatest", the_greatest_version_counts},
        {"retracted", what_is_retracted_was_never_said},
    };
    return RUN_TESTS("mapping", tests);
}
