/*
 * said -- what Assay says of an input, which may quote it, is fit to be stored, logged and shown.
 */
#ifndef ASSAY_TESTS_FUZZ_SAID_H
#define ASSAY_TESTS_FUZZ_SAID_H

#include "proto/codec.h"

#include <assert.h>
#include <string.h>

/* Text, not empty, without what a terminal would take for a command or a log for another line. */
static inline void said_check(const char *text)
{
    assert(*text != '\0' && codec_text((const uint8_t *)text, strlen(text)));
    for (; *text != '\0'; text++)
        assert((unsigned char)*text >= ' ' && *text != 0x7F);
}

#endif
