/*
 * attestation -- the csv format: what people looked at or asked, and attest.
 *
 * One row is one control test result. The file itself is not its evidence: a register that grows
 * row by row is imported again and again, and a row that stays keeps its event and its id.
 */
#include "producers/import/csv_rows.h"
#include "producers/import/import.h"
#include "proto/codec.h"
#include "proto/identity.h"
#include "proto/validate.h"
#include "runtime/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum column {
    SERVICE,
    ENVIRONMENT,
    CHECK,
    SUBJECT,
    RESULT,
    OCCURRED_AT,
    EXPIRES_AT,
    METHOD,
    SUMMARY,
    COLUMNS,
};

static const char *const columns[COLUMNS] = {
    [SERVICE] = "service",       [ENVIRONMENT] = "environment", [CHECK] = "check",
    [SUBJECT] = "subject",       [RESULT] = "result",           [OCCURRED_AT] = "occurred_at",
    [EXPIRES_AT] = "expires_at", [METHOD] = "method",           [SUMMARY] = "summary",
};

static const char default_source[] = "import/csv";

/* What is wrong with a header, for the person; false: nothing. */
static bool differs(const struct csv_row *row, char *text, size_t size)
{
    for (size_t i = 0; i < COLUMNS || i < row->count; i++) {
        if (i >= row->count)
            snprintf(text, size, "the header lacks the column \"%s\"", columns[i]);
        else if (i >= COLUMNS)
            snprintf(text, size, "the header has a column \"%.64s\" too many", row->fields[i].text);
        else if (strcmp(row->fields[i].text, columns[i]) != 0)
            snprintf(text, size, "column %zu of the header is \"%.64s\", not \"%s\"%s", i + 1,
                     row->fields[i].text, columns[i],
                     row->count == 1 && strchr(row->fields[i].text, ';') != NULL
                         ? "; fields are separated by commas"
                         : "");
        else
            continue;
        return true;
    }
    return false;
}

/* "PASS" or "RESULT_PASS" as a number; 0 where it is neither. */
static int enum_value(const ProtobufCEnumDescriptor *descriptor, const char *text)
{
    for (unsigned i = 0; i < descriptor->n_values; i++) {
        int value = descriptor->values[i].value;
        if (value != 0 && (strcmp(descriptor->values[i].name, text) == 0 ||
                           strcmp(codec_enum_name(descriptor, value), text) == 0))
            return value;
    }
    return 0;
}

static void list_values(const ProtobufCEnumDescriptor *descriptor, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < descriptor->n_values && used < size; i++)
        if (descriptor->values[i].value != 0)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "",
                                     codec_enum_name(descriptor, descriptor->values[i].value));
}

struct attestation {
    struct import *import;
    size_t file;
    const struct csv_row *row;
};

static void refuse(const struct attestation *attestation, size_t column, const char *reason)
{
    const struct csv_row *row = attestation->row;
    uint64_t line = row->fields[column].line;
    if (line == row->line)
        sending_refuse(&attestation->import->sending, attestation->file, row->line, "column %s: %s",
                       columns[column], reason);
    else
        sending_refuse(&attestation->import->sending, attestation->file, row->line,
                       "column %s (line %" PRIu64 "): %s", columns[column], line, reason);
}

static bool read_enum(const struct attestation *attestation, size_t column,
                      const ProtobufCEnumDescriptor *descriptor, int *value)
{
    char text[512], names[256];
    const char *given = attestation->row->fields[column].text;
    *value = enum_value(descriptor, given);
    if (*value != 0)
        return true;
    list_values(descriptor, names, sizeof names);
    snprintf(text, sizeof text, "\"%.64s\" is none of %s", given, names);
    refuse(attestation, column, text);
    return false;
}

/* An empty field is left absent; what is required is found missing later. */
static bool read_instant(const struct attestation *attestation, size_t column,
                         Google__Protobuf__Timestamp **timestamp)
{
    char text[256];
    instant at;
    bool zoneless = false;
    const char *given = attestation->row->fields[column].text;
    if (*given == '\0')
        return true;
    if (!instant_parse(given, &at, &zoneless)) {
        snprintf(text, sizeof text, "\"%.64s\" %s (RFC 3339, like 2026-11-23T03:56:28Z)", given,
                 zoneless ? "has no zone" : "is no instant");
        refuse(attestation, column, text);
        return false;
    }
    *timestamp = import_timestamp(attestation->import, at);
    return true;
}

static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text; /* protobuf-c's fields are not const */
}

/* The column a violation speaks of; COLUMNS where it is none. */
static size_t column_of(const char *path)
{
    static const char body[] = "control_test_result.";
    if (strncmp(path, body, sizeof body - 1) == 0)
        path += sizeof body - 1;
    for (size_t i = 0; i < COLUMNS; i++)
        if (strcmp(columns[i], path) == 0)
            return i;
    return COLUMNS;
}

static void send_row(const struct attestation *attestation)
{
    struct import *import = attestation->import;
    const struct csv_field *fields = attestation->row->fields;
    Assay__V1__ControlTestResult body = ASSAY__V1__CONTROL_TEST_RESULT__INIT;
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    struct violation first;
    int result, method;
    arena_reset(import->arena);
    for (size_t i = 0; i < COLUMNS; i++)
        if (!codec_text((const uint8_t *)fields[i].text, fields[i].size)) {
            refuse(attestation, i, "is not UTF-8");
            return;
        }
    if (!read_enum(attestation, RESULT, &assay__v1__result__descriptor, &result) ||
        !read_instant(attestation, OCCURRED_AT, &event.occurred_at) ||
        !read_instant(attestation, EXPIRES_AT, &body.expires_at) ||
        !read_enum(attestation, METHOD, &assay__v1__method__descriptor, &method))
        return;
    body.service = borrow(fields[SERVICE].text);
    body.environment = borrow(fields[ENVIRONMENT].text);
    body.check = borrow(fields[CHECK].text);
    body.subject = borrow(fields[SUBJECT].text);
    body.summary = borrow(fields[SUMMARY].text);
    body.result = (Assay__V1__Result)result;
    body.method = (Assay__V1__Method)method;
    event.source = borrow(import->source != NULL ? import->source : default_source);
    event.actor = borrow(import->actor != NULL ? import->actor : "");
    event.body_case = ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT;
    event.control_test_result = &body;
    char id[UUID_TEXT_MAX];
    uuid derived;
    identity_of(&event, &derived);
    event.id = uuid_format(&derived, id);
    if (!validate_event(&event, &first) && column_of(first.path) < COLUMNS)
        refuse(attestation, column_of(first.path), first.rule);
    else
        import_event(import, attestation->file, attestation->row->line, &event);
}

static void take_row(struct import *import, size_t file, const struct csv_row *row)
{
    const struct attestation attestation = {.import = import, .file = file, .row = row};
    if (row->count != COLUMNS)
        sending_refuse(&import->sending, file, row->line, "has %zu fields, not %d", row->count,
                       COLUMNS);
    else
        send_row(&attestation);
}

/* Rows to the end of the file. False: it cannot be read, *why. */
static bool read_rows(struct import *import, size_t file, struct csv_rows *rows, struct fault *why)
{
    static struct csv_row row;
    char text[512];
    bool header = true;
    while (import_goes_on(import)) {
        switch (csv_rows_next(rows, &row, why)) {
        case CSV_END:
            if (header)
                sending_refuse(&import->sending, file, 1, "the file is empty: there is no header");
            return true;
        case CSV_FAILED:
            return false;
        case CSV_BAD_ROW:
            if (header) {
                sending_refuse(&import->sending, file, row.line, "header: %s", why->text);
                return true;
            }
            sending_refuse(&import->sending, file, row.line, "column %s: %s",
                           row.count >= 1 && row.count <= COLUMNS ? columns[row.count - 1] : "?",
                           why->text);
            break;
        case CSV_ROW:
            if (header && differs(&row, text, sizeof text)) {
                sending_refuse(&import->sending, file, row.line, "%s", text);
                return true;
            }
            if (!header)
                take_row(import, file, &row);
            break;
        }
        header = false;
    }
    return true;
}

static bool read_attestations(struct import *import, size_t file, struct foreign_file *opened)
{
    struct fault why = {0};
    bool good = foreign_file_rewind(opened, &why);
    struct csv_rows *rows = csv_rows_new(opened);
    good = good && read_rows(import, file, rows, &why) && foreign_file_unchanged(opened, &why);
    csv_rows_free(rows);
    progress_end(&import->sending.progress);
    if (!good) {
        log_error("%s: %s", sending_name(&import->sending, file), why.text);
        import->sending.unreadable = true;
    }
    if (import->sending.stopped)
        log_notice("%s: stopped: not all of it was sent", sending_name(&import->sending, file));
    return !import->sending.stopped;
}

const struct import_format attestation_format = {
    .name = "csv", .needs_place = false, .read = read_attestations};
