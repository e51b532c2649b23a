/*
 * fault -- what went wrong, and how the program is to react.
 *
 * Every function that can fail takes a `struct fault *` last and returns false (or NULL) after
 * filling it. The reaction is the part the caller acts on; the text is for the person. A fault is
 * logged once, by the loop that decides what to do about it, never where it arises.
 *
 * Not an error-code registry: SQLSTATE and librdkafka codes are translated to a reaction in one
 * place each (consumers/store/sqlstate.h, and kafka_fault.h of the Kafka side).
 *
 * Ownership: plain data, no allocation; texts longer than the buffer are cut with "…".
 */
#ifndef ASSAY_RUNTIME_FAULT_H
#define ASSAY_RUNTIME_FAULT_H

#include <stdbool.h>

enum fault_reaction {
    FAULT_NONE = 0, /* nothing happened */
    FAULT_REJECT,   /* the record is bad: keep it aside with the reason, advance */
    FAULT_RETRY,    /* the world is bad: roll back, back off, try again */
    FAULT_FENCED,   /* another took over: drop the work in hand, rejoin */
    FAULT_FATAL,    /* we are bad (or were set up badly): stop */
};

enum { FAULT_TEXT_MAX = 1024 };

struct fault {
    enum fault_reaction reaction;
    char text[FAULT_TEXT_MAX]; /* what happened, to which record, what to do; UTF-8, no newline */
};

/* Fills `fault` and returns false, so that a failure is one statement: return fault_set(...). */
__attribute__((format(printf, 3, 4))) bool
fault_set(struct fault *fault, enum fault_reaction reaction, const char *format, ...);

/* Puts "context: " before the text, keeping the reaction. Returns false, like fault_set. */
__attribute__((format(printf, 2, 3))) bool fault_context(struct fault *fault, const char *format,
                                                         ...);

/* "reject", "retry", "fenced", "fatal", "none": for logs. Static storage. */
const char *fault_reaction_name(enum fault_reaction reaction);

#endif
