"""start -- an aggregator that owns a million streams, from its start to its first commit."""

import workload
from figures import Figure
from rows.ingesting import ingest
from local.kafka import Kafka
from stage import Stage

EVENTS = 1000  # that wait for it
GOAL_SECONDS, GOAL_MIB = 10, 512


def measure(options):
    runs = []
    with Stage(options.variant("subjects"), kafka=Kafka) as stage:
        streams = workload.streams(stage.variant)
        template = stage.filled()
        stage.load(EVENTS)
        for _ in range(options.repeats):
            database = stage.database("run", template)
            runs.append(ingest(stage, database))
            stage.drop(database)
    what = f"start with {streams:,} streams"
    yield Figure("start", f"{what}, to the first commit", "s", [run.first for run in runs],
                 at_most=GOAL_SECONDS)
    yield Figure("start", f"{what}, peak memory", "MiB", [run.peak_mib for run in runs],
                 at_most=GOAL_MIB)


ROWS = {"start": measure}
