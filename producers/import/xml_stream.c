#include "producers/import/xml_stream.h"

#include <assert.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlreader.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct xml_stream {
    struct foreign_file *file;
    xmlTextReaderPtr reader;
    struct fault fault;
    char *attribute; /* the one last asked for */
    bool owes_end;   /* the current element is empty: its end comes next */
};

static int read_file(void *context, char *bytes, int size)
{
    struct xml_stream *stream = context;
    return foreign_file_read(stream->file, bytes, (size_t)size, &stream->fault);
}

/* The first error is the cause, the others follow from it. */
static void on_error(void *context, xmlErrorPtr error)
{
    struct xml_stream *stream = context;
    if (stream->fault.reaction != FAULT_NONE || error->level < XML_ERR_ERROR)
        return;
    const char *text = error->message != NULL ? error->message : "not well-formed";
    fault_set(&stream->fault, FAULT_REJECT, "line %d: %.*s", error->line, (int)strcspn(text, "\n"),
              text);
}

/* Behind XML_PARSE_NONET and the refusal of document types: nothing is ever loaded. */
static xmlParserInputPtr load_nothing(const char *url, const char *id, xmlParserCtxtPtr context)
{
    (void)url;
    (void)id;
    (void)context;
    return NULL;
}

/* What stands before the root element, as far as it matters. */
struct prolog {
    bool has_type; /* a document type declaration */
    bool over;     /* the root element was reached */
};

static void on_type(void *context, const xmlChar *name, const xmlChar *public_id,
                    const xmlChar *system_id)
{
    xmlParserCtxtPtr parser = context;
    ((struct prolog *)parser->_private)->has_type = true;
    (void)name;
    (void)public_id;
    (void)system_id;
    xmlStopParser(parser);
}

static void on_root(void *context, const xmlChar *name, const xmlChar *prefix, const xmlChar *space,
                    int space_count, const xmlChar **spaces, int attribute_count,
                    int defaulted_count, const xmlChar **attributes)
{
    xmlParserCtxtPtr parser = context;
    ((struct prolog *)parser->_private)->over = true;
    (void)name;
    (void)prefix;
    (void)space;
    (void)space_count;
    (void)spaces;
    (void)attribute_count;
    (void)defaulted_count;
    (void)attributes;
    xmlStopParser(parser);
}

/*
 * Finds a document type before anything acts on it: the streaming reader would tell of it only
 * after its parameter entities were expanded, which alone can take for ever. The same parser looks
 * for it, so no encoding hides one. What is not well-formed is left to the reader to say.
 */
static bool check_prolog(struct foreign_file *file, struct fault *why)
{
    struct prolog prolog = {0};
    char bytes[4096];
    int count = 0;
    xmlSAXHandler handler = {
        .initialized = XML_SAX2_MAGIC, .internalSubset = on_type, .startElementNs = on_root};
    if (!foreign_file_rewind(file, why))
        return false;
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&handler, NULL, NULL, 0, NULL);
    assert(parser != NULL);
    parser->userData = parser;
    parser->_private = &prolog;
    xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    while (!prolog.has_type && !prolog.over && parser->wellFormed &&
           (count = foreign_file_read(file, bytes, sizeof bytes, why)) > 0)
        xmlParseChunk(parser, bytes, count, 0);
    xmlFreeDoc(parser->myDoc);
    xmlFreeParserCtxt(parser);
    if (prolog.has_type)
        return fault_set(why, FAULT_REJECT,
                         "a document type declaration (<!DOCTYPE>) is refused: results have none, "
                         "and its entities could read other files");
    return count >= 0;
}

struct xml_stream *xml_stream_open(struct foreign_file *file, struct fault *why)
{
    static bool prepared;
    if (!prepared) {
        xmlInitParser();
        xmlSetExternalEntityLoader(load_nothing);
        prepared = true;
    }
    if (!check_prolog(file, why) || !foreign_file_rewind(file, why))
        return NULL;
    struct xml_stream *stream = calloc(1, sizeof *stream);
    assert(stream != NULL);
    stream->file = file;
    /* HUGE lifts bounds that a large result passes (10 MB in one piece of text); what it would also
     * lift, the bounds on entities, needs a document type. BIG_LINES counts lines past 65,535. */
    stream->reader =
        xmlReaderForIO(read_file, NULL, stream, NULL, NULL,
                       XML_PARSE_NONET | XML_PARSE_HUGE | XML_PARSE_BIG_LINES | XML_PARSE_COMPACT);
    if (stream->reader == NULL) {
        if (stream->fault.reaction != FAULT_NONE)
            *why = stream->fault;
        else
            fault_set(why, FAULT_FATAL, "libxml2 cannot begin to read it");
        free(stream);
        return NULL;
    }
    xmlTextReaderSetStructuredErrorHandler(stream->reader, on_error, stream);
    return stream;
}

void xml_stream_close(struct xml_stream *stream)
{
    if (stream == NULL)
        return;
    xmlFree(stream->attribute);
    xmlFreeTextReader(stream->reader);
    free(stream);
}

uint64_t xml_stream_line(const struct xml_stream *stream)
{
    xmlNodePtr node = xmlTextReaderCurrentNode(stream->reader);
    long line = node != NULL ? xmlGetLineNo(node) : 0;
    /* Elements count to 65,535 only; further down the parser's own place is near enough. */
    if (line <= 0 || line == 65535)
        line = xmlTextReaderGetParserLineNumber(stream->reader);
    return line > 0 ? (uint64_t)line : 1;
}

static enum xml_node fail(struct xml_stream *stream, const char *text)
{
    if (stream->fault.reaction == FAULT_NONE)
        fault_set(&stream->fault, FAULT_REJECT, "line %llu: %s",
                  (unsigned long long)xml_stream_line(stream), text);
    return XML_NODE_FAILED;
}

enum xml_node xml_stream_next(struct xml_stream *stream)
{
    if (stream->owes_end) {
        stream->owes_end = false;
        return XML_NODE_END;
    }
    for (;;) {
        int more = xmlTextReaderRead(stream->reader);
        /* The reader goes on after some errors; what follows one is not to be relied on. */
        if (more < 0 || stream->fault.reaction != FAULT_NONE)
            return fail(stream, "not well-formed XML");
        if (more == 0)
            return XML_NODE_OVER;
        switch (xmlTextReaderNodeType(stream->reader)) {
        case XML_READER_TYPE_ELEMENT:
            if (xmlTextReaderDepth(stream->reader) >= XML_STREAM_DEPTH)
                return fail(stream, "elements are nested deeper than 256");
            stream->owes_end = xmlTextReaderIsEmptyElement(stream->reader) == 1;
            return XML_NODE_START;
        case XML_READER_TYPE_END_ELEMENT:
            return XML_NODE_END;
        case XML_READER_TYPE_TEXT:
        case XML_READER_TYPE_CDATA:
        case XML_READER_TYPE_WHITESPACE:
        case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
            return XML_NODE_TEXT;
        case XML_READER_TYPE_DOCUMENT_TYPE:
            return fail(stream, "a document type declaration (<!DOCTYPE>) is refused");
        case XML_READER_TYPE_ENTITY_REFERENCE:
            return fail(stream, "an entity reference is refused");
        default:
            break; /* comments, processing instructions */
        }
    }
}

const struct fault *xml_stream_fault(const struct xml_stream *stream)
{
    return &stream->fault;
}

int xml_stream_depth(const struct xml_stream *stream)
{
    return xmlTextReaderDepth(stream->reader);
}

const char *xml_stream_name(const struct xml_stream *stream)
{
    const xmlChar *name = xmlTextReaderConstLocalName(stream->reader);
    return name != NULL ? (const char *)name : "";
}

const char *xml_stream_namespace(const struct xml_stream *stream)
{
    const xmlChar *name = xmlTextReaderConstNamespaceUri(stream->reader);
    return name != NULL ? (const char *)name : "";
}

const char *xml_stream_text(const struct xml_stream *stream)
{
    const xmlChar *text = xmlTextReaderConstValue(stream->reader);
    return text != NULL ? (const char *)text : "";
}

const char *xml_stream_attribute(struct xml_stream *stream, const char *name)
{
    xmlFree(stream->attribute);
    stream->attribute = (char *)xmlTextReaderGetAttribute(stream->reader, (const xmlChar *)name);
    return stream->attribute;
}
