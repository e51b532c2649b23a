/*
 * scripts -- the SQL files of schema/, carried inside the program.
 *
 * In the order in which they are applied: roles, migrations, what is repeatable (privileges, then
 * functions, then views), what verifies. Within a kind, by name.
 *
 * Not read from disk at run time, so that program and schema cannot disagree.
 */
#ifndef ASSAY_SCHEMA_SCRIPTS_H
#define ASSAY_SCHEMA_SCRIPTS_H

#include <stddef.h>

enum script_kind {
    SCRIPT_ROLES,      /* always, as the caller; makes what is missing */
    SCRIPT_MIGRATION,  /* once each, for ever the same */
    SCRIPT_REPEATABLE, /* again whenever it has changed */
    SCRIPT_VERIFY,     /* always, last; raises where the schema is not as it should be */
};

struct script {
    enum script_kind kind;
    const char *name; /* path below schema/, "views/scope.sql" */
    const char *text; /* ends in NUL, at `end` */
    const char *end;
};

extern const struct script scripts[];
extern const size_t script_count;

#endif
