/*
 * assay-reopen -- what `assay topics reopen` runs: opens a halted partition's next incarnation.
 *
 * A program of its own because it speaks to PostgreSQL and assay-topics to Kafka.
 */
#include "consumers/store/connection.h"
#include "consumers/store/store.h"
#include "runtime/log.h"
#include "runtime/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *database;
static bool resume;

static const struct setting SETTINGS[] = {
    DATABASE_SETTING(database),
    {.kind = SETTING_SWITCH,
     .name = "resume",
     .help = "the log is the same, and what was wrong with it is mended: go on where it halted",
     .value = &resume},
};

static const struct program PROGRAM = {
    .name = "assay-reopen",
    .synopsis = "topics reopen [FLAGS] TOPIC PARTITION",
    .summary = "Says that the log of a halted partition is a new one: its next incarnation starts\n"
               "where the log begins. What has been taken stays. assay.completeness shows what\n"
               "has halted, and why.",
    .settings = SETTINGS,
    .setting_count = SETTINGS_COUNT(SETTINGS),
};

int main(int argc, char **argv)
{
    log_open(PROGRAM.name);
    char **operands;
    size_t operand_count;
    settings_read(&PROGRAM, argc, argv, &operands, &operand_count);
    if (operand_count != 2)
        settings_usage(&PROGRAM, "TOPIC and PARTITION are needed");
    char *end;
    errno = 0;
    long partition = strtol(operands[1], &end, 10);
    if (errno != 0 || *end != '\0' || end == operands[1] || partition < 0 || partition > INT32_MAX)
        settings_usage(&PROGRAM, "'%s' is no partition", operands[1]);
    struct store *store = store_new(database, PROGRAM.name, 1 << 20);
    struct fault fault;
    int32_t incarnation;
    bool done = store_check(store, &fault) &&
                store_reopen(store, operands[0], (int32_t)partition, resume, &incarnation, &fault);
    store_free(store);
    if (!done) {
        log_error("%s", fault.text);
        return EXIT_FAILED;
    }
    if (incarnation == 0) {
        log_error("%s partition %ld has not halted, or is not known", operands[0], partition);
        return EXIT_ANSWER_NO;
    }
    printf(resume ? "%s partition %ld: incarnation %d goes on where it halted\n"
                  : "%s partition %ld: incarnation %d starts where the log begins\n",
           operands[0], partition, incarnation);
    return EXIT_DONE;
}
