#include "consumers/report/model.h"

#include "consumers/report/queries.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The sections in the report's order. What some of them rest on, the scope, is large: only they are
 * handed it. */
static const struct {
    const char *key;
    const char *query;
    bool scope;
} sections[] = {
    {"recommendation", "recommendation", false},
    {"conclusions", "conclusions", false},
    {"performance", "performance", false},
    {"scope_statement", "scope_statement", false},
    {"soa", "soa", false},
    {"review", "review", false},
    {"management_system", "management", false},
    {"changes", "changes", true},
    {"sampling", "sampling", true},
    {"cycle", "cycle", false},
    {"services", "services", true},
    {"locations", "locations", false},
};
enum { SECTIONS = sizeof sections / sizeof sections[0] };

static const char *sql_of(const char *name)
{
    size_t i = 0;
    while (i < query_count && strcmp(queries[i].name, name) != 0)
        i++;
    assert(i < query_count); /* the names above are those of sql/ */
    /* without the comment on top: PostgreSQL's complaints are shown with how the query begins */
    const char *sql = queries[i].sql;
    while (strncmp(sql, "--", 2) == 0)
        sql += strcspn(sql, "\n") + 1;
    return sql;
}

/* One text; *found false, and no fault, where there is no row or it is NULL. NULL otherwise: fault.
 */
static char *ask_text(PGconn *database, const char *name, int count, const char *const *parameters,
                      bool *found, struct fault *fault)
{
    PGresult *rows =
        connection_query(database, fault, PGRES_TUPLES_OK, sql_of(name), count, parameters);
    if (rows == NULL) {
        fault_context(fault, "section %s", name);
        return NULL;
    }
    *found = PQntuples(rows) == 1 && !PQgetisnull(rows, 0, 0);
    char *text = strdup(*found ? PQgetvalue(rows, 0, 0) : "");
    if (text == NULL)
        abort();
    PQclear(rows);
    return text;
}

/* The same as JSON; NULL without a fault where there is none. */
static json_t *ask(PGconn *database, const char *name, int count, const char *const *parameters,
                   struct fault *fault)
{
    bool found = false;
    char *text = ask_text(database, name, count, parameters, &found, fault);
    json_error_t error;
    json_t *object = found ? json_loads(text, 0, &error) : NULL;
    if (found && object == NULL)
        fault_set(fault, FAULT_FATAL, "section %s: %s", name, error.text);
    free(text);
    return object;
}

/* Why there is no frame: no such programme, or no such audit of it; and what there is. */
static bool tell_missing(PGconn *database, const struct model_wish *wish, struct fault *fault)
{
    bool found;
    const char *const when[] = {wish->programme, wish->at, wish->known_at};
    char *audits = ask_text(database, "audits", 3, when, &found, fault);
    if (audits == NULL)
        return false;
    char *programmes = ask_text(database, "programmes", 2, when + 1, &found, fault);
    if (programmes == NULL) {
        free(audits);
        return false;
    }
    const char *at = wish->at != NULL ? " at " : "";
    const char *when_said = wish->at != NULL ? wish->at : "";
    if (*audits != '\0')
        fault_set(fault, FAULT_REJECT, "programme %s has no audit %s%s%s; it has: %.700s",
                  wish->programme, wish->audit, at, when_said, audits);
    else if (*programmes == '\0')
        fault_set(fault, FAULT_REJECT, "there is no programme on record%s%s", at, when_said);
    else
        fault_set(fault, FAULT_REJECT,
                  "programme %s has no audit on record%s%s; programmes on record: %.700s",
                  wish->programme, at, when_said, programmes);
    free(audits);
    free(programmes);
    return false;
}

/* The frame (sql/frame.sql) with what is in scope, and apart from it the frame alone. */
static bool read_frame(PGconn *database, const struct model_wish *wish, json_t **frame,
                       json_t **with_scope, struct fault *fault)
{
    const char *const parameters[] = {wish->programme, wish->audit, wish->at, wish->known_at};
    *fault = (struct fault){0};
    *frame = ask(database, "frame", 4, parameters, fault);
    if (*frame == NULL)
        return fault->reaction == FAULT_NONE && tell_missing(database, wish, fault);
    if (json_is_null(json_object_get(*frame, "programme_body")))
        return fault_set(
            fault, FAULT_REJECT,
            "programme %s is not on record at %s, the instant of the report; --at says "
            "another",
            wish->programme, json_string_value(json_object_get(*frame, "at")));
    char *text = json_dumps(*frame, JSON_COMPACT);
    const char *const asked[] = {text};
    *with_scope = ask(database, "membership", 1, asked, fault);
    free(text);
    if (*with_scope == NULL)
        return false;
    /* both have the environments, which are few */
    static const char *const few[] = {"environments", "environments_before"};
    for (size_t i = 0; i < sizeof few / sizeof few[0]; i++)
        json_object_set(*frame, few[i], json_object_get(*with_scope, few[i]));
    json_object_update_missing(*with_scope, *frame);
    return true;
}

static bool add_sections(PGconn *database, json_t *model, const char *frame, const char *with_scope,
                         struct fault *fault)
{
    for (size_t i = 0; i < SECTIONS; i++) {
        const char *const parameters[] = {sections[i].scope ? with_scope : frame};
        json_t *section = ask(database, sections[i].query, 1, parameters, fault);
        if (section == NULL)
            return false;
        json_object_set_new(model, sections[i].key, section);
    }
    return true;
}

char *model_halted(PGconn *database, struct fault *fault)
{
    bool found;
    return ask_text(database, "halted", 0, NULL, &found, fault);
}

json_t *model_read(PGconn *database, const struct model_wish *wish, struct fault *fault)
{
    json_t *frame = NULL, *with_scope = NULL, *model = NULL;
    if (read_frame(database, wish, &frame, &with_scope, fault)) {
        char *alone = json_dumps(frame, JSON_COMPACT);
        char *scoped = json_dumps(with_scope, JSON_COMPACT);
        const char *const parameters[] = {alone};
        json_t *head = ask(database, "head", 1, parameters, fault);
        if (head != NULL) {
            model = json_pack("{s:s}", "statement", MODEL_STATEMENT);
            json_object_update(model, head);
            json_decref(head);
            if (!add_sections(database, model, alone, scoped, fault)) {
                json_decref(model);
                model = NULL;
            }
        }
        free(alone);
        free(scoped);
    }
    json_decref(frame);
    json_decref(with_scope);
    return model;
}
