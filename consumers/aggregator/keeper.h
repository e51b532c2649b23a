/*
 * keeper -- keeps the present ready for readers (present.h), beside the lanes of an aggregator.
 *
 * A thread and a connection of its own, so that no record waits for it: one step after the other
 * once nothing has been committed for a second, one a second otherwise.
 *
 * Ownership: an opaque handle; borrows `uri`, `program` and `committed_ms` until it is freed.
 */
#ifndef ASSAY_AGGREGATOR_KEEPER_H
#define ASSAY_AGGREGATOR_KEEPER_H

#include <stdatomic.h>
#include <stdint.h>

struct keeper;

/* `committed_ms`: when a lane last committed, elapsed_ms. */
struct keeper *keeper_begin(const char *uri, const char *program,
                            const _Atomic int64_t *committed_ms);
void keeper_end(struct keeper *keeper); /* after the step it is in; NULL: nothing */

#endif
