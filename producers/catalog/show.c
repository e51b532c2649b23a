#include "producers/catalog/show.h"

#include "producers/catalog/listing.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Prints and frees it. */
static bool put_json(json_t *object)
{
    if (object == NULL)
        abort();
    bool put = json_dumpf(object, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF &&
               fflush(stdout) == 0;
    json_decref(object);
    return put;
}

static bool put_listing(struct listing *listing)
{
    bool put = listing_print(listing);
    listing_free(listing);
    return put;
}

static json_t *texts(const char *const *list, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_string(list[i]));
    return array;
}

static json_t *instant_or_null(bool said, instant at)
{
    char text[INSTANT_TEXT_MAX];
    return said ? json_string(instant_format(at, text)) : json_null();
}

static json_t *control_json(const struct edition_control *control)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "control", control->control, "kind",
                     edition_kind_name(control->kind), "group", control->group, "title",
                     control->title);
}

static size_t controls_of(const struct edition *edition)
{
    return edition_count(edition, ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CONTROL);
}

static size_t clauses_of(const struct edition *edition)
{
    return edition_count(edition, ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CLAUSE);
}

/* All but the controls, which are counted. */
static json_t *edition_json(const struct edition *edition)
{
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:i, s:i, s:o}", "standard",
                     edition->standard, "title", edition->title, "edition", edition->edition,
                     "extends", texts(edition->extends, edition->extend_count), "certifiableUntil",
                     instant_or_null(edition->ends, edition->certifiable_until), "dated",
                     instant_or_null(true, edition->dated), "revision",
                     (json_int_t)edition->revision, "controlCount", (int)controls_of(edition),
                     "clauseCount", (int)clauses_of(edition), "provenance",
                     texts(edition->provenance, edition->provenance_count));
}

/* "a, b"; the caller frees it. */
static char *joined(const char *const *list, size_t count)
{
    size_t size = 1;
    for (size_t i = 0; i < count; i++)
        size += strlen(list[i]) + 2;
    char *text = malloc(size);
    if (text == NULL)
        abort();
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, size - at, "%s%s", i > 0 ? ", " : "", list[i]);
    return text;
}

static bool list_json(const struct shelf *shelf)
{
    json_t *standards = json_array();
    for (size_t i = 0; i < shelf->edition_count; i++)
        json_array_append_new(standards, edition_json(shelf->editions[i]));
    return put_json(json_pack("{s:o}", "standards", standards));
}

bool show_shelf(const struct shelf *shelf, bool as_json)
{
    static const struct listing_column columns[] = {
        {"STANDARD", LISTING_TEXT},   {"TITLE", LISTING_CUT},
        {"CONTROLS", LISTING_NUMBER}, {"CLAUSES", LISTING_NUMBER},
        {"BUILDS ON", LISTING_TEXT},  {"CERTIFIABLE UNTIL", LISTING_TEXT},
        {"REVISION", LISTING_NUMBER},
    };
    if (as_json)
        return list_json(shelf);
    struct listing *listing = listing_new(columns, COUNT(columns));
    for (size_t i = 0; i < shelf->edition_count; i++) {
        const struct edition *edition = shelf->editions[i];
        char controls[24], clauses[24], revision[24], until[INSTANT_TEXT_MAX] = "";
        char *extends = joined(edition->extends, edition->extend_count);
        snprintf(controls, sizeof controls, "%zu", controls_of(edition));
        snprintf(clauses, sizeof clauses, "%zu", clauses_of(edition));
        snprintf(revision, sizeof revision, "%" PRIu64, edition->revision);
        if (edition->ends)
            instant_format(edition->certifiable_until, until);
        const char *const cells[] = {edition->standard, edition->title, controls, clauses,
                                     extends,           until,          revision};
        _Static_assert(COUNT(cells) == COUNT(columns), "a cell for each column");
        listing_add(listing, cells);
        free(extends);
    }
    return put_listing(listing);
}

static void print_edition(const struct edition *edition)
{
    char text[INSTANT_TEXT_MAX];
    char *extends = joined(edition->extends, edition->extend_count);
    printf("%s: %s\n", edition->standard, edition->title);
    printf("  %-18s %s\n", "edition", edition->edition);
    if (edition->extend_count > 0)
        printf("  %-18s %s\n", "builds on", extends);
    if (edition->ends)
        printf("  %-18s %s\n", "certifiable until",
               instant_format(edition->certifiable_until, text));
    printf("  %-18s %s, revision %" PRIu64 "\n", "dated", instant_format(edition->dated, text),
           edition->revision);
    for (size_t i = 0; i < edition->provenance_count; i++)
        printf("  %-18s %s\n", i == 0 ? "provenance" : "", edition->provenance[i]);
    free(extends);
}

bool show_edition(const struct edition *edition, bool as_json)
{
    static const struct listing_column columns[] = {{"CONTROL", LISTING_TEXT},
                                                    {"KIND", LISTING_TEXT},
                                                    {"GROUP", LISTING_TEXT},
                                                    {"TITLE", LISTING_CUT}};
    if (as_json) {
        json_t *object = edition_json(edition);
        json_t *controls = json_array();
        for (size_t i = 0; i < edition->control_count; i++)
            json_array_append_new(controls, control_json(&edition->controls[i]));
        json_object_set_new(object, "controls", controls);
        return put_json(object);
    }
    print_edition(edition);
    putchar('\n');
    struct listing *listing = listing_new(columns, COUNT(columns));
    for (size_t i = 0; i < edition->control_count; i++) {
        const struct edition_control *control = &edition->controls[i];
        const char *const cells[] = {control->control, edition_kind_name(control->kind),
                                     control->group, control->title};
        listing_add(listing, cells);
    }
    return put_listing(listing);
}

static bool concerns(const struct crosswalk *crosswalk, const struct crosswalk_pair *pair,
                     const char *standard, const char *control)
{
    if (strcmp(crosswalk->to, standard) == 0)
        return strcmp(pair->to, control) == 0;
    return strcmp(crosswalk->from, standard) == 0 && pair->from != NULL &&
           strcmp(pair->from, control) == 0;
}

/* The pairs of one control of one standard; of all, where standard is NULL. */
static json_t *crosswalk_json(const struct crosswalk *crosswalk, const char *standard,
                              const char *control)
{
    json_t *pairs = json_array();
    for (size_t i = 0; i < crosswalk->pair_count; i++) {
        const struct crosswalk_pair *pair = &crosswalk->pairs[i];
        if (standard == NULL || concerns(crosswalk, pair, standard, control))
            json_array_append_new(pairs,
                                  json_pack("{s:s?, s:s, s:s, s:s}", "from", pair->from, "to",
                                            pair->to, "extent", crosswalk_extent_name(pair->extent),
                                            "note", pair->note));
    }
    return json_pack("{s:s, s:s, s:o, s:o}", "from", crosswalk->from, "to", crosswalk->to,
                     "provenance", texts(crosswalk->provenance, crosswalk->provenance_count),
                     "pairs", pairs);
}

/* Likewise, as a table headed by the two standards. Nothing is printed where there is no pair. */
static bool print_pairs(const struct shelf *shelf, const struct crosswalk *crosswalk,
                        const char *standard, const char *control)
{
    const struct edition *to = shelf_edition(shelf, crosswalk->to);
    const struct listing_column columns[] = {{crosswalk->from, LISTING_TEXT},
                                             {"EXTENT", LISTING_TEXT},
                                             {crosswalk->to, LISTING_TEXT},
                                             {"TITLE", LISTING_CUT},
                                             {"NOTE", LISTING_CUT}};
    struct listing *listing = listing_new(columns, COUNT(columns));
    bool any = false;
    for (size_t i = 0; i < crosswalk->pair_count; i++) {
        const struct crosswalk_pair *pair = &crosswalk->pairs[i];
        if (standard != NULL && !concerns(crosswalk, pair, standard, control))
            continue;
        if (!any)
            putchar('\n');
        any = true;
        const char *const cells[] = {pair->from, crosswalk_extent_name(pair->extent), pair->to,
                                     edition_find(to, pair->to)->title, pair->note};
        listing_add(listing, cells);
    }
    if (any)
        return put_listing(listing);
    listing_free(listing);
    return fflush(stdout) == 0;
}

bool show_control(const struct shelf *shelf, const struct edition *edition,
                  const struct edition_control *control, const struct crosswalk *crosswalk,
                  bool as_json)
{
    json_t *crosswalks = json_array();
    bool shown = true;
    if (!as_json)
        printf("%s %s: %s\n  %s, %s\n", edition->standard, control->control, control->title,
               edition_kind_name(control->kind), control->group);
    for (size_t i = 0; shown && i < shelf->crosswalk_count; i++) {
        const struct crosswalk *each = shelf->crosswalks[i];
        if ((crosswalk != NULL && crosswalk != each) ||
            (strcmp(each->from, edition->standard) != 0 &&
             strcmp(each->to, edition->standard) != 0))
            continue;
        if (as_json)
            json_array_append_new(crosswalks,
                                  crosswalk_json(each, edition->standard, control->control));
        else
            shown = print_pairs(shelf, each, edition->standard, control->control);
    }
    if (!as_json) {
        json_decref(crosswalks);
        return shown && fflush(stdout) == 0;
    }
    json_t *object = control_json(control);
    json_object_set_new(object, "standard", json_string(edition->standard));
    json_object_set_new(object, "crosswalks", crosswalks);
    return put_json(object);
}

bool show_crosswalk(const struct shelf *shelf, const struct crosswalk *crosswalk, bool as_json)
{
    if (as_json)
        return put_json(crosswalk_json(crosswalk, NULL, NULL));
    printf("from %s to %s\n", crosswalk->from, crosswalk->to);
    for (size_t i = 0; i < crosswalk->provenance_count; i++)
        printf("  %-18s %s\n", i == 0 ? "provenance" : "", crosswalk->provenance[i]);
    return print_pairs(shelf, crosswalk, NULL, NULL);
}
