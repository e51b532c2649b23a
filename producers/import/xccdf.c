/*
 * xccdf -- the format: what a scan's file means as events.
 *
 * Two passes. The first finds out whether the file is whole, what its rules are and which scans
 * (TestResults) it holds; only then the second sends, result by result. So a file that is cut off
 * sends nothing, titles are known wherever they stand, and memory grows with the rules only.
 */
#include "producers/import/import.h"
#include "producers/import/mapping.h"
#include "producers/import/xccdf_read.h"
#include "producers/import/xccdf_rules.h"
#include "proto/codec.h"
#include "proto/identity.h"
#include "proto/limits.h"
#include "proto/validate.h"
#include "runtime/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* XCCDF's results. */
static const struct verdict_row {
    const char *text;
    Assay__V1__Result result;
    bool sent;
    bool ran; /* the rule was selected, and applicable */
} verdicts[] = {
    {"pass", ASSAY__V1__RESULT__RESULT_PASS, true, true},
    {"fixed", ASSAY__V1__RESULT__RESULT_PASS, true, true}, /* failed, and mended by the scan */
    {"fail", ASSAY__V1__RESULT__RESULT_FAIL, true, true},
    {"error", ASSAY__V1__RESULT__RESULT_ERROR, true, true},
    {"unknown", ASSAY__V1__RESULT__RESULT_UNKNOWN, true, true},
    {"notchecked", ASSAY__V1__RESULT__RESULT_NOT_CHECKED, true, true},
    {"informational", ASSAY__V1__RESULT__RESULT_INFO, true, true},
    {"notapplicable", ASSAY__V1__RESULT__RESULT_NOT_APPLICABLE, true, false},
    {"notselected", ASSAY__V1__RESULT__RESULT_UNSPECIFIED, false, false},
};
enum { VERDICTS = sizeof verdicts / sizeof verdicts[0] };

/* One TestResult, as the second pass needs it. */
struct scan {
    bool usable; /* else it was refused, and so is each of its results */
    uint64_t line;
    instant ended;
    char *end_time;
    char *benchmark;
    char *target;
    char *tool_name; /* NULL: not known */
    char *tool_version;
    uint64_t counts[VERDICTS];
    uint64_t unusable; /* results of a scan that was refused */
};

struct xccdf {
    struct import *import;
    size_t file;
    struct foreign_file *opened;
    struct xccdf_rules rules;
    struct scan *scans;
    size_t scan_count;
};

static char *copy(const char *text)
{
    char *copied = strdup(text);
    assert(copied != NULL);
    return copied;
}

/* Product and version of a CPE name, "cpe:/a:redhat:openscap:1.3.7" or "cpe:2.3:a:…". */
static void read_cpe(const char *cpe, struct scan *scan)
{
    const char *field = cpe;
    int skip = strncmp(cpe, "cpe:2.3:", 8) == 0 ? 4 : (strncmp(cpe, "cpe:/", 5) == 0 ? 3 : -1);
    for (int i = 0; i < skip && field != NULL; i++) {
        field = strchr(field, ':');
        field += field != NULL;
    }
    if (skip < 0 || field == NULL || *field == '\0' || *field == ':')
        return;
    size_t size = strcspn(field, ":");
    scan->tool_name = strndup(field, size);
    field += size + (field[size] == ':');
    scan->tool_version = strndup(field, strcspn(field, ":"));
    assert(scan->tool_name != NULL && scan->tool_version != NULL);
}

/* A tool's name is a slug: "Nexus Scan" becomes "Nexus-Scan". */
static void make_slug(char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                  "._:-";
    for (char *c = name; *c != '\0'; c++)
        if (strchr(allowed, *c) == NULL)
            *c = '-';
    while (*name != '\0' && strchr("._:-", *name) != NULL)
        memmove(name, name + 1, strlen(name));
    if (strlen(name) > LIMIT_SLUG_BYTES)
        name[LIMIT_SLUG_BYTES] = '\0';
}

static void find_tool(const struct xccdf_scan *found, struct scan *scan)
{
    if (*found->tool_name != '\0') {
        scan->tool_name = copy(found->tool_name);
        scan->tool_version = copy(found->tool_version);
    } else {
        read_cpe(found->test_system, scan);
    }
    if (scan->tool_name != NULL)
        make_slug(scan->tool_name);
}

/* First pass: a scan has ended. */
static bool take_scan(void *context, const struct xccdf_scan *found)
{
    struct xccdf *xccdf = context;
    assert(found->number == xccdf->scan_count);
    xccdf->scans = reallocarray(xccdf->scans, xccdf->scan_count + 1, sizeof *xccdf->scans);
    assert(xccdf->scans != NULL);
    struct scan *scan = &xccdf->scans[xccdf->scan_count++];
    const char *subject = xccdf->import->subject;
    *scan = (struct scan){.line = found->line,
                          .end_time = copy(found->end_time),
                          .benchmark = copy(found->benchmark),
                          .target = copy(subject != NULL ? subject : found->target)};
    find_tool(found, scan);
    return import_goes_on(xccdf->import);
}

static bool take_rule(void *context, const struct xccdf_rule *rule)
{
    struct xccdf *xccdf = context;
    xccdf_rules_add(&xccdf->rules, rule);
    return import_goes_on(xccdf->import);
}

static void refuse_scan(struct xccdf *xccdf, const struct scan *scan, const char *reason)
{
    sending_refuse(&xccdf->import->sending, xccdf->file, scan->line, "TestResult: %s", reason);
}

/* When the scan ended: its own word, or the flag's. False: neither will do. */
static bool date_scan(struct xccdf *xccdf, struct scan *scan)
{
    const struct import *import = xccdf->import;
    bool zoneless = false;
    char text[256], own[INSTANT_TEXT_MAX], flag[INSTANT_TEXT_MAX];
    bool dated = instant_parse(scan->end_time, &scan->ended, &zoneless);
    if (import->has_observed_at && xccdf->scan_count > 1) {
        snprintf(text, sizeof text, "--observed-at names one instant, and the file holds %zu scans",
                 xccdf->scan_count);
    } else if (import->has_observed_at) {
        if (dated && scan->ended != import->observed_at)
            log_warning("%s:%" PRIu64 ": the scan says that it ended at %s; --observed-at says %s, "
                        "which is taken",
                        sending_name(&import->sending, xccdf->file), scan->line,
                        instant_format(scan->ended, own),
                        instant_format(import->observed_at, flag));
        scan->ended = import->observed_at;
        return true;
    } else if (dated) {
        return true;
    } else if (*scan->end_time == '\0') {
        snprintf(text, sizeof text, "it has no end-time; say it with --observed-at");
    } else {
        snprintf(text, sizeof text, "its end-time \"%.64s\" %s; say it with --observed-at",
                 scan->end_time, zoneless ? "has no zone" : "is no instant");
    }
    refuse_scan(xccdf, scan, text);
    return false;
}

static const char *source_of(const struct import *import, const char *benchmark)
{
    return import->source != NULL ? import->source : benchmark;
}

/* Between the passes: which scans can be taken. */
static void judge_scans(struct xccdf *xccdf)
{
    char text[512];
    for (size_t i = 0; i < xccdf->scan_count; i++) {
        struct scan *scan = &xccdf->scans[i];
        const char *source = source_of(xccdf->import, scan->benchmark);
        if (!date_scan(xccdf, scan))
            continue;
        if (*scan->target == '\0') {
            refuse_scan(xccdf, scan, "it names no target; say it with --subject");
        } else if (!validate_slug(source, true)) {
            snprintf(text, sizeof text,
                     "its benchmark's id \"%.140s\" is no source; say who says "
                     "so with --source",
                     source);
            refuse_scan(xccdf, scan, text);
        } else {
            scan->usable = true;
        }
    }
}

/* "host-01", or with instances "host-01 [/dev/sda1]", "host-01 [user=root, port=22]". */
static char *subject_of(struct xccdf *xccdf, const struct scan *scan,
                        const struct xccdf_result *result)
{
    size_t size = strlen(scan->target) + sizeof " []";
    for (size_t i = 0; i < result->instance_count; i++)
        size +=
            strlen(result->instances[i].context) + strlen(result->instances[i].text) + sizeof "=, ";
    char *subject = arena_take(xccdf->import->arena, size);
    assert(subject != NULL);
    char *end = stpcpy(subject, scan->target);
    for (size_t i = 0; i < result->instance_count; i++) {
        const struct xccdf_instance *instance = &result->instances[i];
        end = stpcpy(end, i == 0 ? " [" : ", ");
        /* The schema's default for a context that nobody named. */
        if (*instance->context != '\0' && strcmp(instance->context, "undefined") != 0)
            end = stpcpy(stpcpy(end, instance->context), "=");
        end = stpcpy(end, instance->text);
    }
    if (result->instance_count > 0)
        stpcpy(end, "]");
    return import_text(xccdf->import, subject, size);
}

/* What the rule is called, and what the scanner had to say. */
static char *summary_of(struct xccdf *xccdf, const struct xccdf_result *result)
{
    const struct xccdf_known_rule *rule =
        xccdf_rules_find(&xccdf->rules, xccdf_check(result->rule));
    const char *title = rule != NULL ? rule->title : "";
    bool both = *title != '\0' && *result->message != '\0';
    size_t size = strlen(title) + strlen(result->message) + sizeof ": ";
    char *summary = arena_take(xccdf->import->arena, size);
    assert(summary != NULL);
    stpcpy(stpcpy(stpcpy(summary, title), both ? ": " : ""), result->message);
    return import_text(xccdf->import, summary, LIMIT_PROSE_BYTES);
}

static char *borrow(const char *text)
{
    return (char *)(uintptr_t)(text != NULL ? text : ""); /* protobuf-c's fields are not const */
}

static Assay__V1__Event *new_event(struct import *import, const char *source, instant at)
{
    Assay__V1__Event *event = arena_take(import->arena, sizeof *event);
    assert(event != NULL);
    assay__v1__event__init(event);
    event->source = borrow(source);
    event->actor = borrow(import->actor);
    event->occurred_at = import_timestamp(import, at);
    return event;
}

static enum assay_outcome send_result(struct xccdf *xccdf, const struct scan *scan,
                                      const struct xccdf_result *result, Assay__V1__Result verdict)
{
    struct import *import = xccdf->import;
    Assay__V1__Tool tool;
    Assay__V1__Evidence evidence;
    Assay__V1__ControlTestResult body;
    Assay__V1__Event *event = new_event(import, source_of(import, scan->benchmark), scan->ended);

    assay__v1__evidence__init(&evidence);
    evidence.uri = borrow(xccdf->opened->name);
    evidence.sha256 =
        (ProtobufCBinaryData){.len = sizeof xccdf->opened->sha256, .data = xccdf->opened->sha256};
    evidence.media_type = borrow(xccdf->opened->gzip ? "application/gzip" : "application/xml");
    evidence.size = xccdf->opened->size;

    assay__v1__control_test_result__init(&body);
    body.service = borrow(import->service);
    body.environment = borrow(import->environment);
    body.check = borrow(xccdf_check(result->rule));
    body.subject = subject_of(xccdf, scan, result);
    body.result = verdict;
    body.method = ASSAY__V1__METHOD__METHOD_TEST;
    body.evidence = &evidence;
    body.summary = summary_of(xccdf, result);
    if (scan->tool_name != NULL && *scan->tool_name != '\0') {
        assay__v1__tool__init(&tool);
        tool.name = scan->tool_name;
        tool.version = scan->tool_version;
        body.tool = &tool;
    }
    event->body_case = ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT;
    event->control_test_result = &body;
    return import_event(import, xccdf->file, result->line, event);
}

/* Second pass. */
static bool take_result(void *context, size_t number, const struct xccdf_result *result)
{
    struct xccdf *xccdf = context;
    struct import *import = xccdf->import;
    assert(number < xccdf->scan_count);
    struct scan *scan = &xccdf->scans[number];
    size_t i = 0;
    while (i < VERDICTS && strcmp(verdicts[i].text, result->result) != 0)
        i++;
    arena_reset(import->arena);
    if (!scan->usable) {
        scan->unusable++;
    } else if (i == VERDICTS) {
        sending_refuse(&import->sending, xccdf->file, result->line,
                       "rule-result %.200s: \"%.64s\" is none of XCCDF's results", result->rule,
                       result->result);
    } else {
        struct xccdf_known_rule *rule = xccdf_rules_find(&xccdf->rules, xccdf_check(result->rule));
        if (rule != NULL && verdicts[i].ran)
            rule->ran = true;
        if (!verdicts[i].sent || send_result(xccdf, scan, result, verdicts[i].result) == ASSAY_OK)
            scan->counts[i]++;
    }
    return import_goes_on(import);
}

static void tell_scan(const struct xccdf *xccdf, const struct scan *scan)
{
    char text[512], ended[INSTANT_TEXT_MAX];
    int size = 0;
    const char *name = sending_name(&xccdf->import->sending, xccdf->file);
    if (!scan->usable) {
        log_notice("%s:%" PRIu64 ": %" PRIu64 " results of the scan that was refused were not sent",
                   name, scan->line, scan->unusable);
        return;
    }
    text[0] = '\0';
    for (size_t i = 0; i < VERDICTS; i++)
        if (scan->counts[i] > 0)
            size += snprintf(text + size, sizeof text - (size_t)size, "%s%s %" PRIu64,
                             size > 0 ? ", " : "", verdicts[i].text, scan->counts[i]);
    log_notice("%s: scan of %s, ended %s: %s", name, scan->target,
               instant_format(scan->ended, ended), size > 0 ? text : "no results");
}

/* The end of the last scan that can be taken; false: there is none. */
static bool last_end(const struct xccdf *xccdf, instant *ended, const char **benchmark)
{
    bool any = false;
    for (size_t i = 0; i < xccdf->scan_count; i++) {
        const struct scan *scan = &xccdf->scans[i];
        if (!scan->usable || (any && scan->ended <= *ended))
            continue;
        any = true;
        *ended = scan->ended;
        *benchmark = scan->benchmark;
    }
    return any;
}

struct mapping_counts {
    uint64_t sent, unchanged, others;
};

/* Sends `mapping`, dated past `former` and past every retraction of the same content. */
static enum assay_outcome send_mapping(struct xccdf *xccdf, const struct xccdf_known_rule *rule,
                                       const char *source, instant ended,
                                       const Assay__V1__Event *former,
                                       Assay__V1__CheckMapping *mapping)
{
    struct import *import = xccdf->import;
    uint8_t digest[32];
    instant at = ended;
    if (former != NULL) {
        instant replaced = codec_instant(former->occurred_at, INSTANT_BEGIN);
        at = replaced >= at ? replaced + 1 : at;
    }
    Assay__V1__Event *event = new_event(import, source, at);
    event->body_case = ASSAY__V1__EVENT__BODY_CHECK_MAPPING;
    event->check_mapping = mapping;
    /* The same content of the same instant has the same id: once retracted, it is without effect,
     * and the fact has to be said anew. */
    uuid id;
    event->id = arena_take(import->arena, UUID_TEXT_MAX);
    assert(event->id != NULL);
    for (;;) {
        identity_of(event, &id);
        uuid_format(&id, event->id);
        if (!governance_retracted(import->governance, event->id))
            break;
        event->occurred_at = import_timestamp(import, ++at);
    }
    enum assay_outcome outcome = import_event(import, xccdf->file, rule->line, event);
    if (outcome != ASSAY_OK)
        return outcome;
    /* A further file of this run meets it as if it had been read back. */
    size_t size = codec_encode(event, NULL);
    uint8_t *bytes = arena_take(import->arena, size);
    assert(bytes != NULL);
    codec_encode(event, bytes);
    codec_digest(bytes, size, digest);
    governance_take(import->governance, event, digest);
    return outcome;
}

static void map_rule(struct xccdf *xccdf, const struct xccdf_known_rule *rule, instant ended,
                     const char *benchmark, struct mapping_counts *counts)
{
    struct import *import = xccdf->import;
    Assay__V1__CheckMapping *united;
    const char *source = source_of(import, *rule->benchmark != '\0' ? rule->benchmark : benchmark);
    const Assay__V1__Event *former = governance_mapping(import->governance, rule->check);
    if (former != NULL && strcmp(former->source, source) != 0) {
        counts->others++;
        log_notice("%s: the mapping of check %s stays as %s has it",
                   sending_name(&import->sending, xccdf->file), rule->check, former->source);
        return;
    }
    arena_reset(import->arena);
    const char *title = import_text(import, rule->title, LIMIT_TEXT_BYTES);
    const struct mapping_wish wish = {
        .check = rule->check,
        .title = *title != '\0' ? title : rule->check,
        .standard = XCCDF_STANDARD,
        .controls = rule->controls,
        .control_count = rule->control_count,
        .service = import->service,
        .environment = import->environment,
        .required = import->required == IMPORT_REQUIRED_ALL ||
                    (import->required == IMPORT_REQUIRED_RAN && rule->ran),
    };
    if (!mapping_unite(former != NULL ? former->check_mapping : NULL, &wish, import->arena,
                       &united))
        counts->unchanged++;
    else if (send_mapping(xccdf, rule, source, ended, former, united) == ASSAY_OK)
        counts->sent++;
}

static void tell_excluded(const struct xccdf *xccdf)
{
    uint64_t count = 0;
    const char *name = sending_name(&xccdf->import->sending, xccdf->file);
    for (const struct xccdf_excluded *excluded = xccdf->rules.excluded; excluded != NULL;
         excluded = excluded->hh.next) {
        log_notice("%s: \"%.200s\" is no control id: excluded (%" PRIu64 "×)", name, excluded->text,
                   excluded->count);
        count += excluded->count;
    }
    if (count > 0)
        log_notice("%s: %" PRIu64 " references excluded", name, count);
}

static void map_rules(struct xccdf *xccdf)
{
    instant ended = INSTANT_BEGIN;
    const char *benchmark = "";
    struct mapping_counts counts = {0};
    const char *name = sending_name(&xccdf->import->sending, xccdf->file);
    if (!last_end(xccdf, &ended, &benchmark)) {
        log_notice("%s: no scan of it was taken, so no mapping is sent either", name);
        return;
    }
    for (const struct xccdf_known_rule *rule = xccdf->rules.rules;
         rule != NULL && import_goes_on(xccdf->import); rule = rule->hh.next)
        if (rule->control_count > 0)
            map_rule(xccdf, rule, ended, benchmark, &counts);
    tell_excluded(xccdf);
    log_notice("%s: mappings: %" PRIu64 " sent, %" PRIu64 " unchanged, %" PRIu64
               " left to another source",
               name, counts.sent, counts.unchanged, counts.others);
}

/* False after a failure that is logged; what the file itself is to blame for is counted. */
static bool fail(struct xccdf *xccdf, const struct fault *why)
{
    struct sending *sending = &xccdf->import->sending;
    progress_end(&sending->progress);
    if (why->reaction != FAULT_NONE)
        log_error("%s: %s", sending_name(sending, xccdf->file), why->text);
    if (why->reaction == FAULT_REJECT)
        sending->refused++;
    else if (why->reaction != FAULT_NONE)
        sending->unreadable = true;
    return false;
}

static void import_scans(struct xccdf *xccdf)
{
    struct fault why = {0};
    const struct xccdf_visitor survey = {.context = xccdf, .rule = take_rule, .scan = take_scan};
    const struct xccdf_visitor results = {.context = xccdf, .result = take_result};
    if (!xccdf_read(xccdf->opened, &survey, &why)) {
        fail(xccdf, &why);
        return;
    }
    judge_scans(xccdf);
    bool whole =
        xccdf_read(xccdf->opened, &results, &why) && foreign_file_unchanged(xccdf->opened, &why);
    if (!whole)
        fail(xccdf, &why);
    progress_end(&xccdf->import->sending.progress);
    for (size_t i = 0; i < xccdf->scan_count; i++)
        tell_scan(xccdf, &xccdf->scans[i]);
    if (whole && xccdf->import->with_mappings)
        map_rules(xccdf);
}

static bool read_xccdf(struct import *import, size_t file, struct foreign_file *opened)
{
    struct xccdf xccdf = {.import = import, .file = file, .opened = opened};
    import_scans(&xccdf);
    if (import->sending.stopped)
        log_notice("%s: stopped: not all of it was sent", sending_name(&import->sending, file));
    for (size_t i = 0; i < xccdf.scan_count; i++) {
        free(xccdf.scans[i].end_time);
        free(xccdf.scans[i].benchmark);
        free(xccdf.scans[i].target);
        free(xccdf.scans[i].tool_name);
        free(xccdf.scans[i].tool_version);
    }
    free(xccdf.scans);
    xccdf_rules_clear(&xccdf.rules);
    return !import->sending.stopped;
}

const struct import_format xccdf_format = {
    .name = "xccdf", .needs_place = true, .read = read_xccdf};
