#include "consumers/rejects/list.h"

#include "consumers/store/connection.h"
#include "consumers/table/table.h"
#include "runtime/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define TO_SECONDS "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'"

#define NEWEST                                                                                     \
    " FROM assay.reject r WHERE $1::text IS NULL OR r.reason = $1"                                 \
    " ORDER BY r.received_at DESC, r.topic, r.partition, r.incarnation DESC, r.\"offset\" DESC"    \
    " LIMIT $2::bigint"

static const char LIST[] =
    "SELECT r.topic, r.partition, r.incarnation, r.\"offset\", r.reason, r.detail,"
    " to_char(r.received_at AT TIME ZONE 'UTC', " TO_SECONDS "),"
    " to_char(r.replayed_at AT TIME ZONE 'UTC', " TO_SECONDS ")" NEWEST;

static const char LIST_JSON[] =
    "SELECT coalesce(json_agg(row_to_json(r)), '[]'), count(*) FROM ("
    "SELECT r.topic, r.partition, r.incarnation, r.\"offset\", r.reason, r.detail, r.received_at,"
    " r.replayed_at" NEWEST ") r";

static const char COUNT[] =
    "SELECT count(*) FROM assay.reject r WHERE $1::text IS NULL OR r.reason = $1";

static const struct table_column columns[] = {
    {"TOPIC", TABLE_TEXT},    {"PARTITION", TABLE_NUMBER}, {"INCARNATION", TABLE_NUMBER},
    {"OFFSET", TABLE_NUMBER}, {"REASON", TABLE_TEXT},      {"DETAIL", TABLE_CUT},
    {"RECEIVED", TABLE_TEXT}, {"REPLAYED", TABLE_TEXT},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* Says where there are more than were shown. */
static bool say_more(PGconn *database, const char *reason, int64_t shown, struct fault *fault)
{
    const char *const parameters[] = {reason};
    PGresult *counted = connection_query(database, fault, PGRES_TUPLES_OK, COUNT, 1, parameters);
    if (counted == NULL)
        return false;
    int64_t all = strtoll(PQgetvalue(counted, 0, 0), NULL, 10);
    PQclear(counted);
    if (all > shown)
        log_notice("the newest %" PRId64 " of %" PRId64 " refused records; --most shows more",
                   shown, all);
    return true;
}

enum exit_status rejects_list(PGconn *database, const char *reason, int64_t most, bool as_json,
                              struct fault *fault)
{
    char limit[24];
    snprintf(limit, sizeof limit, "%" PRId64, most);
    const char *const parameters[] = {reason, limit};
    PGresult *rows = connection_query(database, fault, PGRES_TUPLES_OK, as_json ? LIST_JSON : LIST,
                                      2, parameters);
    if (rows == NULL)
        return EXIT_FAILED;
    int64_t shown = as_json ? strtoll(PQgetvalue(rows, 0, 1), NULL, 10) : PQntuples(rows);
    bool printed = true;
    if (as_json)
        printed = puts(PQgetvalue(rows, 0, 0)) >= 0 && fflush(stdout) == 0;
    else if (shown > 0)
        printed = table_print(columns, COLUMNS, rows);
    else
        log_notice("no record is refused%s%s", reason != NULL ? " as " : "",
                   reason != NULL ? reason : "");
    PQclear(rows);
    if (!printed) {
        fault_set(fault, FAULT_FATAL, "cannot write to standard output");
        return EXIT_FAILED;
    }
    if (shown == most && !say_more(database, reason, shown, fault))
        return EXIT_FAILED;
    return EXIT_DONE;
}
