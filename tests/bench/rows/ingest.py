"""ingest -- events a second from Kafka to PostgreSQL with everything on, against bare COPY.

The floor is binary COPY of the very ledger rows that the run has made. Each repetition is one run
and its floor, one after the other, on a copy of the same database; before each there is a
checkpoint. At the end of each run every cell is compared with what the workload says.
"""

import workload
from answer import Differs, compare, expected
from figures import Figure
from rows.ingesting import floor, ingest
from stage import BUILD, Stage
from statements import report, reset

COPY = "COPY of the same rows"
SOA_ID = "00000000-0000-4000-8000-00000000000{}"
CHANGES = 4  # of governance in variant mixed
VARIANTS = {  # what is measured: the workload, and the share of the floor that is the goal
    "steady": ("steady", 0.7),
    "adversarial": ("adversarial", 0.4),
    "hot": ("hot", None),
    "first-contact": ("steady", None),
    "mixed": ("steady", None),
    "subjects": ("subjects", None),
}


def told(stage):
    """What the workload says about each stream."""
    return stage.run(BUILD / "bench" / "bench-load", "-", stage.variant,
                     str(stage.results)).decode()


class Governance:
    """Publishes a Statement of Applicability each time a further fifth of the events is taken."""

    def __init__(self, stage, begun):
        self.stage = stage
        self.at = [begun + (stage.sent - begun) * (i + 1) // (CHANGES + 1) for i in range(CHANGES)]
        self.in_force = None  # (id, controls that do not apply)

    def __call__(self, taken):
        number = len(self.at)
        if number and taken >= self.at[0]:
            del self.at[0]
            out = range(number, 174, 3)
            event = workload.soa(f"v{number}", 174, out, f"2026-01-0{9 - number}T12:00:00Z")
            event["id"] = SOA_ID.format(number)
            self.stage.publish([event])
            self.in_force = (event["id"], out)


def repetition(stage, template, options, mixed=False):
    database = stage.database("run", template)
    begun, position = database.taken(), database.position()
    governance = Governance(stage, begun) if mixed else lambda taken: None
    reset(database, options)
    run = ingest(stage, database, meanwhile=governance)
    report(database, options)
    if mixed and governance.at:
        raise Differs("not every change of governance was published")
    compare(database, expected(told(stage), governance.in_force if mixed else None), stage.sent)
    copied = floor(stage, database, template, position)
    stage.drop(database)
    return run, copied


def prepared(stage, name, options):
    """Everything is in the topics; returns the database to begin with."""
    if name == "first-contact":
        template = stage.database("empty")
        stage.publish(workload.events(stage.variant))
        stage.fill()
    else:
        template = stage.filled()
        stage.load(options.events)
    return template


def measure(name, options):
    variant, goal = VARIANTS[name]
    runs = []
    if name == "mixed":  # what is published while it runs stays in the topics
        for _ in range(options.repeats):
            with Stage(options.variant(variant), statements=options.statements) as stage:
                runs.append(repetition(stage, prepared(stage, name, options), options, True))
    else:
        with Stage(options.variant(variant), statements=options.statements) as stage:
            template = prepared(stage, name, options)
            for _ in range(options.repeats):
                runs.append(repetition(stage, template, options))
    row = f"ingest-{name}"
    yield Figure(row, f"ingest, {name}", "/s", [run.rate for run, _ in runs],
                 [rate for _, (rate, _) in runs], COPY, at_least=goal,
                 more={"runs": [vars(run) for run, _ in runs]})
    yield Figure(row, "CPU of aggregator and postgresql", "s/100k",
                 [run.cpu["aggregator"] + run.cpu["postgresql"] for run, _ in runs],
                 [cpu for _, (_, cpu) in runs], COPY)
    for part in ("aggregator", "postgresql", "kafka"):
        yield Figure(row, f"CPU of {part}", "s/100k", [run.cpu[part] for run, _ in runs])
    for part in ("ledger", "derived", "wal"):
        yield Figure(row, f"disk: {part}", "bytes/event", [run.disk[part] for run, _ in runs])
    yield Figure(row, "peak memory of the aggregator", "MiB", [run.peak_mib for run, _ in runs])


ROWS = {f"ingest-{name}": lambda options, name=name: measure(name, options) for name in VARIANTS}
