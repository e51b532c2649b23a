/*
 * form -- how a document is written down: Markdown and HTML each are one.
 *
 * A form knows headings, paragraphs and grids, and escapes whatever text it is given, so that no
 * fact can become markup. It knows nothing of reports, and asks nothing. Texts are UTF-8.
 */
#ifndef ASSAY_REPORT_FORM_H
#define ASSAY_REPORT_FORM_H

#include "consumers/report/grid.h"

#include <stdio.h>

struct form_entry {
    const char *id; /* letters and '-' */
    const char *title;
};

/* What stands on every document: its title, what it says of itself (first and last), its contents.
 */
struct form_front {
    const char *title;
    const char *statement;
    const struct form_entry *contents;
    size_t content_count;
};

struct form {
    void (*begin)(FILE *out, const struct form_front *front);
    /* `level` 2 or 3; `id` NULL: nothing points at it. */
    void (*heading)(FILE *out, int level, const char *id, const char *text);
    /* Keeps the text's lines. */
    void (*paragraph)(FILE *out, const char *text);
    void (*grid)(FILE *out, const struct grid *grid);
    void (*end)(FILE *out, const struct form_front *front);
};

/* Whether `at` is the first half of a line's end as Windows writes it, which is left out. */
static inline bool form_half_line(const char *at)
{
    return at[0] == '\r' && at[1] == '\n';
}

extern const struct form markdown_form;
extern const struct form html_form;

#endif
