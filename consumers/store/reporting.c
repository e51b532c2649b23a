#include "consumers/store/reporting.h"

#include "consumers/store/fact_rows.h"

#include <assert.h>

static struct pair *pair_of(struct reporting *to, const char *environment)
{
    to->any = true;
    if (to->service == NULL)
        return to->pair;
    if (environment == NULL)
        environment = "";
    if (to->environment != environment) { /* posture's own text, while it tells */
        to->pair = service_pair(to->service, environment);
        to->environment = environment;
    }
    return to->pair;
}

static void on_cell(void *context, const char *environment, uint32_t cell,
                    enum posture_change change, const struct posture_cell_step *step)
{
    pair_cell_step(pair_of(context, environment), cell, change, step);
}

static void on_cell_new(void *context, const char *environment, uint32_t cell, const char *standard,
                        const char *control)
{
    struct reporting *to = context;
    struct pgwire *wire = &to->copies->cell.wire;
    copy_row(&to->copies->cell, 5);
    pgwire_text(wire, to->service->name);
    pgwire_text(wire, environment);
    pgwire_int4(wire, (int32_t)cell);
    pgwire_text(wire, standard);
    pgwire_text(wire, control);
}

static void on_phase(void *context, const char *environment, const char *standard,
                     enum posture_change change, const struct posture_phase_step *step)
{
    pair_phase_step(pair_of(context, environment), standard, change, step);
}

static void on_tally(void *context, const char *environment, const char *standard, instant at,
                     enum cell_status status, int32_t change)
{
    pair_tally(pair_of(context, environment), standard, at, status, change);
}

static void on_certification(void *context, const char *programme, const char *standard,
                             enum posture_change change,
                             const struct posture_certification_step *step)
{
    struct reporting *to = context;
    assert(to->service == NULL); /* certificates are governance's alone */
    certification_step_row(to->copies, to->batch, programme, standard, change, step);
}

static void on_fact(void *context, enum posture_change change, const struct posture_fact_step *step)
{
    struct reporting *to = context;
    to->any = true;
    fact_step_row(to->copies, to->batch, change, step);
}

static void on_unmapped(void *context, enum posture_change change,
                        const struct posture_unmapped_step *step)
{
    pair_unmapped_step(pair_of(context, step->environment), change, step);
}

struct posture_sink reporting_sink(struct reporting *to)
{
    return (struct posture_sink){
        .context = to,
        .cell = on_cell,
        .cell_new = on_cell_new,
        .phase = on_phase,
        .tally = on_tally,
        .certification = on_certification,
        .fact = on_fact,
        .unmapped = on_unmapped,
    };
}
