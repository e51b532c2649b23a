/*
 * posture_history -- the histories that inputs of fuzz-posture are, as lines for posture_replay.
 *
 *     posture_history FILE > records
 */
#include "tests/unit/posture/histories.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
    static uint8_t bytes[1 << 16];
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) {
        fputs("posture_history: names one file that can be read\n", stderr);
        return 2;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    histories_write((struct chance){.bytes = bytes, .left = size}, stdout);
    return EXIT_SUCCESS;
}
