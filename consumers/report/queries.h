/*
 * queries -- the SQL of sql/, carried inside the program, by name.
 *
 * One file a question, with its parameters on top; each can be run in psql. Not read from disk at
 * run time: an installed program works alone.
 */
#ifndef ASSAY_REPORT_QUERIES_H
#define ASSAY_REPORT_QUERIES_H

#include <stddef.h>

struct query {
    const char *name; /* "frame" */
    const char *sql;  /* ends in NUL */
};

extern const struct query queries[];
extern const size_t query_count;

#endif
