"""governance -- one event of the office that touches every cell, while evidence flows.

From before `assay publish` starts until the event is taken and every service is evaluated to it. A
Statement of Applicability by which no control applies changes all 104,400 cells, the next one, by
which all do, changes them back; a standard told anew makes every cell be looked at.
"""

import contextlib
import time

import workload
from answer import Differs
from figures import Figure
from stage import Stage, pause

EVIDENCE_RATE = 5000  # results a second meanwhile
GOAL_SECONDS = 2
LOAD_SECONDS = 120
WARM_SECONDS = 2


def publish(stage, database, aggregators, event):
    """Seconds until every service is evaluated to it."""
    wanted = database.value("SELECT next_offset FROM assay.completeness"
                            " WHERE topic = 'assay.governance'") + 1

    def taken():
        return database.query(
            "SELECT next_offset >= %s AND evaluation_lag = 0 FROM assay.completeness"
            " WHERE topic = 'assay.governance'", wanted) == [(True,)]

    began = time.monotonic()
    stage.publish([event])
    database.await_condition(taken, aggregators)
    return time.monotonic() - began


def changes(repetition):
    day = f"2026-01-{10 + repetition:02d}"
    yield "SoA by which no control applies", workload.soa(
        f"out-{repetition}", 174, range(174), f"{day}T01:00:00Z"), 174 * 600
    yield "SoA by which all apply", workload.soa(
        f"in-{repetition}", 174, (), f"{day}T02:00:00Z"), 0
    yield "standard told anew", workload.standard(
        174, f"{day}T03:00:00Z", f"Benchmark {repetition}"), 0


def measure(options):
    seconds = {}
    with Stage(options.variant("steady")) as stage, contextlib.ExitStack() as ending:
        database = stage.database("run", stage.filled())
        aggregators = stage.serve(database)
        evidence = stage.loading(EVIDENCE_RATE * LOAD_SECONDS * options.repeats, EVIDENCE_RATE)
        ending.callback(evidence.end)
        pause(evidence, WARM_SECONDS)
        for repetition in range(options.repeats):
            for what, event, out in changes(repetition):
                took = publish(stage, database, aggregators, event)
                seconds.setdefault(what, []).append(took)
                evidence.must_run()
                got = database.value("SELECT count(*) FROM assay.cell_status_at('2026-02-01Z')"
                                     " WHERE status = 'NOT_APPLICABLE'")
                if got != out:
                    raise Differs(f"{what}: {got} cells do not apply, and not {out}")
    for what, values in seconds.items():
        yield Figure("governance", f"{what}, {EVIDENCE_RATE:,}/s beside", "s", values,
                     at_most=GOAL_SECONDS)


ROWS = {"governance": measure}
