/*
 * progress -- one line that is rewritten in place while something takes more than a second.
 *
 * Silent where standard error is no terminal and before the first second is over, so that quick
 * work and pipelines see nothing. Not a result: results go to standard output.
 */
#ifndef ASSAY_RUNTIME_PROGRESS_H
#define ASSAY_RUNTIME_PROGRESS_H

#include <stdint.h>

struct progress {
    int64_t started_ms; /* monotonic clock, milliseconds */
    int64_t shown_ms;   /* when the line was last drawn; 0: never */
};

void progress_start(struct progress *progress);

/* Draws at most ten times a second: "text: done[ of total]"; total 0: not known. */
void progress_show(struct progress *progress, const char *text, uint64_t done, uint64_t total);

/* Takes the line away, so that what is printed next starts on a clean one. */
void progress_end(struct progress *progress);

#endif
