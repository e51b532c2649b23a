/*
 * Chance against the library itself: the same facts in any order and any batches give the same
 * steps, and what was reported adds up to what posture_each tells and to what a fresh start gives.
 *
 * The first argument is the number of histories, the second the first seed.
 */
#include "tests/unit/posture/histories.h"

#include <stdlib.h>

enum { ORDERS = 4 };

int main(int argc, char **argv)
{
    long histories = argc > 1 ? strtol(argv[1], NULL, 10) : 300;
    long first = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    for (long i = 0; i < histories; i++)
        histories_check((struct chance){.seed = (uint64_t)(first + i)}, ORDERS);
    printf("%ld histories in %d orders each: alike\n", histories, ORDERS + 1);
    return EXIT_SUCCESS;
}
