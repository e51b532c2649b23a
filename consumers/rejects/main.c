/*
 * assay-rejects -- the records that were refused: which, why, and judging them again.
 */
#include "consumers/rejects/list.h"
#include "consumers/rejects/replay.h"
#include "consumers/rejects/show.h"
#include "consumers/store/connection.h"
#include "consumers/table/table.h"
#include "runtime/log.h"
#include "runtime/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *database_uri;
static const char *reason;
static int64_t most;
static int64_t incarnation;
static bool as_json;
static bool value_only;

static const struct setting settings[] = {
    {SETTING_TEXT, 0, "database", "ASSAY_DATABASE", "URI",
     "the database; default: libpq's PG* variables and service files", NULL, 0, 0, &database_uri},
    {SETTING_SWITCH, 0, "json", "ASSAY_JSON", NULL,
     "list: one JSON array; show: one JSON object a record", NULL, 0, 0, &as_json},
    {SETTING_TEXT, 0, "reason", "ASSAY_REASON", "REASON",
     "list: only too_large, undecodable, invalid, wrong_topic, key_mismatch or future", NULL, 0, 0,
     &reason},
    {SETTING_NUMBER, 0, "most", "ASSAY_MOST", "COUNT", "list: how many, the newest first", "1000",
     1, INT64_MAX, &most},
    {SETTING_NUMBER, 0, "incarnation", "ASSAY_INCARNATION", "NUMBER",
     "show: which one, where the partition was reopened; 0: every", "0", 0, INT32_MAX,
     &incarnation},
    {SETTING_SWITCH, 0, "value", NULL, NULL,
     "show: write the value to standard output, byte for byte, and nothing else", NULL, 0, 0,
     &value_only},
};

static const struct program program = {
    .name = "assay-rejects",
    .synopsis = "rejects list | show TOPIC PARTITION OFFSET | replay [TOPIC PARTITION OFFSET]",
    .summary =
        "list shows the refused records, show one of them whole, with what can be read of it.\n"
        "replay judges them again with today's validator, all or one, and keeps the new verdict;\n"
        "what is accepted now counts from then on. list needs assay_reader, show assay_auditor,\n"
        "replay assay_aggregator.",
    .settings = settings,
    .setting_count = SETTINGS_COUNT(settings),
};

static int64_t read_number(const char *what, const char *text, int64_t greatest)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 0 || number > greatest)
        settings_usage(&program, "%s is a whole number from 0 to %lld, not '%s'", what,
                       (long long)greatest, text);
    return number;
}

static struct record_name read_name(char *const *operands)
{
    return (struct record_name){
        .topic = operands[0],
        .partition = read_number("PARTITION", operands[1], INT32_MAX),
        .offset = read_number("OFFSET", operands[2], INT64_MAX),
        .incarnation = incarnation,
    };
}

static void check_reason(void)
{
    static const char *const reasons[] = {"too_large",   "undecodable",  "invalid",
                                          "wrong_topic", "key_mismatch", "future"};
    if (reason == NULL)
        return;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (strcmp(reason, reasons[i]) == 0)
            return;
    settings_usage(&program,
                   "--reason takes too_large, undecodable, invalid, wrong_topic, "
                   "key_mismatch or future, not '%s'",
                   reason);
}

/* list and show: read-only, in one snapshot. */
static enum exit_status read_rejects(const struct record_name *name, struct fault *fault)
{
    enum exit_status status = EXIT_FAILED;
    PGconn *database = connection_open(database_uri, program.name, fault);
    if (database != NULL &&
        connection_command(database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fault)) {
        if (name == NULL)
            status = rejects_list(database, reason, most, as_json, fault);
        else
            status = rejects_show(
                database, name, value_only ? SHOW_VALUE : (as_json ? SHOW_JSON : SHOW_TEXT), fault);
    }
    PQfinish(database);
    return status;
}

static enum exit_status run(char *const *operands, size_t count, struct fault *fault)
{
    const char *command = count > 0 ? operands[0] : "";
    struct record_name name;
    if (count == 4)
        name = read_name(operands + 1);
    if (strcmp(command, "list") == 0 && count == 1)
        return read_rejects(NULL, fault);
    if (strcmp(command, "show") == 0 && count == 4)
        return read_rejects(&name, fault);
    if (strcmp(command, "replay") == 0 && (count == 1 || count == 4))
        return rejects_replay(database_uri, count == 4 ? &name : NULL, fault);
    settings_usage(&program, "say list, show TOPIC PARTITION OFFSET or replay [TOPIC PARTITION "
                             "OFFSET]");
}

int main(int argc, char **argv)
{
    char **operands;
    size_t operand_count;
    log_open(program.name);
    table_start();
    settings_read(&program, argc, argv, &operands, &operand_count);
    check_reason();
    struct fault fault = {0};
    enum exit_status status = run(operands, operand_count, &fault);
    if (status == EXIT_FAILED)
        log_error("%s", fault.text);
    settings_free(&program);
    return (int)status;
}
