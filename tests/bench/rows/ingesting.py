"""ingesting -- one measured run of aggregators over what the topics hold, and its floor.

The rate is taken between commits: the events of all batches but the first, over the time from the
first batch's commit to the last one's. So joining the group and reading the state from the database
do not count, nor does the first batch's own work; the JSON has the whole time, too.
"""

import time
from dataclasses import dataclass

from processes import cpu_of_server

COMMITS = """
SELECT extract(epoch FROM l.known_at)::float8, sum(t.next_offset - t.from_offset)::bigint
FROM record.commit_log l JOIN record.commit_take t USING (batch)
WHERE l.position > %s GROUP BY l.position ORDER BY l.position
"""


@dataclass
class Run:
    events: int
    rate: float  # events a second, between commits
    whole: float  # seconds from the first program's start to the last commit
    first: float  # seconds from the first program's start to the first commit
    cpu: dict  # CPU seconds per 100,000 events: aggregator, postgresql, kafka
    peak_mib: float  # of the largest aggregator
    batches: int


def ingest(stage, database, count=1, flags=(), meanwhile=lambda taken: None, beside=None):
    """Aggregators take in all that was sent. `beside` is given each one when it has started;
    what it returns is ended after them."""
    position = database.position()
    before = (cpu_of_server(stage.postgresql.pid()), cpu_of_server(stage.kafka.pid()))
    began = time.time()
    aggregators = stage.aggregate(database, count, flags)
    others = [beside(aggregator) for aggregator in aggregators] if beside else []
    database.await_taken(lambda: stage.sent, aggregators, meanwhile)
    after = (cpu_of_server(stage.postgresql.pid()), cpu_of_server(stage.kafka.pid()))
    for aggregator in aggregators:
        aggregator.look()
    for process in [*others, *aggregators]:
        process.end()
    commits = database.query(COMMITS, position)
    events = sum(taken for _, taken in commits)
    (first, first_taken), (last, _) = commits[0], commits[-1]
    later = events - first_taken
    # one batch only, or hardly more: then the whole time is all there is
    rate = later / (last - first) if later > events / 3 else events / (last - began)
    cpu = {"aggregator": sum(aggregator.cpu for aggregator in aggregators),
           "postgresql": after[0] - before[0], "kafka": after[1] - before[1]}
    return Run(
        events, rate, last - began, first - began,
        {name: seconds / events * 1e5 for name, seconds in cpu.items()},
        max(aggregator.peak_kib for aggregator in aggregators) / 1024, len(commits),
    )


def floor(stage, database, position):
    """Rows a second of binary COPY: the ledger rows made after the position, over one connection,
    into an empty table with the same columns and indexes."""
    rows = stage.directory / "rows.bin"
    batches = ("SELECT batch FROM record.commit_log WHERE position > " + str(position))
    database.psql(f"\\copy (SELECT * FROM record.ledger WHERE batch IN ({batches})"
                  f" ORDER BY batch) TO '{rows}' (FORMAT binary)")
    database.psql("CREATE TABLE floor (LIKE record.ledger INCLUDING INDEXES)")
    stage.checkpoint()
    began = time.monotonic()
    database.psql(f"\\copy floor FROM '{rows}' (FORMAT binary)")
    seconds = time.monotonic() - began
    count = database.value("SELECT count(*) FROM floor")
    database.psql("DROP TABLE floor")
    rows.unlink()
    return count / seconds
