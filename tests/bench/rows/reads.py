"""reads -- what readers wait for, as the ledger grows, and what an event costs then.

Each read is a prepared statement over a warm cache, rows fetched by the client; the figure is the
median of many. All cells are fetched by COPY, every column of them, since otherwise the client's
own work would be most of it.
"""

import os
import time

from figures import Figure, percentile
from rows.ingesting import ingest
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
GROWTH = 1.2
COST_GROWTH = 1.15


def timed(call):
    began = time.monotonic()
    call()
    return (time.monotonic() - began) * 1e3


def read(database, statement, times):
    database.query(f"PREPARE reading AS {statement}")
    samples = [timed(lambda: database.query("EXECUTE reading")) for _ in range(times + 2)][2:]
    database.query("DEALLOCATE reading")
    return percentile(samples, 50)


def read_all_cells(database, times):
    with open(os.devnull, "wb") as nowhere, database.connection.cursor() as cursor:
        copy = f"COPY ({ALL_CELLS}) TO STDOUT (FORMAT binary)"
        samples = [timed(lambda: cursor.copy_expert(copy, nowhere)) for _ in range(times + 1)][1:]
    return percentile(samples, 50)


def grow(stage, database, upto, chunk):
    """Fills the ledger up to so many events; the last chunk is measured."""
    if upto - chunk > stage.sent:
        stage.load(upto - chunk - stage.sent)
        stage.take_in(database)
    stage.load(max(chunk, upto - stage.sent))
    return ingest(stage, database)


def at_size(database, options):
    times = 20 if options.quick else 100
    seen = {what: read(database, statement, times) for what, (statement, _) in READS.items()}
    seen["all cells"] = read_all_cells(database, times // 5)
    return seen


def measure(options):
    goals = {what: goal for what, (_, goal) in READS.items()} | {"all cells": ALL_CELLS_MS}
    runs = []
    with Stage(options.variant("steady")) as stage:
        filled = stage.filled()
        database = stage.database("run", filled)
        seen, cost = {options.sizes[0]: at_size(database, options)}, {}
        for size in options.sizes[1:]:
            run = grow(stage, database, size, options.chunk)
            runs.append(run)
            cost[size] = sum(run.cpu.values())
            seen[size] = at_size(database, options)
    first = options.sizes[0]
    for size in options.sizes:
        for what, goal in goals.items():
            yield Figure("reads", f"{what}, {size:,} events", "ms", [seen[size][what]],
                         at_most=goal)
    for size in options.sizes[1:]:
        for what in list(READS)[:2]:
            yield Figure("reads", f"{what}, {size:,} against {first:,}", "ms",
                         [seen[size][what]], [seen[first][what]], f"{first:,}", at_most=GROWTH)
    for early, late in zip(options.sizes[1:], options.sizes[2:]):
        yield Figure("reads", f"CPU of an event, {late:,} against {early:,}", "s/100k",
                     [cost[late]], [cost[early]], f"{early:,}", at_most=COST_GROWTH,
                     more={"runs": [vars(run) for run in runs]})


ROWS = {"reads": measure}
