/*
 * bytes -- received bytes on paper: as quoted text where they are text, else as a hex dump.
 *
 * Nothing here trusts the bytes: control characters never reach the terminal.
 */
#ifndef ASSAY_REJECTS_BYTES_H
#define ASSAY_REJECTS_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* UTF-8 without control characters. */
bool bytes_printable(const uint8_t *bytes, size_t size);

/* Offset, sixteen bytes in hex, and what of them is ASCII, a line each, indented by two. At most
 * BYTES_DUMPED of them; a last line says how many more there are. */
enum { BYTES_DUMPED = 65536 };
void bytes_dump(FILE *out, const uint8_t *bytes, size_t size);

/* JSON, with what it lets stand and a terminal obeys (DEL, and U+0080 … U+009F) as \u escapes. */
void bytes_json(FILE *out, const char *json);

#endif
