#include "consumers/store/hand.h"

#include "consumers/store/fact_rows.h"
#include "consumers/store/reporting.h"
#include "consumers/store/results.h"

#include <stdlib.h>

static const size_t KEYS_CAP = 1 << 20;

void hand_open(struct hand *hand)
{
    *hand = (struct hand){.keys = arena_new(KEYS_CAP)};
}

void hand_close(struct hand *hand)
{
    copies_free(&hand->copies);
    arena_free(hand->keys);
}

void hand_tell(struct hand *hand, struct service *service, const struct taken *const *records,
               size_t count, int64_t batch)
{
    for (size_t i = 0; i < count; i++) {
        i += results_tell(service, records + i, count - i, batch, &hand->copies);
        if (i == count)
            return;
        struct posture_record record = taken_record(records[i], batch);
        posture_add_fact(service->posture, records[i]->event, records[i]->digest, &record);
        fact_row(&hand->copies, hand->keys, batch, records[i], service->name);
    }
}

static void write_pair(struct hand *hand, struct service *service, struct pair *pair, int64_t batch)
{
    instant from;
    if (!pair_write(pair, batch, &hand->copies, &from))
        return;
    struct reporting to = {.copies = &hand->copies, .service = service, .batch = batch};
    struct posture_sink sink = reporting_sink(&to);
    sink.unmapped = NULL; /* these have no keyframes */
    posture_each(service->posture, pair_environment(pair), from, &sink);
    pair_keyframe(pair, batch, from, &hand->copies);
}

void hand_evaluate(struct hand *hand, const struct posture_governance *governance,
                   struct service *const *services, size_t count, int64_t position, int64_t batch,
                   bool **marks)
{
    struct posture_service **postures = calloc(count, sizeof(struct posture_service *));
    struct reporting *to = calloc(count, sizeof *to);
    struct posture_sink *sinks = calloc(count, sizeof *sinks);
    if (postures == NULL || to == NULL || sinks == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        postures[i] = services[i]->posture;
        to[i] = (struct reporting){.copies = &hand->copies, .service = services[i], .batch = batch};
        sinks[i] = reporting_sink(&to[i]);
    }
    posture_evaluate_together(postures, count, governance, position, batch, sinks);
    for (size_t i = 0; i < count; i++) {
        size_t before = copies_bytes(&hand->copies);
        for (size_t k = 0; k < services[i]->pair_count; k++)
            write_pair(hand, services[i], services[i]->pairs[k], batch);
        if (to[i].any || copies_bytes(&hand->copies) != before)
            *marks[i] = true;
    }
    free(postures);
    free(to);
    free(sinks);
}
