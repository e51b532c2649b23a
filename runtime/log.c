#include "runtime/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *program = "assay";
static enum log_level threshold = LOG_NOTICE;
static _Thread_local const char *place; /* NULL: none */

/*
 * A standard stream that came closed is opened so that using it fails (reading only for output).
 * Left closed, its number is the next socket's, and results would go to the database as a protocol.
 */
static void hold_standard_streams(void)
{
    for (int number = 0; number <= 2; number++)
        if (fcntl(number, F_GETFD) < 0 && open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY) < 0)
            abort();
}

void log_open(const char *name)
{
    hold_standard_streams();
    program = name;
    const char *wanted = getenv("ASSAY_LOG");
    if (wanted != NULL && strcmp(wanted, "debug") == 0)
        threshold = LOG_DEBUG;
}

/* What is said may quote what a stranger wrote: no byte of it begins another line, or is a command
 * to a terminal (C0, DEL, and C1 as UTF-8 has it). */
static void make_plain(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if (*c == '\n' || *c == '\t')
            *c = ' ';
        else if (*c < ' ' || *c == 0x7F)
            *c = '?';
        else if (*c == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0)
            *c = c[1] = '?';
    }
}

void log_place(const char *where)
{
    place = where;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const prefix[] = {"error: ", "warning: ", "", "debug: "};
    if (level > threshold)
        return;
    /* One write a line, so that lines of several processes on one terminal stay whole. */
    char line[4096];
    int used = snprintf(line, sizeof line, "%s%s%s: %s", program, place == NULL ? "" : ", ",
                        place == NULL ? "" : place, prefix[level]);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + used, sizeof line - (size_t)used - 1, format, arguments);
    va_end(arguments);
    make_plain(line);
    size_t length = strlen(line);
    line[length] = '\n';
    fwrite(line, 1, length + 1, stderr);
    fflush(stderr);
}
