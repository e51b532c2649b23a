#!/usr/bin/python3
"""model -- what an organisation a hundred times this benchmark's size would need.

    tests/bench/model.py [--results build/bench/results.json] [--events-a-day N] [--cells N] …

Takes the costs of an event, a stream and a cell from the benchmark's results, and says for so many
shards (one PostgreSQL with its aggregators each; services are spread over them by their name) how
fast they take in events, how full they are at the day's peak, and what they hold. A shard's pace is
the least of four: its cores, one core for each aggregator and at most one aggregator a partition,
its disk's bandwidth for WAL and data, and the commits that one commit log takes. How unevenly
services fall on partitions and partitions on shards is simulated: services' shares of the events
follow Zipf's law. A model, not a measurement: it assumes that costs stay as measured while a shard
grows, and knows nothing of networks.
"""

import argparse
import json
import random
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CELLS_A_SERVICE = 348  # as in the benchmark: 2 environments of 174 controls
DAY = 86400
SIMULATIONS = 20


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("--results", type=Path, default=TOP / "build" / "bench" / "results.json")
    add("--events-a-day", type=float, default=1e9)
    add("--cells", type=float, default=1e7)
    add("--peak", type=float, default=3, help="the peak over the day's mean [3]")
    add("--cores", type=int, default=16, help="of a shard's machine [16]")
    add("--busy", type=float, default=0.7, help="the share of cores to be used at most [0.7]")
    add("--disk", type=float, default=5e8, help="bytes a second a shard's disk writes [5e8]")
    add("--batch", type=float, default=20000, help="events of a batch under load [20000]")
    add("--commits", type=float, default=1900, help="commits a second one commit log takes [1900]")
    add("--partitions", type=int, default=256, help="of the evidence topic [256]")
    add("--zipf", type=float, default=0.8, help="exponent of the services' shares [0.8]")
    add("--stream-bytes", type=float, default=400, help="memory of a stream [400]")
    add("--shards", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    return parser.parse_args()


def measured(path):
    """Medians of the results, {(row, what): value}, and the cores they were measured on."""
    told = json.loads(path.read_text())
    return ({(row["name"], row["what"]): row["median"] for row in told["rows"]},
            told["machine"]["cpus"])


def unevenness(given, shards):
    """Of shards and of partitions: the fullest one's share of the events over the mean one's;
    medians of several simulations."""
    draw = random.Random(20260101)
    services = max(1, round(given.cells / CELLS_A_SERVICE))
    shares = [1 / (rank + 1) ** given.zipf for rank in range(services)]
    whole, seen = sum(shares), []
    for _ in range(SIMULATIONS):
        partitions = [0.0] * given.partitions
        for share in shares:
            partitions[draw.randrange(given.partitions)] += share / whole
        loads = [sum(partitions[shard::shards]) for shard in range(shards)]
        seen.append((max(loads) * shards, max(partitions) * given.partitions))
    return [sorted(values)[SIMULATIONS // 2] for values in zip(*seen)]


def paces(given, costs, shards, fullest_shard, fullest_partition):
    """Events a second of all shards, by each limit: the fullest shard is the last to be done."""
    aggregator, database = costs["aggregator"] / 1e5, costs["postgresql"] / 1e5
    written = costs["wal"] + costs["ledger"] + costs["derived"]
    of_shard = {
        "cores": given.cores * given.busy / (aggregator + database),
        "disk": given.disk / written,
        "commit log": given.commits * given.batch,
    }
    limits = {name: pace * shards / fullest_shard for name, pace in of_shard.items()}
    # a partition is one aggregator's, which works on one core
    limits["one partition"] = given.partitions / fullest_partition / aggregator
    return limits


def say(given, costs, all_cells_ms, touch_core_seconds):
    rate = given.events_a_day / DAY
    stored = costs["ledger"] + costs["derived"]
    print(f"{given.events_a_day:.3g} events a day ({rate:,.0f}/s, {rate * given.peak:,.0f}/s at the"
          f" peak), {given.cells:.3g} cells, {given.partitions} partitions\n"
          f"costs: aggregator {costs['aggregator']:.2f}, PostgreSQL {costs['postgresql']:.2f} CPU s"
          f" per 100,000 events; {costs['ledger']:.0f} B ledger, {costs['derived']:.0f} B derived,"
          f" {costs['wal']:.0f} B WAL an event\n")
    lines = [["shards", "fullest / mean", "10⁹ events in", "at the peak", "limit", "aggregators",
              "a day", "memory", "all cells", "a change of all"]]
    for shards in given.shards:
        shard, partition = unevenness(given, shards)
        limits = paces(given, costs, shards, shard, partition)
        limit = min(limits, key=limits.get)
        pace = limits[limit]
        each = given.cells / shards * shard
        lines.append([
            str(shards), f"{shard:.2f}", f"{1e9 / pace / 3600:.1f} h",
            f"{rate * given.peak / pace:.0%}", limit,
            str(max(1, round(costs["aggregator"] / 1e5 * rate * given.peak / given.busy + 0.5))),
            f"{given.events_a_day * stored / shards / 1e9:,.0f} GB",
            f"{each * given.stream_bytes / 2**30:.1f} GiB",
            f"{all_cells_ms * each / 104400 / 1e3:.1f} s",
            f"{touch_core_seconds * each / 104400 / given.cores / given.busy:.1f} s",
        ])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  ".join(text.rjust(width) for text, width in zip(line, widths)))


def main():
    given = arguments()
    seen, cpus = measured(given.results)
    row = "ingest-steady"
    costs = {part: seen[row, f"CPU of {part}"] for part in ("aggregator", "postgresql")}
    costs |= {part: seen[row, f"disk: {part}"] for part in ("ledger", "derived", "wal")}
    all_cells = max(value for (name, what), value in seen.items()
                    if name == "reads" and what.startswith("all cells"))
    touch = max(value for (name, what), value in seen.items() if name == "governance")
    say(given, costs, all_cells, touch * cpus)


if __name__ == "__main__":
    main()
