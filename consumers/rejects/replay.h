/*
 * replay -- refused records judged again by today's validator: `assay rejects replay`.
 *
 * The only one of the three that writes, as assay_aggregator.
 */
#ifndef ASSAY_REJECTS_REPLAY_H
#define ASSAY_REJECTS_REPLAY_H

#include "consumers/rejects/record_name.h"
#include "runtime/fault.h"
#include "runtime/settings.h"

/* Replays the one record named, or all where `name` is NULL, in the database of `uri` (as
 * connection_open takes it), and says on standard output how many were accepted and refused.
 * EXIT_ANSWER_NO where any was refused again; EXIT_FAILED with the fault filled. */
enum exit_status rejects_replay(const char *uri, const struct record_name *name,
                                struct fault *fault);

#endif
