/*
 * assay-what-if -- what would change if these events were published, and why. Nothing is written.
 *
 * It evaluates the record's facts twice, without the events and with them, by the code that makes
 * the status, and shows where the two differ.
 */
#include "consumers/store/connection.h"
#include "consumers/table/table.h"
#include "consumers/whatif/print.h"
#include "proto/validate.h"
#include "runtime/log.h"
#include "runtime/settings.h"

#include <inttypes.h>
#include <time.h>

static const char *database;
static const char *at_text;
static int64_t days;
static const char *team;
static const char *source;
static bool as_json;

static const struct setting SETTINGS[] = {
    DATABASE_SETTING(database),
    {.kind = SETTING_TEXT,
     .name = "at",
     .environment = "ASSAY_AT",
     .argument = "INSTANT",
     .help = "what would differ at this instant, as 2026-11-23T12:00:00Z; default: now",
     .value = &at_text},
    {.kind = SETTING_NUMBER,
     .name = "days",
     .environment = "ASSAY_DAYS",
     .argument = "N",
     .help = "and in the days from then on",
     .fallback = "0",
     .least = 0,
     .most = 36525,
     .value = &days},
    {.kind = SETTING_TEXT,
     .name = "team",
     .environment = "ASSAY_TEAM",
     .argument = "TEAM",
     .help = "results as if by assay.evidence.TEAM",
     .value = &team},
    {.kind = SETTING_TEXT,
     .name = "source",
     .environment = "ASSAY_SOURCE",
     .argument = "SOURCE",
     .help = "the source of events that name none",
     .value = &source},
    {.kind = SETTING_SWITCH,
     .name = "json",
     .environment = "ASSAY_JSON",
     .help = "one JSON object with every control, instead of tables",
     .value = &as_json},
};

static const struct program PROGRAM = {
    .name = "assay-what-if",
    .synopsis = "what-if [FLAGS] FILE…",
    .summary = "Shows which controls, postures and certificates would change, and why, if the\n"
               "events of FILE (JSON Lines, as publish takes them; - is standard input) were\n"
               "published now. Writes nothing. A line that is no valid event is named by file,\n"
               "line and field and left out, and the exit status is 1.",
    .settings = SETTINGS,
    .setting_count = SETTINGS_COUNT(SETTINGS),
};

static instant now(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_REALTIME, &clock);
    return instant_of(clock.tv_sec, (int32_t)clock.tv_nsec);
}

static instant read_at(void)
{
    instant parsed;
    bool zoneless = false;
    if (at_text == NULL)
        return now();
    if (!instant_parse(at_text, &parsed, &zoneless))
        settings_usage(&PROGRAM, "--at takes an instant like 2026-11-23T12:00:00Z, not '%s'%s",
                       at_text, zoneless ? ": the zone is missing" : "");
    return parsed;
}

static enum exit_status show(const struct supposed *supposed, struct answer *answer)
{
    struct fault fault;
    PGconn *connection = connection_open(database, PROGRAM.name, &fault);
    bool done = connection != NULL && suppose(connection, supposed, answer, &fault);
    PQfinish(connection);
    if (!done) {
        log_error("%s", fault.text);
        return EXIT_FAILED;
    }
    if (!(as_json ? print_json : print_text)(answer, supposed)) {
        log_error("standard output cannot be written");
        return EXIT_FAILED;
    }
    if (answer->cells.count + answer->standings.count + answer->certificates.count == 0)
        log_notice("nothing would change");
    if (supposed->refused > 0)
        log_notice("left out: %" PRIu64 " refused", supposed->refused);
    return supposed->refused > 0 ? EXIT_ANSWER_NO : EXIT_DONE;
}

int main(int argc, char **argv)
{
    char **operands;
    size_t operand_count;
    log_open(PROGRAM.name);
    table_start();
    settings_read(&PROGRAM, argc, argv, &operands, &operand_count);
    if (operand_count == 0)
        settings_usage(&PROGRAM, "FILE is needed; - is standard input");
    if (source != NULL && !validate_slug(source, true))
        settings_usage(&PROGRAM, "--source takes a name, not '%.128s'", source);
    if (team != NULL && !validate_team(team))
        settings_usage(&PROGRAM, "--team takes a team, [A-Za-z0-9._-]+, not '%.128s'", team);
    instant at = read_at();
    struct answer answer = {.from = at, .upto = instant_add(at, days * INSTANT_DAY)};
    instant sent_at = now() > answer.upto ? now() : answer.upto;
    struct supposing how = {.team = team, .source = source, .sent_at = sent_at};
    struct supposed supposed;
    supposed_read(&supposed, &how, (const char *const *)operands, operand_count);
    /* An answer to half the question would be believed. */
    enum exit_status status = supposed.unreadable ? EXIT_FAILED : show(&supposed, &answer);
    suppose_free(&answer);
    supposed_free(&supposed);
    settings_free(&PROGRAM);
    return (int)status;
}
