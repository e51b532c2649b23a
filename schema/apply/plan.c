#include "schema/apply/plan.h"

#include "schema/apply/session.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST_TEXT = 65 }; /* SHA-256 as lower-case hex, and NUL */

static void digest(const struct script *script, char out[static DIGEST_TEXT])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    if (EVP_Digest(script->text, (size_t)(script->end - script->text), bytes, &size, EVP_sha256(),
                   NULL) != 1)
        abort();
    assert(size == (DIGEST_TEXT - 1) / 2);
    for (unsigned int i = 0; i < size; i++)
        snprintf(out + (size_t)i * 2, 3, "%02x", bytes[i]);
}

/* The name a script is noted by: of a migration the file's, of others the path. */
static const char *noted_name(const struct script *script)
{
    const char *slash = strrchr(script->name, '/');
    return script->kind == SCRIPT_MIGRATION && slash != NULL ? slash + 1 : script->name;
}

/* The digest noted for `name`, or NULL. `applied` has rows of (name, digest). */
static const char *noted_digest(const PGresult *applied, const char *name)
{
    for (int row = 0; row < PQntuples(applied); row++)
        if (strcmp(PQgetvalue(applied, row, 0), name) == 0)
            return PQgetvalue(applied, row, 1);
    return NULL;
}

static bool add_pending(struct plan *plan, const struct script *script)
{
    plan->pending[plan->count++] = script;
    return true;
}

static bool known_here(const char *name)
{
    for (size_t i = 0; i < script_count; i++)
        if (scripts[i].kind == SCRIPT_MIGRATION && strcmp(noted_name(&scripts[i]), name) == 0)
            return true;
    return false;
}

static bool compare_migration(const struct script *script, const PGresult *applied,
                              struct plan *plan, struct fault *fault)
{
    const char *name = noted_name(script);
    const char *noted = noted_digest(applied, name);
    char now[DIGEST_TEXT];
    digest(script, now);
    if (noted != NULL && strcmp(noted, now) == 0)
        return true;
    if (noted != NULL)
        return fault_set(
            fault, FAULT_FATAL,
            "migration %s is not the one that was applied here: it was changed "
            "afterwards (SHA-256 %.12s…, applied %.12s…); put it back, and say what is "
            "new in a further migration",
            name, now, noted);
    int last = PQntuples(applied) - 1; /* rows are sorted by name */
    if (last >= 0 && strcmp(name, PQgetvalue(applied, last, 0)) < 0)
        return fault_set(fault, FAULT_FATAL,
                         "migration %s was never applied here, but the later %s was; rename it so "
                         "that it comes last",
                         name, PQgetvalue(applied, last, 0));
    return add_pending(plan, script);
}

static bool compare(const PGresult *migrations, const PGresult *repeatables, struct plan *plan,
                    struct fault *fault)
{
    for (int row = 0; row < PQntuples(migrations); row++)
        if (!known_here(PQgetvalue(migrations, row, 0)))
            return fault_set(fault, FAULT_FATAL,
                             "the database has migration %s, which this program does not know: a "
                             "newer Assay has been here; use that one",
                             PQgetvalue(migrations, row, 0));
    for (size_t i = 0; i < script_count; i++) {
        const struct script *script = &scripts[i];
        if (script->kind == SCRIPT_MIGRATION && !compare_migration(script, migrations, plan, fault))
            return false;
        if (script->kind != SCRIPT_REPEATABLE)
            continue;
        char now[DIGEST_TEXT];
        digest(script, now);
        const char *noted = noted_digest(repeatables, noted_name(script));
        if (noted == NULL || strcmp(noted, now) != 0)
            add_pending(plan, script);
    }
    return true;
}

/* Whether Assay's schema has been begun; a schema of that name that is another's is refused. */
static bool look_for_schema(PGconn *database, bool *begun, struct fault *fault)
{
    PGresult *found =
        session_query(database, PGRES_TUPLES_OK, fault,
                      "SELECT n.nspname, n.nspowner = o.oid FROM pg_catalog.pg_namespace"
                      " n LEFT JOIN pg_catalog.pg_roles o ON o.rolname = 'assay_owner'"
                      " WHERE n.nspname IN ('record', 'assay')"
                      " ORDER BY n.nspowner = o.oid NULLS FIRST",
                      0, NULL);
    if (found == NULL)
        return false;
    *begun = PQntuples(found) > 0;
    bool ours = !*begun || strcmp(PQgetvalue(found, 0, 1), "t") == 0;
    if (!ours)
        fault_set(fault, FAULT_FATAL,
                  "the database has a schema %s that is not Assay's (assay_owner does not own it): "
                  "use another database",
                  PQgetvalue(found, 0, 0));
    PQclear(found);
    return ours;
}

bool plan_read(PGconn *database, struct plan *plan, struct fault *fault)
{
    *plan = (struct plan){calloc(script_count, sizeof *plan->pending), 0};
    if (plan->pending == NULL)
        abort();
    bool begun;
    if (!look_for_schema(database, &begun, fault))
        return false;
    PGresult *migrations = NULL;
    PGresult *repeatables = NULL;
    bool compared = false;
    if (begun) {
        migrations = session_query(database, PGRES_TUPLES_OK, fault,
                                   "SELECT name, pg_catalog.encode(sha256, 'hex')"
                                   " FROM record.migration ORDER BY name COLLATE \"C\"",
                                   0, NULL);
        if (migrations != NULL)
            repeatables = session_query(database, PGRES_TUPLES_OK, fault,
                                        "SELECT name, pg_catalog.encode(sha256, 'hex')"
                                        " FROM record.repeatable",
                                        0, NULL);
        compared = repeatables != NULL && compare(migrations, repeatables, plan, fault);
    } else {
        compared = compare(NULL, NULL, plan, fault); /* PQntuples(NULL) is 0 */
    }
    PQclear(migrations);
    PQclear(repeatables);
    return compared;
}

bool plan_apply(PGconn *database, const struct script *script, struct fault *fault)
{
    if (!session_run(database, script, fault))
        return false;
    char now[DIGEST_TEXT];
    digest(script, now);
    const char *const parameters[] = {noted_name(script), now};
    PGresult *noted =
        script->kind == SCRIPT_MIGRATION
            ? session_query(database, PGRES_COMMAND_OK, fault,
                            "INSERT INTO record.migration (name, sha256)"
                            " VALUES ($1, pg_catalog.decode($2, 'hex'))",
                            2, parameters)
            : session_query(database, PGRES_COMMAND_OK, fault,
                            "INSERT INTO record.repeatable (name, sha256)"
                            " VALUES ($1, pg_catalog.decode($2, 'hex'))"
                            " ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256,"
                            " applied_at = pg_catalog.now()",
                            2, parameters);
    PQclear(noted);
    return noted != NULL;
}

void plan_free(struct plan *plan)
{
    free(plan->pending);
    *plan = (struct plan){0};
}
