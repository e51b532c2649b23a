#include "proto/arena.h"

#include "proto/limits.h"
#include "tests/unit/proto/fixture.h"

#include <string.h>

START_TEST(pieces_are_aligned_zeroed_and_apart)
{
    static const uint8_t zeroes[3000];
    for (int round = 0; round < 2; round++) { /* the second one in memory used before */
        uint8_t *last = NULL;
        for (size_t size = 0; size < 3000; size += 7) {
            uint8_t *piece = arena_take(test_arena, size);
            ck_assert_ptr_nonnull(piece);
            ck_assert_uint_eq((uintptr_t)piece % 16, 0);
            ck_assert_mem_eq(piece, zeroes, size);
            ck_assert_ptr_ne(piece, last);
            memset(piece, 0xA5, size);
            last = piece;
        }
        arena_reset(test_arena);
        ck_assert_uint_eq(arena_used(test_arena), 0);
    }
}
END_TEST

START_TEST(the_cap_is_reached_not_passed)
{
    struct arena *arena = arena_new(100 * 1024 * 1024);
    size_t taken = 0;
    while (arena_take_raw(arena, 1024 * 1024) != NULL)
        taken += 1024 * 1024;
    ck_assert_uint_le(taken, 100 * 1024 * 1024);
    ck_assert_uint_ge(taken, 90 * 1024 * 1024);
    ck_assert_ptr_null(arena_take(arena, 8 * 1024 * 1024));
    arena_reset(arena);
    ck_assert_ptr_nonnull(arena_take(arena, 1024 * 1024));
    ck_assert_ptr_null(arena_take(arena, SIZE_MAX));
    ck_assert_ptr_null(arena_take(arena, SIZE_MAX - 8));
    arena_free(arena);
}
END_TEST

START_TEST(a_rewind_gives_up_what_came_after)
{
    char *kept = arena_text(test_arena, "kept", 4);
    struct arena_mark mark = arena_mark(test_arena);
    size_t used = arena_used(test_arena);
    void *first = arena_take(test_arena, 100);
    for (int i = 0; i < 100; i++)
        ck_assert_ptr_nonnull(arena_take(test_arena, 10000)); /* over several chunks */
    arena_rewind(test_arena, mark);
    ck_assert_uint_eq(arena_used(test_arena), used);
    ck_assert_ptr_eq(arena_take(test_arena, 100), first);
    ck_assert_str_eq(kept, "kept");
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"pieces", pieces_are_aligned_zeroed_and_apart, 0},
        {"cap", the_cap_is_reached_not_passed, 0},
        {"rewind", a_rewind_gives_up_what_came_after, 0},
    };
    return RUN_TESTS("arena", tests);
}
