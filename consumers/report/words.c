#include "consumers/report/words.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *words;
} words_of[] = {
    {"MAJOR_NC", "Major nonconformity"},
    {"MINOR_NC", "Minor nonconformity"},
    {"OFI", "Opportunity for improvement"},
    {"OBSERVATION", "Observation"},
    {"OPEN", "Open"},
    {"PLAN_SUBMITTED", "Plan submitted"},
    {"PLAN_ACCEPTED", "Plan accepted"},
    {"IMPLEMENTED", "Implemented"},
    {"VERIFIED", "Verified"},
    {"CLOSED", "Closed"},
    {"PARTIAL", "In part"},
    {"PLANNED", "Planned"},
    {"NOT_IMPLEMENTED", "Not implemented"},
    {"INITIAL", "Initial certification"},
    {"SURVEILLANCE", "Surveillance"},
    {"RECERTIFICATION", "Recertification"},
    {"SCOPE_EXPANSION", "Expansion of scope"},
    {"TRANSITION", "Transition"},
    {"SPECIAL", "Special"},
    {"INTERNAL", "Internal"},
    {"IN_PROGRESS", "In progress"},
    {"REPORTED", "Reported"},
    {"REGION", "Region"},
    {"DATACENTER", "Data centre"},
    {"EDGE", "Edge site"},
    {"EXTENDED_ZONE", "Extended zone"},
    {"OFFICE", "Office"},
    {"ONLINE_SERVICE", "Online service"},
    {"CONTROLLER", "controller"},
    {"PROCESSOR", "processor"},
    {"LIVE", "Live"},
    {"DISCONTINUED", "Discontinued"},
    {"PROPOSED", "Proposed"},
    {"ONBOARDING", "Onboarding"},
    {"PENDING_AUDIT", "Waiting for its audit"},
    {"ADDED", "Added"},
    {"REMOVED", "Removed"},
    {"RETIRED", "Retired"},
    {"ENVIRONMENT_GONE", "Removed with its environment"},
    {"APPLICABILITY", "Applicability changed"},
    {"EDITED", "Edited"},
    {"RISK_ASSESSMENT", "Risk assessment"},
    {"RISK", "Risk"},
    {"RISK_TREATMENT", "Risk treatment"},
    {"MANAGEMENT_REVIEW", "Management review"},
    {"OBJECTIVE", "Objective"},
    {"KPI", "Indicator"},
    {"DOCUMENT", "Document"},
    {"COMPLAINT", "Complaint"},
    {"NONE", "No certificate"},
    {"CERTIFIED", "Certified"},
    {"SUSPENDED", "Suspended"},
    {"EXPIRED", "Expired"},
    {"WITHDRAWN", "Withdrawn"},
    {"SURVEILLANCE_OVERDUE", "surveillance overdue"},
    {"SURVEILLANCE_DUE", "surveillance due"},
    {"RECERTIFICATION_DUE", "recertification due"},
    {"SUSPENDED_OVER_6_MONTHS", "suspended over 6 months"},
    {"MAJOR_NC_OPEN", "major nonconformity open"},
    {"SOA_DIFFERS", "Statement of Applicability differs"},
    {"*", "all"},
};

const char *words_name(const char *name)
{
    for (size_t i = 0; i < sizeof words_of / sizeof words_of[0]; i++)
        if (strcmp(words_of[i].name, name) == 0)
            return words_of[i].words;
    return name;
}

const char *words_date(const char *text, char out[static WORDS_DATE_MAX])
{
    /* "2026-09-18T14:00:00Z", the fraction left out or of 3 or 6 digits */
    size_t size = strlen(text);
    if (size < sizeof "2026-09-18T14:00:00Z" - 1 || size >= WORDS_DATE_MAX - 4) {
        snprintf(out, WORDS_DATE_MAX, "%s", text);
        return out;
    }
    if (strcmp(text + 10, "T00:00:00Z") == 0)
        snprintf(out, WORDS_DATE_MAX, "%.10s", text);
    else if (strcmp(text + 16, ":00Z") == 0)
        snprintf(out, WORDS_DATE_MAX, "%.10s %.5s UTC", text, text + 11);
    else
        snprintf(out, WORDS_DATE_MAX, "%.10s %.*s UTC", text, (int)(size - 12), text + 11);
    return out;
}

const char *words_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

const char *words_named(const json_t *object, const char *key)
{
    return words_name(words_text(object, key));
}

const char *words_titled(const json_t *object, const char *key, const char *title)
{
    const char *name = words_text(object, title);
    return *name != '\0' ? name : words_named(object, key);
}

const char *words_dated(const json_t *object, const char *key, char out[static WORDS_DATE_MAX])
{
    return words_date(words_text(object, key), out);
}

long long words_count(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert(json_is_integer(value));
    return json_integer_value(value);
}

bool words_is(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static char *join(const json_t *array, const char *key, const char *between, bool names_of)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort();
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *element = json_array_get(array, i);
        const char *said = key != NULL ? words_text(element, key) : json_string_value(element);
        said = said != NULL ? said : "";
        fprintf(out, "%s%s", i > 0 ? between : "", names_of ? words_name(said) : said);
    }
    if (fclose(out) != 0)
        abort();
    return text;
}

char *words_join(const json_t *array, const char *key, const char *between)
{
    return join(array, key, between, false);
}

char *words_join_names(const json_t *array, const char *between)
{
    return join(array, NULL, between, true);
}
