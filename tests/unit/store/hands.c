/* Several hands fold services as one does; the build of ASSAY_THREADS says whether they meet. */
#include "consumers/store/hand.h"
#include "consumers/store/sharing.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVICES = 24, RESULTS = 40, BATCHES = 3 };

#define AT INT64_C(1767225600) /* 2026-01-01 */

struct folding {
    struct posture_governance *governance;
    struct services services;
    struct service *all[SERVICES];
    struct hand hands[HANDS_MOST];
    bool marks[SERVICES];
    int64_t batch;
};

static Google__Protobuf__Timestamp seconds(int64_t at)
{
    Google__Protobuf__Timestamp timestamp = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    timestamp.seconds = at;
    return timestamp;
}

static void tell_governance(struct folding *folding)
{
    Google__Protobuf__Timestamp at = seconds(AT);
    Assay__V1__ControlReference control = ASSAY__V1__CONTROL_REFERENCE__INIT, *controls = &control;
    control.standard = "iso";
    control.control = "A.1";
    Assay__V1__CheckMapping mapping = ASSAY__V1__CHECK_MAPPING__INIT;
    mapping.check = "backup";
    mapping.n_controls = 1;
    mapping.controls = &controls;
    mapping.required = true;
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    event.id = "00000000-0000-4000-8000-000000000001";
    event.source = "test";
    event.occurred_at = &at;
    event.body_case = ASSAY__V1__EVENT__BODY_CHECK_MAPPING;
    event.check_mapping = &mapping;
    struct posture_record record = {.batch = 1, .governance = true};
    posture_governance_add(folding->governance, &event, (uint8_t[16]){1}, &record, 1);
}

/* A result of one of eight hosts, each its own event; every fourth fails. */
static void tell_result(struct folding *folding, struct hand *hand, struct service *service,
                        int number)
{
    char id[UUID_TEXT_MAX], subject[16];
    (void)snprintf(id, sizeof id, "00000000-0000-4000-8000-%012d",
                   (int)folding->batch * RESULTS + number + 10);
    (void)snprintf(subject, sizeof subject, "host-%d", number % 8);
    Google__Protobuf__Timestamp at = seconds(AT + folding->batch * 3600 + number);
    Assay__V1__ControlTestResult result = ASSAY__V1__CONTROL_TEST_RESULT__INIT;
    result.service = service->name;
    result.environment = number % 2 == 0 ? "production" : "staging";
    result.check = "backup";
    result.subject = subject;
    result.result =
        number % 4 == 0 ? ASSAY__V1__RESULT__RESULT_FAIL : ASSAY__V1__RESULT__RESULT_PASS;
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    event.id = id;
    event.source = "test";
    event.occurred_at = &at;
    event.body_case = ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT;
    event.control_test_result = &result;
    struct taken taken = {.offset = number, .kafka_timestamp = (AT + 86400) * 1000000};
    taken_decoded(&taken, &event);
    ck_assert(taken.has_id);
    hand_tell(hand, service, &(const struct taken *){&taken}, 1, folding->batch);
}

static void fold_one(void *context, size_t hand, size_t item)
{
    struct folding *folding = context;
    struct service *service = folding->all[item];
    for (int number = 0; number < RESULTS; number++)
        tell_result(folding, &folding->hands[hand], service, number);
    hand_evaluate(&folding->hands[hand], folding->governance, &service, 1, 1, folding->batch,
                  &(bool *){&folding->marks[item]});
}

/* The rows by so many hands: how many bytes of them there are. */
static size_t fold_by(size_t hands)
{
    struct folding folding = {.governance = posture_governance_new()};
    tell_governance(&folding);
    for (size_t i = 0; i < SERVICES; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "service-%02zu", i);
        folding.all[i] = services_get(&folding.services, name);
        service_begin(folding.all[i]);
    }
    for (size_t i = 0; i < hands; i++)
        hand_open(&folding.hands[i]);
    for (folding.batch = 1; folding.batch <= BATCHES; folding.batch++) {
        share(hands, SERVICES, fold_one, &folding);
        for (size_t i = 1; i < hands; i++)
            copies_join(&folding.hands[0].copies, &folding.hands[i].copies);
    }
    for (size_t i = 0; i < SERVICES; i++)
        ck_assert(folding.marks[i]);
    const struct copies *copies = &folding.hands[0].copies;
    ck_assert_uint_eq(copies->history.rows, SERVICES * 2 * BATCHES);
    size_t bytes = copies_bytes(copies);
    for (size_t i = 0; i < hands; i++)
        hand_close(&folding.hands[i]);
    services_free(&folding.services);
    posture_governance_free(folding.governance);
    return bytes;
}

START_TEST(several_hands_write_what_one_does)
{
    size_t bytes = fold_by(1);
    ck_assert_uint_gt(bytes, 0);
    for (size_t hands = 2; hands <= HANDS_MOST; hands *= 2)
        ck_assert_uint_eq(fold_by(hands), bytes);
}
END_TEST

static void count(void *context, size_t hand, size_t item)
{
    ck_assert_uint_lt(hand, HANDS_MOST);
    ((int *)context)[item]++;
}

START_TEST(everything_is_done_once)
{
    for (size_t hands = 1; hands <= HANDS_MOST; hands++) {
        for (size_t items = 0; items < 20; items++) {
            int done[20] = {0};
            share(hands, items, count, done);
            for (size_t i = 0; i < 20; i++)
                ck_assert_int_eq(done[i], i < items);
        }
    }
    ck_assert_uint_ge(sharing_hands(), 1);
    ck_assert_uint_le(sharing_hands(), HANDS_MOST);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store/hands");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, several_hands_write_what_one_does);
    tcase_add_test(all, everything_is_done_once);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
