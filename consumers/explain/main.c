/*
 * assay-explain -- why a control has the status it has: the rule that decided, the events it rests
 * on with their places in Kafka, and what would change it next.
 *
 * It reads the facts of the service from the record and asks posture, the same code that made the
 * status, so the explanation cannot tell another story than the views.
 */
#include "consumers/explain/answer.h"
#include "consumers/store/connection.h"
#include "runtime/log.h"
#include "runtime/settings.h"

#include <stdio.h>
#include <time.h>

static const char *database;
static const char *at_text;
static const char *known_at_text;
static bool as_json;
static bool all;

static const struct setting SETTINGS[] = {
    DATABASE_SETTING(database),
    {.kind = SETTING_TEXT,
     .name = "at",
     .environment = "ASSAY_AT",
     .argument = "INSTANT",
     .help = "the status at this instant, as 2026-11-23T12:00:00Z; default: now",
     .value = &at_text},
    {.kind = SETTING_TEXT,
     .name = "known-at",
     .environment = "ASSAY_KNOWN_AT",
     .argument = "INSTANT",
     .help = "as the record knew it then; default: now",
     .value = &known_at_text},
    {.kind = SETTING_SWITCH,
     .name = "all",
     .environment = "ASSAY_ALL",
     .help = "every check and stream, however many",
     .value = &all},
    {.kind = SETTING_SWITCH,
     .name = "json",
     .environment = "ASSAY_JSON",
     .help = "one JSON object, with everything in it",
     .value = &as_json},
};

static const struct program PROGRAM = {
    .name = "assay-explain",
    .synopsis = "explain [FLAGS] SERVICE ENVIRONMENT STANDARD CONTROL",
    .summary = "Says why a control has its status: the rule that decided, the events it rests on\n"
               "with topic, partition and offset, and what would change it next and when.\n"
               "Exit status 1: there is no such control there.",
    .settings = SETTINGS,
    .setting_count = SETTINGS_COUNT(SETTINGS),
};

static instant read_instant(const char *flag, const char *text)
{
    instant parsed;
    bool zoneless = false;
    if (!instant_parse(text, &parsed, &zoneless))
        settings_usage(&PROGRAM, "%s takes an instant like 2026-11-23T12:00:00Z, not '%s'%s", flag,
                       text, zoneless ? ": the zone is missing" : "");
    return parsed;
}

static instant now(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_REALTIME, &clock);
    return (instant)clock.tv_sec * INSTANT_SECOND + clock.tv_nsec / 1000;
}

static enum exit_status explain(struct answer *answer, struct evaluated *evaluated)
{
    struct posture_explanation explanation;
    size_t count;
    struct posture_service *const *services = evaluated_services(evaluated, &count);
    if (!posture_explain_together(services, count, evaluated_governance(evaluated),
                                  evaluated_position(evaluated), answer->environment,
                                  answer->standard, answer->control, answer->at, &explanation)) {
        char at[INSTANT_TEXT_MAX];
        log_error(
            "at %s%s%s there is no %s of %s for %s in %s; assay status %s shows what there is",
            instant_format(answer->at, at), known_at_text == NULL ? "" : ", as known at ",
            known_at_text == NULL ? "" : known_at_text, answer->control, answer->standard,
            answer->service, answer->environment, answer->service);
        return EXIT_ANSWER_NO;
    }
    answer->explanation = &explanation;
    answer->evaluated = evaluated;
    bool written = true;
    if (as_json)
        written = answer_json(answer);
    else
        answer_text(answer);
    posture_explanation_free(&explanation);
    if (!written || fflush(stdout) != 0) {
        log_error("standard output cannot be written");
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    log_open(PROGRAM.name);
    char **operands;
    size_t operand_count;
    settings_read(&PROGRAM, argc, argv, &operands, &operand_count);
    if (operand_count != 4)
        settings_usage(&PROGRAM, "SERVICE, ENVIRONMENT, STANDARD and CONTROL are needed");
    struct answer answer = {.service = operands[0],
                            .environment = operands[1],
                            .standard = operands[2],
                            .control = operands[3],
                            .at = at_text == NULL ? now() : read_instant("--at", at_text),
                            .all = all};
    char known_at[INSTANT_TEXT_MAX];
    if (known_at_text != NULL)
        instant_format(read_instant("--known-at", known_at_text), known_at);

    struct fault fault;
    PGconn *connection = connection_open(database, PROGRAM.name, &fault);
    struct evaluated *evaluated =
        connection == NULL ? NULL
                           : evaluated_open(connection, answer.service,
                                            known_at_text == NULL ? NULL : known_at, &fault);
    enum exit_status status = EXIT_FAILED;
    if (evaluated != NULL) {
        status = explain(&answer, evaluated);
    } else {
        log_error("%s", fault.text);
        if (fault.reaction == FAULT_REJECT)
            status = EXIT_ANSWER_NO;
    }
    evaluated_close(evaluated);
    PQfinish(connection);
    return (int)status;
}
