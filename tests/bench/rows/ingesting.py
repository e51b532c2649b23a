"""ingesting -- one measured run of aggregators over what the topics hold, and its floor.

Taken between commits: the events of all batches but the first, over the time from the first
batch's commit to the last one's, and CPU seconds likewise, from when the first batch is seen. So
joining the group and reading the state from the database do not count, nor does the first batch's
own work; row start measures these, and the JSON has the whole time, too.
"""

import resource
import time
from dataclasses import dataclass

from processes import cpu_of_server

COMMITS = """
SELECT extract(epoch FROM l.known_at)::float8, sum(t.next_offset - t.from_offset)::bigint
FROM record.commit_log l JOIN record.commit_take t USING (batch)
WHERE l.position > %s GROUP BY l.position ORDER BY l.position
"""

# All of it, indexes and TOAST too; what is derived can be made again from the rest.
SIZES = """
SELECT coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE c.relname LIKE 'ledger%'), 0),
       coalesce(sum(pg_total_relation_size(c.oid)) FILTER (WHERE c.relname NOT LIKE 'ledger%'), 0),
       pg_current_wal_insert_lsn() - '0/0'
FROM pg_class c WHERE c.relnamespace = 'record'::regnamespace AND c.relkind = 'r'
"""


COUNT = "SELECT count(*) FROM record.ledger"


@dataclass
class Run:
    events: int
    rate: float  # events a second, between commits
    whole: float  # seconds from the first program's start to the last commit
    first: float  # seconds from the first program's start to the first commit
    cpu: dict  # CPU seconds per 100,000 events, from the first batch on: aggregator, …
    peak_mib: float  # of the largest aggregator
    disk: dict  # bytes an event: ledger, derived, wal
    batches: int


class Account:
    """CPU seconds spent so far by aggregators, PostgreSQL and Kafka."""

    def __init__(self, stage, aggregators):
        for aggregator in aggregators:
            aggregator.look()
        self.spent = {"aggregator": sum(aggregator.cpu for aggregator in aggregators),
                      "postgresql": cpu_of_server(stage.postgresql.pid()),
                      "kafka": cpu_of_server(stage.kafka.pid())}

    def per_100k(self, since, events):
        return {name: (spent - since.spent[name]) / events * 1e5
                for name, spent in self.spent.items()}


def ingest(stage, database, count=1, flags=(), meanwhile=lambda taken: None, beside=None):
    """Aggregators take in all that was sent. `beside` is given each one when it has started;
    what it returns is ended after them."""
    position, sizes, begun = database.position(), database.query(SIZES)[0], database.taken()
    began = time.time()
    aggregators = stage.aggregate(database, count, flags)
    accounts = [(begun, Account(stage, aggregators))]

    def look(taken):
        if len(accounts) == 1 and begun < taken < begun + (stage.sent - begun) * 2 / 3:
            accounts.append((taken, Account(stage, aggregators)))
        meanwhile(taken)

    others = [beside(aggregator) for aggregator in aggregators] if beside else []
    database.await_taken(lambda: stage.sent, aggregators, look)
    spent = Account(stage, aggregators)
    for process in [*others, *aggregators]:
        process.end()
    grown = [int(now - then) for now, then in zip(database.query(SIZES)[0], sizes)]
    commits = database.query(COMMITS, position)
    events = sum(taken for _, taken in commits)
    (first, first_taken), (last, _) = commits[0], commits[-1]
    later = events - first_taken
    # one batch only, or hardly more: then the whole time is all there is
    rate = later / (last - first) if later > events / 3 else events / (last - began)
    since, account = accounts[-1]
    return Run(
        events, rate, last - began, first - began, spent.per_100k(account, stage.sent - since),
        max(aggregator.peak_kib for aggregator in aggregators) / 1024,
        {name: size / events for name, size in zip(("ledger", "derived", "wal"), grown)},
        len(commits),
    )


def floor(stage, database, template, position):
    """Binary COPY of the ledger rows made after the position, over one connection, into the same
    ledger as it was before them: rows a second, and CPU seconds per 100,000 rows of psql and
    PostgreSQL."""
    rows = stage.directory / "rows.bin"
    batches = ("SELECT batch FROM record.commit_log WHERE position > " + str(position))
    database.psql(f"\\copy (SELECT * FROM record.ledger WHERE batch IN ({batches})"
                  f" ORDER BY batch) TO '{rows}' (FORMAT binary)")
    empty = stage.database("floor", template)
    held = empty.value(COUNT)
    before, began = _cpu_of_copy(stage), time.monotonic()
    empty.psql(f"\\copy record.ledger FROM '{rows}' (FORMAT binary)")
    seconds, cpu = time.monotonic() - began, _cpu_of_copy(stage) - before
    count = empty.value(COUNT) - held
    stage.drop(empty)
    rows.unlink()
    return count / seconds, cpu / count * 1e5


def _cpu_of_copy(stage):
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return cpu_of_server(stage.postgresql.pid()) + ended.ru_utime + ended.ru_stime
