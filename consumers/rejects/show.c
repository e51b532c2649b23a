#include "consumers/rejects/show.h"

#include "consumers/rejects/bytes.h"
#include "consumers/store/connection.h"
#include "proto/codec.h"
#include "proto/json.h"
#include "runtime/log.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHERE_NAMED                                                                                \
    " FROM assay.reject r WHERE r.topic = $1 AND r.partition = $2::integer"                        \
    " AND r.\"offset\" = $3::bigint AND ($4::integer = 0 OR r.incarnation = $4::integer)"          \
    " ORDER BY r.incarnation"

/* What a table of one record needs; the JSON of --json is made of the second statement. */
enum column { TITLE, REASON, DETAIL, RECEIVED, REPLAYED, KEY, HEADERS, VALUE, INCARNATION };
static const char SHOW[] = "SELECT format('%s partition %s offset %s', r.topic, r.partition,"
                           " r.\"offset\"), r.reason, r.detail, r.received_at, r.replayed_at,"
                           " r.key, r.headers, r.value, r.incarnation" WHERE_NAMED;

#define BASE64(column) "translate(encode(r." column ", 'base64'), E'\\n', '')"

static const char SHOW_AS_JSON[] =
    "SELECT json_build_object('topic', r.topic, 'partition', r.partition, 'incarnation',"
    " r.incarnation, 'offset', r.\"offset\", 'reason', r.reason, 'detail', r.detail,"
    " 'received_at', r.received_at, 'replayed_at', r.replayed_at, 'key', " BASE64(
        "key") ", 'headers', r.headers, 'value', " BASE64("value") "), r.value" WHERE_NAMED;

/* Enough for the largest event that decodes, many times over. */
static const size_t ARENA_CAP = (size_t)1 << 28;

/* A bytea of a text result; *bytes NULL for SQL NULL. The caller frees with PQfreemem. */
static uint8_t *take_bytes(const PGresult *rows, int row, int column, size_t *size)
{
    *size = 0;
    if (PQgetisnull(rows, row, column))
        return NULL;
    uint8_t *bytes = PQunescapeBytea((const unsigned char *)PQgetvalue(rows, row, column), size);
    if (bytes == NULL)
        abort();
    return bytes;
}

/* The event in a value as JSON, or NULL with the reason. */
static json_t *decode(const uint8_t *value, size_t size, struct fault *why)
{
    if (value == NULL) {
        fault_set(why, FAULT_REJECT, "it has no value (a tombstone)");
        return NULL;
    }
    struct arena *arena = arena_new(ARENA_CAP);
    Assay__V1__Event *event = codec_decode(value, size, arena, why);
    json_t *object = event != NULL ? json_from_message(&event->base, false) : NULL;
    arena_free(arena);
    return object;
}

static void print_json(const json_t *object)
{
    char *text = json_dumps(object, JSON_INDENT(2));
    if (text == NULL)
        abort();
    bytes_json(stdout, text);
    putchar('\n');
    free(text);
}

static void print_field(const char *name, const char *text)
{
    if (bytes_printable((const uint8_t *)text, strlen(text))) {
        printf("%-12s %s\n", name, text);
        return;
    }
    printf("%-12s (bytes)\n", name);
    bytes_dump(stdout, (const uint8_t *)text, strlen(text));
}

static void print_key(const PGresult *rows, int row)
{
    size_t size;
    uint8_t *key = take_bytes(rows, row, KEY, &size);
    if (key == NULL)
        puts("key          none");
    else if (bytes_printable(key, size))
        printf("key          %.*s\n", (int)size, key);
    else {
        printf("key          %zu bytes\n", size);
        bytes_dump(stdout, key, size);
    }
    PQfreemem(key);
}

/* A header's member, or NULL; text that could harm a terminal is given in JSON's escapes. */
static void print_member(const json_t *header, const char *text_name, const char *base64_name,
                         int width)
{
    const json_t *member = json_object_get(header, text_name);
    const char *text = json_string_value(member);
    if (text != NULL && bytes_printable((const uint8_t *)text, strlen(text))) {
        printf("%-*s", width, text);
        return;
    }
    if (text == NULL && (member = json_object_get(header, base64_name)) == NULL) {
        printf("%-*s", width, "null");
        return;
    }
    char *escaped = json_dumps(member, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    if (escaped == NULL)
        abort();
    fputs(text == NULL ? "base64 " : "", stdout);
    bytes_json(stdout, escaped);
    free(escaped);
}

static void print_headers(const char *text)
{
    json_t *headers = json_loads(text, 0, NULL);
    size_t i;
    json_t *header;
    json_array_foreach(headers, i, header)
    {
        printf("%-12s ", i == 0 ? "headers" : "");
        print_member(header, "name", "name_base64", 16);
        putchar(' ');
        print_member(header, "value", "base64", 0);
        putchar('\n');
    }
    json_decref(headers);
}

static void print_value(const PGresult *rows, int row)
{
    size_t size;
    uint8_t *value = take_bytes(rows, row, VALUE, &size);
    struct fault why = {0};
    json_t *event = decode(value, size, &why);
    if (event != NULL) {
        printf("value        %zu bytes, which read\n", size);
        print_json(event);
    } else {
        printf("value        %zu bytes: %s\n", size, why.text);
        bytes_dump(stdout, value, size);
    }
    json_decref(event);
    PQfreemem(value);
}

static void print_record(const PGresult *rows, int row)
{
    if (row > 0)
        putchar('\n');
    printf("%s (incarnation %s)\n", PQgetvalue(rows, row, TITLE),
           PQgetvalue(rows, row, INCARNATION));
    print_field("reason", PQgetvalue(rows, row, REASON));
    print_field("detail", PQgetvalue(rows, row, DETAIL));
    print_field("received", PQgetvalue(rows, row, RECEIVED));
    if (!PQgetisnull(rows, row, REPLAYED))
        print_field("replayed", PQgetvalue(rows, row, REPLAYED));
    print_key(rows, row);
    if (!PQgetisnull(rows, row, HEADERS))
        print_headers(PQgetvalue(rows, row, HEADERS));
    print_value(rows, row);
}

/* One object a line: what SQL made of it, and the event where it decodes. */
static void print_record_as_json(const PGresult *rows, int row)
{
    json_t *object = json_loads(PQgetvalue(rows, row, 0), 0, NULL);
    size_t size;
    uint8_t *value = take_bytes(rows, row, 1, &size);
    struct fault why = {0};
    json_t *event = decode(value, size, &why);
    if (json_object_set_new(object, "event", event != NULL ? event : json_null()) != 0)
        abort();
    char *text = json_dumps(object, JSON_COMPACT);
    if (text == NULL)
        abort();
    bytes_json(stdout, text);
    putchar('\n');
    free(text);
    json_decref(object);
    PQfreemem(value);
}

static bool write_value(const PGresult *rows, struct fault *fault)
{
    if (PQntuples(rows) > 1)
        return fault_set(fault, FAULT_FATAL,
                         "%d incarnations of the partition have such a record: name one with "
                         "--incarnation",
                         PQntuples(rows));
    size_t size;
    uint8_t *value = take_bytes(rows, 0, VALUE, &size);
    if (value != NULL)
        fwrite(value, 1, size, stdout);
    PQfreemem(value);
    return true;
}

enum exit_status rejects_show(PGconn *database, const struct record_name *name, enum show_form form,
                              struct fault *fault)
{
    char partition[24];
    char offset[24];
    char incarnation[24];
    snprintf(partition, sizeof partition, "%" PRId64, name->partition);
    snprintf(offset, sizeof offset, "%" PRId64, name->offset);
    snprintf(incarnation, sizeof incarnation, "%" PRId64, name->incarnation);
    const char *const parameters[] = {name->topic, partition, offset, incarnation};
    PGresult *rows = connection_query(database, fault, PGRES_TUPLES_OK,
                                      form == SHOW_JSON ? SHOW_AS_JSON : SHOW, 4, parameters);
    if (rows == NULL)
        return EXIT_FAILED;
    bool shown = true;
    if (PQntuples(rows) > 0 && form == SHOW_VALUE)
        shown = write_value(rows, fault);
    for (int row = 0; row < PQntuples(rows) && form != SHOW_VALUE; row++)
        (form == SHOW_JSON ? print_record_as_json : print_record)(rows, row);
    bool found = PQntuples(rows) > 0;
    PQclear(rows);
    if (shown && fflush(stdout) != 0)
        shown = fault_set(fault, FAULT_FATAL, "cannot write to standard output");
    if (!shown)
        return EXIT_FAILED;
    if (!found)
        log_notice("%s partition %s offset %s is no refused record", name->topic, partition,
                   offset);
    return found ? EXIT_DONE : EXIT_ANSWER_NO;
}
