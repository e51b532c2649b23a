/*
 * histories -- small histories of facts, made of chance, and what holds of each however it is told.
 *
 * Chance is a seed, or bytes: where libFuzzer chooses them, it chooses the history. The names are
 * few, so that facts meet. Not the reference: whether an answer is right, rather than always the
 * same, tests/reference says, to which histories_write speaks.
 */
#ifndef ASSAY_TESTS_UNIT_POSTURE_HISTORIES_H
#define ASSAY_TESTS_UNIT_POSTURE_HISTORIES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct chance {
    uint64_t seed;
    const uint8_t *bytes; /* NULL: the seed alone decides; else it decides the orders only */
    size_t left;
};

/*
 * The same facts in so many further orders and other batches give the same steps, and what was
 * reported adds up to what posture_each tells; evaluating once more reports nothing. Aborts, after
 * saying where they differ.
 */
void histories_check(struct chance chance, int orders);

/* The history in the order it was made, in batches of three, and questions: lines as
 * posture_replay and tests/reference/reference.py take them. */
void histories_write(struct chance chance, FILE *out);

#endif
