/*
 * assay-migrate -- makes and updates the record in PostgreSQL.
 *
 * Everything happens in one transaction under an advisory lock: two at once do it once, and a
 * failure, a verify script's among them, leaves the database as it was.
 */
#include "runtime/fault.h"
#include "runtime/log.h"
#include "runtime/settings.h"
#include "schema/apply/plan.h"
#include "schema/apply/scripts.h"
#include "schema/apply/session.h"

#include <stdio.h>
#include <stdlib.h>

static const char *database_uri;
static bool check_only;

static const struct setting settings[] = {
    {SETTING_TEXT, 0, "database", "ASSAY_DATABASE", "URI",
     "the database; default: libpq's PG* variables and service files", NULL, 0, 0, &database_uri},
    {SETTING_SWITCH, 0, "check", NULL, NULL, "only say what is pending, and exit 1 if anything is",
     NULL, 0, 0, &check_only},
};

static const struct program program = {
    .name = "assay-migrate",
    .synopsis = "migrate [--database URI] [--check]",
    .summary =
        "Makes the record in a PostgreSQL database, or brings it up to this version of Assay:\n"
        "roles, tables, functions and views, in one transaction, then checks it all. Does\n"
        "nothing where nothing is to be done. Needs a superuser, or, once the roles exist, a\n"
        "member of assay_owner.",
    .settings = settings,
    .setting_count = SETTINGS_COUNT(settings),
};

/* Runs every script of a kind. */
static bool run_all(PGconn *database, enum script_kind kind, struct fault *fault)
{
    for (size_t i = 0; i < script_count; i++)
        if (scripts[i].kind == kind && !session_run(database, &scripts[i], fault))
            return false;
    return true;
}

static bool apply_pending(PGconn *database, const struct plan *plan, struct fault *fault)
{
    for (size_t i = 0; i < plan->count; i++)
        if (!plan_apply(database, plan->pending[i], fault))
            return false;
    return true;
}

/* The whole of it; the caller ends the transaction. `partitions` is how many were made. */
static bool bring_up(PGconn *database, struct plan *plan, long *partitions, struct fault *fault)
{
    /* The lock comes first, so that what is read after it is what the other one left. */
    if (!session_command(database,
                         "BEGIN; SELECT pg_catalog.pg_advisory_xact_lock("
                         "pg_catalog.hashtextextended('assay migrate', 0));",
                         fault) ||
        !session_command(database, "SET LOCAL lock_timeout = '" SESSION_LOCK_TIMEOUT "'", fault) ||
        !run_all(database, SCRIPT_ROLES, fault) ||
        !session_command(database, "SET LOCAL ROLE assay_owner", fault) ||
        !plan_read(database, plan, fault) ||
        /* Functions may name functions of later files; verify tries them all. */
        !session_command(database, "SET LOCAL check_function_bodies = off", fault) ||
        !apply_pending(database, plan, fault))
        return false;
    PGresult *made = session_query(database, PGRES_TUPLES_OK, fault,
                                   "SELECT record.ensure_ledger_partitions()", 0, NULL);
    if (made == NULL)
        return false;
    *partitions = strtol(PQgetvalue(made, 0, 0), NULL, 10);
    PQclear(made);
    return run_all(database, SCRIPT_VERIFY, fault);
}

static enum exit_status migrate(PGconn *database, struct fault *fault)
{
    struct plan plan = {0};
    long partitions = 0;
    bool done =
        bring_up(database, &plan, &partitions, fault) && session_command(database, "COMMIT", fault);
    if (done) {
        for (size_t i = 0; i < plan.count; i++)
            printf("applied schema/%s\n", plan.pending[i]->name);
        if (partitions > 0)
            printf("made %ld ledger partition%s\n", partitions, partitions == 1 ? "" : "s");
        if (plan.count == 0 && partitions == 0)
            puts("nothing to do: the schema is up to date");
    }
    plan_free(&plan);
    return done ? EXIT_DONE : EXIT_FAILED;
}

static enum exit_status check(PGconn *database, struct fault *fault)
{
    struct plan plan = {0};
    enum exit_status status = EXIT_FAILED;
    if (session_command(database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fault) &&
        plan_read(database, &plan, fault)) {
        for (size_t i = 0; i < plan.count; i++)
            printf("pending schema/%s\n", plan.pending[i]->name);
        if (plan.count == 0)
            puts("nothing is pending");
        status = plan.count == 0 ? EXIT_DONE : EXIT_ANSWER_NO;
    }
    plan_free(&plan);
    return status;
}

int main(int argc, char **argv)
{
    char **operands;
    size_t operand_count;
    log_open(program.name);
    settings_read(&program, argc, argv, &operands, &operand_count);
    if (operand_count > 0)
        settings_usage(&program, "takes no operand, not '%s'", operands[0]);
    struct fault fault = {0};
    PGconn *database = session_open(database_uri, &fault);
    enum exit_status status = EXIT_FAILED;
    if (database != NULL)
        status = check_only ? check(database, &fault) : migrate(database, &fault);
    if (status == EXIT_FAILED)
        log_error("%s", fault.text);
    PQfinish(database);
    settings_free(&program);
    return (int)status;
}
