#include "producers/emitter/result_event.h"

#include <assert.h>
#include <stdint.h>

static_assert((int)ASSAY_PASS == (int)ASSAY__V1__RESULT__RESULT_PASS &&
                  (int)ASSAY_FAIL == (int)ASSAY__V1__RESULT__RESULT_FAIL &&
                  (int)ASSAY_ERROR == (int)ASSAY__V1__RESULT__RESULT_ERROR &&
                  (int)ASSAY_UNKNOWN == (int)ASSAY__V1__RESULT__RESULT_UNKNOWN &&
                  (int)ASSAY_NOT_CHECKED == (int)ASSAY__V1__RESULT__RESULT_NOT_CHECKED &&
                  (int)ASSAY_NOT_APPLICABLE == (int)ASSAY__V1__RESULT__RESULT_NOT_APPLICABLE &&
                  (int)ASSAY_INFO == (int)ASSAY__V1__RESULT__RESULT_INFO &&
                  (int)ASSAY_RETIRED == (int)ASSAY__V1__RESULT__RESULT_RETIRED &&
                  (int)ASSAY_TEST == (int)ASSAY__V1__METHOD__METHOD_TEST &&
                  (int)ASSAY_EXAMINE == (int)ASSAY__V1__METHOD__METHOD_EXAMINE &&
                  (int)ASSAY_INTERVIEW == (int)ASSAY__V1__METHOD__METHOD_INTERVIEW,
              "emitter.h has the contract's numbers");

/* protobuf-c's fields are not const, yet packing and checking leave them as they are. */
static char *text(const char *given)
{
    return (char *)(uintptr_t)(given != NULL ? given : "");
}

/* Zero stands for absent: nothing was tested on the first second of 1970. */
static Google__Protobuf__Timestamp *timestamp(Google__Protobuf__Timestamp *filled,
                                              struct timespec given)
{
    if (given.tv_sec == 0 && given.tv_nsec == 0)
        return NULL;
    google__protobuf__timestamp__init(filled);
    filled->seconds = given.tv_sec;
    filled->nanos = (int32_t)given.tv_nsec;
    return filled;
}

static Assay__V1__Evidence *evidence(Assay__V1__Evidence *filled, const struct assay_result *result)
{
    if (result->evidence_uri == NULL && result->evidence_type == NULL &&
        result->evidence_sha256 == NULL && result->evidence_size == 0)
        return NULL;
    assay__v1__evidence__init(filled);
    filled->uri = text(result->evidence_uri);
    filled->media_type = text(result->evidence_type);
    filled->size = result->evidence_size;
    if (result->evidence_sha256 != NULL)
        filled->sha256 =
            (ProtobufCBinaryData){.len = 32, .data = (uint8_t *)(uintptr_t)result->evidence_sha256};
    return filled;
}

void result_event_fill(struct result_event *filled, const struct assay_result *result)
{
    assay__v1__control_test_result__init(&filled->body);
    filled->body.service = text(result->service);
    filled->body.environment = text(result->environment);
    filled->body.check = text(result->check);
    filled->body.subject = text(result->subject);
    filled->body.result = (Assay__V1__Result)result->verdict;
    filled->body.method =
        result->method != 0 ? (Assay__V1__Method)result->method : ASSAY__V1__METHOD__METHOD_TEST;
    filled->body.summary = text(result->summary);
    filled->body.expires_at = timestamp(&filled->expires_at, result->expires_at);
    filled->body.evidence = evidence(&filled->evidence, result);
    if (result->tool != NULL || result->tool_version != NULL) {
        assay__v1__tool__init(&filled->tool);
        filled->tool.name = text(result->tool);
        filled->tool.version = text(result->tool_version);
        filled->body.tool = &filled->tool;
    }

    assay__v1__event__init(&filled->event);
    filled->event.id = text(result->id);
    filled->event.source = text(result->source);
    filled->event.actor = text(result->actor);
    filled->event.sequence = result->sequence;
    filled->event.occurred_at = timestamp(&filled->occurred_at, result->occurred_at);
    filled->event.body_case = ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT;
    filled->event.control_test_result = &filled->body;
}
