/*
 * xccdf_rules -- the rules of one file: title, references to ISO/IEC 27001:2013, whether they ran.
 *
 * A rule is known by its check, the part of its id behind "_rule_". References to the standard are
 * those whose URL ends in "/54534.html", the standard's number at ISO; one whose text is no slug
 * ("Clause 7.4") is kept apart, to be named.
 *
 * Memory grows with the rules of the file, not with its results. Ownership: copies what it keeps.
 */
#ifndef ASSAY_PRODUCERS_IMPORT_XCCDF_RULES_H
#define ASSAY_PRODUCERS_IMPORT_XCCDF_RULES_H

#include "producers/import/xccdf_read.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>

#define XCCDF_STANDARD "iso-27001-2013"

struct xccdf_known_rule {
    char *check;
    char *title;     /* "" where it has none */
    char *benchmark; /* id, "" where it stands in none */
    uint64_t line;
    char **controls; /* each once */
    size_t control_count;
    bool ran; /* a result says that it was selected and applicable */
    UT_hash_handle hh;
};

/* A reference that is no slug, and how often it occurs. */
struct xccdf_excluded {
    char *text;
    uint64_t count;
    UT_hash_handle hh;
};

struct xccdf_rules {
    struct xccdf_known_rule *rules; /* in the order of the file; uthash, walk with hh.next */
    struct xccdf_excluded *excluded;
};

/* The check of a rule's id: what follows its first "_rule_", else the whole id. */
const char *xccdf_check(const char *rule_id);

void xccdf_rules_add(struct xccdf_rules *rules, const struct xccdf_rule *rule);
struct xccdf_known_rule *xccdf_rules_find(const struct xccdf_rules *rules, const char *check);
void xccdf_rules_clear(struct xccdf_rules *rules);

#endif
