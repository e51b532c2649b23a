/*
 * xml_stream -- a foreign XML file, node by node, with nothing fetched and nothing expanded.
 *
 * libxml2's streaming reader in memory that does not grow with the file. A document type
 * declaration is refused as such: what XCCDF tools write has none, and with it go external
 * entities, parameter entities and entity bombs. No network, no catalogue, no DTD is loaded.
 * Elements nested deeper than XML_STREAM_DEPTH are refused.
 *
 * Knows no format. Ownership: names and texts are the stream's, good until the next call.
 */
#ifndef ASSAY_PRODUCERS_IMPORT_XML_STREAM_H
#define ASSAY_PRODUCERS_IMPORT_XML_STREAM_H

#include "producers/import/foreign_file.h"

#include <stdint.h>

enum { XML_STREAM_DEPTH = 256 };

struct xml_stream;

enum xml_node {
    XML_NODE_START,  /* an element begins */
    XML_NODE_TEXT,   /* text, CDATA or white space */
    XML_NODE_END,    /* an element ends; comes for empty elements too */
    XML_NODE_OVER,   /* the document has ended, well-formed */
    XML_NODE_FAILED, /* see xml_stream_fault */
};

/* Reads `file` from its beginning. NULL with *why where it cannot be begun. */
struct xml_stream *xml_stream_open(struct foreign_file *file, struct fault *why);
void xml_stream_close(struct xml_stream *stream);

enum xml_node xml_stream_next(struct xml_stream *stream);

/* What went wrong after XML_NODE_FAILED, with the line; FAULT_REJECT. */
const struct fault *xml_stream_fault(const struct xml_stream *stream);

/* Of the current node. The depth of the root is 0; a text has that of its element plus one. */
int xml_stream_depth(const struct xml_stream *stream);
uint64_t xml_stream_line(const struct xml_stream *stream);
const char *xml_stream_name(const struct xml_stream *stream);      /* local; of elements */
const char *xml_stream_namespace(const struct xml_stream *stream); /* "" where there is none */
const char *xml_stream_text(const struct xml_stream *stream);      /* of texts */

/* At XML_NODE_START only. NULL where there is no such attribute (without namespace). */
const char *xml_stream_attribute(struct xml_stream *stream, const char *name);

#endif
