#include "runtime/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *program = "assay";
static enum log_level threshold = LOG_NOTICE;

void log_open(const char *name)
{
    program = name;
    const char *wanted = getenv("ASSAY_LOG");
    if (wanted != NULL && strcmp(wanted, "debug") == 0)
        threshold = LOG_DEBUG;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const prefix[] = {"error: ", "warning: ", "", "debug: "};
    if (level > threshold)
        return;
    /* One write a line, so that lines of several processes on one terminal stay whole. */
    char line[4096];
    int used = snprintf(line, sizeof line, "%s: %s", program, prefix[level]);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + used, sizeof line - (size_t)used - 1, format, arguments);
    va_end(arguments);
    size_t length = strlen(line);
    line[length] = '\n';
    fwrite(line, 1, length + 1, stderr);
    fflush(stderr);
}
