#include "runtime/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* vsnprintf cuts in the middle of a UTF-8 sequence; ends the text on a whole one, with a mark. */
static void mark_if_cut(char *text, int wanted)
{
    if (wanted < FAULT_TEXT_MAX)
        return;
    size_t end = FAULT_TEXT_MAX - 1 - strlen("…");
    while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80)
        end--;
    memcpy(text + end, "…", sizeof "…");
}

bool fault_set(struct fault *fault, enum fault_reaction reaction, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    mark_if_cut(fault->text, wanted);
    fault->reaction = reaction;
    return false;
}

bool fault_context(struct fault *fault, const char *format, ...)
{
    char before[FAULT_TEXT_MAX];
    char after[FAULT_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(before, sizeof before, format, arguments);
    va_end(arguments);
    memcpy(after, fault->text, sizeof after);
    int wanted = snprintf(fault->text, sizeof fault->text, "%s: %s", before, after);
    mark_if_cut(fault->text, wanted);
    return false;
}

const char *fault_reaction_name(enum fault_reaction reaction)
{
    switch (reaction) {
    case FAULT_NONE:
        return "none";
    case FAULT_REJECT:
        return "reject";
    case FAULT_RETRY:
        return "retry";
    case FAULT_FENCED:
        return "fenced";
    case FAULT_FATAL:
        return "fatal";
    }
    return "unknown";
}
