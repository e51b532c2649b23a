/*
 * ineffective -- supposed events that would have no effect, and why not.
 *
 * Ownership: the list owns its texts; what is noted goes into courses of the caller's.
 */
#ifndef ASSAY_WHATIF_INEFFECTIVE_H
#define ASSAY_WHATIF_INEFFECTIVE_H

#include "consumers/posture/posture.h"
#include "consumers/whatif/courses.h"

struct ineffective {
    size_t file;
    int64_t line;
    char *environment, *standard, *control; /* "": it speaks of no single one */
    char *reason;                           /* posture.h's word */
};

struct ineffectives {
    struct ineffective *items;
    size_t count, room;
};

/* Takes note of what posture tells of supposed records; of others it takes no notice. */
void ineffective_note(struct courses *courses, enum posture_change change,
                      const struct posture_unmapped_step *step);

/* Those without effect at the instant, by file and line. */
void ineffectives_list(struct ineffectives *list, const struct courses *courses, instant at);
void ineffectives_free(struct ineffectives *list);

#endif
