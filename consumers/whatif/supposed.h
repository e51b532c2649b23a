/*
 * supposed -- the events of files, as the records they would be if they were published now.
 *
 * Lines are read and refused as publish and, after it, the aggregator would. What is refused is
 * named on standard error with its file and line and left out.
 *
 * A supposed record has no place in Kafka: its topic number is SUPPOSED_TOPIC, its partition the
 * number of the file, its offset the line.
 *
 * Ownership: the events live in an arena of the handle; the files' names are borrowed.
 */
#ifndef ASSAY_WHATIF_SUPPOSED_H
#define ASSAY_WHATIF_SUPPOSED_H

#include "consumers/store/taken.h"

/* Batches are only labels; no commit has this one. */
enum { SUPPOSED_TOPIC = -1, SUPPOSED_BATCH = -1 };

struct supposing {
    const char *team;   /* results by assay.evidence.TEAM; NULL: by assay.evidence */
    const char *source; /* of events that name none; NULL: they are refused */
    instant sent_at;    /* evidence may not be dated much later */
};

struct supposed {
    struct taken *records; /* accepted; in the order of files and lines */
    size_t count, room;
    uint64_t refused;
    bool unreadable; /* of a file, all or the rest */
    const char *const *names;
    struct arena *arena;
};

/* Reads all files; "-" is standard input. */
void supposed_read(struct supposed *supposed, const struct supposing *how, const char *const *names,
                   size_t count);
void supposed_free(struct supposed *supposed);

/* The file's name as people know it. */
const char *supposed_file(const struct supposed *supposed, size_t file);

#endif
