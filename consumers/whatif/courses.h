/*
 * courses -- how named values run over time, and where two such sets differ.
 *
 * A course is a step function: from each step's instant on its value holds until the next step;
 * before the first there is nothing. Values are texts, NULL is nothing. Pure, and ignorant of what
 * the names and values mean.
 *
 * Ownership: an opaque handle with copies of all names and values.
 */
#ifndef ASSAY_WHATIF_COURSES_H
#define ASSAY_WHATIF_COURSES_H

#include "proto/instant.h"

struct courses;
struct courses *courses_new(void);
void courses_free(struct courses *courses);

/* From `at` on the value is this one; replaces what was said of that instant. */
void courses_set(struct courses *courses, const char *name, instant at, const char *value);
/* There is no step at that instant any more. */
void courses_remove(struct courses *courses, const char *name, instant at);

/* The value at an instant, and since when it is; NULL: nothing. Borrowed until the course changes.
 */
const char *courses_value(const struct courses *courses, const char *name, instant at,
                          instant *since);

struct courses_difference {
    const char *name;
    instant at, until;          /* [at, until): INSTANT_END: for good */
    const char *before, *after; /* never alike */
};

/*
 * Tells every span within which both are without change and differ, if it touches [from, upto];
 * spans that began earlier begin at `from`, `until` is not cut. By name, each name's spans rising.
 * What is told is borrowed until the call returns.
 */
void courses_compare(const struct courses *before, const struct courses *after, instant from,
                     instant upto,
                     void (*tell)(void *context, const struct courses_difference *difference),
                     void *context);

#endif
