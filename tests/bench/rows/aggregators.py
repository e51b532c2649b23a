"""aggregators -- ingest by two and by four aggregators, against one; and by one of a single lane.

On two cores a second aggregator cannot add cores: there what counts is that it costs nothing and
that the answer is the same. Capped to a fraction of a core each, as if each had a small machine of
its own, the work has to scale. The cap is Debian's cpulimit, which stops and continues the process
(SIGSTOP, SIGCONT) and needs no rights but those over one's own processes; so what a stopped
aggregator has locked stays locked, as it would under a cgroup's quota.
"""

import shutil

from answer import compare, expected
from figures import Figure
from rows.ingest import told
from rows.ingesting import ingest
from stage import Stage

COUNTS = (1, 2, 4)
GOALS_FULL = {2: 0.95}
GOALS_CAPPED = {2: 1.8, 4: 3.2}


def repetition(stage, template, count, cap=None, flags=()):
    database = stage.database("run", template)

    def beside(aggregator):
        return stage.start("cpulimit", "-q", "-z", "-p", str(aggregator.pid), "-l", str(cap))

    run = ingest(stage, database, count, flags, beside=beside if cap else None)
    compare(database, expected(told(stage)), stage.sent)
    stage.drop(database)
    return run


def figures(stage, template, options, cap, goals):
    rates = {count: [] for count in COUNTS}
    for _ in range(options.repeats):
        for count in COUNTS:
            rates[count].append(repetition(stage, template, count, cap).rate)
    limit = f", each with {cap} % of a core" if cap else ""
    yield Figure("aggregators", f"ingest by 1{limit}", "/s", rates[1])
    if not cap:
        alone = [repetition(stage, template, 1, flags=("--lanes=1",)).rate
                 for _ in range(options.repeats)]
        yield Figure("aggregators", "ingest by 1 with one lane", "/s", alone, rates[1], "by 1")
    for count in COUNTS[1:]:
        yield Figure("aggregators", f"ingest by {count}{limit}", "/s", rates[count], rates[1],
                     "by 1", at_least=goals.get(count))


def measure(options):
    with Stage(options.variant("steady")) as stage:
        template = stage.filled()
        stage.load(options.events)
        yield from figures(stage, template, options, None, GOALS_FULL)
        if shutil.which("cpulimit"):
            yield from figures(stage, template, options, options.cap, GOALS_CAPPED)
        else:
            options.say("aggregators, capped: not measured, Debian's package cpulimit is missing")


ROWS = {"aggregators": measure}
