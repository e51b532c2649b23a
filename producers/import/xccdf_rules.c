#include "producers/import/xccdf_rules.h"

#include "proto/validate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static char *copy(const char *text)
{
    char *copied = strdup(text);
    assert(copied != NULL);
    return copied;
}

const char *xccdf_check(const char *rule_id)
{
    static const char mark[] = "_rule_";
    const char *found = strstr(rule_id, mark);
    return found != NULL ? found + sizeof mark - 1 : rule_id;
}

static bool is_iso_27001_2013(const char *href)
{
    static const char end[] = "/54534.html";
    size_t size = strlen(href);
    return size >= sizeof end - 1 && strcmp(href + size - (sizeof end - 1), end) == 0;
}

static void exclude(struct xccdf_rules *rules, const char *text)
{
    struct xccdf_excluded *excluded;
    HASH_FIND_STR(rules->excluded, text, excluded);
    if (excluded == NULL) {
        excluded = calloc(1, sizeof *excluded);
        assert(excluded != NULL);
        excluded->text = copy(text);
        HASH_ADD_KEYPTR(hh, rules->excluded, excluded->text, strlen(excluded->text), excluded);
    }
    excluded->count++;
}

static void add_control(struct xccdf_known_rule *rule, const char *control)
{
    for (size_t i = 0; i < rule->control_count; i++)
        if (strcmp(rule->controls[i], control) == 0)
            return;
    rule->controls = reallocarray(rule->controls, rule->control_count + 1, sizeof(char *));
    assert(rule->controls != NULL);
    rule->controls[rule->control_count++] = copy(control);
}

struct xccdf_known_rule *xccdf_rules_find(const struct xccdf_rules *rules, const char *check)
{
    struct xccdf_known_rule *found;
    HASH_FIND_STR(rules->rules, check, found);
    return found;
}

void xccdf_rules_add(struct xccdf_rules *rules, const struct xccdf_rule *rule)
{
    const char *check = xccdf_check(rule->id);
    struct xccdf_known_rule *known = xccdf_rules_find(rules, check);
    if (known == NULL) {
        known = calloc(1, sizeof *known);
        assert(known != NULL);
        known->check = copy(check);
        known->title = copy(rule->title);
        known->benchmark = copy(rule->benchmark);
        known->line = rule->line;
        HASH_ADD_KEYPTR(hh, rules->rules, known->check, strlen(known->check), known);
    }
    for (size_t i = 0; i < rule->reference_count; i++) {
        if (!is_iso_27001_2013(rule->references[i].href))
            continue;
        if (validate_slug(rule->references[i].text, false))
            add_control(known, rule->references[i].text);
        else
            exclude(rules, rule->references[i].text);
    }
}

void xccdf_rules_clear(struct xccdf_rules *rules)
{
    struct xccdf_known_rule *rule, *next_rule;
    struct xccdf_excluded *excluded, *next_excluded;
    HASH_ITER(hh, rules->rules, rule, next_rule)
    {
        HASH_DEL(rules->rules, rule);
        for (size_t i = 0; i < rule->control_count; i++)
            free(rule->controls[i]);
        free(rule->controls);
        free(rule->check);
        free(rule->title);
        free(rule->benchmark);
        free(rule);
    }
    HASH_ITER(hh, rules->excluded, excluded, next_excluded)
    {
        HASH_DEL(rules->excluded, excluded);
        free(excluded->text);
        free(excluded);
    }
}
