#include "runtime/progress.h"

#include "runtime/elapsed.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

void progress_start(struct progress *progress)
{
    *progress = (struct progress){.started_ms = elapsed_ms()};
}

void progress_show(struct progress *progress, const char *text, uint64_t done, uint64_t total)
{
    int64_t now = elapsed_ms();
    if (now - progress->started_ms < 1000 || now - progress->shown_ms < 100 ||
        !isatty(STDERR_FILENO))
        return;
    progress->shown_ms = now;
    if (total > 0)
        fprintf(stderr, "\r\033[K%s: %" PRIu64 " of %" PRIu64, text, done, total);
    else
        fprintf(stderr, "\r\033[K%s: %" PRIu64, text, done);
    fflush(stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->shown_ms != 0)
        fprintf(stderr, "\r\033[K");
    progress->shown_ms = 0;
}
