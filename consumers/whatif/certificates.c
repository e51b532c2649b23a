#include "consumers/whatif/certificates.h"

#include "consumers/whatif/ineffective.h"
#include "consumers/whatif/subject.h"

#include <stdio.h>
#include <string.h>

void certificates_open(struct certificates *certificates, struct courses *ineffective)
{
    *certificates = (struct certificates){courses_new(), courses_new(), ineffective, false};
}

void certificates_close(struct certificates *certificates)
{
    courses_free(certificates->before);
    courses_free(certificates->after);
}

static void say(struct courses *courses, const char *name, enum posture_change change, instant at,
                const char *value)
{
    if (change == STEP_REMOVED)
        courses_remove(courses, name, at);
    else
        courses_set(courses, name, at, value);
}

enum { FLAGS_MAX = 256 };

/* The names of the flags that are set; NULL: none is. */
static const char *flag_names(uint8_t flags, char names[static FLAGS_MAX])
{
    size_t used = 0;
    for (uint32_t i = 0; certificate_flag_name(i) != NULL; i++)
        if (flags >> i & 1)
            used += (size_t)snprintf(names + used, FLAGS_MAX - used, "%s%s", used == 0 ? "" : " ",
                                     certificate_flag_name(i));
    return used == 0 ? NULL : names;
}

static void on_certification(void *context, const char *programme, const char *standard,
                             enum posture_change change,
                             const struct posture_certification_step *step)
{
    struct certificates *certificates = context;
    char until[INSTANT_TEXT_MAX];
    char deadline[INSTANT_TEXT_MAX];
    char flags[FLAGS_MAX];
    bool exists = change == STEP_SET && step->exists;
    bool decided = exists && step->decision != NULL;
    const struct {
        const char *what, *value;
    } values[] = {
        {"state", exists ? certificate_state_name(step->state) : NULL},
        {"number", decided ? step->number : NULL},
        {"body", decided ? step->body : NULL},
        {"valid_until", decided ? instant_format(step->valid_until, until) : NULL},
        {"soa_version", decided ? step->soa_version : NULL},
        {"surveillance_deadline", exists && step->surveillance_deadline != INSTANT_END
                                      ? instant_format(step->surveillance_deadline, deadline)
                                      : NULL},
        {"flags", exists ? flag_names(step->flags, flags) : NULL},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char name[COURSE_NAME_MAX];
        course_name(name, programme, standard, values[i].what);
        say(certificates->after, name, change, step->at, values[i].value);
        if (!certificates->supposing)
            say(certificates->before, name, change, step->at, values[i].value);
    }
}

static void on_unmapped(void *context, enum posture_change change,
                        const struct posture_unmapped_step *step)
{
    struct certificates *certificates = context;
    ineffective_note(certificates->ineffective, change, step);
}

struct posture_sink certificates_sink(struct certificates *certificates)
{
    return (struct posture_sink){
        .context = certificates, .certification = on_certification, .unmapped = on_unmapped};
}
