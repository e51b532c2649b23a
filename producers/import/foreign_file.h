/*
 * foreign_file -- the file an import reads: open once, hashed, and read again as often as needed.
 *
 * The SHA-256 that goes into every event as its evidence is of the bytes as they lie there, gzip
 * included. What is no regular file (a pipe, standard input) is first copied into an unlinked
 * temporary one. Reading undoes gzip by itself, and finds a file that ends too early or was
 * changed since it was hashed.
 *
 * Knows no format.
 */
#ifndef ASSAY_PRODUCERS_IMPORT_FOREIGN_FILE_H
#define ASSAY_PRODUCERS_IMPORT_FOREIGN_FILE_H

#include "runtime/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct foreign_file {
    int descriptor;
    const char *name; /* its last path component, "" for standard input; borrowed from the path */
    uint8_t sha256[32];
    uint64_t size; /* bytes */
    bool gzip;
    struct foreign_reader *reader; /* NULL: not being read */
    int64_t changed_s, changed_ns; /* modification time when hashed */
};

/* "-" is standard input. FAULT_FATAL: it cannot be read. A stop ends it as a fault too. */
bool foreign_file_open(struct foreign_file *file, const char *path, struct fault *why);
void foreign_file_close(struct foreign_file *file);

/* Begins, or begins again, at the first byte. */
bool foreign_file_rewind(struct foreign_file *file, struct fault *why);

/* Up to `size` bytes of the content; 0 at its end, -1 with *why. */
int foreign_file_read(struct foreign_file *file, void *bytes, size_t size, struct fault *why);

/* False where the file is no longer the one that was hashed. */
bool foreign_file_unchanged(const struct foreign_file *file, struct fault *why);

#endif
