/*
 * elapsed -- milliseconds that pass, whatever is done to the wall clock.
 *
 * For waiting and pacing only: nothing that is stored or compared across processes comes from here.
 */
#ifndef ASSAY_RUNTIME_ELAPSED_H
#define ASSAY_RUNTIME_ELAPSED_H

#include <stdint.h>

/* Of the monotonic clock; only differences mean anything. */
int64_t elapsed_ms(void);

#endif
