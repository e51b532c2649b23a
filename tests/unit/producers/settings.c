/* kafka_settings, kafka_fault and kafka_trouble, and what topics are to be like. */
#include "producers/emitter/kafka_fault.h"
#include "producers/emitter/kafka_trouble.h"
#include "producers/kafka_settings.h"
#include "producers/topics/topic_plan.h"
#include "tests/unit/producers/fixture.h"

#include <string.h>

static const struct kafka_property own[] = {
    {"acks", "all", true},
    {"linger.ms", "7", false},
};

static rd_kafka_conf_t *configure(const char *brokers, const char **pairs, size_t count,
                                  struct fault *why)
{
    const struct kafka_settings settings = {.brokers = brokers,
                                            .properties = {.items = pairs, .count = count}};
    return kafka_settings_configure(&settings, "test", own, 2, why);
}

static const char *value_of(const rd_kafka_conf_t *conf, const char *key)
{
    static char value[512];
    size_t size = sizeof value;
    ck_assert_int_eq(rd_kafka_conf_get(conf, key, value, &size), RD_KAFKA_CONF_OK);
    return value;
}

START_TEST(flags_become_properties)
{
    struct fault why;
    const char *pairs[] = {"linger.ms=9", "client.id=mine\nlinger.ms=11\n\nsasl.password=a=b,c"};
    rd_kafka_conf_t *conf = configure("h:1", pairs, 2, &why);
    ck_assert_ptr_nonnull(conf);
    ck_assert_str_eq(value_of(conf, "bootstrap.servers"), "h:1");
    ck_assert_str_eq(value_of(conf, "client.id"), "mine");
    ck_assert_str_eq(value_of(conf, "linger.ms"), "11");
    ck_assert_str_eq(value_of(conf, "sasl.password"), "a=b,c");
    rd_kafka_conf_destroy(conf);

    conf = configure("h:1", NULL, 0, &why);
    ck_assert_str_eq(value_of(conf, "client.id"), "test");
    ck_assert_str_eq(value_of(conf, "linger.ms"), "7");
    rd_kafka_conf_destroy(conf);

    const char *servers[] = {"metadata.broker.list=other:2", "acks=all"};
    conf = configure(NULL, servers, 2, &why);
    ck_assert_str_eq(value_of(conf, "bootstrap.servers"), "other:2");
    rd_kafka_conf_destroy(conf);
}
END_TEST

START_TEST(wrong_properties_are_named_and_values_are_not)
{
    static const struct {
        const char *pair, *named;
    } wrong[] = {
        {"sasl.passwort=geheim", "sasl.passwort"},
        {"socket.keepalive.enable=geheim", "socket.keepalive.enable"},
        {"acks=1geheim", "acks"},
        {"geheim", "key=value"},
        {"=geheim", "key=value"},
        {"ssl.ca.location=/there/is/none.pem", "/there/is/none.pem: No such file"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct fault why = {0};
        const char *pairs[] = {wrong[i].pair};
        ck_assert_ptr_null(configure("h:1", pairs, 1, &why));
        ck_assert_int_eq(why.reaction, FAULT_FATAL);
        ck_assert_contains(why.text, wrong[i].named);
        ck_assert_lacks(why.text, "geheim");
    }
    struct fault why = {0};
    ck_assert_ptr_null(configure(NULL, NULL, 0, &why));
    ck_assert_contains(why.text, "ASSAY_BROKERS");
}
END_TEST

START_TEST(each_code_has_its_reaction)
{
    static const struct {
        rd_kafka_resp_err_t code;
        enum fault_reaction reaction;
    } expected[] = {
        {RD_KAFKA_RESP_ERR_NO_ERROR, FAULT_NONE},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, FAULT_REJECT},
        {RD_KAFKA_RESP_ERR__TRANSPORT, FAULT_RETRY},
        {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, FAULT_RETRY},
        {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, FAULT_RETRY},
        {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, FAULT_FENCED},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, FAULT_FATAL},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, FAULT_FATAL},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, FAULT_FATAL},
        {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, FAULT_FATAL}, /* not in the table */
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        ck_assert_int_eq(kafka_fault_reaction(expected[i].code), expected[i].reaction);
    struct fault fault;
    ck_assert(!kafka_fault_set(&fault, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, "here"));
    ck_assert_int_eq(strncmp(fault.text, "here: ", 6), 0);
    ck_assert_contains(fault.text, "assay topics create");
    ck_assert_contains(fault.text, "UNKNOWN_TOPIC_OR_PART");
}
END_TEST

/* Texts as librdkafka 2.0.2 gives them. */
START_TEST(a_refusal_by_every_broker_is_for_good_and_an_accident_is_not)
{
    static const struct {
        rd_kafka_resp_err_t code;
        const char *reason, *text;
        bool refused;
    } said[] = {
        {RD_KAFKA_RESP_ERR__SSL,
         "ssl://h:1/1: SSL handshake failed: error:0A000086:SSL routines::certificate verify "
         "failed: broker certificate could not be verified, verify that (after 3ms in state X)",
         "ssl://h:1/1: error:0A000086:SSL routines::certificate verify failed (_SSL); the broker's",
         true},
        {RD_KAFKA_RESP_ERR__TRANSPORT,
         "ssl://h:1/1: error:0A000086:SSL routines::certificate verify failed (after 9ms in X)",
         "ssl://h:1/1: error:0A000086:SSL routines::certificate verify failed (_SSL); the broker's",
         true},
        {RD_KAFKA_RESP_ERR__SSL,
         "h: SSL handshake failed: error:0A000126:SSL routines::unexpected eof while reading",
         "h: error:0A000126:SSL routines::unexpected eof while reading (_SSL); if", false},
        {RD_KAFKA_RESP_ERR__SSL, "h: SSL handshake failed: something new",
         "h: something new (_SSL)", false},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "h: SASL authentication error: Authentication failed (after 300ms in state AUTH_REQ)",
         "h: SASL authentication error: Authentication failed (_AUTHENTICATION); see sasl.user",
         true},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "h: SASL authentication error: Local: Broker transport failure",
         "h: SASL authentication error: Local: Broker transport failure (_AUTHENTICATION)", false},
        {RD_KAFKA_RESP_ERR__TRANSPORT, "h: Connect to ipv4#h failed: Connection refused",
         "h: Connect to ipv4#h failed: Connection refused (_TRANSPORT)", false},
    };
    char text[256];
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof text);
    ck_assert_ptr_nonnull(client);
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        struct kafka_trouble trouble = {0};
        kafka_trouble_note(&trouble, client, said[i].code, said[i].reason);
        ck_assert_int_eq(trouble.last.reaction, FAULT_RETRY); /* another broker may do better */
        ck_assert_contains(trouble.last.text, said[i].text);
        ck_assert_lacks(trouble.last.text, "(after");
        kafka_trouble_note(&trouble, client, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "2/2 are down");
        ck_assert_int_eq(trouble.last.reaction, said[i].refused ? FAULT_FATAL : FAULT_RETRY);
        ck_assert_contains(trouble.last.text, said[i].text);
    }
    rd_kafka_destroy(client);
}
END_TEST

START_TEST(topics_are_planned_as_the_contract_has_them)
{
    struct topic_plan plans[TOPIC_PLANS_MAX];
    ck_assert_uint_eq(topic_plan_all(NULL, 6, plans), 4);
    ck_assert_uint_eq(topic_plan_all("mail", 6, plans), 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(plans[i].partitions, plans[i].kind == RECORD_GOVERNANCE ? 1 : 6);
    ck_assert_str_eq(plans[4].name, "assay.evidence.mail");
    ck_assert_int_eq(plans[4].kind, RECORD_TEAM);

    size_t count;
    const struct topic_setting *settings = topic_plan_settings(&count);
    bool stamped = false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(settings[i].key, "message.timestamp.type") == 0) {
            stamped = true;
            ck_assert(topic_plan_concerns(&settings[i], RECORD_EVIDENCE));
            ck_assert(topic_plan_concerns(&settings[i], RECORD_TEAM));
            ck_assert(!topic_plan_concerns(&settings[i], RECORD_GOVERNANCE));
            ck_assert(!topic_plan_concerns(&settings[i], RECORD_SCOPE));
        }
    ck_assert(stamped);
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"flags", flags_become_properties},
        {"wrong", wrong_properties_are_named_and_values_are_not},
        {"reactions", each_code_has_its_reaction},
        {"troubles", a_refusal_by_every_broker_is_for_good_and_an_accident_is_not},
        {"topics", topics_are_planned_as_the_contract_has_them},
    };
    return RUN_TESTS("settings", tests);
}
