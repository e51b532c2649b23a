#include "producers/import/xccdf_read.h"

#include "producers/import/xml_stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 64 * 1024 }; /* of one value; more is cut, no value of use is as long */

/* Where the reader stands: what each open element is. */
enum place {
    PLACE_OTHER, /* nothing of interest; may hold a Benchmark or TestResult */
    PLACE_BENCHMARK,
    PLACE_GROUP,
    PLACE_RULE,
    PLACE_RULE_TITLE,
    PLACE_RULE_REFERENCE,
    PLACE_SCAN,
    PLACE_SCAN_BENCHMARK,
    PLACE_SCAN_TARGET,
    PLACE_FACTS,
    PLACE_FACT,
    PLACE_RESULT,
    PLACE_RESULT_RESULT,
    PLACE_RESULT_MESSAGE,
    PLACE_RESULT_INSTANCE,
};

/* Parent, element, what it is then. Any parent: PLACE_OTHER with `anywhere`. */
static const struct {
    enum place parent;
    bool anywhere;
    const char *name;
    enum place place;
} places[] = {
    {PLACE_OTHER, true, "Benchmark", PLACE_BENCHMARK},
    {PLACE_OTHER, true, "TestResult", PLACE_SCAN},
    {PLACE_BENCHMARK, false, "Group", PLACE_GROUP},
    {PLACE_GROUP, false, "Group", PLACE_GROUP},
    {PLACE_BENCHMARK, false, "Rule", PLACE_RULE},
    {PLACE_GROUP, false, "Rule", PLACE_RULE},
    {PLACE_RULE, false, "title", PLACE_RULE_TITLE},
    {PLACE_RULE, false, "reference", PLACE_RULE_REFERENCE},
    {PLACE_SCAN, false, "benchmark", PLACE_SCAN_BENCHMARK},
    {PLACE_SCAN, false, "target", PLACE_SCAN_TARGET},
    {PLACE_SCAN, false, "target-facts", PLACE_FACTS},
    {PLACE_FACTS, false, "fact", PLACE_FACT},
    {PLACE_SCAN, false, "rule-result", PLACE_RESULT},
    {PLACE_RESULT, false, "result", PLACE_RESULT_RESULT},
    {PLACE_RESULT, false, "message", PLACE_RESULT_MESSAGE},
    {PLACE_RESULT, false, "instance", PLACE_RESULT_INSTANCE},
};

struct pass {
    struct xml_stream *stream;
    const struct xccdf_visitor *visitor;
    enum place open[XML_STREAM_DEPTH + 1];
    char *root;
    size_t scans;
    bool ended; /* by a callback */

    char *benchmark; /* id of the last Benchmark begun */
    struct xccdf_rule rule;
    struct xccdf_scan scan;
    struct xccdf_result result;
    char *fact; /* name of the open fact */

    char *text; /* of the innermost element of interest */
    size_t text_size, text_room;
    int text_depth; /* of that element; -1: none is open */
    uint64_t text_line;
};

static char *copy(const char *text)
{
    char *copied = strdup(text != NULL ? text : "");
    assert(copied != NULL);
    return copied;
}

static void put(char **value, char *taken)
{
    free(*value);
    *value = taken;
}

/* Keeps the first of several. */
static void put_first(char **value, char *taken)
{
    if (*value == NULL || **value == '\0')
        put(value, taken);
    else
        free(taken);
}

static void clear_rule(struct xccdf_rule *rule)
{
    free(rule->id);
    free(rule->benchmark);
    free(rule->title);
    for (size_t i = 0; i < rule->reference_count; i++) {
        free(rule->references[i].href);
        free(rule->references[i].text);
    }
    free(rule->references);
    *rule = (struct xccdf_rule){0};
}

static void clear_scan(struct xccdf_scan *scan)
{
    free(scan->benchmark);
    free(scan->end_time);
    free(scan->test_system);
    free(scan->target);
    free(scan->tool_name);
    free(scan->tool_version);
    *scan = (struct xccdf_scan){0};
}

static void clear_result(struct xccdf_result *result)
{
    free(result->rule);
    free(result->result);
    free(result->message);
    for (size_t i = 0; i < result->instance_count; i++) {
        free(result->instances[i].context);
        free(result->instances[i].text);
    }
    free(result->instances);
    *result = (struct xccdf_result){0};
}

static bool is_xccdf(const char *space)
{
    return strcmp(space, "http://checklists.nist.gov/xccdf/1.2") == 0 ||
           strcmp(space, "http://checklists.nist.gov/xccdf/1.1") == 0;
}

static enum place find_place(const struct pass *pass, enum place parent)
{
    const char *name = xml_stream_name(pass->stream);
    if (!is_xccdf(xml_stream_namespace(pass->stream)))
        return PLACE_OTHER;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if ((places[i].anywhere || places[i].parent == parent) && strcmp(places[i].name, name) == 0)
            return places[i].place;
    return PLACE_OTHER;
}

static void begin_text(struct pass *pass)
{
    pass->text_depth = xml_stream_depth(pass->stream);
    pass->text_size = 0;
    pass->text_line = xml_stream_line(pass->stream);
}

static char *attribute(struct pass *pass, const char *name)
{
    return copy(xml_stream_attribute(pass->stream, name));
}

static void begin_scan(struct pass *pass)
{
    clear_scan(&pass->scan);
    pass->scan = (struct xccdf_scan){.number = pass->scans++,
                                     .line = xml_stream_line(pass->stream),
                                     .benchmark = copy(""),
                                     .end_time = attribute(pass, "end-time"),
                                     .test_system = attribute(pass, "test-system"),
                                     .target = copy(""),
                                     .tool_name = copy(""),
                                     .tool_version = copy("")};
}

static void begin_reference(struct pass *pass)
{
    struct xccdf_rule *rule = &pass->rule;
    rule->references =
        reallocarray(rule->references, rule->reference_count + 1, sizeof *rule->references);
    assert(rule->references != NULL);
    rule->references[rule->reference_count++] =
        (struct xccdf_reference){.href = attribute(pass, "href"), .text = copy("")};
}

static void begin_instance(struct pass *pass)
{
    struct xccdf_result *result = &pass->result;
    result->instances =
        reallocarray(result->instances, result->instance_count + 1, sizeof *result->instances);
    assert(result->instances != NULL);
    result->instances[result->instance_count++] =
        (struct xccdf_instance){.context = attribute(pass, "context"), .text = copy("")};
}

/* Whether a scan or a rule is open around the element that begins. */
static bool within_another(const struct pass *pass)
{
    for (int depth = xml_stream_depth(pass->stream); depth-- > 0;)
        if (pass->open[depth] == PLACE_SCAN || pass->open[depth] == PLACE_RULE)
            return true;
    return false;
}

/* False: what may stand anywhere does so within a scan or a rule, of which one is read at a time.
 */
static bool begin(struct pass *pass)
{
    int depth = xml_stream_depth(pass->stream);
    enum place place = find_place(pass, depth > 0 ? pass->open[depth - 1] : PLACE_OTHER);
    pass->open[depth] = place;
    if (depth == 0)
        put(&pass->root, copy(xml_stream_name(pass->stream)));
    switch (place) {
    case PLACE_OTHER:
    case PLACE_GROUP:
    case PLACE_FACTS:
        break;
    case PLACE_BENCHMARK:
        if (within_another(pass))
            return false;
        put(&pass->benchmark, attribute(pass, "id"));
        break;
    case PLACE_RULE:
        clear_rule(&pass->rule);
        pass->rule = (struct xccdf_rule){.line = xml_stream_line(pass->stream),
                                         .id = attribute(pass, "id"),
                                         .benchmark = copy(pass->benchmark),
                                         .title = copy("")};
        break;
    case PLACE_SCAN:
        if (within_another(pass))
            return false;
        begin_scan(pass);
        break;
    case PLACE_SCAN_BENCHMARK:
        put_first(&pass->scan.benchmark, attribute(pass, "id"));
        break;
    case PLACE_RESULT:
        clear_result(&pass->result);
        pass->result = (struct xccdf_result){.line = xml_stream_line(pass->stream),
                                             .rule = attribute(pass, "idref"),
                                             .result = copy(""),
                                             .message = copy("")};
        break;
    case PLACE_FACT:
        put(&pass->fact, attribute(pass, "name"));
        begin_text(pass);
        break;
    case PLACE_RULE_REFERENCE:
        begin_reference(pass);
        begin_text(pass);
        break;
    case PLACE_RESULT_INSTANCE:
        begin_instance(pass);
        begin_text(pass);
        break;
    case PLACE_RULE_TITLE:
    case PLACE_SCAN_TARGET:
    case PLACE_RESULT_RESULT:
    case PLACE_RESULT_MESSAGE:
        begin_text(pass);
        break;
    }
    return true;
}

static void add_text(struct pass *pass)
{
    if (pass->text_depth < 0)
        return;
    const char *text = xml_stream_text(pass->stream);
    size_t size = strlen(text);
    if (size > TEXT_MOST - pass->text_size) {
        size = TEXT_MOST - pass->text_size;
        while (size > 0 && ((unsigned char)text[size] & 0xC0) == 0x80)
            size--;
    }
    if (pass->text_size + size + 1 > pass->text_room) {
        pass->text_room = (pass->text_size + size + 1) * 2;
        pass->text = realloc(pass->text, pass->text_room);
        assert(pass->text != NULL);
    }
    memcpy(pass->text + pass->text_size, text, size);
    pass->text_size += size;
    pass->text_line = xml_stream_line(pass->stream);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* What was gathered, without white space at its ends. */
static char *end_text(struct pass *pass)
{
    size_t from = 0, to = pass->text_size;
    while (from < to && is_space(pass->text[from]))
        from++;
    while (to > from && is_space(pass->text[to - 1]))
        to--;
    char *text = strndup(to > from ? pass->text + from : "", to - from);
    assert(text != NULL);
    pass->text_depth = -1;
    return text;
}

static void end_fact(struct pass *pass)
{
    char *value = end_text(pass);
    size_t size = strlen(pass->fact);
    static const char name[] = ":scanner:name", version[] = ":scanner:version";
    if (size >= sizeof name && strcmp(pass->fact + size - sizeof name + 1, name) == 0)
        put_first(&pass->scan.tool_name, value);
    else if (size >= sizeof version && strcmp(pass->fact + size - sizeof version + 1, version) == 0)
        put_first(&pass->scan.tool_version, value);
    else
        free(value);
}

static bool end_scan(struct pass *pass)
{
    if (*pass->scan.benchmark == '\0' && pass->benchmark != NULL)
        put(&pass->scan.benchmark, copy(pass->benchmark));
    const struct xccdf_visitor *visitor = pass->visitor;
    return visitor->scan == NULL || visitor->scan(visitor->context, &pass->scan);
}

/* False: the callback wants no more. */
static bool end(struct pass *pass)
{
    const struct xccdf_visitor *visitor = pass->visitor;
    switch (pass->open[xml_stream_depth(pass->stream)]) {
    case PLACE_OTHER:
    case PLACE_BENCHMARK:
    case PLACE_GROUP:
    case PLACE_FACTS:
    case PLACE_SCAN_BENCHMARK:
        return true;
    case PLACE_RULE:
        return visitor->rule == NULL || visitor->rule(visitor->context, &pass->rule);
    case PLACE_RULE_TITLE:
        put_first(&pass->rule.title, end_text(pass));
        return true;
    case PLACE_RULE_REFERENCE:
        put(&pass->rule.references[pass->rule.reference_count - 1].text, end_text(pass));
        return true;
    case PLACE_SCAN:
        return end_scan(pass);
    case PLACE_SCAN_TARGET:
        put_first(&pass->scan.target, end_text(pass));
        return true;
    case PLACE_FACT:
        end_fact(pass);
        return true;
    case PLACE_RESULT:
        return visitor->result == NULL ||
               visitor->result(visitor->context, pass->scan.number, &pass->result);
    case PLACE_RESULT_RESULT:
        put(&pass->result.result, end_text(pass));
        pass->result.line = pass->text_line;
        return true;
    case PLACE_RESULT_MESSAGE:
        put_first(&pass->result.message, end_text(pass));
        return true;
    case PLACE_RESULT_INSTANCE:
        put(&pass->result.instances[pass->result.instance_count - 1].text, end_text(pass));
        return true;
    }
    return true;
}

static bool run(struct pass *pass, struct fault *why)
{
    for (;;) {
        switch (xml_stream_next(pass->stream)) {
        case XML_NODE_START:
            if (!begin(pass))
                return fault_set(why, FAULT_REJECT, "line %lld: a %s within a TestResult or a Rule",
                                 (long long)xml_stream_line(pass->stream),
                                 xml_stream_name(pass->stream));
            break;
        case XML_NODE_TEXT:
            add_text(pass);
            break;
        case XML_NODE_END:
            if (!end(pass)) {
                *why = (struct fault){0};
                return false;
            }
            break;
        case XML_NODE_FAILED:
            *why = *xml_stream_fault(pass->stream);
            return false;
        case XML_NODE_OVER:
            if (pass->scans > 0)
                return true;
            return fault_set(
                why, FAULT_REJECT,
                "there is no TestResult of XCCDF 1.1 or 1.2 in it; its root is <%.80s>",
                pass->root);
        }
    }
}

bool xccdf_read(struct foreign_file *file, const struct xccdf_visitor *visitor, struct fault *why)
{
    struct pass pass = {.visitor = visitor, .text_depth = -1};
    pass.stream = xml_stream_open(file, why);
    if (pass.stream == NULL)
        return false;
    bool whole = run(&pass, why);
    xml_stream_close(pass.stream);
    clear_rule(&pass.rule);
    clear_scan(&pass.scan);
    clear_result(&pass.result);
    free(pass.root);
    free(pass.benchmark);
    free(pass.fact);
    free(pass.text);
    return whole;
}
