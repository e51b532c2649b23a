/*
 * calendar -- months and years in UTC, as certification counts them.
 *
 * Inside posture only. No clock, no time zone, no locale: an instant in, an instant out.
 */
#ifndef ASSAY_POSTURE_CALENDAR_H
#define ASSAY_POSTURE_CALENDAR_H

#include "proto/instant.h"

/* The same day and time of day so many months on (or back), or that month's last day. */
instant calendar_months_after(instant at, int months);

int calendar_year(instant at);
instant calendar_year_begin(int year);

#endif
