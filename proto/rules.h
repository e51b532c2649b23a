/*
 * rules -- what validate.c asks of each field, as tables: one a message, one row a field.
 *
 * The contract in a form one can read against the .proto files. Not the walk over an event, and not
 * what depends on more than the event.
 */
#ifndef ASSAY_PROTO_RULES_H
#define ASSAY_PROTO_RULES_H

#include "assay/v1/event.pb-c.h"

#include <stdbool.h>
#include <stddef.h>

enum rule_kind {
    RULE_ANY = 0, /* every value its type has */
    RULE_SLUG,
    RULE_UUID,
    RULE_SUBJECT,
    RULE_VERSION,
    RULE_TEXT,
    RULE_PROSE,
    RULE_ENUM, /* not UNSPECIFIED */
    RULE_INSTANT,
    RULE_TTL,
    RULE_COUNT,
    RULE_FINITE,
    RULE_SHA256,
    RULE_MESSAGE,
};

enum {
    RULE_REQUIRED = 1, /* text not empty, message there; of a list: each of its elements */
    RULE_STAR = 2,     /* a slug may also be "*" */
    RULE_SLASH = 4,    /* a slug may also contain '/' */
};

/* A rule that looks at more than its field. On false `broken` says which, in words. */
typedef bool rule_also(const Assay__V1__Event *event, const ProtobufCMessage *message, size_t size,
                       char *broken);

struct rule {
    const char *field; /* as in the .proto */
    enum rule_kind kind;
    unsigned flags;
    const struct rule *elements; /* RULE_MESSAGE: its table */
    const char *unique;          /* lists: what may stand once only, in words; NULL: no such rule */
    unsigned keys; /* … which is the text fields elements[0] … elements[keys - 1] */
    rule_also *also;
};

extern const struct rule rules_event[];

/* The place of the first element whose key stood before, `count` where there is none. */
size_t rules_duplicate(const struct rule *rule, ProtobufCMessage *const *elements, size_t count);

/* Aborts where a table does not name its message's fields in their order. */
void rules_assert(void);

#endif
