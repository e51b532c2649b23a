/*
 * settings -- one table a program: every setting is a flag, an ASSAY_* variable and a line of
 * --help, with its range and default in the same row.
 *
 * Order of precedence: flag, environment, default. What a flag takes is checked where it is read
 * (kind, range), and a wrong value is a usage error that names the flag and what it takes.
 * The exit status of every program is one of enum exit_status.
 *
 * Not a configuration file reader, and knows no domain: a program with subcommands reads its
 * subcommand from the operands.
 *
 * Ownership: texts are borrowed from argv, the environment or the table and live as long as those.
 */
#ifndef ASSAY_RUNTIME_SETTINGS_H
#define ASSAY_RUNTIME_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exit_status {
    EXIT_DONE = 0,      /* done */
    EXIT_ANSWER_NO = 1, /* the answer is no: refused lines, a difference, a verify that fails */
    EXIT_USAGE = 2,     /* the command was put wrongly */
    EXIT_FAILED = 3,    /* it could not be done */
};

enum setting_kind {
    SETTING_SWITCH,  /* bool: present or not */
    SETTING_TEXT,    /* const char * */
    SETTING_NUMBER,  /* int64_t in [least, most] */
    SETTING_LIST,    /* struct setting_list: may be given again and again, as -X is */
    SETTING_HEADING, /* no setting: `help` is a heading of --help above the rows that follow */
};

struct setting_list {
    const char **items; /* freed by settings_free */
    size_t count;
};

struct setting {
    enum setting_kind kind;
    char letter;             /* 0: none */
    const char *name;        /* long flag without dashes */
    const char *environment; /* NULL: not to be had from the environment */
    const char *argument;    /* name of the argument in --help; NULL for a switch */
    const char *help;        /* one line; states the unit where there is one */
    const char *fallback;    /* default, as text; NULL: unset */
    int64_t least, most;     /* for numbers */
    void *value;             /* bool *, const char **, int64_t *, struct setting_list * */
};

struct program {
    const char *name;     /* "assay-publish" */
    const char *synopsis; /* "publish [FLAGS] [FILE…]" */
    const char *summary;  /* what it does, some lines of plain text */
    const struct setting *settings;
    size_t setting_count;
};

/*
 * Reads environment and argv into the values the table points at. Flags and operands may be
 * mixed; "--" ends the flags. On return *operands points at argv with the operands moved to its
 * end and *operand_count says how many. --help prints to stdout and exits 0; --version likewise;
 * a usage error prints one line that names the flag, and where to look, and exits EXIT_USAGE.
 */
void settings_read(const struct program *program, int argc, char **argv, char ***operands,
                   size_t *operand_count);

/* Prints "assay-NAME: text" and where help is to be had, to stderr, and exits EXIT_USAGE. */
__attribute__((noreturn, format(printf, 2, 3))) void settings_usage(const struct program *program,
                                                                    const char *format, ...);

/* Frees the lists that settings_read grew. */
void settings_free(const struct program *program);

#define SETTINGS_COUNT(table) (sizeof(table) / sizeof((table)[0]))

#endif
