/*
 * sharing -- the same work on each of many things, by several threads at once.
 *
 * Threads live as long as one call: it is for work that takes milliseconds. Things are taken in
 * their order, one after the other, by whoever has none; how often each thread comes to take one is
 * chance, so what is worked out must not depend on it.
 *
 * Ownership: borrows the context until it returns.
 */
#ifndef ASSAY_STORE_SHARING_H
#define ASSAY_STORE_SHARING_H

#include <stddef.h>

/* On the item-th thing, by the hand-th thread: the first, 0, is the caller's. */
typedef void sharing_work(void *context, size_t hand, size_t item);

enum { HANDS_MOST = 8 };

/* Returns once all of it is done. By fewer threads than `hands` (1 … HANDS_MOST) where there are
 * not so many things, or no more threads can be had. */
void share(size_t hands, size_t items, sharing_work *work, void *context);

/* As many as there are processors for this process, up to HANDS_MOST. */
size_t sharing_hands(void);

#endif
