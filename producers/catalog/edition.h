/*
 * edition -- one standard in one edition, as a file of the catalogue says it: what it is, what it
 * builds on, and its controls and clauses with short titles.
 *
 * The titles are this project's own words; the standard's text is not here. Nothing here is an
 * event yet (standard_event.h), and nothing says what a programme has to do.
 *
 * Ownership: an edition owns all its texts.
 */
#ifndef ASSAY_PRODUCERS_CATALOG_EDITION_H
#define ASSAY_PRODUCERS_CATALOG_EDITION_H

#include "assay/v1/event.pb-c.h"
#include "proto/instant.h"
#include "runtime/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EDITION_EXTENDS_MAX = 4, EDITION_PROVENANCE_MAX = 8 };

struct edition_control {
    const char *control;         /* "A.5.1", "4.1": slugs, each once */
    Assay__V1__ControlKind kind; /* CONTROL: an SoA may leave it out; CLAUSE: nobody may */
    const char *group;           /* the heading it stands under */
    const char *title;
};

struct edition {
    const char *standard; /* the key: "iso-27001-2022" */
    const char *title;
    const char *edition;
    const char *extends[EDITION_EXTENDS_MAX];
    size_t extend_count;
    bool ends; /* certifiable_until is said */
    instant certifiable_until;
    instant dated;     /* from when on the edition is there; the default of its event's date */
    uint64_t revision; /* of the file, from 1; rises with every change of what it says */
    const char *provenance[EDITION_PROVENANCE_MAX];
    size_t provenance_count;
    struct edition_control *controls; /* in the standard's order */
    size_t control_count;
    struct sheet *sheet; /* what the texts point into */
};

/* Reads `size` bytes of the file called `name`. NULL: FAULT_REJECT that names file, line and what
 * is wrong. */
struct edition *edition_read(const char *name, const char *text, size_t size, struct fault *why);
void edition_free(struct edition *edition); /* NULL is fine */

/* The control of that id; NULL: there is none. */
const struct edition_control *edition_find(const struct edition *edition, const char *control);

/* How many there are of one kind. */
size_t edition_count(const struct edition *edition, Assay__V1__ControlKind kind);

/* "CONTROL" or "CLAUSE". */
const char *edition_kind_name(Assay__V1__ControlKind kind);

#endif
