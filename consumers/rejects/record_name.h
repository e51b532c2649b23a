/*
 * record_name -- how people name one record: TOPIC PARTITION OFFSET, and an incarnation where the
 * partition was reopened.
 */
#ifndef ASSAY_REJECTS_RECORD_NAME_H
#define ASSAY_REJECTS_RECORD_NAME_H

#include <stdint.h>

struct record_name {
    const char *topic; /* borrowed from argv */
    int64_t partition;
    int64_t offset;
    int64_t incarnation; /* 0: every one */
};

#endif
