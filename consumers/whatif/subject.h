/*
 * subject -- one service while it is compared: its facts, the supposed ones, and what posture makes
 * of them, as courses.
 *
 * Ownership: plain data that owns its names; the posture belongs to the store's services.
 */
#ifndef ASSAY_WHATIF_SUBJECT_H
#define ASSAY_WHATIF_SUBJECT_H

#include "consumers/store/service.h"
#include "consumers/whatif/courses.h"
#include "consumers/whatif/supposed.h"

struct subject_place;

/*
 * Names of courses are the parts of their place and what of it, joined by newlines, which no part
 * contains: "environment\nstandard\ncontrol", "environment\nstandard\nposture".
 */
struct subject_courses {
    struct courses *cells, *standings;
    struct courses *reasons; /* of cells: "deciding event\ninherited from", either may be empty */
};

struct subject {
    struct service *service;
    bool changes; /* else it is only read from */
    struct subject_place *places;
    size_t place_count;
    struct courses *ineffective; /* which supposed events have no effect; borrowed */
    struct subject_courses *to;  /* where what is told goes; NULL: only names are taken */
};

enum { COURSE_NAME_MAX = 1024 };
void course_name(char name[static COURSE_NAME_MAX], const char *a, const char *b, const char *c);
/* The first part, malloc'ed, and steps over it. */
char *course_name_part(const char **name);

/* Reads the service's facts and its cells' names; `service` must be one of the store's, empty. */
bool subject_read(struct subject *subject, struct service *service, PGconn *connection,
                  struct topics *topics, struct fault *fault);
void subject_free(struct subject *subject);

/* Tells posture those supposed events that are the service's own. */
void subject_suppose(struct subject *subject, const struct supposed *supposed);

/* For evaluating it: takes note of environments and of new cells' names. */
struct posture_sink subject_sink(struct subject *subject);

/* All that matters from the instant on. */
struct subject_courses subject_courses(struct subject *subject, instant from);
void subject_courses_free(struct subject_courses *courses);

#endif
