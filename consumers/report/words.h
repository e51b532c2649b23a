/*
 * words -- the values of the model as a reader meets them: names of the contract in plain English,
 * instants as dates.
 *
 * A name without a word of its own is shown as it is. Ownership: borrows; static storage otherwise.
 */
#ifndef ASSAY_REPORT_WORDS_H
#define ASSAY_REPORT_WORDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* "MAJOR_NC": "Major nonconformity". */
const char *words_name(const char *name);

enum { WORDS_DATE_MAX = 40 };

/* "2026-09-18" where the RFC 3339 text is the first instant of a day, else "2026-09-18 14:00 UTC"
 * with as much of the seconds as there is; "" for "". Returns out. */
const char *words_date(const char *text, char out[static WORDS_DATE_MAX]);

/* The text at `key`; "" where there is none. */
const char *words_text(const json_t *object, const char *key);
/* words_name of it. */
const char *words_named(const json_t *object, const char *key);
/* The text at `title`; where there is none, words_name of that at `key`. */
const char *words_titled(const json_t *object, const char *key, const char *title);
/* words_date of it. */
const char *words_dated(const json_t *object, const char *key, char out[static WORDS_DATE_MAX]);
/* The whole number at `key`, asserted to be one. */
long long words_count(const json_t *object, const char *key);
bool words_is(const json_t *object, const char *key); /* true there */

/* The elements of an array, or `key` of each where they are objects, joined by `between`;
 * malloc'ed,
 * "" where it is empty. Aborts where there is no memory. */
char *words_join(const json_t *array, const char *key, const char *between);
/* The same of names of the contract. */
char *words_join_names(const json_t *array, const char *between);

#endif
