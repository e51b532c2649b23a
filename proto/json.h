/*
 * json -- events as proto3's JSON mapping, both ways, by one walker over protobuf-c's descriptors.
 *
 * Field names in lowerCamelCase (proto names are accepted when reading), 64-bit numbers as strings,
 * enums by name, bytes in base64, Timestamp and Duration as their RFC 3339 and "1.5s" texts. An
 * unknown field is an error, not ignored: a typing slip must not become a missing fact.
 *
 * What JSON allows besides is accepted: null for absent, 64-bit numbers as numbers, whole numbers
 * as texts, enums by number, base64 of either alphabet with or without padding. Nanoseconds are
 * kept.
 *
 * Knows no rule of validate.h. Ownership: read events live in the arena.
 */
#ifndef ASSAY_PROTO_JSON_H
#define ASSAY_PROTO_JSON_H

#include "assay/v1/event.pb-c.h"
#include "proto/codec.h"

#include <jansson.h>

/* One event from one line (size bytes, need not end in NUL). NULL with FAULT_REJECT naming the
 * field by its JSON path, or the column where the text is no JSON; with FAULT_RETRY where the arena
 * is full. */
Assay__V1__Event *json_read_event(const char *line, size_t size, struct arena *arena,
                                  struct fault *why);

/* One event as one line without newline; malloc'ed, caller frees. Fields in order of number; what
 * is at its default is left out, as proto3's mapping does. */
char *json_write_event(const Assay__V1__Event *event);

/* Any message as a jansson object (new reference). With `proto_names` fields carry the .proto's
 * names, defaults are written out (repeated: [], text: ""; absent messages and optionals: null),
 * enums go by their short names ("PASS") and 64-bit numbers as numbers: that is what the record's
 * jsonb columns hold. */
json_t *json_from_message(const ProtobufCMessage *message, bool proto_names);

/* "occurred_at" as JSON has it: "occurredAt". Returns out, which the name must fit into
 * (asserted). */
enum { JSON_NAME_MAX = 64 };
char *json_field_name(const char *name, char out[static JSON_NAME_MAX]);

#endif
