/*
 * query -- what the record already says of the time to come, as SQL.
 *
 * The future is part of every timeline, so a forecast only selects: nothing here knows a rule.
 * Statements take $1 the instant from which on (exclusive), $2 the last one looked at (inclusive),
 * $3 the service, NULL for all. Read them in one snapshot.
 */
#ifndef ASSAY_FORECAST_QUERY_H
#define ASSAY_FORECAST_QUERY_H

/* Rows for a table, by service, environment and standard: AT, SERVICE, ENVIRONMENT, STANDARD, WHAT,
 * FROM, TO, DETAIL. Controls that change alike at one instant share a row. */
extern const char QUERY_TABLE[];

/* One row, one column: all of it as one JSON object, every cell apart. */
extern const char QUERY_JSON[];

#endif
