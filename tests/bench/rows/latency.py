"""latency -- from publishing a result until a reader of assay.cell_status sees it.

A probe publishes 100 results a second of one stream and reads their cell without pause; beside it
nothing, or so many other results a second, as evenly as the generator can. The aggregator runs and
has come to rest before: what a start costs is another row.
"""

import json

from figures import Figure, percentile
from stage import BUILD, NOTHING_TO_DO, Stage, pause

RATE = 100  # results a second of the probe
WARM_SECONDS = 2  # of the load beside it, before the probe begins
BACKGROUNDS = {0: {50: 4, 99: 10}, 20000: {99: 60}, 50000: {99: 150}}  # goals, ms


def probe(stage, database, aggregators, seconds, background):
    """One probe's milliseconds."""
    beside = None
    if background:
        beside = stage.loading(background * (seconds + 2 * WARM_SECONDS), background)
        pause(beside, WARM_SECONDS)
    count = RATE * seconds
    stage.sent += count
    said = stage.run(BUILD / "bench" / "bench-probe", stage.kafka.brokers, database.uri(),
                     str(count), str(RATE))
    if beside is not None:
        beside.await_end(600)
    database.await_taken(lambda: stage.sent, aggregators)
    return json.loads(said)


def measure(options):
    with Stage(options.variant("steady")) as stage:
        database = stage.database("run", stage.filled())
        aggregators = stage.serve(database)
        database.await_condition(lambda: database.value(NOTHING_TO_DO), aggregators)
        for background, goals in BACKGROUNDS.items():
            runs = [probe(stage, database, aggregators, options.seconds, background)
                    for _ in range(options.repeats)]
            beside = f", {background:,}/s beside" if background else ""
            for percent in (50, 99):
                yield Figure("latency", f"publish to visible, p{percent}{beside}", "ms",
                             [percentile(run["latency_ms"], percent) for run in runs],
                             at_most=goals.get(percent))
            yield Figure("latency", f"one read of the cell{beside}", "ms",
                         [run["read_ms"] for run in runs])


ROWS = {"latency": measure}
