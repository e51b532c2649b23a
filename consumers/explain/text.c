#include "consumers/explain/answer.h"
#include "proto/codec.h"

#include <stdio.h>
#include <string.h>

/* Without --all: enough to see why, on one screen. */
enum { CHECKS_SHOWN = 20, STREAMS_SHOWN = 5 };

static void print_event(const struct answer *answer, const struct explained_event *event)
{
    char id[UUID_TEXT_MAX];
    char when[INSTANT_TEXT_MAX];
    if (!event->any) {
        printf("none\n");
        return;
    }
    printf("%s %s of %s, %s partition %d offset %lld", event->body, uuid_format(&event->id, id),
           instant_format(event->occurred_at, when),
           evaluated_topic(answer->evaluated, event->record.topic), event->record.partition,
           (long long)event->record.offset);
    if (event->record.incarnation > 1)
        printf(" incarnation %d", event->record.incarnation);
    putchar('\n');
}

static void print_in_force(const struct answer *answer)
{
    const struct posture_explanation *why = answer->explanation;
    const char *membership =
        codec_enum_name(&assay__v1__membership__descriptor, (int)why->membership);
    printf("\nIn force\n  scope        %s, ", membership == NULL ? "?" : membership);
    print_event(answer, &why->scope);
    printf("  onboarding   ");
    if (why->onboarding.any)
        printf("%s, ", codec_enum_name(&assay__v1__lifecycle__descriptor, (int)why->lifecycle));
    print_event(answer, &why->onboarding);
    printf("  standard     ");
    print_event(answer, &why->standard);
    printf("  programme    %s", why->discontinued ? "environment discontinued, " : "");
    print_event(answer, &why->programme);
}

/* What each rule says; where the first that matches is the fourth, the next is the own side's. */
static void print_rules(const struct answer *answer)
{
    const struct posture_explanation *why = answer->explanation;
    bool decided = false;
    printf("\nRules, the first that matches decides\n");
    for (uint32_t i = 0; i < why->rule_count; i++) {
        const struct explained_rule *rule = &why->rules[i];
        printf("  %2d %-16s %s%s\n", rule->number, rule->name,
               !rule->matches              ? "no"
               : rule->status == CELL_NONE ? "yes, not followed"
                                           : cell_status_name(rule->status),
               !rule->matches   ? ""
               : !rule->decides ? ", outranked"
               : decided        ? ", its own side"
                                : ", decides");
        decided |= rule->decides;
    }
}

static void print_link(const struct answer *answer, const struct explained_link *link)
{
    const char *kind = codec_enum_name(&assay__v1__inheritance_kind__descriptor, (int)link->kind);
    printf("  %s/%s inherits, %s, from %s/%s\n    ", link->service, link->environment,
           kind == NULL ? "?" : kind, link->provider_service, link->provider_environment);
    print_event(answer, &link->inheritance);
    printf("    own %s%s; provider %s", cell_status_name(link->own),
           link->kind == ASSAY__V1__INHERITANCE_KIND__INHERITANCE_KIND_FULL ? " (does not count)"
                                                                            : "",
           link->provider == CELL_NONE ? "not there" : cell_status_name(link->provider));
    if (link->fault != PROVIDER_COUNTS)
        printf(", counts as %s: %s", cell_status_name(link->taken),
               provider_fault_sentence(link->fault));
    printf("; shown %s%s\n", cell_status_name(link->shown),
           link->own_side ? ", from its own side" : "");
}

/* What the office has said of the cell. */
static void print_office(const struct answer *answer)
{
    static const char *const listings[] = {
        [LISTING_NO_STATEMENT] = "no statement of applicability",
        [LISTING_OMITTED] = "omits the control",
        [LISTING_INCLUDED] = "includes the control",
        [LISTING_EXCLUDED] = "excludes the control, with a justification",
    };
    const struct posture_explanation *why = answer->explanation;
    char when[INSTANT_TEXT_MAX];
    if (why->statement.any) {
        printf("\nStatement of Applicability, version %s, %s%s: ",
               why->statement_version == NULL ? "?" : why->statement_version,
               listings[why->listing], why->clause ? " (a clause: it has no effect)" : "");
        print_event(answer, &why->statement);
    }
    for (uint32_t i = 0; i < why->chain_count; i++) {
        if (i == 0)
            printf("\nInheritance\n");
        print_link(answer, &why->chain[i]);
    }
    if (why->chain_count > 0 && why->own_deciding.any) {
        printf("  its own side is decided by ");
        print_event(answer, &why->own_deciding);
    }
    for (uint32_t i = 0; i < why->finding_count; i++) {
        const struct explained_finding *finding = &why->findings[i];
        printf("%s  %s: %s%s%s", i == 0 ? "\nFindings\n" : "", finding->finding,
               finding->major   ? "major nonconformity"
               : finding->minor ? "minor nonconformity"
                                : "no nonconformity",
               finding->open ? ", open" : ", not open", finding->weighs ? ", fails the cell" : "");
        if (finding->due_at != INSTANT_END)
            printf(", due %s", instant_format(finding->due_at, when));
        printf("\n    ");
        print_event(answer, &finding->event);
    }
    for (uint32_t i = 0; i < why->exception_count; i++) {
        const struct explained_exception *exception = &why->exceptions[i];
        printf("%s  %s: covers %u failing stream%s, expires %s\n    ",
               i == 0 ? "\nExceptions\n" : "", exception->exception, exception->covers,
               exception->covers == 1 ? "" : "s", instant_format(exception->expires_at, when));
        print_event(answer, &exception->event);
    }
}

static void print_stream(const struct answer *answer, const struct explained_stream *stream)
{
    char expires[INSTANT_TEXT_MAX];
    const char *result = codec_enum_name(&assay__v1__result__descriptor, (int)stream->result);
    printf("      %-11s %-14s %s", stream_state_name(stream->state), result == NULL ? "?" : result,
           *stream->subject == '\0' ? "(no subject)" : stream->subject);
    if (stream->expires_at != INSTANT_END)
        printf(", %s %s", stream->state == STREAM_STALE ? "expired" : "expires",
               instant_format(stream->expires_at, expires));
    if (stream->exception != NULL)
        printf(", covered by exception %s", stream->exception);
    printf("\n                  ");
    print_event(answer, &stream->event);
}

static void print_check(const struct answer *answer, const struct explained_check *check)
{
    printf("    %s, %s%s\n", check->check, check->required ? "required" : "not required",
           check->missing             ? ", missing"
           : check->stream_count == 0 ? ", no results"
                                      : "");
    uint32_t shown =
        answer->all || check->stream_count <= STREAMS_SHOWN ? check->stream_count : STREAMS_SHOWN;
    for (uint32_t i = 0; i < shown; i++)
        print_stream(answer, &check->streams[i]);
    if (shown < check->stream_count)
        printf("      … and %u more streams (--all)\n", check->stream_count - shown);
}

/* Checks with results or missing ones say something; the rest is counted. */
static void print_checks(const struct answer *answer)
{
    const struct posture_explanation *why = answer->explanation;
    printf("\nChecks: %u mapped, %u required, %u missing\n", why->check_count, why->required,
           why->missing);
    uint32_t shown = 0;
    uint32_t silent = 0;
    uint32_t more = 0;
    for (uint32_t i = 0; i < why->check_count; i++) {
        const struct explained_check *check = &why->checks[i];
        if (!answer->all && check->stream_count == 0 && !check->missing) {
            silent++;
        } else if (!answer->all && shown == CHECKS_SHOWN) {
            more++;
        } else {
            print_check(answer, check);
            shown++;
        }
    }
    if (more > 0)
        printf("    … and %u more checks (--all)\n", more);
    if (silent > 0)
        printf("    %u mapped checks are not required and have no results (--all)\n", silent);
}

static void print_next(const struct answer *answer)
{
    const struct posture_explanation *why = answer->explanation;
    char when[INSTANT_TEXT_MAX];
    if (why->until == INSTANT_END) {
        printf("\nNext: without new events it stays so.\n");
        return;
    }
    printf("\nNext: without other events it becomes %s at %s",
           why->next_status == CELL_NONE ? "no control of the service any more"
                                         : cell_status_name(why->next_status),
           instant_format(why->until, when));
    if (why->next_cause.any) {
        printf(", by ");
        print_event(answer, &why->next_cause);
        return;
    }
    if (why->next_exception != NULL)
        printf(", when exception %s expires", why->next_exception);
    if (why->next_finding != NULL)
        printf(", when finding %s falls due", why->next_finding);
    printf(why->next_expiring_count > 0 ? ", when these results expire:\n" : ".\n");
    for (uint32_t i = 0; i < why->next_expiring_count; i++) {
        if (!answer->all && i == STREAMS_SHOWN) {
            printf("    … and %u more (--all)\n", why->next_expiring_count - i);
            return;
        }
        printf("    ");
        print_event(answer, &why->next_expiring[i]->event);
    }
}

void answer_text(const struct answer *answer)
{
    const struct posture_explanation *why = answer->explanation;
    char at[INSTANT_TEXT_MAX];
    char since[INSTANT_TEXT_MAX];
    char until[INSTANT_TEXT_MAX];
    printf("%s, %s, %s, %s: %s at %s\n", answer->service, answer->environment, answer->standard,
           answer->control, cell_status_name(why->status), instant_format(answer->at, at));
    printf("  since %s, until %s\n", instant_format(why->since, since),
           why->until == INSTANT_END ? "further notice" : instant_format(why->until, until));
    printf("  rule %d (%s): %s\n", why->rule, why->rule_name, why->sentence);
    printf("  decided by ");
    print_event(answer, &why->deciding);
    if (why->finding != NULL)
        printf("  finding %s\n", why->finding);
    if (why->exception != NULL)
        printf("  exception %s\n", why->exception);
    if (why->inherited_from != NULL)
        printf("  inherited from %s\n", why->inherited_from);
    print_in_force(answer);
    print_office(answer);
    print_rules(answer);
    print_checks(answer);
    print_next(answer);
}
