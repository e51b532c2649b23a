/*
 * log -- one line an event on standard error, for people and for journald.
 *
 * A line reads "assay-NAME: text" (errors and warnings say so); with ASSAY_LOG=debug also what a
 * developer wants. Results never go here, secrets never go here: the callers pass only settings
 * that settings.h marks as not secret.
 *
 * Whatever a line quotes, it stays one line, and nothing in it is a command to a terminal.
 *
 * Not a logging framework: no files, no rotation, no timestamps (journald and docker add them).
 */
#ifndef ASSAY_RUNTIME_LOG_H
#define ASSAY_RUNTIME_LOG_H

enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_DEBUG };

/* Names the program for every later line; `name` is borrowed for the process's life. A main calls
 * it first: it also sees to it that no file opened later becomes a standard stream. */
void log_open(const char *name);

/* Has the lines of this thread begin with "NAME, PLACE:"; borrowed for the thread's life. */
void log_place(const char *place);

__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *format, ...);

#define log_error(...)   log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_NOTICE, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_DEBUG, __VA_ARGS__)

#endif
