/*
 * instant -- a point of time: microseconds since 1970-01-01T00:00:00Z, in UTC, always.
 *
 * The whole of Assay counts time in this unit: it is what PostgreSQL's timestamptz holds, and what
 * a protobuf Timestamp is cut to when decoded. Local time and time zones exist only in the text of
 * foreign files. Nothing here reads a clock.
 */
#ifndef ASSAY_PROTO_INSTANT_H
#define ASSAY_PROTO_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t instant;

#define INSTANT_BEGIN  INT64_MIN /* before every instant (PostgreSQL's -infinity) */
#define INSTANT_END    INT64_MAX /* after every instant (PostgreSQL's infinity): "for good" */
#define INSTANT_LEAST  INT64_C(-62135596800000000) /* 0001-01-01T00:00:00Z */
#define INSTANT_MOST   INT64_C(253402300799999999) /* 9999-12-31T23:59:59.999999Z */
#define INSTANT_SECOND INT64_C(1000000)
#define INSTANT_DAY    (86400 * INSTANT_SECOND)

enum { INSTANT_TEXT_MAX = 32 }; /* "9999-12-31T23:59:59.999999Z" and its NUL */

/*
 * RFC 3339 text with a zone ("2026-11-23T03:56:28+00:00", "…Z", up to nine fraction digits, cut to
 * six) to an instant. False where the text is anything else, has no zone, or is out of
 * INSTANT_LEAST … INSTANT_MOST. `zoneless`, where given, says that only the zone was missing.
 */
bool instant_parse(const char *text, instant *parsed, bool *zoneless);

/* The same, not cut: seconds since 1970-01-01T00:00:00Z and nanoseconds 0 … 999999999, as a
 * protobuf Timestamp holds them. */
bool instant_parse_exact(const char *text, int64_t *seconds, int32_t *nanos, bool *zoneless);

/* Cuts to microseconds. The arguments are in a Timestamp's range (asserted). */
instant instant_of(int64_t seconds, int32_t nanos);

/* Writes "2026-11-23T03:56:28Z", with as many of 3 or 6 fraction digits as it needs; "-infinity"
 * and "infinity" outside INSTANT_LEAST … INSTANT_MOST. Returns out. */
char *instant_format(instant at, char out[static INSTANT_TEXT_MAX]);

/* The same with 3, 6 or 9 fraction digits. The arguments are in a Timestamp's range (asserted). */
char *instant_format_exact(int64_t seconds, int32_t nanos, char out[static INSTANT_TEXT_MAX]);

/* at + span, kept within INSTANT_BEGIN … INSTANT_END instead of wrapping; these two stay. */
instant instant_add(instant at, int64_t span);

#endif
