#include "proto/instant.h"

#include <assert.h>
#include <string.h>

enum { FRACTION_DIGITS_MOST = 9, MONTHS = 12 };

static const int64_t LEAST_SECOND = INSTANT_LEAST / INSTANT_SECOND;
static const int64_t MOST_SECOND = (INSTANT_MOST - (INSTANT_SECOND - 1)) / INSTANT_SECOND;

/*
 * Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. Counted in years
 * that begin in March, so that the leap day is the last one, and in eras of 400 years; after
 * Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1);
    *month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    *year = (int)(year_of_era + era * 400) + (*month <= 2);
}

static int days_in(int year, int month)
{
    static const int days[MONTHS] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Reads exactly `digits` digits; moves *text on. -1 where something else stands there. */
static int read_number(const char **text, int digits)
{
    int number = 0;
    for (; digits > 0; digits--, (*text)++) {
        if (**text < '0' || **text > '9')
            return -1;
        number = number * 10 + (**text - '0');
    }
    return number;
}

static bool read_mark(const char **text, char mark)
{
    if (**text != mark)
        return false;
    (*text)++;
    return true;
}

static bool read_date(const char **text, int64_t *days)
{
    int year = read_number(text, 4);
    if (year < 1 || !read_mark(text, '-'))
        return false;
    int month = read_number(text, 2);
    if (month < 1 || month > MONTHS || !read_mark(text, '-'))
        return false;
    int day = read_number(text, 2);
    if (day < 1 || day > days_in(year, month))
        return false;
    *days = days_of(year, month, day);
    return true;
}

/* A leap second has no number of its own in this count and is refused, like any other 60. */
static bool read_clock(const char **text, int64_t *seconds, int32_t *nanos)
{
    int hour = read_number(text, 2);
    if (hour < 0 || hour > 23 || !read_mark(text, ':'))
        return false;
    int minute = read_number(text, 2);
    if (minute < 0 || minute > 59 || !read_mark(text, ':'))
        return false;
    int second = read_number(text, 2);
    if (second < 0 || second > 59)
        return false;
    *seconds = hour * 3600 + minute * 60 + second;
    *nanos = 0;
    if (!read_mark(text, '.'))
        return true;
    int digits = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++, digits++) {
        if (digits == FRACTION_DIGITS_MOST)
            return false;
        *nanos = *nanos * 10 + (**text - '0');
    }
    for (int i = digits; i < FRACTION_DIGITS_MOST; i++)
        *nanos *= 10;
    return digits > 0;
}

static bool read_zone(const char **text, int64_t *offset)
{
    *offset = 0;
    if (read_mark(text, 'Z') || read_mark(text, 'z'))
        return true;
    int sign = **text == '-' ? -1 : 1;
    if (!read_mark(text, '+') && !read_mark(text, '-'))
        return false;
    int hours = read_number(text, 2);
    if (hours < 0 || hours > 23 || !read_mark(text, ':'))
        return false;
    int minutes = read_number(text, 2);
    if (minutes < 0 || minutes > 59)
        return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool instant_parse_exact(const char *text, int64_t *seconds, int32_t *nanos, bool *zoneless)
{
    int64_t days;
    int64_t clock;
    int64_t offset;
    int32_t fraction;
    if (zoneless != NULL)
        *zoneless = false;
    if (!read_date(&text, &days) || (!read_mark(&text, 'T') && !read_mark(&text, 't')) ||
        !read_clock(&text, &clock, &fraction))
        return false;
    if (*text == '\0' && zoneless != NULL)
        *zoneless = true;
    if (!read_zone(&text, &offset) || *text != '\0')
        return false;
    int64_t result = days * 86400 + clock - offset;
    if (result < LEAST_SECOND || result > MOST_SECOND)
        return false;
    *seconds = result;
    *nanos = fraction;
    return true;
}

bool instant_parse(const char *text, instant *parsed, bool *zoneless)
{
    int64_t seconds;
    int32_t nanos;
    if (!instant_parse_exact(text, &seconds, &nanos, zoneless))
        return false;
    *parsed = instant_of(seconds, nanos);
    return true;
}

instant instant_of(int64_t seconds, int32_t nanos)
{
    assert(seconds >= LEAST_SECOND && seconds <= MOST_SECOND);
    assert(nanos >= 0 && nanos <= 999999999);
    return seconds * INSTANT_SECOND + nanos / 1000;
}

/* Writes so many digits and a mark behind them; returns what follows. No printf: every record that
 * is sent carries an instant in its headers. */
static char *write_number(char *out, int number, int digits, char mark)
{
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        out[i] = (char)('0' + number % 10);
    out[digits] = mark;
    return out + digits + 1;
}

char *instant_format_exact(int64_t seconds, int32_t nanos, char out[static INSTANT_TEXT_MAX])
{
    assert(seconds >= LEAST_SECOND && seconds <= MOST_SECOND);
    assert(nanos >= 0 && nanos <= 999999999);
    int64_t days = seconds / 86400;
    int64_t clock = seconds % 86400;
    if (clock < 0) {
        clock += 86400;
        days--;
    }
    int year;
    int month;
    int day;
    date_of(days, &year, &month, &day);
    char *end = write_number(out, year, 4, '-');
    end = write_number(end, month, 2, '-');
    end = write_number(end, day, 2, 'T');
    end = write_number(end, (int)(clock / 3600), 2, ':');
    end = write_number(end, (int)(clock / 60 % 60), 2, ':');
    end = write_number(end, (int)(clock % 60), 2, nanos == 0 ? 'Z' : '.');
    if (nanos != 0 && nanos % 1000000 == 0)
        end = write_number(end, nanos / 1000000, 3, 'Z');
    else if (nanos != 0 && nanos % 1000 == 0)
        end = write_number(end, nanos / 1000, 6, 'Z');
    else if (nanos != 0)
        end = write_number(end, nanos, 9, 'Z');
    *end = '\0';
    return out;
}

char *instant_format(instant at, char out[static INSTANT_TEXT_MAX])
{
    if (at < INSTANT_LEAST)
        return memcpy(out, "-infinity", sizeof "-infinity");
    if (at > INSTANT_MOST)
        return memcpy(out, "infinity", sizeof "infinity");
    int64_t seconds = at / INSTANT_SECOND;
    int64_t rest = at % INSTANT_SECOND;
    if (rest < 0) {
        rest += INSTANT_SECOND;
        seconds--;
    }
    return instant_format_exact(seconds, (int32_t)rest * 1000, out);
}

instant instant_add(instant at, int64_t span)
{
    instant sum;
    if (at == INSTANT_BEGIN || at == INSTANT_END)
        return at;
    if (__builtin_add_overflow(at, span, &sum))
        return span < 0 ? INSTANT_BEGIN : INSTANT_END;
    return sum;
}
