#include "consumers/posture/counts.h"

#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"

#include <assert.h>
#include <string.h>

static int compare(const struct count_change *a, const struct count_change *b)
{
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    return a->from != b->from ? a->from - b->from : a->to - b->to;
}

/* Merges two sorted runs, from … middle … until, into `to`. */
static void merge_runs(const struct count_change *items, uint32_t from, uint32_t middle,
                       uint32_t until, struct count_change *to)
{
    uint32_t left = from;
    uint32_t right = middle;
    for (uint32_t i = from; i < until; i++) {
        bool take_left =
            right == until || (left < middle && compare(&items[left], &items[right]) <= 0);
        to[i] = items[take_left ? left++ : right++];
    }
}

/* A batch may change as many as there are cells: with the comparison in place sorting them costs a
 * third of what qsort takes. */
static void sort(struct count_change *items, uint32_t count, struct counts_room *room)
{
    uint32_t sorted = 1;
    while (sorted < count && compare(&items[sorted - 1], &items[sorted]) <= 0)
        sorted++;
    if (sorted >= count)
        return;
    assert(count <= UINT32_MAX / 2);
    room->items = array_room(room->items, &room->room, count, sizeof *room->items, NULL);
    struct count_change *from = items, *to = room->items;
    for (uint32_t run = 1; run < count; run *= 2) {
        for (uint32_t at = 0; at < count; at += 2 * run) {
            uint32_t middle = at + run < count ? at + run : count;
            uint32_t until = middle + run < count ? middle + run : count;
            merge_runs(from, at, middle, until, to);
        }
        struct count_change *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
}

void counts_arrange(struct standing *standing, struct counts_room *room)
{
    struct count_change *changes = standing->changes;
    uint32_t kept = 0;
    sort(changes, standing->change_count, room);
    for (uint32_t i = 0; i < standing->change_count; i++) {
        if (kept > 0 && compare(&changes[kept - 1], &changes[i]) == 0)
            changes[kept - 1].cells += changes[i].cells;
        else
            changes[kept++] = changes[i];
        if (changes[kept - 1].cells == 0 &&
            (i + 1 == standing->change_count || compare(&changes[kept - 1], &changes[i + 1]) != 0))
            kept--;
    }
    standing->change_count = kept;
}

uint32_t counts_before(const struct standing *standing, instant from,
                       uint32_t counts[static CELL_FAILED + 1])
{
    uint32_t kept = from == INSTANT_BEGIN ? 0
                                          : steps_until(standing->moves, standing->move_count,
                                                        sizeof *standing->moves, from - 1);
    memcpy(counts, standing->counts, sizeof standing->counts);
    for (uint32_t i = kept; i < standing->move_count; i++) {
        counts[standing->moves[i].from] += (uint32_t)standing->moves[i].cells;
        counts[standing->moves[i].to] -= (uint32_t)standing->moves[i].cells;
    }
    return kept;
}

/* From the end on, in place: what lies before the first change is not touched. */
void counts_merge(struct posture_service *service, struct standing *standing)
{
    enum { CHANGES_KEPT = 256 }; /* more than a batch has of most */
    uint32_t old = standing->move_count, new = standing->change_count;
    uint32_t end = old + new, to = end;
    if (new == 0)
        return;
    const struct count_change *changes = standing->changes;
    struct count_change *moves = standing->moves = array_room(
        standing->moves, &standing->move_room, end, sizeof *standing->moves, &service->bytes);
    while (new > 0) {
        int order = old == 0 ? -1 : compare(&moves[old - 1], &changes[new - 1]);
        struct count_change move = order > 0 ? moves[old - 1] : changes[new - 1];
        if (order == 0)
            move.cells += moves[old - 1].cells;
        if (order <= 0)
            counts_add(standing->counts, &changes[--new]);
        old -= order >= 0;
        assert(move.cells >= 0);
        if (move.cells > 0)
            moves[--to] = move;
    }
    memmove(moves + old, moves + to, (end - to) * sizeof *moves);
    standing->move_count = old + end - to;
    standing->change_count = 0;
    standing->changes = array_emptied(standing->changes, &standing->change_room, CHANGES_KEPT,
                                      sizeof *standing->changes, &service->bytes);
}
