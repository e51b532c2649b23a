#include "consumers/posture/calendar.h"

#include <assert.h>
#include <time.h>

/* gmtime_r and timegm know the Gregorian calendar and read no clock. */
static struct tm broken_down(instant at, int64_t *micros)
{
    int64_t rest = at % INSTANT_SECOND;
    *micros = rest < 0 ? rest + INSTANT_SECOND : rest;
    time_t seconds = (at - *micros) / INSTANT_SECOND;
    struct tm parts;
    const struct tm *done = gmtime_r(&seconds, &parts);
    assert(done != NULL);
    return parts;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 1 && leap ? 29 : days[month];
}

instant calendar_months_after(instant at, int months)
{
    int64_t micros;
    struct tm parts = broken_down(at, &micros);
    int month = (parts.tm_year + 1900) * 12 + parts.tm_mon + months;
    int year = month / 12;
    month %= 12;
    if (year < 1)
        return INSTANT_LEAST;
    parts.tm_year = year - 1900;
    parts.tm_mon = month;
    if (parts.tm_mday > days_of_month(year, month))
        parts.tm_mday = days_of_month(year, month);
    return (instant)timegm(&parts) * INSTANT_SECOND + micros;
}

int calendar_year(instant at)
{
    int64_t micros;
    return broken_down(at, &micros).tm_year + 1900;
}

instant calendar_year_begin(int year)
{
    struct tm parts = {.tm_year = year - 1900, .tm_mday = 1};
    return (instant)timegm(&parts) * INSTANT_SECOND;
}
