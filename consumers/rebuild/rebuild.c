/*
 * assay-rebuild -- makes everything derived again from the ledger, row for row the same.
 */
#include "consumers/store/connection.h"
#include "consumers/store/store.h"
#include "runtime/log.h"
#include "runtime/progress.h"
#include "runtime/settings.h"
#include "runtime/stop.h"

#include <stdio.h>

static const char *database;
static int64_t memory;

static const struct setting SETTINGS[] = {
    DATABASE_SETTING(database),
    {.kind = SETTING_NUMBER,
     .name = "memory",
     .environment = "ASSAY_MEMORY",
     .argument = "MIB",
     .help = "services kept in memory beside the last batch's, MiB",
     .fallback = "4096",
     .least = 1,
     .most = 1 << 20,
     .value = &memory},
};

static const struct program PROGRAM = {
    .name = "assay-rebuild",
    .synopsis = "rebuild [FLAGS]",
    .summary = "Empties everything that is derived and makes it again from the ledger and the\n"
               "commit log, in one transaction: readers see the old rows until it commits, and\n"
               "aggregators wait. Needed after an upgrade that changes the meaning of events.",
    .settings = SETTINGS,
    .setting_count = SETTINGS_COUNT(SETTINGS),
};

static struct progress progress;
static uint64_t positions;

static void show(uint64_t done, uint64_t total)
{
    positions = done;
    progress_show(&progress, "positions rebuilt", done, total);
}

int main(int argc, char **argv)
{
    stop_install();
    log_open(PROGRAM.name);
    char **operands;
    size_t operand_count;
    settings_read(&PROGRAM, argc, argv, &operands, &operand_count);
    if (operand_count > 0)
        settings_usage(&PROGRAM, "'%s' is not expected", operands[0]);
    struct store *store = store_new(database, PROGRAM.name, (size_t)memory << 20);
    struct fault fault;
    connection_wait_forever(); /* it takes what it takes: hours, for years of records */
    progress_start(&progress);
    bool done = store_check(store, &fault) && store_rebuild(store, show, &fault);
    progress_end(&progress);
    store_free(store);
    if (!done) {
        log_error("nothing was changed: %s", fault.text);
        return EXIT_FAILED;
    }
    printf("rebuilt up to position %llu\n", (unsigned long long)positions);
    return EXIT_DONE;
}
