"""transport -- records a second without any database: had from Kafka, judged, and published.

Consuming: what librdkafka can drain, and what is had as an aggregator has it, each record decoded,
validated and its digest taken. Publishing: the emitter from C and `assay publish` from a file of
JSON Lines, against librdkafka sending the same values ready made, with the same settings, and
against what jansson takes to parse the same lines.
"""

import json
import time

from answer import Differs
from figures import Figure
from stage import BUILD, Stage

BENCH = BUILD / "bench"


def said(stage, *command, stdin=b""):
    return json.loads(stage.run(*command, stdin=stdin))


def rate(run):
    return run["records"] / run["seconds"]


def cost(run):
    return run["cpu"] / run["records"] * 1e5


def consume(options):
    drained, judged = [], []
    with Stage(options.variant("steady")) as stage:
        stage.load(options.records)
        for _ in range(options.repeats):
            for way, runs in (("drain", drained), ("judge", judged)):
                runs.append(said(stage, BENCH / "bench-drain", stage.kafka.brokers,
                                 str(options.records), way))
                if runs[-1]["accepted"] != options.records:
                    raise Differs("not every record is accepted")
    yield Figure("consume", "consume, decode and validate", "/s", list(map(rate, judged)),
                 list(map(rate, drained)), "librdkafka drain", at_least=0.5)
    yield Figure("consume", "CPU of it", "s/100k", list(map(cost, judged)),
                 list(map(cost, drained)), "librdkafka drain")


def publish_file(stage, path, count):
    began = time.monotonic()
    stage.run(BUILD / "bin" / "assay", "publish", path,
              environment={"ASSAY_BROKERS": stage.kafka.brokers})
    return count / (time.monotonic() - began)


def publish(options):
    ways = ("plain", "emitter", "headers")
    runs, files, parsed = {way: [] for way in ways}, [], []
    count = str(options.records)
    with Stage(options.variant("steady")) as stage:
        lines = stage.run(BENCH / "bench-publish", "-", count, "lines")
        path = stage.directory / "lines.jsonl"
        path.write_bytes(lines)
        for _ in range(options.repeats):
            for way in ways:
                runs[way].append(said(stage, BENCH / "bench-publish", stage.kafka.brokers, count,
                                      way))
            files.append(publish_file(stage, path, options.records))
            parsed.append(rate(said(stage, BENCH / "bench-publish", "-", count, "parse",
                                    stdin=lines)))
    rates = {way: list(map(rate, runs[way])) for way in ways}
    yield Figure("publish", "publish from C, by the emitter", "/s", rates["emitter"],
                 rates["plain"], "librdkafka, no headers", at_least=0.5)
    yield Figure("publish", "the same, against the same headers", "/s", rates["emitter"],
                 rates["headers"], "librdkafka, headers")
    yield Figure("publish", "CPU of the emitter", "s/100k", list(map(cost, runs["emitter"])),
                 list(map(cost, runs["plain"])), "librdkafka, no headers")
    yield Figure("publish", "publish from JSON Lines", "/s", files, parsed, "jansson parses",
                 at_least=0.5)


ROWS = {"consume": consume, "publish": publish}
