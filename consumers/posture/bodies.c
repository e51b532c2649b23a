/* What the bodies of governance say, as numbers; and what they name, so that it is found again. */
#include "consumers/posture/array.h"
#include "consumers/posture/certificate.h"
#include "consumers/posture/kin.h"
#include "proto/codec.h"
#include "proto/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *governance_service_of(const Assay__V1__Event *event)
{
    switch (event->body_case) {
    case ASSAY__V1__EVENT__BODY_INHERITANCE:
        return event->inheritance->service;
    case ASSAY__V1__EVENT__BODY_EXCEPTION:
        return event->exception->service;
    case ASSAY__V1__EVENT__BODY_FINDING:
        return event->finding->service;
    case ASSAY__V1__EVENT__BODY_TOOL_RECALL:
        return event->tool_recall->service;
    default:
        return NULL;
    }
}

static void name_fact(struct posture_governance *governance, struct naming **namings,
                      struct control_name name, struct governance_fact *fact)
{
    struct naming *naming;
    HASH_FIND(hh, *namings, &name, sizeof name, naming);
    if (naming == NULL) {
        naming = array_new(1, sizeof *naming, &governance->bytes);
        naming->name = name;
        HASH_ADD(hh, *namings, name, sizeof naming->name, naming);
    }
    /* Of one version each name is told once; of several the fact may be there. */
    for (uint32_t i = 0; fact->version_count > 1 && i < naming->fact_count; i++) {
        if (naming->facts[i] == fact)
            return;
    }
    naming->facts = array_room(naming->facts, &naming->fact_room, naming->fact_count + 1u,
                               sizeof(struct governance_fact *), &governance->bytes);
    naming->facts[naming->fact_count++] = fact;
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int compare_controls(const void *a, const void *b)
{
    const struct control_name *x = a, *y = b;
    int by_standard = compare_numbers(&x->standard, &y->standard);
    return by_standard != 0 ? by_standard : compare_numbers(&x->control, &y->control);
}

static uint32_t *read_names(struct posture_governance *governance, size_t count, char **texts)
{
    uint32_t *numbers = array_new(count + 1, sizeof *numbers, &governance->bytes);
    for (size_t i = 0; i < count; i++)
        numbers[i] = names_add(governance->names, texts[i]);
    return numbers;
}

static void read_mapping(struct posture_governance *governance, struct governance_version *version,
                         const Assay__V1__CheckMapping *body)
{
    struct mapping *mapping = &version->mapping;
    mapping->required = body->required;
    mapping->ttl = body->ttl == NULL ? LIMIT_TTL_DEFAULT : codec_duration(body->ttl);
    mapping->controls =
        array_new(body->n_controls + 1, sizeof *mapping->controls, &governance->bytes);
    for (size_t i = 0; i < body->n_controls; i++) {
        mapping->controls[i].standard = names_add(governance->names, body->controls[i]->standard);
        mapping->controls[i].control = names_add(governance->names, body->controls[i]->control);
    }
    qsort(mapping->controls, body->n_controls, sizeof *mapping->controls, compare_controls);
    for (size_t i = 0; i < body->n_controls; i++) {
        if (i > 0 && compare_controls(&mapping->controls[i], &mapping->controls[i - 1]) == 0)
            continue;
        mapping->controls[mapping->control_count++] = mapping->controls[i];
        name_fact(governance, &governance->controls, mapping->controls[mapping->control_count - 1],
                  version->fact);
    }
    mapping->target_count = (uint32_t)body->n_applies_to;
    mapping->targets =
        array_new(body->n_applies_to + 1, sizeof *mapping->targets, &governance->bytes);
    for (size_t i = 0; i < body->n_applies_to; i++) {
        const Assay__V1__CheckMapping__Target *target = body->applies_to[i];
        mapping->targets[i].service = names_add(governance->names, target->service);
        mapping->targets[i].environment = names_add(governance->names, target->environment);
    }
}

static void read_standard(struct posture_governance *governance, struct standard *standard,
                          const Assay__V1__Standard *body)
{
    standard->controls =
        array_new(body->n_controls + 1, sizeof *standard->controls, &governance->bytes);
    for (size_t i = 0; i < body->n_controls; i++) {
        Assay__V1__ControlKind kind = body->controls[i]->kind;
        bool clause = kind == ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CLAUSE;
        if (clause || kind == ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CONTROL)
            standard->controls[standard->control_count++] = (struct listed_control){
                names_add(governance->names, body->controls[i]->control), clause};
    }
    /* They begin with the number they are sorted by. */
    qsort(standard->controls, standard->control_count, sizeof *standard->controls, compare_numbers);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < standard->control_count; i++) {
        if (i == 0 || standard->controls[i].control != standard->controls[i - 1].control)
            standard->controls[kept++] = standard->controls[i];
    }
    standard->control_count = kept;
    standard->extends = read_names(governance, body->n_extends, body->extends);
    standard->extend_count = (uint32_t)body->n_extends;
    standard->certifiable_until = codec_instant(body->certifiable_until, INSTANT_END);
}

static void read_programme(struct posture_governance *governance,
                           struct governance_version *version, const Assay__V1__Programme *body)
{
    struct programme *programme = &version->programme;
    programme->environments =
        array_new(body->n_environments + 1, sizeof *programme->environments, &governance->bytes);
    programme->environment_count = (uint32_t)body->n_environments;
    for (size_t i = 0; i < body->n_environments; i++) {
        struct listed_environment *listed = &programme->environments[i];
        listed->environment = names_add(governance->names, body->environments[i]->environment);
        listed->discontinued = body->environments[i]->state ==
                               ASSAY__V1__ENVIRONMENT_STATE__ENVIRONMENT_STATE_DISCONTINUED;
        name_fact(governance, &governance->environments,
                  (struct control_name){listed->environment, NAME_NONE}, version->fact);
    }
    programme->standards = read_names(governance, body->n_standards, body->standards);
    programme->standard_count = (uint32_t)body->n_standards;
    for (uint32_t i = 0; i < programme->standard_count; i++)
        certification_name(governance, version->fact->key.key, programme->standards[i]);
}

/* ---- the compliance office's ---- */

static void read_finding(struct posture_governance *governance, struct governance_version *version,
                         const Assay__V1__Finding *body)
{
    struct names *names = governance->names;
    version->finding = (struct finding){
        .reach = {names_add(names, body->programme), names_add(names, body->standard),
                  names_add(names, body->control), names_add(names, body->service),
                  names_add(names, body->environment)},
        .open = body->state != ASSAY__V1__FINDING_STATE__FINDING_STATE_VERIFIED &&
                body->state != ASSAY__V1__FINDING_STATE__FINDING_STATE_CLOSED,
        .major = body->grade == ASSAY__V1__FINDING_GRADE__FINDING_GRADE_MAJOR_NC,
        .minor = body->grade == ASSAY__V1__FINDING_GRADE__FINDING_GRADE_MINOR_NC,
        .due_at = codec_instant(body->due_at, INSTANT_END),
    };
    const struct reach *reach = &version->finding.reach;
    name_fact(governance, &governance->findings,
              (struct control_name){reach->standard, reach->control}, version->fact);
    name_fact(governance, &governance->pairs,
              (struct control_name){reach->programme, reach->standard}, version->fact);
}

static void read_exception(struct posture_governance *governance,
                           struct governance_version *version, const Assay__V1__Exception *body)
{
    struct names *names = governance->names;
    version->exception = (struct exception){
        .reach = {names_add(names, body->programme), names_add(names, body->standard),
                  names_add(names, body->control), names_add(names, body->service),
                  names_add(names, body->environment)},
        .check = names_add(names, body->check),
        .subject = names_add(names, body->subject),
        .approved = body->state == ASSAY__V1__EXCEPTION_STATE__EXCEPTION_STATE_APPROVED,
        .expires_at = codec_instant(body->expires_at, INSTANT_END),
    };
    const struct reach *reach = &version->exception.reach;
    name_fact(governance, &governance->exceptions,
              (struct control_name){reach->standard, reach->control}, version->fact);
    if (version->exception.subject != governance->star)
        name_fact(governance, &governance->subjects,
                  (struct control_name){version->exception.check, NAME_NONE}, version->fact);
}

static void read_statement(struct posture_governance *governance, struct statement *statement,
                           const Assay__V1__StatementOfApplicability *body)
{
    statement->version = names_add(governance->names, body->version);
    statement->entries =
        array_new(body->n_entries + 1, sizeof *statement->entries, &governance->bytes);
    statement->entry_count = (uint32_t)body->n_entries;
    for (size_t i = 0; i < body->n_entries; i++) {
        const Assay__V1__StatementOfApplicability__Entry *entry = body->entries[i];
        statement->entries[i] = (struct statement_entry){
            .control = {names_add(governance->names, entry->standard),
                        names_add(governance->names, entry->control)},
            .excluded = !entry->applicable && *entry->justification != '\0',
        };
    }
    qsort(statement->entries, statement->entry_count, sizeof *statement->entries, compare_controls);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < statement->entry_count; i++) {
        struct statement_entry *entry = &statement->entries[i];
        if (kept > 0 && compare_controls(entry, &statement->entries[kept - 1]) == 0)
            statement->entries[kept - 1].excluded |= entry->excluded;
        else
            statement->entries[kept++] = *entry;
    }
    statement->entry_count = kept;
}

static void read_certificate(struct posture_governance *governance,
                             struct governance_version *version, const Assay__V1__Certificate *body)
{
    struct names *names = governance->names;
    instant occurred_at = version->head.order.occurred_at;
    version->certificate = (struct certificate){
        .programme = names_add(names, body->programme),
        .standard = names_add(names, body->standard),
        .decision = body->decision,
        .force = occurred_at,
        .valid_from = codec_instant(body->valid_from, INSTANT_BEGIN),
        .valid_until = codec_instant(body->valid_until, INSTANT_END),
        .scope_date = codec_instant(body->scope_as_of, occurred_at),
        .number = names_add(names, body->number),
        .body = names_add(names, body->body),
        .soa_version = names_add(names, body->soa_version),
    };
    struct certificate *certificate = &version->certificate;
    bool at_once =
        body->decision == ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_SUSPENDED ||
        body->decision == ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_WITHDRAWN;
    if (!at_once && certificate->valid_from > occurred_at)
        certificate->force = certificate->valid_from;
    certification_name(governance, certificate->programme, certificate->standard);
    name_fact(governance, &governance->certificates,
              (struct control_name){certificate->programme, certificate->standard}, version->fact);
}

static void read_audit(struct posture_governance *governance, struct governance_version *version,
                       const Assay__V1__Audit *body)
{
    version->audit = (struct audit){
        .programme = names_add(governance->names, body->programme),
        .standards = read_names(governance, body->n_standards, body->standards),
        .standard_count = (uint32_t)body->n_standards,
        .surveys = (body->kind == ASSAY__V1__AUDIT_KIND__AUDIT_KIND_SURVEILLANCE ||
                    body->kind == ASSAY__V1__AUDIT_KIND__AUDIT_KIND_RECERTIFICATION) &&
                   body->state != ASSAY__V1__AUDIT_STATE__AUDIT_STATE_PLANNED,
        .ends_at = codec_instant(body->ends_at, INSTANT_END),
    };
    for (uint32_t i = 0; i < version->audit.standard_count; i++)
        name_fact(governance, &governance->pairs,
                  (struct control_name){version->audit.programme, version->audit.standards[i]},
                  version->fact);
}

void governance_read_body(struct posture_governance *governance, struct governance_version *version,
                          const Assay__V1__Event *event)
{
    switch (event->body_case) {
    case ASSAY__V1__EVENT__BODY_CHECK_MAPPING:
        read_mapping(governance, version, event->check_mapping);
        break;
    case ASSAY__V1__EVENT__BODY_STANDARD:
        read_standard(governance, &version->standard, event->standard);
        break;
    case ASSAY__V1__EVENT__BODY_PROGRAMME:
        read_programme(governance, version, event->programme);
        break;
    case ASSAY__V1__EVENT__BODY_TOOL_RECALL:
        version->recall = (struct recall){
            .tool = names_add(governance->names, event->tool_recall->tool),
            .version = names_add(governance->names, event->tool_recall->version),
            .service = names_add(governance->names, event->tool_recall->service),
            .in_force = event->tool_recall->state == ASSAY__V1__RECALL_STATE__RECALL_STATE_IN_FORCE,
        };
        break;
    case ASSAY__V1__EVENT__BODY_FINDING:
        read_finding(governance, version, event->finding);
        break;
    case ASSAY__V1__EVENT__BODY_EXCEPTION:
        read_exception(governance, version, event->exception);
        break;
    case ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY:
        read_statement(governance, &version->statement, event->statement_of_applicability);
        break;
    case ASSAY__V1__EVENT__BODY_INHERITANCE:
        kin_read(governance, version, event->inheritance);
        break;
    case ASSAY__V1__EVENT__BODY_CERTIFICATE:
        read_certificate(governance, version, event->certificate);
        break;
    case ASSAY__V1__EVENT__BODY_AUDIT:
        read_audit(governance, version, event->audit);
        break;
    default: /* kept as a version, without effect */
        break;
    }
}

void governance_free_body(struct governance_version *version)
{
    switch (version->fact->key.body) {
    case ASSAY__V1__EVENT__BODY_CHECK_MAPPING:
        free(version->mapping.controls);
        free(version->mapping.targets);
        break;
    case ASSAY__V1__EVENT__BODY_STANDARD:
        free(version->standard.controls);
        free(version->standard.extends);
        break;
    case ASSAY__V1__EVENT__BODY_PROGRAMME:
        free(version->programme.environments);
        free(version->programme.standards);
        break;
    case ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY:
        free(version->statement.entries);
        break;
    case ASSAY__V1__EVENT__BODY_AUDIT:
        free(version->audit.standards);
        break;
    default:
        break;
    }
}

bool mapping_names(const struct mapping *mapping, uint32_t standard, uint32_t control)
{
    struct control_name wanted = {standard, control};
    return bsearch(&wanted, mapping->controls, mapping->control_count, sizeof wanted,
                   compare_controls) != NULL;
}

bool mapping_applies(const struct mapping *mapping, uint32_t star, uint32_t service,
                     uint32_t environment)
{
    if (mapping->target_count == 0)
        return true;
    for (uint32_t i = 0; i < mapping->target_count; i++) {
        const struct target *target = &mapping->targets[i];
        if ((target->service == star || target->service == service) &&
            (target->environment == star || target->environment == environment))
            return true;
    }
    return false;
}

const struct listed_control *standard_lists(const struct standard *standard, uint32_t control)
{
    return bsearch(&control, standard->controls, standard->control_count,
                   sizeof *standard->controls, compare_numbers);
}

const struct statement_entry *statement_lists(const struct statement *statement, uint32_t standard,
                                              uint32_t control)
{
    struct control_name wanted = {standard, control};
    return bsearch(&wanted, statement->entries, statement->entry_count, sizeof *statement->entries,
                   compare_controls);
}

bool programme_lists_standard(const struct programme *programme, uint32_t standard)
{
    for (uint32_t i = 0; i < programme->standard_count; i++) {
        if (programme->standards[i] == standard)
            return true;
    }
    return false;
}

const struct listed_environment *programme_lists(const struct programme *programme,
                                                 uint32_t environment)
{
    for (uint32_t i = 0; i < programme->environment_count; i++) {
        if (programme->environments[i].environment == environment)
            return &programme->environments[i];
    }
    return NULL;
}
