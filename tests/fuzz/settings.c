/*
 * Any words as a command line, and any text in the environment: read within what the table says,
 * or a usage error. The program's end is caught, and the next input goes on.
 *
 * Input: the variable's text, then the words, each ended by NUL.
 *
 * -X is here a list of texts: what librdkafka makes of one is librdkafka's (and plug-ins may be
 * loaded by it), so that no input reaches it.
 */
#include "runtime/settings.h"
#include "tests/fuzz/bytes.h"

#include <assert.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MOST = 64 };

static bool is_on;
static int64_t number;
static const char *text;
static struct setting_list list;

static const struct setting SETTINGS[] = {
    {.kind = SETTING_HEADING, .help = "all kinds"},
    {.kind = SETTING_SWITCH, .letter = 's', .name = "switch", .help = "on or off", .value = &is_on},
    {.kind = SETTING_TEXT,
     .letter = 't',
     .name = "text",
     .argument = "TEXT",
     .help = "any",
     .fallback = "otherwise",
     .value = &text},
    {.kind = SETTING_NUMBER,
     .letter = 'n',
     .name = "number",
     .environment = "ASSAY_FUZZ_NUMBER",
     .argument = "N",
     .help = "within bounds",
     .fallback = "7",
     .least = -5,
     .most = 1000,
     .value = &number},
    {.kind = SETTING_LIST,
     .letter = 'X',
     .name = "list",
     .argument = "TEXT",
     .help = "many",
     .value = &list},
};

static const struct program PROGRAM = {
    .name = "assay-fuzz",
    .synopsis = "fuzz",
    .summary = "Reads words.",
    .settings = SETTINGS,
    .setting_count = SETTINGS_COUNT(SETTINGS),
};

static jmp_buf ended;
static bool reading;
static int status;

void __real_exit(int with) __attribute__((noreturn));
void __wrap_exit(int with) __attribute__((noreturn));

/* Linked in exit's place: the end of the program is the end of the input. */
void __wrap_exit(int with)
{
    if (!reading)
        __real_exit(with); /* libFuzzer's own */
    status = with;
    longjmp(ended, 1);
}

/* The words behind the first, which point into `words`, text of `size` bytes that ends in NUL. */
static int split(char *words, size_t size, char **argv)
{
    static char name[] = "assay-fuzz";
    int count = 0;
    argv[count++] = name;
    for (size_t at = 0; at < size && count < WORDS_MOST; at += strlen(words + at) + 1)
        argv[count++] = words + at;
    argv[count] = NULL;
    return count;
}

static void check_read(char *const *argv, char *const *operands, size_t count)
{
    assert(number >= -5 && number <= 1000 && text != NULL);
    for (size_t i = 0; i < count; i++)
        assert(operands[i] != NULL);
    for (size_t i = 0; i < list.count; i++)
        assert(list.items[i] != NULL);
    assert(operands == argv + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    char *words = malloc(size + 1);
    assert(words != NULL);
    memcpy(words, input, size);
    words[size] = '\0';
    size_t first = strlen(words);
    setenv("ASSAY_FUZZ_NUMBER", words, 1);
    char *argv[WORDS_MOST + 1];
    size_t rest = first < size ? first + 1 : size;
    int argc = split(words + rest, size - rest, argv);

    char **operands;
    size_t count;
    is_on = false;
    status = -1;
    reading = true;
    if (setjmp(ended) == 0) {
        settings_read(&PROGRAM, argc, argv, &operands, &count);
        check_read(argv, operands, count);
    } else {
        assert(status == EXIT_DONE || status == EXIT_USAGE); /* --help, --version; or refused */
    }
    reading = false;
    settings_free(&PROGRAM);
    free(words);
    return 0;
}
