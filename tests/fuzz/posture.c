/*
 * Any bytes as a small history (tests/unit/posture/histories.h): whatever the order of arrival,
 * repetition and batches, with retractions before and after what they retract, the timelines are
 * the same, evaluated step by step or at once.
 *
 * Whether they are also right is not asked here, since the reference, which says so, takes longer
 * for one history than this for a hundred. tests/reference/fuzzed.py asks it about every input that
 * is kept because it reached something new.
 */
#include "tests/fuzz/bytes.h"
#include "tests/unit/posture/histories.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static const uint8_t nothing;
    uint64_t seed = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        seed = (seed ^ input[i]) * UINT64_C(0x100000001b3);
    histories_check(
        (struct chance){.seed = seed, .bytes = size == 0 ? &nothing : input, .left = size}, 2);
    return 0;
}
