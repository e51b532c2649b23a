#include "producers/topics/topic_plan.h"

#include <assert.h>
#include <stdio.h>

static const struct topic_setting settings[] = {
    {"message.timestamp.type", "LogAppendTime", true, true},
    {"retention.ms", "-1", false, true},
    {"max.message.bytes", "4194304", false, true},
    /* These two lose events where they differ; who set them had a reason to be asked about. */
    {"retention.bytes", "-1", false, false},
    {"cleanup.policy", "delete", false, false},
};

static void plan(struct topic_plan *planned, const char *name, int32_t partitions)
{
    int size = snprintf(planned->name, sizeof planned->name, "%s", name);
    assert(size > 0 && (size_t)size < sizeof planned->name);
    planned->kind = record_topic_of(planned->name);
    assert(planned->kind != RECORD_UNKNOWN);
    planned->partitions = planned->kind == RECORD_GOVERNANCE ? 1 : partitions;
}

size_t topic_plan_all(const char *team, int32_t partitions,
                      struct topic_plan plans[static TOPIC_PLANS_MAX])
{
    size_t count = 0;
    plan(&plans[count++], RECORD_TOPIC_EVIDENCE, partitions);
    plan(&plans[count++], RECORD_TOPIC_SERVICES, partitions);
    plan(&plans[count++], RECORD_TOPIC_SCOPE, partitions);
    plan(&plans[count++], RECORD_TOPIC_GOVERNANCE, partitions);
    if (team != NULL) {
        char name[2 * RECORD_TOPIC_MAX];
        snprintf(name, sizeof name, "%s%s", RECORD_TEAM_PREFIX, team);
        plan(&plans[count++], name, partitions);
    }
    return count;
}

const struct topic_setting *topic_plan_settings(size_t *count)
{
    *count = sizeof settings / sizeof settings[0];
    return settings;
}

bool topic_plan_concerns(const struct topic_setting *setting, enum record_topic kind)
{
    return !setting->evidence_only || kind == RECORD_EVIDENCE || kind == RECORD_TEAM;
}
