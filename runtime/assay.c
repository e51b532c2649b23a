/*
 * assay -- `assay NAME …` runs the program assay-NAME that lies beside this one, as git does.
 *
 * Nothing is linked here that a command needs: each program carries only the libraries of its own
 * work, and this one hands over to it. The commands offered are the programs that are there.
 */
#include "runtime/settings.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef ASSAY_VERSION
#define ASSAY_VERSION "0.1.0"
#endif

static const char prefix[] = "assay-";

/* What each command does, in the order of the work. */
static const struct {
    const char *name;
    const char *line;
} commands[] = {
    {"topics", "create the topics of the contract; reopen a partition that halted"},
    {"migrate", "bring the database's schema up to date"},
    {"aggregate", "take events from Kafka into PostgreSQL, until stopped"},
    {"publish", "send events, one JSON object a line"},
    {"import", "send what a foreign file says: xccdf, csv"},
    {"status", "show the status of services"},
    {"explain", "show why a control has its status, and what would change it"},
    {"rejects", "list, show and replay records that were refused"},
    {"rebuild", "make everything anew from the ledger"},
    {"forecast", "show what changes in the days to come if nothing more happens"},
    {"what-if", "show what further events would change, and why"},
    {"impact", "show what inherits from a service"},
    {"report", "write the summary of an audit, from events"},
    {"catalog", "list, show and publish the standards that come along"},
    {"snapshot", "take, list, verify, compare and export signed snapshots"},
    {"dashboard", "serve the status over HTTP"},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* The folder this program lies in. */
static bool find_folder(char folder[static PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    if (size <= 0)
        return false;
    folder[size] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return true;
}

/* "folder/assay-name"; false where it is no program, with errno. */
static bool find_program(const char *folder, const char *name, char path[static PATH_MAX])
{
    int size = snprintf(path, PATH_MAX, "%s/%s%s", folder, prefix, name);
    if (size >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    return access(path, X_OK) == 0;
}

static void list_commands(FILE *out, const char *folder)
{
    char path[PATH_MAX];
    fprintf(out, "usage: assay COMMAND [FLAGS] [OPERANDS]\n\ncommands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        if (find_program(folder, commands[i].name, path))
            fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].line);
    fprintf(out, "\n`assay COMMAND --help` says more. exit status: 0 done, 1 the answer is no, "
                 "2 usage, 3 failed\n");
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Single letters to insert, remove or replace between the two (Levenshtein's distance). */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 32 };
    size_t row[LONGEST + 1];
    size_t width = strlen(b);
    if (width > LONGEST || strlen(a) > LONGEST)
        return LONGEST;
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[width];
}

static bool is_near(const char *typed, const char *name)
{
    size_t size = strlen(typed);
    return distance(typed, name) <= (size > 4 ? 2 : 1) ||
           (size >= 2 && strncmp(typed, name, size) == 0);
}

/* Any program of the folder may be meant, those without a line above too. */
static int refuse(const char *folder, const char *typed)
{
    bool any = false;
    fprintf(stderr, "assay: there is no command \"%.64s\"", typed);
    DIR *listing = opendir(folder);
    for (struct dirent *entry; listing != NULL && (entry = readdir(listing)) != NULL;) {
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) != 0 ||
            !is_near(typed, entry->d_name + sizeof prefix - 1))
            continue;
        fprintf(stderr, "%s %s", any ? "," : "; near it:", entry->d_name + sizeof prefix - 1);
        any = true;
    }
    if (listing != NULL)
        closedir(listing);
    fprintf(stderr, " (see assay --help)\n");
    return EXIT_USAGE;
}

static bool is_name(const char *text)
{
    return *text != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

int main(int argc, char **argv)
{
    static char help_flag[] = "--help";
    char folder[PATH_MAX], path[PATH_MAX];
    if (!find_folder(folder)) {
        fprintf(stderr, "assay: cannot tell where its programs are: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--version") == 0) {
        printf("assay %s\n", ASSAY_VERSION);
        return EXIT_DONE;
    }
    bool help = strcmp(name, "help") == 0;
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || (help && argc == 2)) {
        list_commands(stdout, folder);
        return EXIT_DONE;
    }
    char *help_words[] = {path, help_flag, NULL};
    char **words = help ? help_words : argv + 1;
    name = help ? argv[2] : name;
    if (!is_name(name) || (!find_program(folder, name, path) && errno == ENOENT))
        return refuse(folder, name);
    words[0] = path;
    execv(path, words);
    fprintf(stderr, "assay: cannot run %s: %s\n", path, strerror(errno));
    return EXIT_FAILED;
}
