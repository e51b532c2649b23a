/*
 * stop -- TERM and INT ask the program to finish what it has in hand and leave.
 *
 * The handler sets a flag; loops read it at their top. A second signal is not special: a batch
 * is short, and whoever cannot wait has KILL, which every program here survives.
 */
#ifndef ASSAY_RUNTIME_STOP_H
#define ASSAY_RUNTIME_STOP_H

#include <stdbool.h>

/* Installs the handlers for TERM and INT and ignores PIPE. Call once, first in main. */
void stop_install(void);

/* Whether a stop was asked for. Async-signal-safe to set, cheap to read. */
bool stop_requested(void);

#endif
