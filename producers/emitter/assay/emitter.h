/*
 * assay/emitter.h -- send what you tested to Assay.
 *
 *     assay_emitter *emitter = assay_emitter_open(&(struct assay_emitter_options){
 *         .brokers = "kafka:9092", .source = "pipelines/nightly"}, &error);
 *     assay_emitter_send_result(emitter, &(struct assay_result){
 *         .service = "exchange-online", .environment = "gcc", .check = "tls_minimum_version",
 *         .subject = "host-01", .verdict = ASSAY_PASS, .occurred_at = when}, NULL, &error);
 *     assay_emitter_close(emitter, 10000, NULL, &error);
 *
 * Events go to Kafka through an idempotent producer, acknowledged by all replicas in sync, with
 * the keys spread over partitions as Java clients spread them. Sending does not wait for the
 * broker: it checks the event against Assay's contract and queues it. Every queued event is later
 * accounted for, delivered or failed, by the counters and, where wanted, by a callback.
 *
 * Memory is bounded: once the queue is full, sending waits for room, serving callbacks meanwhile.
 * An event sent twice with the same content has the same id, so repeating a run does no harm.
 *
 * Not a scheduler, not a store: what is queued is lost with the process. Keep what you tested until
 * assay_emitter_flush or _close has said that all of it is delivered.
 *
 * Threads: an emitter may be used from several threads; close it from one. Callbacks run inside
 * the calls below, on the thread that makes them.
 */
#ifndef ASSAY_EMITTER_H
#define ASSAY_EMITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct assay_emitter assay_emitter;

/* Declared by <assay/v1/event.pb-c.h>; include it to fill whole events. */
struct Assay__V1__Event;

enum assay_outcome {
    ASSAY_OK = 0,  /* queued; in a delivery: the broker has it on all replicas in sync */
    ASSAY_REFUSED, /* the event breaks the contract: mend it; others are not concerned */
    ASSAY_UNSENT,  /* the broker did not take it in time: send it again later */
    ASSAY_BROKEN,  /* settings, rights, or a producer beyond repair: nothing more will go through */
};

enum { ASSAY_ID_MAX = 37, ASSAY_ERROR_MAX = 1024 };

struct assay_error {
    enum assay_outcome outcome;
    char event_id[ASSAY_ID_MAX]; /* of the event concerned, "" where there is none */
    char text[ASSAY_ERROR_MAX];  /* which event, what is wrong with it, what to do; one line */
};

/* What has become of one event. All of it is borrowed for the length of the call. */
struct assay_delivery {
    enum assay_outcome outcome;
    const char *event_id;
    const char *topic;
    int32_t partition; /* -1 where it was not delivered */
    int64_t offset;    /* likewise */
    void *tag;         /* as given when sending */
    const char *text;  /* why not; NULL where delivered */
};

/* Zero or NULL is the default everywhere. The texts need to live during assay_emitter_open only. */
struct assay_emitter_options {
    const char *brokers;           /* "host:port,…"; default: the variable ASSAY_BROKERS */
    const char *source;            /* for events that name none */
    const char *team;              /* results go to assay.evidence.TEAM instead of assay.evidence */
    const char *client;            /* the name shown in the broker's log; default: assay-emitter */
    const char *const *properties; /* librdkafka properties as "key=value", for instance TLS;
                                      default: the variable ASSAY_PROPERTIES, one a line */
    size_t property_count;
    uint32_t queue_messages;      /* events queued at most; default 100,000 */
    uint32_t queue_kbytes;        /* KiB queued at most; default 65,536 */
    uint32_t delivery_timeout_ms; /* an event not delivered by then has failed; default 120,000 */
    uint32_t queue_wait_ms;       /* sending into a full queue waits so long; default: as above */
    void (*on_delivery)(void *context, const struct assay_delivery *delivery);
    void *context; /* handed to on_delivery */
};

/* NULL where the options do not work; no connection is awaited. `error` may be NULL, here and in
 * every call below. */
assay_emitter *assay_emitter_open(const struct assay_emitter_options *options,
                                  struct assay_error *error);

/* The same numbers as Result and Method of the contract. */
enum assay_verdict {
    ASSAY_PASS = 1,
    ASSAY_FAIL = 2,
    ASSAY_ERROR = 3,          /* the test could not be carried out */
    ASSAY_UNKNOWN = 4,        /* it was, and its outcome could not be told */
    ASSAY_NOT_CHECKED = 5,    /* left out */
    ASSAY_NOT_APPLICABLE = 6, /* the check does not apply to the subject */
    ASSAY_INFO = 7,           /* neither good nor bad */
    ASSAY_RETIRED = 8,        /* the subject no longer exists */
};
enum assay_method { ASSAY_TEST = 1, ASSAY_EXAMINE = 2, ASSAY_INTERVIEW = 3 };

/* How one check came out for one subject. NULL and zero leave a field out. */
struct assay_result {
    const char *service;         /* required */
    const char *environment;     /* required */
    const char *check;           /* required */
    const char *subject;         /* the resource tested; none: the service as a whole */
    enum assay_verdict verdict;  /* required */
    enum assay_method method;    /* default ASSAY_TEST */
    struct timespec occurred_at; /* required: when it was tested, UTC since 1970 */
    struct timespec expires_at;  /* from then on it may not be relied on */
    const char *tool;            /* what tested */
    const char *tool_version;
    const char *summary;
    const char *actor;              /* who answers for it */
    const char *source;             /* default: the options' */
    const char *evidence_uri;       /* where the proof lies */
    const char *evidence_type;      /* its media type */
    const uint8_t *evidence_sha256; /* 32 bytes */
    uint64_t evidence_size;         /* bytes */
    uint64_t sequence;              /* rising per source, to order results of one instant */
    const char *id;                 /* a UUID; default: derived from the content */
};

/*
 * Queues one result. `tag` comes back with the delivery; may be NULL. Waits only while the queue is
 * full, for queue_wait_ms at most, and then answers ASSAY_UNSENT. ASSAY_REFUSED names the field and
 * the rule.
 */
enum assay_outcome assay_emitter_send_result(assay_emitter *emitter,
                                             const struct assay_result *result, void *tag,
                                             struct assay_error *error);

/* The same for any event of the contract; it is not changed, and not needed after the call. */
enum assay_outcome assay_emitter_send_event(assay_emitter *emitter,
                                            const struct Assay__V1__Event *event, void *tag,
                                            struct assay_error *error);

/* The same for an event as JSON (proto3's mapping, `size` bytes). */
enum assay_outcome assay_emitter_send_json(assay_emitter *emitter, const char *json, size_t size,
                                           void *tag, struct assay_error *error);

/* Waits up to timeout_ms for an answer of any broker. For programs that would rather know at once;
 * nothing else needs it. */
enum assay_outcome assay_emitter_reach(assay_emitter *emitter, uint32_t timeout_ms,
                                       struct assay_error *error);

/* Runs callbacks that are due, waiting for the first up to timeout_ms. Whoever sends seldom and
 * wants to hear of failures soon calls it now and then. */
void assay_emitter_serve(assay_emitter *emitter, uint32_t timeout_ms);

/* Waits up to timeout_ms until nothing is queued. ASSAY_OK: everything accepted up to now was
 * delivered. Otherwise the error says how many were not, and why the last one was not. */
enum assay_outcome assay_emitter_flush(assay_emitter *emitter, uint32_t timeout_ms,
                                       struct assay_error *error);

struct assay_counts {
    uint64_t accepted;  /* queued so far */
    uint64_t delivered; /* confirmed by the broker */
    uint64_t failed;    /* will not arrive; accepted = delivered + failed + still queued */
    uint64_t refused;   /* broke the contract, never queued */
};
struct assay_counts assay_emitter_counts(const assay_emitter *emitter);

/* Flushes, gives up what is still queued after timeout_ms (each such event fails, with its
 * callback), and frees the emitter. `counts`, where given, gets the final numbers, in which
 * accepted = delivered + failed. ASSAY_OK: failed is 0. NULL is allowed. */
enum assay_outcome assay_emitter_close(assay_emitter *emitter, uint32_t timeout_ms,
                                       struct assay_counts *counts, struct assay_error *error);

#ifdef __cplusplus
}
#endif

#endif
