#include "consumers/rejects/replay.h"

#include "consumers/store/store.h"

#include <inttypes.h>
#include <stdio.h>

/* Services kept in memory while many records are replayed. */
static const size_t MEMORY = (size_t)256 << 20;

enum exit_status rejects_replay(const char *uri, const struct record_name *name,
                                struct fault *fault)
{
    struct store *store = store_new(uri, "assay-rejects", MEMORY);
    uint64_t accepted = 0;
    uint64_t refused = 0;
    bool done = store_check_derived(store, fault) &&
                store_replay(store, name == NULL ? NULL : name->topic,
                             name == NULL ? 0 : (int32_t)name->partition,
                             name == NULL ? 0 : name->offset, &accepted, &refused, fault);
    store_free(store);
    if (!done)
        return EXIT_FAILED;
    if (name != NULL && accepted + refused == 0) {
        printf("%s partition %lld offset %lld is not a refused record\n", name->topic,
               (long long)name->partition, (long long)name->offset);
        return EXIT_ANSWER_NO;
    }
    printf("%" PRIu64 " accepted, %" PRIu64 " refused again\n", accepted, refused);
    return refused > 0 ? EXIT_ANSWER_NO : EXIT_DONE;
}
