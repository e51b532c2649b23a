/* What the catalogue holds: the right ids in the right number, and the events made of them. */
#include "producers/catalog/shelf.h"
#include "producers/catalog/standard_event.h"
#include "proto/limits.h"
#include "proto/record.h"
#include "proto/validate.h"
#include "tests/unit/proto/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EDITIONS = 7, CROSSWALKS = 4, TITLE_BYTES = 80 };

static struct shelf *shelf(void)
{
    static struct shelf *read; /* each test is a process of its own */
    struct fault why = {0};
    if (read == NULL)
        read = shelf_read(embedded_files, embedded_file_count, &why);
    ck_assert_msg(read != NULL, "%s", why.text);
    ck_assert_uint_eq(read->edition_count, EDITIONS);
    ck_assert_uint_eq(read->crosswalk_count, CROSSWALKS);
    return read;
}

static const struct edition *edition(const char *standard)
{
    const struct edition *found = shelf_edition(shelf(), standard);
    ck_assert_msg(found != NULL, "%s is not there", standard);
    return found;
}

/* "PREFIX FIRST-LAST" items: PREFIX.FIRST … PREFIX.LAST, in that order and nothing else. Clauses
 * are listed whole. */
static const struct {
    const char *standard;
    const char *clauses;
    const char *controls;
} contents[EDITIONS] = {
    {"iso-27001-2013", "4 1-4,5 1-3,6.1 1-3,6 2-2,7 1-4,7.5 1-3,8 1-3,9 1-3,10 1-2",
     "A.5.1 1-2,A.6.1 1-5,A.6.2 1-2,A.7.1 1-2,A.7.2 1-3,A.7.3 1-1,A.8.1 1-4,A.8.2 1-3,A.8.3 1-3,"
     "A.9.1 1-2,A.9.2 1-6,A.9.3 1-1,A.9.4 1-5,A.10.1 1-2,A.11.1 1-6,A.11.2 1-9,A.12.1 1-4,"
     "A.12.2 1-1,A.12.3 1-1,A.12.4 1-4,A.12.5 1-1,A.12.6 1-2,A.12.7 1-1,A.13.1 1-3,A.13.2 1-4,"
     "A.14.1 1-3,A.14.2 1-9,A.14.3 1-1,A.15.1 1-3,A.15.2 1-2,A.16.1 1-7,A.17.1 1-3,A.17.2 1-1,"
     "A.18.1 1-5,A.18.2 1-3"},
    {"iso-27001-2022", "4 1-4,5 1-3,6.1 1-3,6 2-3,7 1-4,7.5 1-3,8 1-3,9 1-1,9.2 1-2,9.3 1-3,10 1-2",
     "A.5 1-37,A.6 1-8,A.7 1-14,A.8 1-34"},
    {"iso-27017-2015", "",
     "CLD.6.3 1-1,CLD.8.1 5-5,CLD.9.5 1-2,CLD.12.1 5-5,CLD.12.4 5-5,CLD.13.1 4-4"},
    {"iso-27018-2019", "", "A.2 1-1,A.3 1-2,A.5 1-1,A.6 1-2,A.8 1-1,A.10 1-3,A.11 1-13,A.12 1-2"},
    {"iso-27018-2025", "", "A.2 1-1,A.3 1-2,A.5 1-1,A.6 1-2,A.8 1-1,A.10 1-3,A.11 1-13,A.12 1-2"},
    {"iso-27701-2019", "5 1-1,5.2 1-4,5.3 1-3,5.4.1 1-3,5.4 2-2,5.5 1-5,5.6 1-3,5.7 1-3,5.8 1-2",
     "A.7.2 1-8,A.7.3 1-10,A.7.4 1-9,A.7.5 1-4,B.8.2 1-6,B.8.3 1-1,B.8.4 1-3,B.8.5 1-8"},
    {"iso-27701-2025", "4 1-4,5 1-3,6.1 1-3,6 2-3,7 1-4,7.5 1-3,8 1-3,9 1-1,9.2 1-2,9.3 1-3,10 1-2",
     "A.1.2 2-9,A.1.3 2-11,A.1.4 2-10,A.1.5 2-5,A.2.2 2-7,A.2.3 2-2,A.2.4 2-4,A.2.5 2-9,A.3 3-31"},
};

/* Compares the controls of one kind with such items; returns how many there are. */
static size_t compare(const struct edition *said, Assay__V1__ControlKind kind, const char *items)
{
    size_t at = 0, count = 0;
    while (*items != '\0') {
        char prefix[32], expected[64];
        char *end;
        size_t size = strcspn(items, " ");
        memcpy(prefix, items, size);
        prefix[size] = '\0';
        unsigned long first = strtoul(items + size, &end, 10);
        unsigned long last = strtoul(end + 1, &end, 10);
        items = *end == ',' ? end + 1 : end;
        for (unsigned long i = first; i <= last; i++, count++, at++) {
            while (at < said->control_count && said->controls[at].kind != kind)
                at++;
            snprintf(expected, sizeof expected, "%s.%lu", prefix, i);
            ck_assert_msg(at < said->control_count, "%s: %s is missing", said->standard, expected);
            ck_assert_str_eq(said->controls[at].control, expected);
        }
    }
    ck_assert_uint_eq(edition_count(said, kind), count);
    return count;
}

START_TEST(ids_are_the_standard_s)
{
    const struct edition *said = edition(contents[_i].standard);
    compare(said, ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CLAUSE, contents[_i].clauses);
    compare(said, ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CONTROL, contents[_i].controls);
}
END_TEST

START_TEST(there_are_as_many_as_the_standards_say)
{
    static const struct {
        const char *standard;
        size_t controls;
    } known[] = {{"iso-27001-2013", 114}, {"iso-27001-2022", 93}, {"iso-27017-2015", 7},
                 {"iso-27018-2019", 25},  {"iso-27701-2019", 49}, {"iso-27701-2025", 78}};
    for (size_t i = 0; i < COUNT(known); i++)
        ck_assert_uint_eq(edition_count(edition(known[i].standard),
                                        ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CONTROL),
                          known[i].controls);
}
END_TEST

/* The group begins with the id of a heading above the control; titles are short. */
START_TEST(groups_and_titles_fit)
{
    const struct edition *said = edition(contents[_i].standard);
    for (size_t i = 0; i < said->control_count; i++) {
        const struct edition_control *control = &said->controls[i];
        size_t size = strcspn(control->group, " ");
        ck_assert_msg(strncmp(control->control, control->group, size) == 0 &&
                          (control->control[size] == '.' || control->control[size] == '\0') &&
                          control->group[size] == ' ',
                      "%s of %s stands in group \"%s\"", control->control, said->standard,
                      control->group);
        ck_assert_msg(strlen(control->title) <= TITLE_BYTES, "%s: %s", control->control,
                      control->title);
        if (i > 0)
            ck_assert_msg(strcmp(control->title, said->controls[i - 1].title) != 0, "%s: %s",
                          control->control, control->title);
    }
}
END_TEST

/* deploy/data has the same controls under the same titles, for deploy/try. */
START_TEST(annex_a_of_2013_is_that_of_the_example)
{
    const struct edition *said = edition("iso-27001-2013");
    FILE *file = fopen(ANNEX_A_2013, "r");
    char line[512];
    size_t at = 0, count = 0;
    ck_assert_ptr_nonnull(file);
    for (; fgets(line, sizeof line, file) != NULL; count++, at++) {
        char *tab = strchr(line, '\t');
        line[strcspn(line, "\n")] = '\0';
        ck_assert_ptr_nonnull(tab);
        *tab = '\0';
        while (said->controls[at].kind == ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CLAUSE)
            at++;
        ck_assert_uint_lt(at, said->control_count);
        ck_assert_str_eq(said->controls[at].control, line);
        ck_assert_str_eq(said->controls[at].title, tab + 1);
    }
    fclose(file);
    ck_assert_uint_eq(count, 114);
}
END_TEST

START_TEST(only_2013_has_ended)
{
    instant until;
    ck_assert(instant_parse("2025-11-01T00:00:00Z", &until, NULL));
    for (size_t i = 0; i < EDITIONS; i++) {
        const struct edition *said = shelf()->editions[i];
        bool ended = strcmp(said->standard, "iso-27001-2013") == 0;
        ck_assert_msg(said->ends == ended, "%s", said->standard);
        if (ended)
            ck_assert_int_eq(said->certifiable_until, until);
    }
}
END_TEST

/* What is not certain says so, and nothing else pretends doubt. */
START_TEST(uncertain_ids_are_owned_up_to)
{
    for (size_t i = 0; i < EDITIONS; i++) {
        const struct edition *said = shelf()->editions[i];
        bool doubtful = false;
        for (size_t j = 0; j < said->provenance_count; j++)
            doubtful =
                doubtful || strstr(said->provenance[j], "to be checked against the published "
                                                        "text") != NULL;
        ck_assert_msg(doubtful == (strcmp(said->edition, "2025") == 0), "%s", said->standard);
    }
}
END_TEST

static bool leads_from(const struct crosswalk *crosswalk, const char *control)
{
    for (size_t i = 0; i < crosswalk->pair_count; i++)
        if (crosswalk->pairs[i].from != NULL && strcmp(crosswalk->pairs[i].from, control) == 0)
            return true;
    return false;
}

/* That ids exist and that every later control stands, shelf_read has seen to. */
START_TEST(no_earlier_control_is_lost)
{
    static const struct {
        const char *from, *to, *left; /* the one control that has no successor */
    } maps[] = {{"iso-27001-2013", "iso-27001-2022", ""},
                {"iso-27018-2019", "iso-27018-2025", ""},
                {"iso-27701-2019", "iso-27701-2025", "5.1"}};
    for (size_t m = 0; m < COUNT(maps); m++) {
        const struct crosswalk *crosswalk = shelf_crosswalk(shelf(), maps[m].from, maps[m].to);
        const struct edition *from = edition(maps[m].from);
        ck_assert_ptr_nonnull(crosswalk);
        ck_assert_str_eq(crosswalk->from, maps[m].from);
        for (size_t i = 0; i < from->control_count; i++) {
            const char *control = from->controls[i].control;
            ck_assert_msg(leads_from(crosswalk, control) != (strcmp(control, maps[m].left) == 0),
                          "%s of %s", control, maps[m].from);
        }
    }
}
END_TEST

START_TEST(the_new_ones_of_2022_are_the_eleven)
{
    static const char *const eleven[] = {"6.3",    "A.5.7",  "A.5.23", "A.5.30",
                                         "A.7.4",  "A.8.9",  "A.8.10", "A.8.11",
                                         "A.8.12", "A.8.16", "A.8.23", "A.8.28"};
    const struct crosswalk *crosswalk =
        shelf_crosswalk(shelf(), "iso-27001-2013", "iso-27001-2022");
    size_t count = 0;
    for (size_t i = 0; i < crosswalk->pair_count; i++) {
        if (crosswalk->pairs[i].extent != CROSSWALK_NEW)
            continue;
        ck_assert_uint_lt(count, COUNT(eleven));
        ck_assert_str_eq(crosswalk->pairs[i].to, eleven[count]);
        count++;
    }
    ck_assert_uint_eq(count, COUNT(eleven));
}
END_TEST

/* A control that alone is as good as the later one needs no help; clauses lead to clauses. */
START_TEST(pairs_make_sense)
{
    for (size_t m = 0; m < CROSSWALKS; m++) {
        const struct crosswalk *crosswalk = shelf()->crosswalks[m];
        for (size_t i = 0; i < crosswalk->pair_count; i++) {
            const struct crosswalk_pair *pair = &crosswalk->pairs[i];
            if (pair->from == NULL)
                continue;
            ck_assert_msg(edition_find(edition(crosswalk->from), pair->from)->kind ==
                              edition_find(edition(crosswalk->to), pair->to)->kind,
                          "%s and %s", pair->from, pair->to);
            for (size_t j = i + 1; j < crosswalk->pair_count; j++)
                ck_assert_msg(strcmp(crosswalk->pairs[j].to, pair->to) != 0 ||
                                  (pair->extent == CROSSWALK_PARTIAL &&
                                   crosswalk->pairs[j].extent == CROSSWALK_PARTIAL),
                              "%s draws on several, so none of them is full", pair->to);
        }
    }
}
END_TEST

static Assay__V1__Event *event_of(const char *standard, const struct standard_wishes *wishes)
{
    struct violation first;
    Assay__V1__Event *event = standard_event_make(edition(standard), wishes, test_arena);
    ck_assert_msg(validate_event(event, &first), "%s: %s: %s", standard, first.path, first.rule);
    return event;
}

START_TEST(events_are_accepted_where_they_go)
{
    for (size_t i = 0; i < EDITIONS; i++) {
        struct fault why = {0};
        struct record record;
        struct judgement judgement;
        const struct edition *said = shelf()->editions[i];
        Assay__V1__Event *event = event_of(said->standard, &(struct standard_wishes){0});
        ck_assert_msg(record_of_event(event, NULL, test_arena, &record, &why), "%s", why.text);
        ck_assert_str_eq(record.topic, RECORD_TOPIC_GOVERNANCE);
        ck_assert_uint_eq(record.key_size, strlen(said->standard));
        ck_assert_mem_eq(record.key, said->standard, record.key_size);
        ck_assert(record_judge(RECORD_GOVERNANCE, (const uint8_t *)record.key, record.key_size,
                               record.value, record.value_size, INSTANT_BEGIN, test_arena,
                               &judgement));
        ck_assert_msg(judgement.verdict == VERDICT_ACCEPTED, "%s", judgement.detail);
        const Assay__V1__Standard *standard = judgement.event->standard;
        ck_assert_uint_eq(standard->n_controls, said->control_count);
        ck_assert_uint_eq(standard->n_extends, said->extend_count);
        ck_assert((standard->certifiable_until != NULL) == said->ends);
        ck_assert_int_eq(codec_instant(judgement.event->occurred_at, 0), said->dated);
        ck_assert_uint_eq(judgement.event->sequence, said->revision);
    }
}
END_TEST

START_TEST(wishes_are_heeded)
{
    static const char *const bases[] = {"iso-27001-2022"};
    Assay__V1__Event *event = event_of("iso-27001-2013", &(struct standard_wishes){
                                                             .source = "office/grc",
                                                             .actor = "A. Person",
                                                             .has_occurred_at = true,
                                                             .occurred_at = -1,
                                                             .annex_only = true,
                                                         });
    ck_assert_str_eq(event->source, "office/grc");
    ck_assert_str_eq(event->actor, "A. Person");
    ck_assert_uint_eq(event->sequence, 0); /* the office counts its own */
    ck_assert_int_eq(codec_instant(event->occurred_at, 0), -1);
    ck_assert_uint_eq(event->standard->n_controls, 114);
    for (size_t i = 0; i < 114; i++)
        ck_assert_int_eq(event->standard->controls[i]->kind,
                         ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CONTROL);
    event =
        event_of("iso-27017-2015", &(struct standard_wishes){.extends = bases, .extend_count = 1});
    ck_assert_str_eq(event->source, "assay-catalog/iso-27017-2015");
    ck_assert_uint_eq(event->standard->n_extends, 1);
    ck_assert_str_eq(event->standard->extends[0], "iso-27001-2022");
}
END_TEST

/* standard<TAB>revision<TAB>id of its event, as released. A file that says something else has a
 * higher revision, and a further line. */
START_TEST(what_was_released_stays_unless_revised)
{
    FILE *file = fopen(RELEASED, "r");
    char line[512];
    bool current[EDITIONS] = {false};
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char *revision = strchr(line, '\t');
        char *id = revision != NULL ? strchr(revision + 1, '\t') : NULL;
        ck_assert_msg(id != NULL, "%s", line);
        *revision++ = *id++ = '\0';
        id[strcspn(id, "\n")] = '\0';
        size_t i = 0;
        while (i < EDITIONS && strcmp(shelf()->editions[i]->standard, line) != 0)
            i++;
        ck_assert_msg(i < EDITIONS, "%s was released and is gone", line);
        unsigned long long released = strtoull(revision, NULL, 10);
        ck_assert_uint_le(released, shelf()->editions[i]->revision);
        if (released != shelf()->editions[i]->revision)
            continue;
        current[i] = true;
        ck_assert_msg(strcmp(event_of(line, &(struct standard_wishes){0})->id, id) == 0,
                      "%s says something else than its revision %s did (now %s): raise it", line,
                      revision, event_of(line, &(struct standard_wishes){0})->id);
    }
    fclose(file);
    for (size_t i = 0; i < EDITIONS; i++)
        ck_assert_msg(current[i], "%s\t%llu\t%s is missing in " RELEASED,
                      shelf()->editions[i]->standard,
                      (unsigned long long)shelf()->editions[i]->revision,
                      event_of(shelf()->editions[i]->standard, &(struct standard_wishes){0})->id);
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"ids", ids_are_the_standard_s, COUNT(contents)},
        {"counts", there_are_as_many_as_the_standards_say, 0},
        {"groups and titles", groups_and_titles_fit, COUNT(contents)},
        {"the example", annex_a_of_2013_is_that_of_the_example, 0},
        {"certifiable until", only_2013_has_ended, 0},
        {"provenance", uncertain_ids_are_owned_up_to, 0},
        {"no loss", no_earlier_control_is_lost, 0},
        {"new in 2022", the_new_ones_of_2022_are_the_eleven, 0},
        {"pairs", pairs_make_sense, 0},
        {"events", events_are_accepted_where_they_go, 0},
        {"wishes", wishes_are_heeded, 0},
        {"released", what_was_released_stays_unless_revised, 0},
    };
    return RUN_TESTS("catalog_shelf", tests);
}
