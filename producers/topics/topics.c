/*
 * assay-topics -- the topics of the contract on a cluster: `create` makes those that are missing
 * and mends the settings of those that are there; `reopen` hands over to assay-reopen, which
 * speaks to PostgreSQL.
 *
 * Creating is idempotent. Partitions of a topic that exists are never changed: keys would move.
 */
#include "producers/emitter/kafka_trouble.h"
#include "producers/kafka_settings.h"
#include "producers/topics/admin.h"
#include "producers/topics/topic_plan.h"
#include "proto/validate.h"
#include "runtime/log.h"
#include "runtime/settings.h"
#include "runtime/stop.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PARTITIONS = 6, LISTING_EVERY_MS = 50 };

static struct kafka_settings kafka;
static const char *team;
static int64_t partitions; /* 0: not given */
static int64_t replication_factor;
static int64_t timeout_s;
static bool as_json;

static const struct setting table[] = {
    {.kind = SETTING_HEADING, .help = "what is created"},
    {.kind = SETTING_TEXT,
     .name = "team",
     .environment = "ASSAY_TEAM",
     .argument = "TEAM",
     .help = "assay.evidence.TEAM too; the contract's own topics, where there, stay untouched",
     .value = &team},
    {.kind = SETTING_NUMBER,
     .name = "partitions",
     .environment = "ASSAY_PARTITIONS",
     .argument = "N",
     .help = "of a new topic, 6 if not given; assay.governance has 1",
     .least = 1,
     .most = 10000,
     .value = &partitions},
    {.kind = SETTING_NUMBER,
     .name = "replication-factor",
     .environment = "ASSAY_REPLICATION_FACTOR",
     .argument = "N",
     .help = "of a new topic; -1: the brokers' default",
     .fallback = "-1",
     .least = -1,
     .most = 100,
     .value = &replication_factor},
    {.kind = SETTING_SWITCH,
     .name = "json",
     .environment = "ASSAY_JSON",
     .help = "one JSON object a topic on standard output",
     .value = &as_json},
    KAFKA_SETTINGS_ROWS(kafka),
    {.kind = SETTING_NUMBER,
     .name = "timeout",
     .environment = "ASSAY_TIMEOUT",
     .argument = "SECONDS",
     .help = "how long brokers may stay silent before it gives up",
     .fallback = "30",
     .least = 1,
     .most = 3600,
     .value = &timeout_s},
};

static const struct program program = {
    .name = "assay-topics",
    .synopsis = "topics create [FLAGS]\n       assay topics reopen TOPIC PARTITION [FLAGS]",
    .summary =
        "create: makes the contract's topics that are missing, and sets on those that are there\n"
        "retention.ms=-1, max.message.bytes=4194304 and, for evidence,\n"
        "message.timestamp.type=LogAppendTime. What else differs is told, and stays.\n"
        "reopen: runs assay-reopen, for a partition whose topic was made anew; see its --help.",
    .settings = table,
    .setting_count = SETTINGS_COUNT(table)};

/* What became of one topic, for the person. */
struct account {
    const struct topic_plan *plan;
    const char *state; /* "created", "altered", "unchanged", "left alone", "failed" */
    json_t *notes;     /* of strings */
};

__attribute__((format(printf, 2, 3))) static void note(struct account *account, const char *format,
                                                       ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_t *text = json_vsprintf(format, arguments);
    va_end(arguments);
    if (account->notes == NULL)
        account->notes = json_array();
    json_array_append_new(account->notes, text);
}

static void print(const struct account *account)
{
    size_t i;
    json_t *text;
    if (as_json) {
        json_t *object =
            json_pack("{s:s, s:s, s:o}", "topic", account->plan->name, "state", account->state,
                      "notes", account->notes != NULL ? json_incref(account->notes) : json_array());
        json_dumpf(object, stdout, 0);
        json_decref(object);
        putchar('\n');
        return;
    }
    printf("%-24s %s\n", account->plan->name, account->state);
    json_array_foreach(account->notes, i, text)
    {
        printf("  %s\n", json_string_value(text));
    }
}

/* Compares what is set with what is wanted; marks in `topic` what is to be altered. */
static bool compare(struct account *account, struct admin_topic *topic, bool may_alter)
{
    size_t count;
    bool alter = false;
    const struct topic_setting *settings = topic_plan_settings(&count);
    for (size_t i = 0; i < count; i++) {
        const struct topic_setting *setting = &settings[i];
        const char *found = admin_find_config(topic, setting->key);
        if (!topic_plan_concerns(setting, account->plan->kind) ||
            (found != NULL && strcmp(found, setting->value) == 0))
            continue;
        if (setting->enforced && may_alter) {
            note(account, "%s: %s, was %s", setting->key, setting->value,
                 found != NULL ? found : "not set");
            admin_put_config(topic, setting->key, setting->value, true);
            alter = true;
        } else {
            note(account, "%s is %s, where %s is wanted: not changed", setting->key,
                 found != NULL ? found : "not set", setting->value);
        }
    }
    if (topic->partitions != account->plan->partitions &&
        (partitions != 0 || account->plan->kind == RECORD_GOVERNANCE))
        note(account, "%" PRId32 " partitions, where %" PRId32 " are wanted: not changed",
             topic->partitions, account->plan->partitions);
    return alter;
}

static bool has_wanted(const struct admin_topic *topic)
{
    size_t count;
    const struct topic_setting *settings = topic_plan_settings(&count);
    for (size_t i = 0; i < count; i++) {
        const char *found = admin_find_config(topic, settings[i].key);
        if (settings[i].enforced &&
            topic_plan_concerns(&settings[i], record_topic_of(topic->name)) &&
            (found == NULL || strcmp(found, settings[i].value) != 0))
            return false;
    }
    return true;
}

/* Looks until what was altered is seen: brokers hear of it a little after it is acknowledged. */
static bool await_altered(const struct admin *admin, const struct admin_topic *altered,
                          size_t count, struct fault *why)
{
    bool done = true, all = false;
    for (int waited_ms = 0; done && !all && waited_ms < admin->timeout_ms && !stop_requested();
         waited_ms += LISTING_EVERY_MS) {
        struct admin_topic *seen = calloc(count, sizeof *seen);
        assert(seen != NULL);
        for (size_t i = 0; i < count; i++)
            seen[i].name = strdup(altered[i].name);
        done = admin_describe(admin, seen, count, why);
        all = done;
        for (size_t i = 0; i < count; i++) {
            all = all && (altered[i].error != RD_KAFKA_RESP_ERR_NO_ERROR || has_wanted(&seen[i]));
            admin_clear(&seen[i]);
        }
        free(seen);
        if (done && !all)
            rd_kafka_poll(admin->client, LISTING_EVERY_MS);
    }
    return done;
}

/* Reads the settings of topics that are listed. Of several brokers, another one may be asked than
 * the one that listed them, and hear of a new topic a little later: it is asked again. */
static bool describe_listed(const struct admin *admin, struct admin_topic *listed, size_t count,
                            struct fault *why)
{
    bool done = admin_describe(admin, listed, count, why);
    int waited_ms = 0;
    for (size_t i = 0; done && i < count; i++)
        while (done && listed[i].error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART &&
               waited_ms < admin->timeout_ms && !stop_requested()) {
            rd_kafka_poll(admin->client, LISTING_EVERY_MS);
            waited_ms += LISTING_EVERY_MS;
            done = admin_describe(admin, &listed[i], 1, why);
        }
    return done;
}

/* Looks at the topics that are there, mends what is to be mended. */
static bool mend(const struct admin *admin, struct admin_topic *found, struct account *accounts,
                 const bool *may_alter, size_t count, struct fault *why)
{
    struct admin_topic *altered = calloc(count, sizeof *altered);
    struct account **whose = calloc(count, sizeof(struct account *));
    size_t altered_count = 0;
    assert(altered != NULL && whose != NULL);
    bool done = describe_listed(admin, found, count, why);
    for (size_t i = 0; done && i < count; i++) {
        if (found[i].error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            accounts[i].state = "failed";
            note(&accounts[i], "its settings cannot be read: %s", found[i].reason);
        } else if (compare(&accounts[i], &found[i], may_alter[i])) {
            accounts[i].state = "altered";
            whose[altered_count] = &accounts[i];
            altered[altered_count++] = found[i]; /* still freed through found */
        }
    }
    if (done && altered_count > 0)
        done = admin_alter(admin, altered, altered_count, why) &&
               await_altered(admin, altered, altered_count, why);
    for (size_t i = 0; done && i < altered_count; i++)
        if (altered[i].error != RD_KAFKA_RESP_ERR_NO_ERROR) {
            whose[i]->state = "failed";
            note(whose[i], "not altered: %s", altered[i].reason);
        }
    free(altered);
    free(whose);
    return done;
}

static bool create_missing(const struct admin *admin, const struct topic_plan *plans,
                           struct account *accounts, size_t count, struct fault *why)
{
    struct admin_topic wanted[TOPIC_PLANS_MAX] = {0};
    size_t setting_count;
    const struct topic_setting *settings = topic_plan_settings(&setting_count);
    for (size_t i = 0; i < count; i++) {
        wanted[i].name = strdup(plans[i].name);
        wanted[i].partitions = plans[i].partitions;
        assert(wanted[i].name != NULL);
        for (size_t j = 0; j < setting_count; j++)
            if (topic_plan_concerns(&settings[j], plans[i].kind))
                admin_put_config(&wanted[i], settings[j].key, settings[j].value, true);
    }
    bool done = admin_create(admin, wanted, count, (int)replication_factor, why);
    for (size_t i = 0; i < count; i++) {
        accounts[i] = (struct account){.plan = &plans[i], .state = "unchanged"};
        if (wanted[i].error == RD_KAFKA_RESP_ERR_NO_ERROR) {
            accounts[i].state = "created";
        } else if (wanted[i].error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            accounts[i].state = "failed";
            note(&accounts[i], "not created: %s", wanted[i].reason);
        }
        admin_clear(&wanted[i]);
    }
    return done;
}

/* A plan for a topic that is there without being asked for: another team's. */
static struct topic_plan plan_of(const struct admin_topic *topic)
{
    struct topic_plan plan = {.kind = record_topic_of(topic->name),
                              .partitions = topic->partitions};
    snprintf(plan.name, sizeof plan.name, "%s", topic->name);
    return plan;
}

struct run {
    struct topic_plan plans[TOPIC_PLANS_MAX];
    struct account accounts[TOPIC_PLANS_MAX];
    size_t count;
    struct admin_topic *found; /* every topic of the contract that is there */
    size_t found_count;
};

static struct account *account_of(struct run *run, const char *name)
{
    for (size_t i = 0; i < run->count; i++)
        if (strcmp(run->plans[i].name, name) == 0)
            return &run->accounts[i];
    return NULL;
}

/* Compares all topics found, alters those that are ours to alter, and prints. */
static bool mend_and_print(const struct admin *admin, struct run *run, bool *failed,
                           struct fault *why)
{
    size_t count = run->found_count;
    struct topic_plan *plans = calloc(count + 1, sizeof *plans);
    struct account *accounts = calloc(count + 1, sizeof *accounts);
    bool *may_alter = calloc(count + 1, sizeof *may_alter);
    assert(plans != NULL && accounts != NULL && may_alter != NULL);
    for (size_t i = 0; i < count; i++) {
        struct account *planned = account_of(run, run->found[i].name);
        plans[i] = planned != NULL ? *planned->plan : plan_of(&run->found[i]);
        accounts[i] = planned != NULL ? *planned : (struct account){.state = "left alone"};
        accounts[i].plan = &plans[i];
        /* With --team the contract's own topics are another's business. */
        may_alter[i] = planned != NULL && (team == NULL || plans[i].kind == RECORD_TEAM);
        if (planned != NULL)
            planned->plan = NULL; /* from here on it is in `accounts` */
    }
    bool done = count == 0 || mend(admin, run->found, accounts, may_alter, count, why);
    for (size_t i = 0; done && i < count; i++) {
        print(&accounts[i]);
        *failed = *failed || strcmp(accounts[i].state, "failed") == 0;
    }
    for (size_t i = 0; done && i < run->count; i++)
        if (run->accounts[i].plan != NULL) { /* not there: its creation failed */
            print(&run->accounts[i]);
            *failed = true;
        }
    for (size_t i = 0; i < count; i++)
        json_decref(accounts[i].notes);
    free(plans);
    free(accounts);
    free(may_alter);
    return done;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct admin_topic *)a)->name, ((const struct admin_topic *)b)->name);
}

static bool list_contract(const struct admin *admin, struct run *run, struct fault *why)
{
    struct admin_topic *all;
    size_t count;
    if (!admin_list(admin, "assay.", &all, &count, why))
        return false;
    run->found = calloc(count + 1, sizeof *run->found);
    assert(run->found != NULL);
    for (size_t i = 0; i < count; i++) {
        if (record_topic_of(all[i].name) != RECORD_UNKNOWN)
            run->found[run->found_count++] = all[i];
        else
            admin_clear(&all[i]);
    }
    free(all);
    qsort(run->found, run->found_count, sizeof *run->found, by_name);
    return true;
}

static void forget_found(struct run *run)
{
    for (size_t i = 0; i < run->found_count; i++)
        admin_clear(&run->found[i]);
    free(run->found);
    run->found = NULL;
    run->found_count = 0;
}

static bool is_found(const struct run *run, const char *name)
{
    for (size_t i = 0; i < run->found_count; i++)
        if (strcmp(run->found[i].name, name) == 0)
            return true;
    return false;
}

/* Lists until what was created is there: brokers hear of it a little after it is acknowledged. */
static bool list_created(const struct admin *admin, struct run *run, struct fault *why)
{
    for (int waited_ms = 0;; waited_ms += LISTING_EVERY_MS) {
        if (!list_contract(admin, run, why))
            return false;
        bool all = true;
        for (size_t i = 0; i < run->count; i++)
            if (strcmp(run->accounts[i].state, "created") == 0)
                all = all && is_found(run, run->plans[i].name);
        if (all || waited_ms >= admin->timeout_ms || stop_requested())
            return true;
        forget_found(run);
        rd_kafka_poll(admin->client, LISTING_EVERY_MS);
    }
}

/* Why no broker answers: the request itself only knows that none did. */
static void on_error(rd_kafka_t *client, int code, const char *reason, void *context)
{
    kafka_trouble_note(context, client, code, reason);
}

static int create(void)
{
    struct kafka_trouble trouble = {0};
    struct fault why = {0};
    struct run run = {0};
    char text[512];
    bool failed = false;
    if (team != NULL &&
        (!validate_team(team) || strlen(team) + sizeof RECORD_TEAM_PREFIX > RECORD_TOPIC_MAX))
        settings_usage(&program, "--team takes [A-Za-z0-9._-]+, not \"%.128s\"", team);
    rd_kafka_conf_t *conf = kafka_settings_configure(&kafka, program.name, NULL, 0, &why);
    if (conf == NULL)
        settings_usage(&program, "%s", why.text);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, &trouble);
    rd_kafka_t *client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (client == NULL)
        settings_usage(&program, "librdkafka cannot start: %s", text);

    const struct admin admin = {
        .client = client, .trouble = &trouble, .timeout_ms = (int)timeout_s * 1000};
    run.count = topic_plan_all(team, partitions != 0 ? (int32_t)partitions : PARTITIONS, run.plans);
    /* Listing first finds out whether a broker answers; listing again has what was created. */
    bool done = list_contract(&admin, &run, &why);
    forget_found(&run);
    done = done && create_missing(&admin, run.plans, run.accounts, run.count, &why) &&
           list_created(&admin, &run, &why) && mend_and_print(&admin, &run, &failed, &why);
    rd_kafka_poll(client, 0); /* runs on_error */
    if (!done && trouble.last.reaction != FAULT_NONE)
        log_error("%s; last: %s", why.text, trouble.last.text);
    else if (!done)
        log_error("%s", why.text);
    else if (failed)
        log_error("not every topic is as it has to be; what is printed says which, and why");
    forget_found(&run);
    rd_kafka_destroy(client);
    return done && !failed ? EXIT_DONE : EXIT_FAILED;
}

/* The sibling program links PostgreSQL, which nothing of this folder does. */
static int reopen(char **argv)
{
    char path[PATH_MAX];
    static const char sibling[] = "assay-reopen";
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - sizeof sibling);
    if (size <= 0) {
        log_error("cannot tell where %s is: %s", sibling, strerror(errno));
        return EXIT_FAILED;
    }
    path[size] = '\0';
    char *slash = strrchr(path, '/');
    memcpy(slash != NULL ? slash + 1 : path, sibling, sizeof sibling);
    argv[0] = path;
    execv(path, argv);
    log_error("cannot run %s: %s", path, strerror(errno));
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    char **operands;
    size_t count;
    log_open(program.name);
    /* reopen has flags of its own: the words are handed on as they are. */
    if (argc > 1 && strcmp(argv[1], "reopen") == 0)
        return reopen(argv + 1);
    stop_install();
    settings_read(&program, argc, argv, &operands, &count);
    if (count == 0)
        settings_usage(&program, "say what to do: create or reopen");
    if (strcmp(operands[0], "create") != 0)
        settings_usage(&program, "there is no \"%.64s\": say create or reopen", operands[0]);
    if (count > 1)
        settings_usage(&program, "create takes no operand, not \"%.64s\"", operands[1]);
    int status = create();
    settings_free(&program);
    return status;
}
