/*
 * json -- events as proto3's JSON mapping, both ways, by one walker over protobuf-c's descriptors.
 *
 * Field names in lowerCamelCase (proto names are accepted when reading), 64-bit numbers as strings,
 * enums by name, bytes in base64, Timestamp and Duration as their RFC 3339 and "1.5s" texts. An
 * unknown field is an error, not ignored: a typing slip must not become a missing fact.
 *
 * Knows no rule of validate.h. Ownership: read events live in the arena.
 */
#ifndef ASSAY_PROTO_JSON_H
#define ASSAY_PROTO_JSON_H

#include "assay/v1/event.pb-c.h"
#include "proto/codec.h"

#include <jansson.h>

/* One event from one line (size bytes, need not end in NUL). The fault (FAULT_REJECT) names the
 * field by its JSON path, or the column where the text is no JSON. */
Assay__V1__Event *json_read_event(const char *line, size_t size, struct arena *arena,
                                  struct fault *why);

/* One event as one line without newline; malloc'ed, caller frees. Fields in order of number; what
 * is at its default is left out, as proto3's mapping does. */
char *json_write_event(const Assay__V1__Event *event);

/* Any message as a jansson object (new reference). With `proto_names` fields carry the .proto's
 * names and defaults are written out (repeated: [], text: ""; absent messages and optionals: null):
 * that is what the record's jsonb columns hold. */
json_t *json_from_message(const ProtobufCMessage *message, bool proto_names);

#endif
