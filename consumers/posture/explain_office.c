/* What the compliance office says of a cell, and whom it inherits from. */
#include "consumers/posture/array.h"
#include "consumers/posture/explaining.h"

#include <assert.h>
#include <string.h>

const char *provider_fault_sentence(enum provider_fault fault)
{
    static const char *const sentences[] = {
        [PROVIDER_COUNTS] = NULL,
        [PROVIDER_ABSENT] = "The provider has no such cell.",
        [PROVIDER_OUT_OF_SCOPE] = "The provider is out of scope.",
        [PROVIDER_NOT_APPLICABLE] = "The control is not applicable to the provider.",
        [PROVIDER_NOT_CERTIFIED] = "The provider is of another programme and not certified.",
        [PROVIDER_CIRCULAR] = "The cell inherits from itself in a circle.",
    };
    assert(fault <= PROVIDER_CIRCULAR);
    return sentences[fault];
}

static void explain_findings(const struct merge *merge, instant at, struct posture_explanation *out)
{
    const struct office *office = &merge->office;
    const struct posture_governance *governance = merge->run->governance;
    const struct programme_step *programme = merge->facts.programme;
    if (programme == NULL || programme->version == NULL)
        return;
    out->findings = array_new(office->finding_count + 1u, sizeof *out->findings, NULL);
    for (uint32_t i = 0; i < office->finding_count; i++) {
        const struct governance_version *version = office->findings[i].version;
        if (version == NULL ||
            version->finding.reach.programme != programme->version->fact->key.key)
            continue;
        const struct finding *finding = &version->finding;
        out->findings[out->finding_count++] = (struct explained_finding){
            .finding = names_text(governance->names, version->fact->key.key),
            .event = explained_governance(governance, version),
            .open = finding->open,
            .major = finding->major,
            .minor = finding->minor,
            .due_at = finding->due_at,
            .weighs = finding_weighs(finding, at),
        };
    }
}

static void explain_statement(const struct merge *merge, instant at,
                              struct posture_explanation *out)
{
    const struct evaluation *run = merge->run;
    const struct programme_step *programme = merge->facts.programme;
    const struct governance_version *statement = NULL;
    if (programme != NULL && programme->version != NULL)
        statement = governance_in_force(
            governance_named(run->governance, ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY,
                             programme->version->fact->key.key),
            run->position, at);
    if (statement == NULL)
        return;
    const struct statement_entry *entry =
        statement_lists(&statement->statement, merge->name.standard, merge->name.control);
    out->statement = explained_governance(run->governance, statement);
    out->statement_version = names_text(run->governance->names, statement->statement.version);
    out->listing = entry == NULL     ? LISTING_OMITTED
                   : entry->excluded ? LISTING_EXCLUDED
                                     : LISTING_INCLUDED;
}

static uint32_t covered_by(const struct posture_explanation *out, const char *exception)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < out->check_count; i++) {
        for (uint32_t j = 0; j < out->checks[i].stream_count; j++) {
            const char *covering = out->checks[i].streams[j].exception;
            count += covering != NULL && strcmp(covering, exception) == 0;
        }
    }
    return count;
}

static void explain_exceptions(const struct merge *merge, instant at,
                               struct posture_explanation *out)
{
    const struct exceptions *exceptions = &merge->exceptions;
    const struct posture_governance *governance = merge->run->governance;
    out->exceptions = array_new(exceptions->span_count + 1u, sizeof *out->exceptions, NULL);
    for (uint32_t i = 0; i < exceptions->span_count; i++) {
        const struct cover_span *span = &exceptions->spans[i];
        if (at < span->from || at >= span->until)
            continue;
        const char *key = names_text(governance->names, span->version->fact->key.key);
        out->exceptions[out->exception_count++] = (struct explained_exception){
            .exception = key,
            .event = explained_governance(governance, span->version),
            .expires_at = span->version->exception.expires_at,
            .covers = covered_by(out, key),
        };
    }
}

void explain_office(const struct merge *merge, instant at, struct posture_explanation *out)
{
    explain_findings(merge, at, out);
    explain_statement(merge, at, out);
    explain_exceptions(merge, at, out);
}

/* ---- inheritance ---- */

const struct explained_rule explained_inheriting = {
    .number = 4,
    .name = "inherited",
    .sentence = "Another service takes care of the control, or shares it.",
    .status = CELL_NONE,
};

static struct explained_link explain_link(const struct chain *chain, uint32_t number)
{
    const struct link *link = &chain->links[number];
    const struct posture_service *service = link->run->service;
    const struct names *names = link->run->governance->names;
    const struct inheritance *inheritance = &link->inherits->inheritance;
    struct explained_link explained = {
        .service = text_of(service, service->name),
        .environment = text_of(service, link->cell->standing->environment->name),
        .inheritance = explained_governance(link->run->governance, link->inherits),
        .kind = inheritance->kind,
        .provider_service = names_text(names, inheritance->provider_service),
        .provider_environment = names_text(names, inheritance->provider_environment),
        .own = (enum cell_status)link->own->status,
        .fault = link->fault,
        .taken = link->taken,
        .own_side = link->own_side,
        .shown = (enum cell_status)link->view.status,
    };
    /* The last of a cycle inherits from one that stands before it. */
    if (number + 1 < chain->count)
        explained.provider = (enum cell_status)chain->links[number + 1].view.status;
    for (uint32_t i = 0; link->circular && i < number && number + 1 == chain->count; i++) {
        if (chain->links[i].circular) {
            explained.provider = (enum cell_status)chain->links[i].view.status;
            break;
        }
    }
    return explained;
}

static void decide_by_chain(const struct evaluation *run, const struct cell_step *shown,
                            struct posture_explanation *out)
{
    struct explained_rule *rule = out->rules;
    while (rule->number != explained_inheriting.number)
        rule++;
    out->status = rule->status = (enum cell_status)shown->status;
    rule->decides = true;
    out->rule = rule->number;
    out->rule_name = rule->name;
    out->sentence = rule->sentence;
    out->deciding = explained_version(run->together, shown->deciding);
}

void explain_chain(const struct evaluation *run, const struct cell *cell, instant at,
                   struct posture_explanation *out)
{
    struct chain chain = {0};
    chain_follow(&chain, run, cell, at);
    const struct cell_step *shown = chain_view(&chain);
    out->chain = array_new(chain.count, sizeof *out->chain, NULL);
    for (uint32_t i = 0; i < chain.count && chain.links[i].inherits != NULL; i++)
        out->chain[out->chain_count++] = explain_link(&chain, i);
    if (out->chain_count > 0)
        decide_by_chain(run, shown, out);
    chain_free(&chain);
}
