/*
 * bytes -- an input of the fuzzer, taken apart piece by piece from its front.
 *
 * An input that is too short gives zeros and empty pieces, so that every input means something.
 * Ownership: borrows the input.
 */
#ifndef ASSAY_TESTS_FUZZ_BYTES_H
#define ASSAY_TESTS_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* The entry point that libFuzzer calls: always returns 0; a finding aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

struct bytes {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t bytes_one(struct bytes *bytes)
{
    if (bytes->left == 0)
        return 0;
    bytes->left--;
    return *bytes->at++;
}

/* Big-endian. */
static inline uint64_t bytes_number(struct bytes *bytes, int size)
{
    uint64_t number = 0;
    for (int i = 0; i < size; i++)
        number = number << 8 | bytes_one(bytes);
    return number;
}

/* Up to `size` bytes. */
static inline struct bytes bytes_piece(struct bytes *bytes, size_t size)
{
    struct bytes piece = {bytes->at, size < bytes->left ? size : bytes->left};
    bytes->at += piece.left;
    bytes->left -= piece.left;
    return piece;
}

#endif
