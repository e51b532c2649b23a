/* Rule 4: cells that take their status from another service's. */
#include "consumers/posture/explain.h"
#include "tests/unit/posture/play.h"

#include <stdio.h>

static struct play play;

/* mail, chat and files in scope of iso in public; "c" is mapped to A.1 and A.2. */
static void begin(void)
{
    play = play_begin();
    play_scene(&play);
    TELL(&play, SCOPE, .at = day(0), .service = "chat", IN_SCOPE);
    TELL(&play, SCOPE, .at = day(0), .service = "files", IN_SCOPE);
    TELL(&play, MAPPING, .at = day(0), .controls = "A.1 A.2", .ttl = 100);
}

static void ck_from(const char *control, instant at, const char *provider)
{
    const struct recorded_step *step = play_cell(&play, control, at);
    ck_assert_ptr_nonnull(step);
    ck_assert_pstr_eq(step->cell.inherited_from, provider);
}

START_TEST(full_takes_the_providers_place)
{
    begin();
    TELL(&play, RESULT, .id = 1, .at = day(1), FAIL);
    TELL(&play, INHERITANCE, .id = 2, .at = day(2), FULL, .provider = "chat/public");
    ck_decided(&play, "A.1", day(1), CELL_FAILED, 1);
    ck_from("A.1", day(1), NULL);
    ck_decided(&play, "A.1", day(2), CELL_NOT_TESTED, 0);
    ck_from("A.1", day(2), "chat/public");
    TELL(&play, RESULT, .id = 3, .service = "chat", .at = day(4), PASS);
    ck_decided(&play, "A.1", day(4), CELL_PASSED, 3);
    ck_decided(&play, "A.1", day(104), CELL_STALE, 3);
    ck_assert(!play_cell(&play, "A.1", day(104))->cell.step.stale); /* of its own checks */
    ck_decided(&play, "A.2", day(4), CELL_FAILED, 1);
    TELL(&play, RETRACTION, .service = "chat", .at = day(5), .retracts = 3);
    ck_decided(&play, "A.1", day(4), CELL_NOT_TESTED, 0);
    TELL(&play, INHERITANCE, .id = 6, .at = day(9), NO_INHERITANCE);
    ck_decided(&play, "A.1", day(9), CELL_FAILED, 1);
    play_end(&play);
}
END_TEST

START_TEST(hybrid_takes_the_worse)
{
    begin();
    TELL(&play, INHERITANCE, .id = 2, .at = day(0), HYBRID, .provider = "chat/public");
    TELL(&play, RESULT, .id = 1, .at = day(1), PASS);
    ck_decided(&play, "A.1", day(1), CELL_NOT_TESTED, 0);
    TELL(&play, RESULT, .id = 3, .service = "chat", .at = day(4), PASS);
    ck_decided(&play, "A.1", day(4), CELL_PASSED, 3); /* alike: the greater */
    TELL(&play, RESULT, .id = 5, .at = day(5), PASS);
    ck_decided(&play, "A.1", day(5), CELL_PASSED, 5);
    ck_from("A.1", day(5), "chat/public");
    TELL(&play, RESULT, .id = 6, .at = day(6), FAIL);
    ck_decided(&play, "A.1", day(6), CELL_FAILED, 6);
    play_end(&play);
}
END_TEST

START_TEST(the_most_specific_counts)
{
    begin();
    TELL(&play, RESULT, .id = 3, .service = "chat", .at = day(0), PASS);
    TELL(&play, RESULT, .id = 4, .service = "files", .at = day(0), FAIL);
    TELL(&play, INHERITANCE, .at = day(0), .service = "chat", .control = "*", NO_INHERITANCE);
    TELL(&play, INHERITANCE, .at = day(0), .service = "files", .control = "*", NO_INHERITANCE);
    TELL(&play, INHERITANCE, .at = day(1), .service = "*", .control = "*", FULL,
         .provider = "files/public");
    ck_decided(&play, "A.1", day(1), CELL_FAILED, 4);
    TELL(&play, INHERITANCE, .at = day(2), .service = "*", FULL, .provider = "chat/public");
    ck_decided(&play, "A.1", day(2), CELL_PASSED, 3);
    ck_decided(&play, "A.2", day(2), CELL_FAILED, 4);
    TELL(&play, INHERITANCE, .at = day(3), .control = "*", NO_INHERITANCE);
    ck_decided(&play, "A.1", day(3), CELL_NOT_TESTED, 0); /* its own service before any */
    TELL(&play, INHERITANCE, .at = day(4), .control = "*", FULL, .provider = "mail/public");
    ck_decided(&play, "A.1", day(4), CELL_PASSED, 3); /* from itself: as if absent */
    play_end(&play);
}
END_TEST

START_TEST(providers_that_count_as_error)
{
    begin();
    TELL(&play, INHERITANCE, .id = 2, .at = day(1), FULL, .provider = "nobody/public");
    ck_decided(&play, "A.1", day(1), CELL_ERROR, 2);
    TELL(&play, INHERITANCE, .id = 3, .at = day(2), FULL, .provider = "chat/public");
    ck_status(&play, "A.1", day(2), CELL_NOT_TESTED);
    TELL(&play, SCOPE, .service = "chat", .at = day(5), REMOVED);
    ck_decided(&play, "A.1", day(5), CELL_ERROR, 3);
    ck_from("A.1", day(5), "chat/public");
    TELL(&play, SCOPE, .service = "chat", .at = day(6), IN_SCOPE);
    TELL(&play, PROGRAMME, .at = day(0), .environments = "public", .standards = "iso");
    TELL(&play, STATEMENT, .at = day(7), .controls = "A.2", .excluded = "A.1");
    ck_status(&play, "A.1", day(7), CELL_NOT_APPLICABLE); /* its own rule 3 comes first */
    ck_from("A.1", day(7), NULL);
    play_end(&play);
}
END_TEST

START_TEST(another_programme_must_be_certified)
{
    begin();
    TELL(&play, PROGRAMME, .at = day(0), .environments = "public", .standards = "iso");
    TELL(&play, PROGRAMME, .programme = "q", .at = day(0), .environments = "gov",
         .standards = "iso");
    TELL(&play, SCOPE, .service = "chat", .environment = "gov", .at = day(0), IN_SCOPE);
    TELL(&play, RESULT, .id = 1, .service = "chat", .environment = "gov", .at = day(0), PASS);
    TELL(&play, INHERITANCE, .id = 2, .at = day(1), FULL, .provider = "chat/gov");
    ck_decided(&play, "A.1", day(1), CELL_ERROR, 2);
    TELL(&play, CERTIFICATE, .id = 3, .programme = "q", .at = day(5), DECIDED(GRANTED),
         .until = day(50));
    ck_decided(&play, "A.1", day(5), CELL_PASSED, 1);
    ck_decided(&play, "A.1", day(50), CELL_ERROR, 2);
    TELL(&play, PROGRAMME, .programme = "q", .at = day(60), .environments = "gov public");
    ck_decided(&play, "A.1", day(60), CELL_PASSED, 1); /* both are q's now */
    play_end(&play);
}
END_TEST

START_TEST(chains_and_circles)
{
    begin();
    TELL(&play, RESULT, .id = 1, .service = "files", .at = day(0), PASS);
    TELL(&play, INHERITANCE, .id = 2, .at = day(1), FULL, .provider = "chat/public");
    TELL(&play, INHERITANCE, .id = 3, .service = "chat", .at = day(1), FULL,
         .provider = "files/public");
    ck_decided(&play, "A.1", day(1), CELL_PASSED, 1);
    ck_from("A.1", day(1), "chat/public");
    TELL(&play, INHERITANCE, .id = 4, .service = "files", .at = day(5), FULL,
         .provider = "chat/public");
    ck_decided(&play, "A.1", day(5), CELL_ERROR, 3); /* leads into a circle: as chat has it */
    TELL(&play, INHERITANCE, .id = 5, .service = "files", .at = day(7), FULL,
         .provider = "mail/public");
    ck_decided(&play, "A.1", day(7), CELL_ERROR, 2); /* is on the circle itself */
    TELL(&play, FINDING, .id = 6, .service = "files", .at = day(9), MAJOR, .programme = "p");
    TELL(&play, PROGRAMME, .at = day(8), .environments = "public", .standards = "iso");
    ck_decided(&play, "A.1", day(9), CELL_FAILED, 6); /* files does not reach the rule any more */
    ck_assert_ptr_null(play_cell(&play, "A.1", day(9))->cell.finding); /* not its own */
    play_end(&play);
}
END_TEST

START_TEST(a_transition_has_the_providers_cause)
{
    begin();
    TELL(&play, INHERITANCE, .id = 2, .at = day(1), FULL, .provider = "chat/public");
    TELL(&play, RESULT, .id = 3, .service = "chat", .at = day(4), PASS);
    const struct recorded_step *step = play_cell(&play, "A.1", day(4));
    ck_assert(step->cell.step.transition);
    ck_assert_ptr_nonnull(strstr(step->text, "cause=00000000-0000-4000-8000-000000000003"));
    play_end(&play);
}
END_TEST

/* ---- kin ---- */

static char told[256];

static void on_kin(void *context, const char *service, bool changes)
{
    (void)context;
    size_t size = strlen(told);
    snprintf(told + size, sizeof told - size, "%s%s ", service, changes ? "!" : "");
}

static const char *kin_of(const char *changing)
{
    static const char *const known[] = {"chat", "files", "mail", "other"};
    told[0] = '\0';
    posture_governance_kin(rehearsal_governance(play.rehearsal), &changing, 1, known, 4, on_kin,
                           NULL);
    return told;
}

START_TEST(who_is_evaluated_together)
{
    begin();
    ck_assert_str_eq(kin_of("mail"), "");
    TELL(&play, INHERITANCE, .id = 2, .at = day(1), FULL, .provider = "chat/public");
    ck_assert_str_eq(kin_of("mail"), "chat ");
    ck_assert_str_eq(kin_of("chat"), "mail! ");
    ck_assert_str_eq(kin_of("other"), "");
    TELL(&play, INHERITANCE, .service = "chat", .at = day(1), FULL, .provider = "files/public");
    ck_assert_ptr_nonnull(strstr(kin_of("files"), "mail!"));
    ck_assert_ptr_nonnull(strstr(kin_of("mail"), "files "));
    TELL(&play, INHERITANCE, .service = "*", .at = day(1), FULL, .provider = "other/public");
    ck_assert_ptr_nonnull(strstr(kin_of("other"), "files!"));
    ck_assert_ptr_nonnull(strstr(kin_of("files"), "other "));
    TELL(&play, RETRACTION, .at = day(9), BY_GOVERNANCE, .retracts = 2);
    ck_assert_ptr_nonnull(strstr(kin_of("chat"), "mail!")); /* once kin, kin for good */
    play_end(&play);
}
END_TEST

/* ---- explained ---- */

START_TEST(the_chain_is_explained)
{
    begin();
    TELL(&play, RESULT, .id = 1, .service = "files", .at = day(0), PASS);
    TELL(&play, RESULT, .id = 9, .at = day(0), FAIL);
    TELL(&play, INHERITANCE, .id = 2, .at = day(1), HYBRID, .provider = "chat/public");
    TELL(&play, INHERITANCE, .id = 3, .service = "chat", .at = day(1), FULL,
         .provider = "files/public");
    struct posture_service *services[] = {rehearsal_service(play.rehearsal, "mail"),
                                          rehearsal_service(play.rehearsal, "chat"),
                                          rehearsal_service(play.rehearsal, "files")};
    struct posture_explanation out;
    ck_assert(posture_explain_together(services, 3, rehearsal_governance(play.rehearsal),
                                       rehearsal_position(play.rehearsal), "public", "iso", "A.1",
                                       day(2), &out));
    ck_assert_int_eq(out.status, CELL_FAILED);
    ck_assert_int_eq(out.rule, 4);
    ck_assert_int_eq(out.own_status, CELL_FAILED);
    ck_assert(out.rules[3].decides && out.rules[4].decides);
    ck_assert_str_eq(out.inherited_from, "chat/public");
    ck_assert_int_eq(out.chain_count, 2);
    ck_assert_str_eq(out.chain[0].service, "mail");
    ck_assert_str_eq(out.chain[0].provider_service, "chat");
    ck_assert_int_eq(out.chain[0].taken, CELL_PASSED);
    ck_assert(out.chain[0].own_side);
    ck_assert_str_eq(out.chain[1].provider_service, "files");
    ck_assert_int_eq(out.chain[1].own, CELL_NOT_TESTED);
    ck_assert_int_eq(out.chain[1].provider, CELL_PASSED);
    ck_assert_int_eq(out.chain[1].shown, CELL_PASSED);
    uuid own = play_id(9), inheritance = play_id(3);
    ck_assert_int_eq(uuid_compare(&out.deciding.id, &own), 0);
    ck_assert_int_eq(uuid_compare(&out.chain[1].inheritance.id, &inheritance), 0);
    posture_explanation_free(&out);
    play_end(&play);
}
END_TEST

int main(void)
{
    const struct named_test tests[] = {
        {"full", full_takes_the_providers_place},
        {"hybrid", hybrid_takes_the_worse},
        {"specific", the_most_specific_counts},
        {"error", providers_that_count_as_error},
        {"programmes", another_programme_must_be_certified},
        {"chains", chains_and_circles},
        {"cause", a_transition_has_the_providers_cause},
        {"kin", who_is_evaluated_together},
        {"explained", the_chain_is_explained},
    };
    return RUN_TESTS("inheritance", tests);
}
