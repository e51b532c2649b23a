#include "proto/rules.h"

#include "proto/codec.h"
#include "proto/limits.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row states what it asks for; what it leaves out is not asked. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define KEY  RULE_SLUG, RULE_REQUIRED /* part of the fact's key, or of a list entry's */
#define MUST RULE_REQUIRED
#define STAR RULE_STAR

/* --- rules that look at more than one field --- */

static bool is_star(const char *text)
{
    return strcmp(text, "*") == 0;
}

static bool exception_not_everywhere(const Assay__V1__Event *event, const ProtobufCMessage *message,
                                     size_t size, char *broken)
{
    const Assay__V1__Exception *exception = (const Assay__V1__Exception *)message;
    (void)event;
    if (exception->state != ASSAY__V1__EXCEPTION_STATE__EXCEPTION_STATE_APPROVED ||
        !is_star(exception->service) || !is_star(exception->control))
        return true;
    snprintf(broken, size, "\"*\" for both control and service cannot be APPROVED");
    return false;
}

static bool exception_ends(const Assay__V1__Event *event, const ProtobufCMessage *message,
                           size_t size, char *broken)
{
    const Assay__V1__Exception *exception = (const Assay__V1__Exception *)message;
    if (exception->state != ASSAY__V1__EXCEPTION_STATE__EXCEPTION_STATE_APPROVED)
        return true;
    if (exception->expires_at == NULL) {
        snprintf(broken, size, "required where the state is APPROVED");
        return false;
    }
    instant latest = instant_add(codec_instant(event->occurred_at, INSTANT_BEGIN), LIMIT_EXCEPTION);
    if (codec_instant(exception->expires_at, INSTANT_END) <= latest)
        return true;
    snprintf(broken, size, "more than %d days after occurred_at",
             (int)(LIMIT_EXCEPTION / INSTANT_DAY));
    return false;
}

static bool exception_approved_by_another(const Assay__V1__Event *event,
                                          const ProtobufCMessage *message, size_t size,
                                          char *broken)
{
    const Assay__V1__Exception *exception = (const Assay__V1__Exception *)message;
    if (exception->state != ASSAY__V1__EXCEPTION_STATE__EXCEPTION_STATE_APPROVED)
        return true;
    if (*exception->approver == '\0')
        snprintf(broken, size, "required where the state is APPROVED");
    else if (strcmp(exception->approver, event->actor) == 0)
        snprintf(broken, size, "must be another than the event's actor");
    else
        return true;
    return false;
}

static bool finding_due(const Assay__V1__Event *event, const ProtobufCMessage *message, size_t size,
                        char *broken)
{
    const Assay__V1__Finding *finding = (const Assay__V1__Finding *)message;
    (void)event;
    if (finding->due_at != NULL ||
        (finding->grade != ASSAY__V1__FINDING_GRADE__FINDING_GRADE_MAJOR_NC &&
         finding->grade != ASSAY__V1__FINDING_GRADE__FINDING_GRADE_MINOR_NC))
        return true;
    snprintf(broken, size, "required where the grade is MAJOR_NC or MINOR_NC");
    return false;
}

/* --- evidence.proto --- */

static const struct rule evidence[] = {
    {"uri", RULE_TEXT},
    {"sha256", RULE_SHA256},
    {"media_type", RULE_TEXT},
    {"size", RULE_COUNT},
};

static const struct rule tool[] = {
    {"name", RULE_SLUG},
    {"version", RULE_VERSION},
};

static const struct rule control_test_result[] = {
    {"service", KEY},
    {"environment", KEY},
    {"check", RULE_SLUG, MUST | RULE_SLASH},
    {"subject", RULE_SUBJECT},
    {"result", RULE_ENUM},
    {"expires_at", RULE_INSTANT},
    {"method", RULE_ENUM},
    {"tool", RULE_MESSAGE, .elements = tool},
    {"evidence", RULE_MESSAGE, .elements = evidence},
    {"summary", RULE_PROSE},
    {"observed_from", RULE_INSTANT},
    {"population", RULE_COUNT},
    {"sample_size", RULE_COUNT},
    {"deviations", RULE_COUNT},
};

/* That an evidence topic asks for the service is record.c's to say. */
static const struct rule retraction[] = {
    {"event_id", RULE_UUID, MUST},
    {"service", RULE_SLUG},
    {"reason", RULE_PROSE},
};

/* --- services.proto, scope.proto --- */

static const struct rule service_onboarding[] = {
    {"service", KEY},
    {"title", RULE_TEXT, MUST},
    {"category", RULE_TEXT},
    {"position", RULE_ANY},
    {"owner", RULE_SLUG},
    {"parent", RULE_SLUG},
    {"former_titles", RULE_TEXT},
    {"lifecycle", RULE_ENUM},
};

static const struct rule scope_change[] = {
    {"service", KEY},          {"environment", KEY},   {"standard", KEY},
    {"membership", RULE_ENUM}, {"reason", RULE_PROSE}, {"boundary", RULE_PROSE},
};

/* --- governance.proto --- */

static const struct rule location[] = {
    {"programme", KEY},     {"location", KEY},      {"title", RULE_TEXT, MUST},
    {"section", RULE_TEXT}, {"group", RULE_TEXT},   {"kind", RULE_ENUM},
    {"address", RULE_TEXT}, {"country", RULE_TEXT}, {"environments", KEY},
    {"in_scope", RULE_ANY},
};

static const struct rule scope_statement[] = {
    {"text", RULE_PROSE},
    {"updated_at", RULE_INSTANT},
    {"approved_at", RULE_INSTANT},
};

static const struct rule programme_environment[] = {
    {"environment", KEY},
    {"title", RULE_TEXT, MUST},
    {"state", RULE_ENUM},
};

static const struct rule programme_role[] = {
    {"standard", KEY},
    {"role", RULE_ENUM},
};

static const struct rule programme[] = {
    {"programme", KEY},
    {"title", RULE_TEXT, MUST},
    {"organisation", RULE_TEXT},
    {"scope_statement", RULE_MESSAGE, .elements = scope_statement},
    {"environments", RULE_MESSAGE, .elements = programme_environment, .unique = "environment",
     .keys = 1},
    {"standards", KEY},
    {"roles", RULE_MESSAGE, .elements = programme_role},
};

static const struct rule standard_control[] = {
    {"control", KEY},
    {"title", RULE_TEXT, MUST},
    {"kind", RULE_ENUM},
    {"group", RULE_TEXT},
};

static const struct rule standard[] = {
    {"standard", KEY},
    {"title", RULE_TEXT, MUST},
    {"edition", RULE_TEXT},
    {"extends", KEY},
    {"certifiable_until", RULE_INSTANT},
    {"controls", RULE_MESSAGE, .elements = standard_control, .unique = "control", .keys = 1},
};

static const struct rule control_reference[] = {
    {"standard", KEY},
    {"control", KEY},
};

static const struct rule mapping_target[] = {
    {"service", KEY | STAR},
    {"environment", KEY | STAR},
};

static const struct rule check_mapping[] = {
    {"check", RULE_SLUG, MUST | RULE_SLASH},
    {"title", RULE_TEXT, MUST},
    {"controls", RULE_MESSAGE, .elements = control_reference},
    {"applies_to", RULE_MESSAGE, .elements = mapping_target},
    {"required", RULE_ANY},
    {"ttl", RULE_TTL},
};

static const struct rule soa_entry[] = {
    {"standard", KEY},
    {"control", KEY},
    {"applicable", RULE_ANY},
    {"justification", RULE_PROSE},
    {"implementation", RULE_ENUM},
    {"risks", KEY},
    {"owner", RULE_SLUG},
};

static const struct rule statement_of_applicability[] = {
    {"programme", KEY},
    {"version", RULE_VERSION},
    {"dated", RULE_INSTANT},
    {"entries", RULE_MESSAGE, .elements = soa_entry, .unique = "standard and control", .keys = 2},
};

static const struct rule inheritance[] = {
    {"service", KEY | STAR},
    {"environment", KEY},
    {"standard", KEY},
    {"control", KEY | STAR},
    {"provider_service", RULE_SLUG},
    {"provider_environment", RULE_SLUG},
    {"kind", RULE_ENUM},
};

static const struct rule exception[] = {
    {"exception", KEY},
    {"programme", KEY},
    {"standard", RULE_SLUG, STAR},
    {"control", RULE_SLUG, STAR},
    {"service", RULE_SLUG, STAR, .also = exception_not_everywhere},
    {"environment", RULE_SLUG, STAR},
    {"check", RULE_SLUG, STAR | RULE_SLASH},
    {"subject", RULE_SUBJECT},
    {"state", RULE_ENUM},
    {"expires_at", RULE_INSTANT, .also = exception_ends},
    {"approver", RULE_TEXT, .also = exception_approved_by_another},
    {"risk_owner", RULE_TEXT},
    {"compensating", RULE_PROSE},
    {"reason", RULE_PROSE},
    {"risks", KEY},
};

static const struct rule finding[] = {
    {"finding", KEY},
    {"programme", KEY},
    {"standard", RULE_SLUG},
    {"control", RULE_SLUG, STAR},
    {"service", RULE_SLUG, STAR},
    {"environment", RULE_SLUG, STAR},
    {"location", RULE_SLUG},
    {"grade", RULE_ENUM},
    {"state", RULE_ENUM},
    {"due_at", RULE_INSTANT, .also = finding_due},
    {"audit", RULE_SLUG},
    {"title", RULE_TEXT, MUST},
    {"root_cause", RULE_PROSE},
    {"correction", RULE_PROSE},
    {"corrective_action", RULE_PROSE},
    {"verified_by", RULE_TEXT},
    {"verified_in", RULE_SLUG},
};

static const struct rule audit_process[] = {
    {"text", RULE_TEXT},
    {"items", RULE_PROSE},
};

static const struct rule audit_meeting[] = {
    {"kind", RULE_TEXT},
    {"at", RULE_INSTANT},
    {"mode", RULE_TEXT},
};

static const struct rule audit_conclusion[] = {
    {"area", RULE_TEXT},
    {"conclusion", RULE_TEXT},
    {"comment", RULE_PROSE},
};

static const struct rule audit_review[] = {
    {"standard", RULE_SLUG},
    {"control", RULE_SLUG},
    {"group", RULE_TEXT},
    {"text", RULE_PROSE},
};

static const struct rule audit_section[] = {
    {"heading", RULE_TEXT},
    {"text", RULE_PROSE},
};

static const struct rule audit_sample[] = {
    {"standard", RULE_SLUG},    {"control", RULE_SLUG},  {"service", RULE_SLUG},
    {"environment", RULE_SLUG}, {"location", RULE_SLUG}, {"method", RULE_TEXT},
    {"conclusion", RULE_TEXT},
};

static const struct rule audit[] = {
    {"audit", KEY},
    {"programme", RULE_SLUG},
    {"kind", RULE_ENUM},
    {"state", RULE_ENUM},
    {"starts_at", RULE_INSTANT, MUST},
    {"ends_at", RULE_INSTANT, MUST},
    {"reported_at", RULE_INSTANT},
    {"auditor", RULE_TEXT},
    {"team", RULE_TEXT},
    {"standards", KEY},
    {"objectives", RULE_PROSE},
    {"processes", RULE_MESSAGE, .elements = audit_process},
    {"locations", KEY},
    {"meetings", RULE_MESSAGE, .elements = audit_meeting},
    {"fieldwork_soa_version", RULE_VERSION},
    {"soa_version", RULE_VERSION},
    {"conclusions", RULE_MESSAGE, .elements = audit_conclusion},
    {"reviews", RULE_MESSAGE, .elements = audit_review},
    {"sections", RULE_MESSAGE, .elements = audit_section},
    {"samples", RULE_MESSAGE, .elements = audit_sample},
    {"deviations", RULE_PROSE},
    {"unresolved", RULE_PROSE},
    {"complaints", RULE_PROSE},
    {"marks", RULE_PROSE},
    {"recommendation", RULE_PROSE},
};

static const struct rule certificate[] = {
    {"programme", KEY},
    {"standard", KEY},
    {"number", RULE_TEXT},
    {"body", RULE_TEXT},
    {"accreditation", RULE_TEXT},
    {"decision", RULE_ENUM},
    {"initial_at", RULE_INSTANT, MUST},
    {"valid_from", RULE_INSTANT, MUST},
    {"valid_until", RULE_INSTANT, MUST},
    {"scope_as_of", RULE_INSTANT},
    {"soa_version", RULE_VERSION},
    {"audit", RULE_SLUG},
    {"evidence", RULE_MESSAGE, .elements = evidence},
};

static const struct rule management_record[] = {
    {"record", KEY},
    {"kind", RULE_ENUM},
    {"programme", RULE_SLUG},
    {"standards", KEY},
    {"title", RULE_TEXT, MUST},
    {"performed_by", RULE_TEXT},
    {"next_due_at", RULE_INSTANT},
    {"value", RULE_FINITE},
    {"target", RULE_FINITE},
    {"unit", RULE_TEXT},
    {"outcome", RULE_PROSE},
    {"evidence", RULE_MESSAGE, .elements = evidence},
};

static const struct rule tool_recall[] = {
    {"tool", KEY},        {"version", RULE_VERSION, MUST}, {"service", KEY | STAR},
    {"state", RULE_ENUM}, {"reason", RULE_PROSE},
};

/* --- event.proto --- */

const struct rule rules_event[] = {
    {"id", RULE_UUID, MUST},
    {"source", RULE_SLUG, MUST | RULE_SLASH},
    {"sequence", RULE_COUNT},
    {"occurred_at", RULE_INSTANT, MUST},
    {"actor", RULE_TEXT},
    {"control_test_result", RULE_MESSAGE, .elements = control_test_result},
    {"service_onboarding", RULE_MESSAGE, .elements = service_onboarding},
    {"scope_change", RULE_MESSAGE, .elements = scope_change},
    {"location", RULE_MESSAGE, .elements = location},
    {"programme", RULE_MESSAGE, .elements = programme},
    {"standard", RULE_MESSAGE, .elements = standard},
    {"check_mapping", RULE_MESSAGE, .elements = check_mapping},
    {"statement_of_applicability", RULE_MESSAGE, .elements = statement_of_applicability},
    {"inheritance", RULE_MESSAGE, .elements = inheritance},
    {"exception", RULE_MESSAGE, .elements = exception},
    {"finding", RULE_MESSAGE, .elements = finding},
    {"audit", RULE_MESSAGE, .elements = audit},
    {"certificate", RULE_MESSAGE, .elements = certificate},
    {"management_record", RULE_MESSAGE, .elements = management_record},
    {"retraction", RULE_MESSAGE, .elements = retraction},
    {"tool_recall", RULE_MESSAGE, .elements = tool_recall},
};

/* --- what stands twice --- */

/* One element of a list, for sorting. */
struct entry {
    const ProtobufCMessage *element;
    size_t place;
    unsigned keys;
};

static int compare_keys(const struct entry *a, const struct entry *b)
{
    for (unsigned i = 0; i < a->keys; i++) {
        size_t offset = a->element->descriptor->fields[i].offset;
        int order = strcmp(*(char *const *)((const uint8_t *)a->element + offset),
                           *(char *const *)((const uint8_t *)b->element + offset));
        if (order != 0)
            return order;
    }
    return 0;
}

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    int order = compare_keys(a, b);
    return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

size_t rules_duplicate(const struct rule *rule, ProtobufCMessage *const *elements, size_t count)
{
    struct entry *entries = calloc(count, sizeof *entries);
    if (entries == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct entry){elements[i], i, rule->keys};
    qsort(entries, count, sizeof *entries, compare_entries);
    size_t first = count;
    for (size_t i = 1; i < count; i++)
        if (entries[i].place < first && compare_keys(&entries[i - 1], &entries[i]) == 0)
            first = entries[i].place;
    free(entries);
    return first;
}

/* --- that the tables are about these messages --- */

static void assert_table(const struct rule *rules, const ProtobufCMessageDescriptor *descriptor)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        assert(strcmp(rules[i].field, field->name) == 0);
        assert(field->label != PROTOBUF_C_LABEL_REPEATED || field->type == PROTOBUF_C_TYPE_STRING ||
               field->type == PROTOBUF_C_TYPE_MESSAGE);
        assert((rules[i].kind == RULE_ENUM) == (field->type == PROTOBUF_C_TYPE_ENUM));
        if (rules[i].kind == RULE_MESSAGE)
            assert_table(rules[i].elements, field->descriptor);
    }
}

void rules_assert(void)
{
    assert_table(rules_event, &assay__v1__event__descriptor);
}
