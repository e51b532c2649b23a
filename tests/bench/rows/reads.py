"""reads -- what readers wait for, as the ledger grows, and what an event costs then.

Each read is a prepared statement over a warm cache, rows fetched by the client; the figure is the
median of many. All cells are fetched by COPY, every column of them, since otherwise the client's
own work would be most of it.

Read twice: as the last batch left it, when everything is read from steps, and once the aggregators
have come to rest and the present is ready to be read (docs/decisions/0012). The goals are for the
latter; beside an ingest of every service it is the former that readers have.

What an event costs is taken of an aggregator that has read its services, results and all, before:
reading them is a matter of its start, and grows with the ledger as it must.
"""

import os
import time

from figures import Figure, percentile
from rows.ingesting import Account
from stage import Stage

SERVICE = "svc-200-payments"
READS = {  # what: statement, goal in ms, its goal's growth
    "service_status of one service":
        (f"SELECT * FROM assay.service_status WHERE service = '{SERVICE}'", 5),
    "cells of one service":
        (f"SELECT * FROM assay.cell_status WHERE service = '{SERVICE}'", 5),
    "roll-up of the organisation":
        ("SELECT standard, environment, posture, count(*), sum(passed), sum(failed),"
         " sum(applicable) FROM assay.service_status GROUP BY 1, 2, 3", 30),
}
ALL_CELLS, ALL_CELLS_MS = "SELECT * FROM assay.cell_status", 150
PLAIN = "a plain table of the same rows"
BUSY, REST = ", nothing ready", ""
GROWTH = 1.2
COST_GROWTH = 1.15
WARMING = 50_000  # events after which every service has been read


def timed(call):
    began = time.monotonic()
    call()
    return (time.monotonic() - began) * 1e3


def read(database, statement, times):
    database.query(f"PREPARE reading AS {statement}")
    samples = [timed(lambda: database.query("EXECUTE reading")) for _ in range(times + 2)][2:]
    database.query("DEALLOCATE reading")
    return percentile(samples, 50)


def read_all(database, statement, times):
    with open(os.devnull, "wb") as nowhere, database.connection.cursor() as cursor:
        copy = f"COPY ({statement}) TO STDOUT (FORMAT binary)"
        samples = [timed(lambda: cursor.copy_expert(copy, nowhere)) for _ in range(times + 1)][1:]
    return percentile(samples, 50)


def grow(stage, database, upto, chunk):
    """Fills the ledger up to so many events. Returns what the last ones cost, in CPU seconds per
    100,000, and the peak memory in MiB."""
    before = upto - chunk - WARMING - stage.sent
    if before > 0:
        stage.load(before)
        stage.take_in(database)
    (aggregator,) = stage.aggregate(database)
    stage.load(WARMING)
    database.await_taken(lambda: stage.sent, [aggregator])
    aggregator.pause()  # a backlog, as any other ingest has
    chunk = max(chunk, upto - stage.sent)
    stage.load(chunk)
    account = Account(stage, [aggregator])
    aggregator.go_on()
    database.await_taken(lambda: stage.sent, [aggregator])
    cost = Account(stage, [aggregator]).per_100k(account, chunk)
    aggregator.end()
    return cost, aggregator.peak_kib / 1024


def read_each(database, options):
    times = 20 if options.quick else 100
    seen = {what: read(database, statement, times) for what, (statement, _) in READS.items()}
    seen["all cells"] = read_all(database, ALL_CELLS, times // 5)
    database.query(f"CREATE TABLE plain AS {ALL_CELLS}")
    seen[PLAIN] = read_all(database, "SELECT * FROM plain", times // 5)
    database.query("DROP TABLE plain")
    return seen


def at_size(stage, database, options):
    """{(what, when): ms}"""
    seen = {}
    database.query("DELETE FROM record.present")
    for when in (BUSY, REST):
        if when == REST:
            stage.come_to_rest(database)
        for what, taken in read_each(database, options).items():
            seen[what, when] = taken
    return seen


def measure(options):
    goals = {what: goal for what, (_, goal) in READS.items()} | {"all cells": ALL_CELLS_MS}
    peak = {}
    with Stage(options.variant("steady")) as stage:
        filled = stage.filled()
        database = stage.database("run", filled)
        seen, cost = {options.sizes[0]: at_size(stage, database, options)}, {}
        for size in options.sizes[1:]:
            cost[size], peak[size] = grow(stage, database, size, options.chunk)
            seen[size] = at_size(stage, database, options)
    first = options.sizes[0]
    for size in options.sizes:
        for when in (REST, BUSY):
            for what, goal in goals.items():
                yield Figure("reads", f"{what}, {size:,} events{when}", "ms",
                             [seen[size][what, when]], at_most=goal if when == REST else None)
    for size in options.sizes:
        yield Figure("reads", f"all cells, {size:,} events, against their floor", "ms",
                     [seen[size]["all cells", REST]], [seen[size][PLAIN, REST]], PLAIN)
    for size in options.sizes[1:]:
        for what in list(READS)[:2]:
            yield Figure("reads", f"{what}, {size:,} against {first:,}", "ms",
                         [seen[size][what, REST]], [seen[first][what, REST]], f"{first:,}",
                         at_most=GROWTH)
    for early, late in zip(options.sizes[1:], options.sizes[2:]):
        yield Figure("reads", f"CPU of an event, {late:,} against {early:,}", "s/100k",
                     [sum(cost[late].values())], [sum(cost[early].values())], f"{early:,}",
                     at_most=COST_GROWTH, more={"of each": [cost[late], cost[early]]})
    for size in options.sizes[1:]:
        yield Figure("reads", f"peak memory of the aggregator, {size:,} events", "MiB",
                     [peak[size]])


ROWS = {"reads": measure}
