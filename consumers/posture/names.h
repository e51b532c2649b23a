/*
 * names -- texts as small numbers, each text once.
 *
 * A handle's names are its own: a service's number says nothing to governance. Equal numbers mean
 * equal texts, so everything inside compares numbers.
 *
 * Ownership: holds copies; the texts stay where they are until names_free.
 */
#ifndef ASSAY_POSTURE_NAMES_H
#define ASSAY_POSTURE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAME_NONE UINT32_MAX

struct names;
struct names *names_new(size_t *meter); /* meter: counts its bytes; outlives it; NULL: none */
void names_free(struct names *names);

uint32_t names_add(struct names *names, const char *text);        /* its number, new or old */
uint32_t names_find(const struct names *names, const char *text); /* NAME_NONE: not there */
const char *names_text(const struct names *names, uint32_t name); /* NULL for NAME_NONE */

#endif
