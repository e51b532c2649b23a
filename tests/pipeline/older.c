/*
 * older -- the validator of a version before this one, for the aggregator that older_aggregate is.
 *
 * It knows a bound that has been lifted since: summaries of 32 bytes. Linked in validate_event's
 * place (-Wl,--wrap), and else asks the present one.
 */
#include "proto/validate.h"

#include <stdio.h>
#include <string.h>

enum { SUMMARY_MOST = 32 };

bool __real_validate_event(const Assay__V1__Event *event, struct violation *first);
bool __wrap_validate_event(const Assay__V1__Event *event, struct violation *first);

bool __wrap_validate_event(const Assay__V1__Event *event, struct violation *first)
{
    if (!__real_validate_event(event, first))
        return false;
    if (event->body_case != ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT ||
        strlen(event->control_test_result->summary) <= SUMMARY_MOST)
        return true;
    snprintf(first->path, sizeof first->path, "control_test_result.summary");
    snprintf(first->rule, sizeof first->rule, "longer than %d bytes", SUMMARY_MOST);
    return false;
}
