#include "runtime/settings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ASSAY_VERSION
#define ASSAY_VERSION "0.1.0"
#endif

void settings_usage(const struct program *program, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s: ", program->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (see %s --help)\n", program->name);
    exit(EXIT_USAGE);
}

static void print_setting(const struct setting *setting)
{
    char flag[80];
    if (setting->kind == SETTING_HEADING) {
        printf("\n%s:\n", setting->help);
        return;
    }
    char letter[4] = {0};
    if (setting->letter != 0)
        snprintf(letter, sizeof letter, "-%c,", setting->letter);
    snprintf(flag, sizeof flag, "  %-3s --%s%s%s", letter, setting->name,
             setting->argument ? " " : "", setting->argument ? setting->argument : "");
    printf("%-36s %s", flag, setting->help);
    if (setting->fallback != NULL)
        printf(" [%s]", setting->fallback);
    if (setting->environment != NULL)
        printf(" (%s)", setting->environment);
    putchar('\n');
}

static void print_help(const struct program *program)
{
    printf("usage: assay %s\n\n%s\n", program->synopsis, program->summary);
    if (program->setting_count > 0 && program->settings[0].kind != SETTING_HEADING)
        printf("\nflags:\n");
    for (size_t i = 0; i < program->setting_count; i++)
        print_setting(&program->settings[i]);
    printf("      --help                         this text\n"
           "      --version                      the version\n"
           "\nexit status: 0 done, 1 the answer is no, 2 usage, 3 failed\n");
}

static void assign(const struct program *program, const struct setting *setting, const char *text,
                   const char *origin)
{
    switch (setting->kind) {
    case SETTING_HEADING:
        return;
    case SETTING_SWITCH:
        *(bool *)setting->value = strcmp(text, "0") != 0 && strcmp(text, "") != 0;
        return;
    case SETTING_TEXT:
        *(const char **)setting->value = text;
        return;
    case SETTING_NUMBER: {
        char *end;
        errno = 0;
        long long number = strtoll(text, &end, 10);
        if (errno != 0 || end == text || *end != '\0' || number < setting->least ||
            number > setting->most)
            settings_usage(program, "%s takes a whole number from %lld to %lld, not '%s'", origin,
                           (long long)setting->least, (long long)setting->most, text);
        *(int64_t *)setting->value = number;
        return;
    }
    case SETTING_LIST: {
        struct setting_list *list = setting->value;
        const char **grown = reallocarray(list->items, list->count + 1, sizeof *grown);
        if (grown == NULL)
            abort();
        list->items = grown;
        list->items[list->count++] = text;
        return;
    }
    }
}

static void apply_defaults(const struct program *program)
{
    for (size_t i = 0; i < program->setting_count; i++) {
        const struct setting *setting = &program->settings[i];
        const char *text = setting->environment ? getenv(setting->environment) : NULL;
        if (text != NULL && *text != '\0')
            assign(program, setting, text, setting->environment);
        else if (setting->fallback != NULL)
            assign(program, setting, setting->fallback, setting->name);
    }
}

static const struct setting *find_long(const struct program *program, const char *name,
                                       size_t length)
{
    for (size_t i = 0; i < program->setting_count; i++) {
        const struct setting *setting = &program->settings[i];
        if (setting->kind != SETTING_HEADING && strlen(setting->name) == length &&
            strncmp(setting->name, name, length) == 0)
            return setting;
    }
    return NULL;
}

static const struct setting *find_letter(const struct program *program, char letter)
{
    for (size_t i = 0; i < program->setting_count; i++)
        if (program->settings[i].kind != SETTING_HEADING && program->settings[i].letter == letter)
            return &program->settings[i];
    return NULL;
}

/* One flag at argv[*at], its argument perhaps in the next word; leaves *at on the last one used. */
static void take_flag(const struct program *program, int argc, char **argv, int *at)
{
    char *word = argv[*at];
    const struct setting *setting;
    const char *value = NULL;
    char shown[128];
    if (word[1] == '-') {
        char *name = word + 2;
        char *equals = strchr(name, '=');
        size_t length = equals ? (size_t)(equals - name) : strlen(name);
        setting = find_long(program, name, length);
        value = equals ? equals + 1 : NULL;
        snprintf(shown, sizeof shown, "--%.*s", (int)(length > 100 ? 100 : length), name);
    } else {
        setting = find_letter(program, word[1]);
        value = word[2] != '\0' ? word + 2 : NULL;
        snprintf(shown, sizeof shown, "-%c", word[1]);
    }
    if (setting == NULL)
        settings_usage(program, "there is no flag %s", shown);
    if (setting->kind == SETTING_SWITCH) {
        if (value != NULL)
            settings_usage(program, "%s takes no argument", shown);
        assign(program, setting, "1", shown);
        return;
    }
    if (value == NULL) {
        if (*at + 1 >= argc)
            settings_usage(program, "%s needs %s", shown, setting->argument);
        value = argv[++*at];
    }
    assign(program, setting, value, shown);
}

void settings_read(const struct program *program, int argc, char **argv, char ***operands,
                   size_t *operand_count)
{
    apply_defaults(program);
    int kept = 1; /* operands are gathered at argv[1..kept) */
    bool flags = true;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (flags && strcmp(word, "--") == 0) {
            flags = false;
        } else if (flags && strcmp(word, "--help") == 0) {
            print_help(program);
            exit(EXIT_DONE);
        } else if (flags && strcmp(word, "--version") == 0) {
            printf("%s %s\n", program->name, ASSAY_VERSION);
            exit(EXIT_DONE);
        } else if (flags && word[0] == '-' && word[1] != '\0') {
            take_flag(program, argc, argv, &i);
        } else {
            argv[kept++] = word;
        }
    }
    *operands = argv + 1;
    *operand_count = (size_t)(kept - 1);
}

void settings_free(const struct program *program)
{
    for (size_t i = 0; i < program->setting_count; i++) {
        if (program->settings[i].kind != SETTING_LIST)
            continue;
        struct setting_list *list = program->settings[i].value;
        free(list->items);
        *list = (struct setting_list){0};
    }
}
