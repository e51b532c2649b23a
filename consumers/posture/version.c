#include "consumers/posture/version.h"

#include "proto/codec.h"

#include <assert.h>
#include <string.h>

static int compare(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare_start(const struct posture_order *a, const struct posture_order *b)
{
    if (a->occurred_at != b->occurred_at)
        return compare(a->occurred_at, b->occurred_at);
    return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static int compare_end(const struct posture_order *a, const struct posture_order *b)
{
    int by_id = uuid_compare(&a->id, &b->id);
    return by_id != 0 ? by_id : memcmp(a->digest, b->digest, sizeof a->digest);
}

int order_compare(const struct posture_order *a, const struct posture_order *b)
{
    int start = compare_start(a, b);
    return start != 0 ? start : compare_end(a, b);
}

static int severity(Assay__V1__Result result)
{
    switch (result) {
    case ASSAY__V1__RESULT__RESULT_FAIL:
        return 7;
    case ASSAY__V1__RESULT__RESULT_ERROR:
        return 6;
    case ASSAY__V1__RESULT__RESULT_UNKNOWN:
        return 5;
    case ASSAY__V1__RESULT__RESULT_NOT_CHECKED:
        return 4;
    case ASSAY__V1__RESULT__RESULT_INFO:
        return 3;
    case ASSAY__V1__RESULT__RESULT_NOT_APPLICABLE:
        return 2;
    case ASSAY__V1__RESULT__RESULT_PASS:
        return 1;
    case ASSAY__V1__RESULT__RESULT_RETIRED:
        return 0;
    default:
        assert(!"a result that validation refuses");
        return -1;
    }
}

int order_compare_results(const struct posture_order *a, Assay__V1__Result a_result,
                          const struct posture_order *b, Assay__V1__Result b_result)
{
    int start = compare_start(a, b);
    if (start != 0)
        return start;
    int worse = severity(a_result) - severity(b_result);
    return worse != 0 ? worse : compare_end(a, b);
}

const struct version *version_greater(const struct version *a, const struct version *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    return order_compare(&a->order, &b->order) >= 0 ? a : b;
}

bool version_same_event(const struct version *a, const struct version *b)
{
    if (a == b)
        return true;
    return a != NULL && b != NULL && uuid_compare(&a->order.id, &b->order.id) == 0;
}

struct posture_order order_of(const Assay__V1__Event *event, const uint8_t digest[static 16])
{
    struct posture_order order = {.occurred_at = codec_instant(event->occurred_at, 0),
                                  .sequence = event->sequence};
    bool valid = uuid_parse(event->id, &order.id) && event->occurred_at != NULL;
    assert(valid);
    memcpy(order.digest, digest, sizeof order.digest);
    return order;
}
