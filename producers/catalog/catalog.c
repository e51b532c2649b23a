/*
 * assay-catalog -- the standards that come along: listed, shown, and published as events, so that a
 * programme need not type their controls.
 *
 * All of it is in the program. No clock is read: a published standard is dated by the catalogue, or
 * by a flag, so publishing it twice changes nothing.
 */
#include "producers/catalog/publication.h"
#include "producers/catalog/show.h"
#include "proto/limits.h"
#include "proto/validate.h"
#include "runtime/log.h"
#include "runtime/stop.h"

#include <assert.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sending_settings settings;
static struct standard_wishes wishes;
static const char *occurred_at;
static const char *other; /* --map */
static struct setting_list extends;
static bool dry_run;

static const struct setting table[] = {
    {.kind = SETTING_HEADING, .help = "what is shown"},
    {.kind = SETTING_TEXT,
     .name = "map",
     .environment = "ASSAY_MAP",
     .argument = "OTHER",
     .help = "show the crosswalk between STANDARD and OTHER: where evidence may be used again",
     .value = &other},
    {.kind = SETTING_HEADING, .help = "what is published"},
    {.kind = SETTING_TEXT,
     .name = "occurred-at",
     .environment = "ASSAY_OCCURRED_AT",
     .argument = "INSTANT",
     .help = "from when on it is in force (RFC 3339); otherwise the catalogue's date of it",
     .value = &occurred_at},
    {.kind = SETTING_SWITCH,
     .name = "annex-only",
     .environment = "ASSAY_ANNEX_ONLY",
     .help = "the annexes' controls without the clauses",
     .value = &wishes.annex_only},
    {.kind = SETTING_LIST,
     .name = "extends",
     .environment = "ASSAY_EXTENDS",
     .argument = "BASE",
     .help = "the standard it builds on, in place of the catalogue's; again for more",
     .value = &extends},
    {.kind = SETTING_TEXT,
     .name = "source",
     .environment = "ASSAY_SOURCE",
     .argument = "SOURCE",
     .help = "who says so; otherwise assay-catalog/STANDARD",
     .value = &wishes.source},
    {.kind = SETTING_TEXT,
     .name = "actor",
     .environment = "ASSAY_ACTOR",
     .argument = "ACTOR",
     .help = "the person or system that answers for it",
     .value = &wishes.actor},
    {.kind = SETTING_SWITCH,
     .name = "dry-run",
     .environment = "ASSAY_DRY_RUN",
     .help = "print the events as JSON Lines instead of sending them",
     .value = &dry_run},
    {.kind = SETTING_HEADING, .help = "output"},
    {.kind = SETTING_SWITCH,
     .name = "json",
     .environment = "ASSAY_JSON",
     .help = "what is shown, or the counts of what was sent, as one JSON object",
     .value = &settings.as_json},
    KAFKA_SETTINGS_ROWS(settings.kafka),
    {.kind = SETTING_NUMBER,
     .name = "timeout",
     .environment = "ASSAY_TIMEOUT",
     .argument = "SECONDS",
     .help = "how long brokers may stay silent before it gives up",
     .fallback = "30",
     .least = 1,
     .most = 3600,
     .value = &settings.timeout_s},
};

static const struct program program = {
    .name = "assay-catalog",
    .synopsis = "catalog list [FLAGS]\n"
                "       assay catalog show STANDARD [CONTROL] [--map OTHER] [FLAGS]\n"
                "       assay catalog publish [FLAGS] STANDARD…",
    .summary =
        "The standards that come along with Assay: ids, kinds, groups, and short titles in the\n"
        "project's own words; the standards' texts are not in it.\n"
        "list:    what there is.\n"
        "show:    one standard, or one control of it. A crosswalk proposes what evidence for the\n"
        "         one standard may be worth a look for the other; it never passes anything.\n"
        "publish: sends each standard as an event to assay.governance. Publishing twice changes\n"
        "         nothing. What is to take the place of an earlier version (other --extends,\n"
        "         with or without the clauses) needs a later --occurred-at than that had.",
    .settings = table,
    .setting_count = SETTINGS_COUNT(table)};

static void tell_standards(const struct shelf *shelf, const char *standard)
{
    char text[512] = "";
    size_t at = 0;
    for (size_t i = 0; i < shelf->edition_count && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", i > 0 ? ", " : "",
                               shelf->editions[i]->standard);
    log_error("there is no standard \"%.128s\" in the catalogue; there are %s", standard, text);
}

static int printed(bool done)
{
    if (done && !ferror(stdout))
        return EXIT_DONE;
    log_error("cannot write to standard output: %s", strerror(errno));
    return EXIT_FAILED;
}

/* A variable is set for the commands that heed it; only a flag is meant for this one. */
static void refuse_flag(bool set, const char *flag, const char *variable, const char *right,
                        const char *command)
{
    if (set && getenv(variable) == NULL)
        settings_usage(&program, "%s is for %s, not for %s", flag, right, command);
}

static void refuse_wishes(const char *command)
{
    refuse_flag(occurred_at != NULL, "--occurred-at", "ASSAY_OCCURRED_AT", "publish", command);
    refuse_flag(wishes.annex_only, "--annex-only", "ASSAY_ANNEX_ONLY", "publish", command);
    refuse_flag(extends.count > 0, "--extends", "ASSAY_EXTENDS", "publish", command);
    refuse_flag(dry_run, "--dry-run", "ASSAY_DRY_RUN", "publish", command);
}

static void refuse_map(const char *command)
{
    refuse_flag(other != NULL, "--map", "ASSAY_MAP", "show", command);
}

static int list(const struct shelf *shelf, char **operands, size_t count)
{
    refuse_wishes("list");
    refuse_map("list");
    if (count > 0)
        settings_usage(&program, "list takes no operands, not \"%.64s\"", operands[0]);
    return printed(show_shelf(shelf, settings.as_json));
}

static int show(const struct shelf *shelf, char **operands, size_t count)
{
    refuse_wishes("show");
    if (count < 1 || count > 2)
        settings_usage(&program, "show takes a STANDARD, and a CONTROL of it if wanted");
    const struct edition *edition = shelf_edition(shelf, operands[0]);
    const struct crosswalk *crosswalk = NULL;
    if (edition == NULL || (other != NULL && shelf_edition(shelf, other) == NULL)) {
        tell_standards(shelf, edition == NULL ? operands[0] : other);
        return EXIT_ANSWER_NO;
    }
    if (other != NULL) {
        crosswalk = shelf_crosswalk(shelf, edition->standard, other);
        if (crosswalk == NULL) {
            log_error("the catalogue has no crosswalk between %s and %s", edition->standard, other);
            return EXIT_ANSWER_NO;
        }
    }
    if (count == 1)
        return printed(crosswalk != NULL ? show_crosswalk(shelf, crosswalk, settings.as_json)
                                         : show_edition(edition, settings.as_json));
    const struct edition_control *control = edition_find(edition, operands[1]);
    if (control == NULL) {
        log_error("%s has no control \"%.128s\"", edition->standard, operands[1]);
        return EXIT_ANSWER_NO;
    }
    return printed(show_control(shelf, edition, control, crosswalk, settings.as_json));
}

static void read_wishes(size_t count)
{
    bool zoneless = false;
    wishes.has_occurred_at = occurred_at != NULL;
    if (occurred_at != NULL && !instant_parse(occurred_at, &wishes.occurred_at, &zoneless))
        settings_usage(&program, "--occurred-at takes an instant like 2026-11-23T03:56:28Z, %s",
                       zoneless ? "with its zone" : "nothing else");
    if (wishes.source != NULL && !validate_slug(wishes.source, true))
        settings_usage(&program, "--source takes [A-Za-z0-9][A-Za-z0-9._:/-]*, at most 128 bytes");
    for (size_t i = 0; i < extends.count; i++)
        if (!validate_slug(extends.items[i], false))
            settings_usage(&program,
                           "--extends takes [A-Za-z0-9][A-Za-z0-9._:-]*, at most 128 bytes");
    if (extends.count > 0 && count > 1)
        settings_usage(&program, "--extends goes with one STANDARD");
    wishes.extends = extends.items;
    wishes.extend_count = extends.count;
}

static int publish(const struct shelf *shelf, char **operands, size_t count)
{
    struct fault why = {0};
    int status;
    refuse_map("publish");
    if (count == 0)
        settings_usage(&program, "publish takes the STANDARDs to publish (assay catalog list)");
    read_wishes(count);
    const struct edition **editions = calloc(count, sizeof(struct edition *));
    assert(editions != NULL);
    for (size_t i = 0; i < count; i++) {
        editions[i] = shelf_edition(shelf, operands[i]);
        if (editions[i] == NULL) {
            tell_standards(shelf, operands[i]);
            free(editions);
            return EXIT_ANSWER_NO;
        }
    }
    if (dry_run)
        status = publication_print(editions, count, &wishes);
    else
        status = publication_send(&settings, program.name, editions, count, &wishes, &why);
    free(editions);
    if (status < 0)
        settings_usage(&program, "%s", why.text);
    return status;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(const struct shelf *shelf, char **operands, size_t count);
    } commands[] = {{"list", list}, {"show", show}, {"publish", publish}};
    char **operands;
    size_t count;
    struct fault why = {0};
    stop_install();
    log_open(program.name);
    setlocale(LC_ALL, ""); /* a table's widths are its characters' */
    settings_read(&program, argc, argv, &operands, &count);
    if (count == 0)
        settings_usage(&program, "say what to do: list, show or publish");
    size_t i = 0;
    while (i < sizeof commands / sizeof commands[0] && strcmp(commands[i].name, operands[0]) != 0)
        i++;
    if (i == sizeof commands / sizeof commands[0])
        settings_usage(&program, "there is no \"%.64s\": say list, show or publish", operands[0]);
    struct shelf *shelf = shelf_read(embedded_files, embedded_file_count, &why);
    if (shelf == NULL) {
        log_error("%s", why.text);
        return EXIT_FAILED;
    }
    int status = commands[i].run(shelf, operands + 1, count - 1);
    shelf_free(shelf);
    settings_free(&program);
    return status;
}
