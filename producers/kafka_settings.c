#include "producers/kafka_settings.h"

#include "runtime/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
    KEY_MAX = 128,
    VALUE_MAX = 64 * 1024,
    NEWER = 0x020a0000,
    TOLD = 3, /* syslog's LOG_ERR: up to it librdkafka calls the error callback too */
};

/* A newer librdkafka (seen with 2.12) tells no error callback of a connection that broke off in its
 * first request, as a port does that speaks TLS: said here, once, since it may be an accident. */
static void note_breaking_off(int level, const char *facility, const char *text)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    if (rd_kafka_version() < NEWER || level <= TOLD || strcmp(facility, "FAIL") != 0 ||
        strstr(text, "APIVERSION_QUERY") == NULL || atomic_flag_test_and_set(&said))
        return;
    const char *thread = strstr(text, "]: "); /* which of its threads says so */
    text = thread == NULL ? text : thread + 3;
    const char *tail = strstr(text, " (after ");
    log_warning("Kafka: %.*s; if it always does, that port may speak TLS: see security.protocol",
                tail == NULL ? (int)strlen(text) : (int)(tail - text), text);
}

static void on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    note_breaking_off(level, facility, text);
    log_debug("librdkafka: %s: %s", facility, text);
}

static const struct kafka_property *find_own(const struct kafka_property *own, size_t count,
                                             const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(own[i].key, key) == 0)
            return &own[i];
    return NULL;
}

/* Of a file it cannot read librdkafka says neither its name nor why. */
static bool check_file(const char *key, const char *value, struct fault *why)
{
    static const char suffix[] = ".location";
    size_t length = strlen(key);
    bool is_file = strncmp(key, "ssl.", 4) == 0 && length >= sizeof suffix &&
                   strcmp(key + length - (sizeof suffix - 1), suffix) == 0;
    return !is_file || strcmp(value, "probe") == 0 || access(value, R_OK) == 0 ||
           fault_set(why, FAULT_FATAL, "-X %s: %s: %s", key, value, strerror(errno));
}

/* librdkafka's own text may repeat the value, so only its verdict is passed on. */
static bool set(rd_kafka_conf_t *conf, const char *key, const char *value, struct fault *why)
{
    char text[512];
    switch (rd_kafka_conf_set(conf, key, value, text, sizeof text)) {
    case RD_KAFKA_CONF_OK:
        return true;
    case RD_KAFKA_CONF_UNKNOWN:
        return fault_set(why, FAULT_FATAL, "-X %s: librdkafka knows no such property", key);
    case RD_KAFKA_CONF_INVALID:
        break;
    }
    return fault_set(why, FAULT_FATAL, "-X %s: librdkafka does not take this value", key);
}

/* One "key=value" of `size` bytes. */
static bool set_users(rd_kafka_conf_t *conf, const char *pair, size_t size,
                      const struct kafka_property *own, size_t own_count, struct fault *why)
{
    char key[KEY_MAX];
    char value[VALUE_MAX];
    const char *equals = memchr(pair, '=', size);
    if (equals == NULL || equals == pair)
        return fault_set(why, FAULT_FATAL, "-X takes key=value; one of them has no key or no '='");
    size_t key_size = (size_t)(equals - pair);
    size_t value_size = size - key_size - 1;
    if (key_size >= sizeof key || value_size >= sizeof value)
        return fault_set(why, FAULT_FATAL, "-X %.40s…: longer than any property", pair);
    memcpy(key, pair, key_size);
    key[key_size] = '\0';
    memcpy(value, equals + 1, value_size);
    value[value_size] = '\0';

    const struct kafka_property *fixed = find_own(own, own_count, key);
    if (fixed != NULL && fixed->fixed && strcasecmp(fixed->value, value) != 0)
        return fault_set(why, FAULT_FATAL,
                         "-X %s: stays %s here, since what is promised rests on it", key,
                         fixed->value);
    return check_file(key, value, why) && set(conf, key, value, why);
}

/* An item is one pair, or, from the environment, one pair a line. */
static bool set_item(rd_kafka_conf_t *conf, const char *item, const struct kafka_property *own,
                     size_t own_count, struct fault *why)
{
    while (*item != '\0') {
        size_t size = strcspn(item, "\n");
        if (size > 0 && !set_users(conf, item, size, own, own_count, why))
            return false;
        item += size;
        item += *item == '\n';
    }
    return true;
}

static bool configure(rd_kafka_conf_t *conf, const struct kafka_settings *settings,
                      const char *client, const struct kafka_property *own, size_t own_count,
                      struct fault *why)
{
    if (!set(conf, "client.id", client, why))
        return false;
    for (size_t i = 0; i < own_count; i++)
        if (!set(conf, own[i].key, own[i].value, why))
            return false;
    for (size_t i = 0; i < settings->properties.count; i++)
        if (!set_item(conf, settings->properties.items[i], own, own_count, why))
            return false;
    if (settings->brokers != NULL)
        return set(conf, "bootstrap.servers", settings->brokers, why);
    char named[8];
    size_t size = sizeof named;
    rd_kafka_conf_res_t got = rd_kafka_conf_get(conf, "bootstrap.servers", NULL, &size);
    if (got != RD_KAFKA_CONF_OK || size <= 1)
        return fault_set(why, FAULT_FATAL,
                         "no broker is named: give -b HOST:PORT, or set "
                         "ASSAY_BROKERS");
    return true;
}

rd_kafka_conf_t *kafka_settings_configure(const struct kafka_settings *settings, const char *client,
                                          const struct kafka_property *own, size_t own_count,
                                          struct fault *why)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, on_log);
    if (!configure(conf, settings, client, own, own_count, why)) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    return conf;
}
