/* How the catalogue's files are read, and above all which ones are refused. */
#include "producers/catalog/shelf.h"
#include "tests/unit/proto/fixture.h"

#include <stdio.h>
#include <string.h>

/* In the samples | stands for a tab and ' for nothing but itself. */
#define VALUES                                                                                     \
    "standard|s-1\ntitle|A title\nedition|1\ndated|2020-01-01T00:00:00Z\nrevision|1\n"             \
    "provenance|made up\n"
#define TABLE "\ncontrol|kind|group|title\n"
#define GOOD  VALUES TABLE "4.1|CLAUSE|4 Four|One\nA.1|CONTROL|A.1 A|Two\n"

static const char *tabbed(const char *sample)
{
    char *text = arena_text(test_arena, sample, strlen(sample));
    for (char *bar = text; (bar = strchr(bar, '|')) != NULL;)
        *bar = '\t';
    return text;
}

static struct edition *read(const char *sample, struct fault *why)
{
    const char *text = tabbed(sample);
    return edition_read("f.tsv", text, strlen(text), why);
}

START_TEST(a_standard_is_read)
{
    struct fault why = {0};
    struct edition *edition = read(
        "standard|s-1\ntitle|Größe\nextends|b-1\nextends|b-2\ncertifiable_until|2025-11-01T00:00:"
        "00Z\n"
        "edition|1\ndated|2020-01-01T00:00:00Z\nrevision|7\nprovenance|one\nprovenance|two\n" TABLE
        "4.1|CLAUSE|4 Four|One\nA.1|CONTROL|A.1 A|Two\n",
        &why);
    ck_assert_msg(edition != NULL, "%s", why.text);
    ck_assert_str_eq(edition->standard, "s-1");
    ck_assert_str_eq(edition->title, "Größe");
    ck_assert_uint_eq(edition->extend_count, 2);
    ck_assert_str_eq(edition->extends[1], "b-2");
    ck_assert(edition->ends);
    ck_assert_int_eq(edition->certifiable_until, 1761955200 * INSTANT_SECOND);
    ck_assert_int_eq(edition->dated, 1577836800 * INSTANT_SECOND);
    ck_assert_uint_eq(edition->revision, 7);
    ck_assert_uint_eq(edition->provenance_count, 2);
    ck_assert_uint_eq(edition->control_count, 2);
    ck_assert_str_eq(edition_find(edition, "A.1")->title, "Two");
    ck_assert_str_eq(edition_kind_name(edition_find(edition, "4.1")->kind), "CLAUSE");
    ck_assert_ptr_null(edition_find(edition, "A.2"));
    ck_assert_uint_eq(edition_count(edition, ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CONTROL), 1);
    edition_free(edition);
}
END_TEST

static const struct {
    const char *sample;
    const char *told; /* part of the fault */
} bad[] = {
    {"", "f.tsv: the last line has no end"},
    {"standard|s-1", "f.tsv: the last line has no end"},
    {"\xFF\n", "f.tsv: not UTF-8"},
    {"standard|s-1\r\n", "f.tsv:1: a control character"},
    {"standard|s-1\n", "f.tsv:1: no empty line"},
    {"standard\n\n", "f.tsv:1: a named value is"},
    {"standard|s-1|x\n\n", "f.tsv:1: a named value is"},
    {"standard|\n\n", "f.tsv:1: a name or a text is empty"},
    {"standard|s-1 \n\n", "f.tsv:1: a blank at the end"},
    {VALUES "\n", "f.tsv:7: the table is missing"},
    {VALUES "\ncontrol|kind|title|group\nA.1|CONTROL|g|t\n", "f.tsv:8: not the columns"},
    {VALUES "\ncontrol|kind|group\nA.1|CONTROL|g\n", "f.tsv:8: not the columns"},
    {VALUES TABLE, "f.tsv:8: the table is empty"},
    {VALUES TABLE "A.1|CONTROL|g\n", "f.tsv:9: not as many fields"},
    {VALUES TABLE "A.1|CONTROL|g|t|x\n", "f.tsv:9: not as many fields"},
    {VALUES TABLE "A.1|CONTROL|g|t\n\n", "f.tsv:10: not as many fields"},
    {VALUES TABLE "A.1|CONTROL|g| t\n", "f.tsv:9: a blank at the end"},
    {VALUES TABLE "A 1|CONTROL|g|t\n", "f.tsv:9: control: no slug"},
    {VALUES TABLE "A/1|CONTROL|g|t\n", "f.tsv:9: control: no slug"},
    {GOOD "A.1|CONTROL|g|t\n", "f.tsv:11: control: stands twice"},
    {VALUES TABLE "A.1|control|g|t\n", "f.tsv:9: kind: neither"},
    {VALUES TABLE "A.1|CONTROL||t\n", "f.tsv:9: group: empty"},
    {VALUES TABLE "A.1|CONTROL|g|\n", "f.tsv:9: title: empty"},
    {"author|me\n" GOOD, "f.tsv:1: author: a standard has no such value"},
    {"standard|s-2\n" GOOD, "f.tsv:2: standard: said twice"},
    {"dated|2020-01-01T00:00:00Z\n" GOOD, "f.tsv:5: dated: said twice"},
    {"revision|2\n" GOOD, "f.tsv:6: revision: said twice"},
    {"certifiable_until|2020-01-01\n" GOOD, "f.tsv:1: certifiable_until: no instant"},
    {"extends|a\nextends|b\nextends|c\nextends|d\nextends|e\n" GOOD,
     "f.tsv:5: extends: said too often"},
    {"standard|s\ntitle|t\nedition|1\ndated|2020-01-01T00:00:00Z\nrevision|0\n" TABLE
     "A.1|CONTROL|g|t\n",
     "f.tsv:5: revision: no number from 1 on"},
    {"standard|s\ntitle|t\nedition|1\ndated|2020-01-01T00:00:00Z\nrevision|1x\n" TABLE
     "A.1|CONTROL|g|t\n",
     "f.tsv:5: revision: no number from 1 on"},
    {"standard|s\ntitle|t\nedition|1\ndated|2020-01-01T00:00:00Z\nrevision|"
     "99999999999999999999\n" TABLE "A.1|CONTROL|g|t\n",
     "f.tsv:5: revision: no number from 1 on"},
    {"title|t\n" TABLE "A.1|CONTROL|g|t\n", "f.tsv: standard is not said"},
    {"standard|s\ntitle|t\nedition|1\nrevision|1\nprovenance|p\n" TABLE "A.1|CONTROL|g|t\n",
     "f.tsv: dated is not said"},
    {"standard|s\ntitle|t\nedition|1\ndated|2020-01-01T00:00:00Z\nrevision|1\n" TABLE
     "A.1|CONTROL|g|t\n",
     "f.tsv: provenance is not said"},
};

START_TEST(bad_standards_are_refused)
{
    struct fault why = {0};
    ck_assert_ptr_null(read(bad[_i].sample, &why));
    ck_assert_int_eq(why.reaction, FAULT_REJECT);
    ck_assert_msg(strncmp(why.text, bad[_i].told, strlen(bad[_i].told)) == 0, "%s: %s",
                  bad[_i].told, why.text);
}
END_TEST

/* Two standards: s-1 with A.1 and A.2, s-2 with B.1 and B.2. */
#define STANDARD(name, extends, one, two)                                                          \
    "standard|" name "\ntitle|t\nedition|1\ndated|2020-01-01T00:00:00Z\nrevision|1\n"              \
    "provenance|p\n" extends TABLE one "|CONTROL|g|t\n" two "|CONTROL|g|t\n"
#define FIRST      STANDARD("s-1", "", "A.1", "A.2")
#define SECOND     STANDARD("s-2", "", "B.1", "B.2")
#define MAP_VALUES "from|s-1\nto|s-2\nprovenance|own\n"
#define MAP_TABLE  "\nfrom|to|extent|note\n"
#define GOOD_MAP   MAP_VALUES MAP_TABLE "A.1|B.1|full|\nA.1|B.2|partial|half\nA.2|B.2|partial|\n"
enum { FILES_MAX = 4 };

/* A shelf of those files, named as given. */
static struct shelf *shelve(const char *const (*files)[2], size_t count, struct fault *why)
{
    struct embedded_file embedded[FILES_MAX];
    ck_assert_uint_le(count, FILES_MAX);
    for (size_t i = 0; i < count; i++) {
        const char *text = tabbed(files[i][1]);
        embedded[i] = (struct embedded_file){files[i][0], text, text + strlen(text)};
    }
    return shelf_read(embedded, count, why);
}

START_TEST(a_crosswalk_is_found_from_both_sides)
{
    static const char *const files[][2] = {
        {"map-x.tsv", GOOD_MAP}, {"s-1.tsv", FIRST}, {"s-2.tsv", SECOND}};
    struct fault why = {0};
    struct shelf *shelf = shelve(files, 3, &why);
    ck_assert_msg(shelf != NULL, "%s", why.text);
    const struct crosswalk *crosswalk = shelf_crosswalk(shelf, "s-1", "s-2");
    ck_assert_ptr_nonnull(crosswalk);
    ck_assert_ptr_eq(shelf_crosswalk(shelf, "s-2", "s-1"), crosswalk);
    ck_assert_ptr_null(shelf_crosswalk(shelf, "s-1", "s-1"));
    ck_assert_uint_eq(crosswalk->pair_count, 3);
    ck_assert_str_eq(crosswalk->pairs[1].note, "half");
    ck_assert_str_eq(crosswalk_extent_name(crosswalk->pairs[1].extent), "partial");
    ck_assert_ptr_null(shelf_edition(shelf, "s-3"));
    shelf_free(shelf);
}
END_TEST

static const struct {
    const char *map;
    const char *told;
} bad_maps[] = {
    {"from|s-1\nto|s-3\nprovenance|own\n" MAP_TABLE "A.1|B.1|full|\n",
     "m: the catalogue has no standard s-3"},
    {"from|s-1\nto|s-2\n" MAP_TABLE "A.1|B.1|full|\n", "m: provenance is not said"},
    {"to|s-2\nprovenance|own\n" MAP_TABLE "A.1|B.1|full|\n", "m: from is not said"},
    {"from|s-1\n" MAP_VALUES MAP_TABLE "A.1|B.1|full|\n", "m:2: from: said twice"},
    {"by|me\n" MAP_VALUES MAP_TABLE "A.1|B.1|full|\n", "m:1: by: a crosswalk has no such value"},
    {MAP_VALUES MAP_TABLE "A.1|B.1|FULL|\n", "m:6: extent: neither"},
    {MAP_VALUES MAP_TABLE "-|B.1|full|\n", "m:6: from: - goes with new"},
    {MAP_VALUES MAP_TABLE "A.1|B.1|new|\n", "m:6: from: - goes with new"},
    {MAP_VALUES MAP_TABLE "B.1|B.1|full|\n", "m:6: from: the standard has no such control"},
    {MAP_VALUES MAP_TABLE "A.1|A.1|full|\n", "m:6: to: the standard has no such control"},
    {GOOD_MAP "A.1|B.2|full|\n", "m:9: to: stands with the same control already"},
    {GOOD_MAP "-|B.2|new|\n", "m:9: to: stands with the same control already, or is new"},
    {MAP_VALUES MAP_TABLE "-|B.1|new|\nA.1|B.1|partial|\n", "m:7: to: stands with"},
    {MAP_VALUES MAP_TABLE "A.1|B.1|full|\n", "m: B.2 of s-2 does not stand in it"},
};

START_TEST(bad_crosswalks_are_refused)
{
    struct fault why = {0};
    const char *const first = tabbed(FIRST), *const second = tabbed(SECOND);
    const char *const map = tabbed(bad_maps[_i].map);
    struct edition *editions[] = {edition_read("1", first, strlen(first), &why),
                                  edition_read("2", second, strlen(second), &why)};
    ck_assert(editions[0] != NULL && editions[1] != NULL);
    ck_assert_ptr_null(crosswalk_read("m", map, strlen(map), editions, 2, &why));
    ck_assert_int_eq(why.reaction, FAULT_REJECT);
    ck_assert_msg(strncmp(why.text, bad_maps[_i].told, strlen(bad_maps[_i].told)) == 0, "%s: %s",
                  bad_maps[_i].told, why.text);
    edition_free(editions[0]);
    edition_free(editions[1]);
}
END_TEST

static const struct {
    const char *files[FILES_MAX][2];
    size_t count;
    const char *told;
} bad_shelves[] = {
    {{{"s-2.tsv", FIRST}}, 1, "s-2.tsv: is not named after its standard, s-1"},
    {{{"s-1.tsv", STANDARD("s-1", "extends|s-9\n", "A.1", "A.2")}},
     1,
     "s-1 extends s-9, which is not there"},
    {{{"s-1.tsv", FIRST}, {"s-2.tsv", SECOND}, {"map-a.tsv", GOOD_MAP}, {"map-b.tsv", GOOD_MAP}},
     4,
     "map-b.tsv: another file is about the same standards"},
};

START_TEST(files_that_contradict_are_refused)
{
    struct fault why = {0};
    ck_assert_ptr_null(shelve(bad_shelves[_i].files, bad_shelves[_i].count, &why));
    ck_assert_int_eq(why.reaction, FAULT_FATAL);
    ck_assert_str_eq(why.text, bad_shelves[_i].told);
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"standard", a_standard_is_read, 0},
        {"bad standards", bad_standards_are_refused, COUNT(bad)},
        {"crosswalk", a_crosswalk_is_found_from_both_sides, 0},
        {"bad crosswalks", bad_crosswalks_are_refused, COUNT(bad_maps)},
        {"contradictions", files_that_contradict_are_refused, COUNT(bad_shelves)},
    };
    return RUN_TESTS("catalog_files", tests);
}
