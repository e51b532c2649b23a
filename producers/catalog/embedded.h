/*
 * embedded -- the catalogue's files, carried inside the program, by name.
 *
 * Standards are in files named iso-*.tsv, crosswalks in files named map-*.tsv. Not read from disk
 * at run time: an installed program works alone, and shows the catalogue it was released with.
 */
#ifndef ASSAY_PRODUCERS_CATALOG_EMBEDDED_H
#define ASSAY_PRODUCERS_CATALOG_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *name; /* below data/: "iso-27001-2022.tsv" */
    const char *text; /* ends in NUL, at `end` */
    const char *end;
};

extern const struct embedded_file embedded_files[];
extern const size_t embedded_file_count;

#endif
