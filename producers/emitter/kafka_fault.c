#include "producers/emitter/kafka_fault.h"

#include <stddef.h>

#define CODE(name) RD_KAFKA_RESP_ERR_##name

struct row {
    rd_kafka_resp_err_t code;
    enum fault_reaction reaction;
    const char *text; /* NULL: librdkafka's own says it */
};

static const char missing_topic[] =
    "the topic does not exist; `assay topics create` makes the topics of the contract";
static const char no_right[] =
    "the broker's ACLs do not allow this user to; docs/security.md lists what each program needs";

static const struct row rows[] = {
    /* The record. */
    {CODE(MSG_SIZE_TOO_LARGE), FAULT_REJECT, "larger than the topic's max.message.bytes"},
    {CODE(RECORD_LIST_TOO_LARGE), FAULT_REJECT, NULL},
    {CODE(INVALID_MSG), FAULT_REJECT, NULL},
    {CODE(INVALID_MSG_SIZE), FAULT_REJECT, NULL},
    {CODE(INVALID_RECORD), FAULT_REJECT, NULL},
    {CODE(INVALID_TIMESTAMP), FAULT_REJECT, NULL},
    {CODE(POLICY_VIOLATION), FAULT_REJECT, NULL},

    /* Brokers, the network, and what passes. */
    {CODE(_TRANSPORT), FAULT_RETRY, "no connection to the broker"},
    {CODE(_RESOLVE), FAULT_RETRY, "the broker's name does not resolve"},
    {CODE(_ALL_BROKERS_DOWN), FAULT_RETRY, "no broker answers"},
    {CODE(_TIMED_OUT), FAULT_RETRY, "no answer from the broker in time"},
    {CODE(_TIMED_OUT_QUEUE), FAULT_RETRY, NULL},
    {CODE(_MSG_TIMED_OUT), FAULT_RETRY, "the broker did not take it in time"},
    {CODE(_QUEUE_FULL), FAULT_RETRY, "the queue is full: the broker is slower than the events"},
    {CODE(_PURGE_QUEUE), FAULT_RETRY, "given up before it was sent"},
    {CODE(_PURGE_INFLIGHT), FAULT_RETRY, "given up before the broker confirmed it"},
    {CODE(_RETRY), FAULT_RETRY, NULL},
    {CODE(_WAIT_COORD), FAULT_RETRY, NULL},
    {CODE(_WAIT_CACHE), FAULT_RETRY, NULL},
    {CODE(_IN_PROGRESS), FAULT_RETRY, NULL},
    {CODE(_PREV_IN_PROGRESS), FAULT_RETRY, NULL},
    {CODE(_ISR_INSUFF), FAULT_RETRY, NULL},
    {CODE(_NODE_UPDATE), FAULT_RETRY, NULL},
    {CODE(_BAD_MSG), FAULT_RETRY, NULL}, /* a response cut short or with a wrong checksum */
    {CODE(LEADER_NOT_AVAILABLE), FAULT_RETRY, NULL},
    {CODE(NOT_LEADER_FOR_PARTITION), FAULT_RETRY, NULL},
    {CODE(REQUEST_TIMED_OUT), FAULT_RETRY, NULL},
    {CODE(BROKER_NOT_AVAILABLE), FAULT_RETRY, NULL},
    {CODE(REPLICA_NOT_AVAILABLE), FAULT_RETRY, NULL},
    {CODE(NETWORK_EXCEPTION), FAULT_RETRY, NULL},
    {CODE(COORDINATOR_LOAD_IN_PROGRESS), FAULT_RETRY, NULL},
    {CODE(COORDINATOR_NOT_AVAILABLE), FAULT_RETRY, NULL},
    {CODE(NOT_COORDINATOR), FAULT_RETRY, NULL},
    {CODE(NOT_CONTROLLER), FAULT_RETRY, NULL},
    {CODE(NOT_ENOUGH_REPLICAS), FAULT_RETRY, "too few replicas are in sync"},
    {CODE(NOT_ENOUGH_REPLICAS_AFTER_APPEND), FAULT_RETRY, "too few replicas are in sync"},
    {CODE(KAFKA_STORAGE_ERROR), FAULT_RETRY, NULL},
    {CODE(FETCH_SESSION_ID_NOT_FOUND), FAULT_RETRY, NULL},
    {CODE(INVALID_FETCH_SESSION_EPOCH), FAULT_RETRY, NULL},
    {CODE(FENCED_LEADER_EPOCH), FAULT_RETRY, NULL}, /* a new leader, not a new owner */
    {CODE(UNKNOWN_LEADER_EPOCH), FAULT_RETRY, NULL},
    {CODE(OFFSET_NOT_AVAILABLE), FAULT_RETRY, NULL},
    {CODE(PREFERRED_LEADER_NOT_AVAILABLE), FAULT_RETRY, NULL},
    {CODE(THROTTLING_QUOTA_EXCEEDED), FAULT_RETRY, NULL},
    {CODE(UNSTABLE_OFFSET_COMMIT), FAULT_RETRY, NULL},

    /* Another one took over. */
    {CODE(_FENCED), FAULT_FENCED, NULL},
    {CODE(_ASSIGNMENT_LOST), FAULT_FENCED, NULL},
    {CODE(_MAX_POLL_EXCEEDED), FAULT_FENCED, NULL},
    {CODE(ILLEGAL_GENERATION), FAULT_FENCED, NULL},
    {CODE(UNKNOWN_MEMBER_ID), FAULT_FENCED, NULL},
    {CODE(REBALANCE_IN_PROGRESS), FAULT_FENCED, NULL},
    {CODE(FENCED_INSTANCE_ID), FAULT_FENCED, NULL},
    {CODE(MEMBER_ID_REQUIRED), FAULT_FENCED, NULL},
    {CODE(INVALID_PRODUCER_EPOCH), FAULT_FENCED, NULL},
    {CODE(PRODUCER_FENCED), FAULT_FENCED, NULL},

    /* What was set up wrongly; listed for its text. */
    {CODE(_UNKNOWN_TOPIC), FAULT_FATAL, missing_topic},
    {CODE(UNKNOWN_TOPIC_OR_PART), FAULT_FATAL, missing_topic},
    {CODE(TOPIC_AUTHORIZATION_FAILED), FAULT_FATAL, no_right},
    {CODE(GROUP_AUTHORIZATION_FAILED), FAULT_FATAL, no_right},
    {CODE(CLUSTER_AUTHORIZATION_FAILED), FAULT_FATAL, no_right},
    {CODE(TRANSACTIONAL_ID_AUTHORIZATION_FAILED), FAULT_FATAL, no_right},
    {CODE(_AUTHENTICATION), FAULT_FATAL, "the broker does not accept the credentials"},
    {CODE(SASL_AUTHENTICATION_FAILED), FAULT_FATAL, "the broker does not accept the credentials"},
    {CODE(UNSUPPORTED_SASL_MECHANISM), FAULT_FATAL, "see sasl.mechanism"},
    {CODE(_SSL), FAULT_FATAL, "no TLS connection; see the ssl.* and security.protocol properties"},
};

static const struct row *find(rd_kafka_resp_err_t code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

enum fault_reaction kafka_fault_reaction(rd_kafka_resp_err_t code)
{
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return FAULT_NONE;
    const struct row *row = find(code);
    return row != NULL ? row->reaction : FAULT_FATAL;
}

const char *kafka_fault_text(rd_kafka_resp_err_t code)
{
    const struct row *row = find(code);
    return row != NULL && row->text != NULL ? row->text : rd_kafka_err2str(code);
}

bool kafka_fault_set(struct fault *fault, rd_kafka_resp_err_t code, const char *what)
{
    return fault_set(fault, kafka_fault_reaction(code), "%s%s%s (%s)", what != NULL ? what : "",
                     what != NULL ? ": " : "", kafka_fault_text(code), rd_kafka_err2name(code));
}
