"""what-if and explain against the record, over histories of the reference's generator: what would
change is what publishing the file then changes, at any instant, and an explanation is of the row
that the views show.

    whatif_histories.py [COUNT FIRST]    so many histories, from that seed on
"""

import json
import os
import subprocess
import sys
import unittest
import uuid

from world import BUILD, World

from differential import CELL, Reading, Sending, micros
from differential_histories import TEAMS, Record, Told, instant, text_of

FILES = 3  # so many parts of each history are asked about before they are sent
SERVICE = CELL[:3]
DAY = 86_400_000_000
TOPICS = {"serviceOnboarding": "assay.services", "scopeChange": "assay.scope"}


def topic_of(event, team):
    """Where publish sends it."""
    if "controlTestResult" in event or event.get("retraction", {}).get("service"):
        return f"assay.evidence.{team}" if team else "assay.evidence"
    return next((TOPICS[body] for body in TOPICS if body in event), "assay.governance")


def take_back(told, team, count):
    """Adds retractions of so many results that decide something: the generator's seldom do, and
    seldom such that a file can have them."""
    deciding = {row["deciding_event"] for at in told.instants(10)
                for row in told.whole.cell_status(at).values()}
    results = [r for r in told.records if "controlTestResult" in r.event
               and r.topic == topic_of(r.event, team) and r.event["id"] in deciding]
    for result in told.chance.sample(results, min(count, len(results))):
        event = {"id": str(uuid.UUID(int=told.chance.getrandbits(128), version=4)),
                 "source": "a/1", "occurredAt": result.event["occurredAt"],
                 "retraction": {"eventId": result.event["id"], "reason": "wrong host",
                                "service": result.event["controlTestResult"]["service"]}}
        told.records.append(Record({"topic": result.topic, "event": event}))
    told.whole = told.known(told.records)


def text_or_none(at):
    return None if at is None else text_of(micros(at))


class Supposed:
    """What-if's answer, read as what is otherwise at an instant: {about: (from, to)}."""

    def __init__(self, said):
        self.said = said

    def at(self, part, keys, at):
        return {tuple(row[key] for key in keys): row for row in self.said[part]
                if instant(row["at"]) <= at
                and (row["until"] is None or at < instant(row["until"]))}

    def begins(self):
        return {instant(row["at"]) for row in self.said["cells"]}


class Histories(unittest.TestCase):
    COUNT, SEED, SIZE, INSTANTS, EXPLAINED = 3, 11, 140, 5, 4

    @classmethod
    def setUpClass(cls):
        cls.told = [Told(seed, "full", cls.SIZE)
                    for seed in range(cls.SEED, cls.SEED + cls.COUNT)]
        cls.teams = [told.chance.choice([None, *TEAMS]) for told in cls.told]
        for told, team in zip(cls.told, cls.teams):
            take_back(told, team, 8)
        cls.world = World(3)
        cls.addClassCleanup(cls.world.close)
        for team in TEAMS:
            cls.world.assay("topics", "create", f"--team={team}", "--partitions=2")
        cls.world.aggregate()
        cls.files = 0

    def setUp(self):
        self.wrong = []

    def test_1_what_if_is_what_comes_of_it(self):
        cells = 0
        for told, team in zip(self.told, self.teams):
            later = [r for r in told.records
                     if r.topic == topic_of(r.event, team) and told.chance.random() < 0.4]
            held = set(map(id, later))
            self.publish(told, [r for r in told.records if id(r) not in held])
            size = len(later) // FILES + 1
            for first in range(0, len(later), size):
                cells += self.suppose(told, later[first:first + size], team)
        self.assertNothingWrong()
        self.assertGreater(cells, 10 * self.COUNT, "hardly anything was compared")

    def publish(self, told, records):
        one = type("Part", (), {"records": records})
        sending = Sending(self.world, [one], self.SEED)
        while sending.send(20):
            pass
        self.world.await_caught_up()

    def suppose(self, told, records, team):
        """Asks about the records, sends them, and compares; how many cells were."""
        type(self).files += 1
        file = self.world.directory / f"supposed-{self.files}.jsonl"
        file.write_text("".join(json.dumps(record.event) + "\n" for record in records))
        instants = [at for at in told.instants(self.INSTANTS) if -10**16 < at < 3 * 10**15]
        first, last = instants[0], instants[-1]
        flags = [f"--team={team}"] if team else []
        supposed = Supposed(json.loads(self.world.assay(
            "what-if", "--json", f"--at={text_of(first)}", f"--days={(last - first) // DAY + 1}",
            *flags, file).stdout))
        self.assertEqual((supposed.said["events"], supposed.said["refused"]), (len(records), 0))
        instants += told.chance.sample(sorted(supposed.begins()),
                                       min(self.INSTANTS, len(supposed.begins())))
        before = [self.read(told, at) for at in instants]
        self.publish(told, records)
        what = f"{told.prefix} file {self.files}"
        count = 0
        for at, was in zip(instants, before):
            count += self.compare(f"{what} at {text_of(at)}", supposed, at, was,
                                  self.read(told, at))
        return count

    def read(self, told, at):
        reading = Reading(self.world, told)
        cells = reading.ask("cell_status", at)
        standings = {
            (*about, what): value
            for about, row in reading.ask("service_status", at).items()
            for what, value in (
                ("membership", row["membership"]), ("posture", row["posture"]),
                ("percent", row["percent"]), ("certificate", row["certificate_state"]),
                ("certified", "yes" if row["certified"] else "no"))
        }
        certificates = {
            (row["programme"], row["standard"], what): value
            for row in self.world.query(
                "SELECT * FROM assay.certification_at(%s::timestamptz)", text_of(at))
            for what, value in (
                ("state", row["state"]), ("number", row["number"]), ("body", row["body"]),
                ("soa_version", row["soa_version"]), ("flags", " ".join(row["flags"]) or None),
                ("valid_until", text_or_none(row["valid_until"])),
                ("surveillance_deadline", text_or_none(row["surveillance_deadline"])))
        }
        return cells, standings, certificates

    def compare(self, what, supposed, at, before, after):
        said = supposed.at("cells", CELL, at)
        status = [{about: row["status"] for about, row in part[0].items()}
                  for part in (before, after)]
        self.alike(what, changes(*status), {
            about: (row["from_status"], row["to_status"]) for about, row in said.items()})
        for about, row in said.items():
            shown = after[0].get(about)
            if shown is None or row["to_status"] is None:
                continue
            self.alike(f"{what} {about} since", shown["since"], instant(row["since"]))
            if at != instant(row["at"]):
                continue  # why is said of a span's begin
            deciding = row["deciding"] and row["deciding"]["event"]
            self.alike(f"{what} {about} deciding", shown["deciding_event"], deciding)
            self.alike(f"{what} {about} rule", rule_of(shown), row["rule"]["number"])
        for part, name, keys in ((1, "standings", (*SERVICE, "what")),
                                 (2, "certificates", ("programme", "standard", "what"))):
            self.alike(f"{what} {name}", changes(before[part], after[part]), {
                about: (row["from"], row["to"])
                for about, row in supposed.at(name, keys, at).items()})
        return len(said)

    def assertNothingWrong(self):
        self.assertFalse(self.wrong, "\n".join([f"{len(self.wrong)} differences",
                                                *self.wrong[:5]]))

    def alike(self, what, record, answer):
        if record != answer:
            self.wrong.append(f"{what}: the record {record}, the answer {answer}")

    def test_2_explanations_are_of_the_views_rows(self):
        rules = set()
        for told in self.told:
            reading = Reading(self.world, told)
            rows = [(at, about, row) for at in told.instants(20)
                    for about, row in reading.ask("cell_status", at).items()]
            by_rule = {rule_of(row): (at, about, row) for at, about, row in rows}
            chosen = told.chance.sample(rows, min(self.EXPLAINED, len(rows)))
            for at, about, row in [*by_rule.values(), *chosen]:
                said = json.loads(self.world.assay(
                    "explain", "--json", f"--at={text_of(at)}", "--", *about).stdout)
                self.alike(f"{about} at {text_of(at)}",
                           {"rule": rule_of(row), **{name: row[name] for name in (
                               "status", "since", "until", "deciding_event", "exception",
                               "finding", "inherited_from", "checks", "checks_missing")}},
                           {"rule": said["rule"]["number"], **explained(said)})
                rules.add(said["rule"]["number"])
        self.assertNothingWrong()
        # which ones occur depends on how many of the histories' days have been
        self.assertGreaterEqual(len(rules), 7, rules)

    def test_3_as_it_was_known(self):
        commits = self.world.query("SELECT position, known_at FROM assay.commit ORDER BY 1")
        told = self.told[0]
        reading = Reading(self.world, told)
        at = told.chance.choice(told.instants(6)[1:-1])
        for commit in told.chance.sample(commits, min(4, len(commits))):
            known_at = commit["known_at"].isoformat()
            rows = reading.ask("cell_status", at, known_at)
            for about in told.chance.sample(sorted(rows), min(3, len(rows))):
                said = json.loads(self.world.assay(
                    "explain", "--json", f"--at={text_of(at)}", f"--known-at={known_at}", "--",
                    *about).stdout)
                row = rows[about]
                self.alike(f"{about} at {text_of(at)} known at {known_at}",
                           {name: row[name] for name in explained(said)}, explained(said))
        self.assertNothingWrong()


    def test_4_the_forecast_is_the_timelines(self):
        said = json.loads(self.world.assay(
            "forecast", "--json", "--at=2020-01-01T00:00:00Z", "--days=36500").stdout)
        begin, end = instant(said["at"]), instant(said["until"])
        cells = {}
        for row in said["cells"]:
            about = tuple(row[key] for key in CELL), instant(row["at"])
            cells[about] = row["from_status"], row["to_status"]
        for told in self.told:
            expected = {about: change for about, change in told.whole.changes(end).items()
                        if about[1] > begin}
            self.alike(told.prefix, expected, {about: change for about, change in cells.items()
                                               if about[0][0] in told.services})
        self.assertNothingWrong()


    def test_5_impact_is_who_inherits(self):
        inheriting = 0
        for told in self.told:
            reading = Reading(self.world, told)
            at, rows = max(
                ((at, reading.ask("cell_status", at)) for at in told.instants(12)),
                key=lambda asked: sum(rule_of(row) == 4 for row in asked[1].values()))
            for service in told.services:
                inheriting += self.impact(at, service, rows)
        self.assertNothingWrong()
        self.assertGreater(inheriting, 5)

    def impact(self, at, service, rows):
        """Compares who inherits from a service with the rows' own word; how many do."""
        done = subprocess.run(
            [BUILD / "bin" / "assay", "impact", "--json", f"--at={text_of(at)}", service],
            stdout=subprocess.PIPE, env={**os.environ, **self.world.environment()}, timeout=60)
        said = {tuple(row[key] for key in CELL): row
                for row in json.loads(done.stdout)["inheriting"]}
        self.alike(f"impact {service} exit status", 0 if said else 1, done.returncode)
        directly = {about for about, row in rows.items()
                    if (row["inherited_from"] or "").split("/")[0] == service}
        # whoever inherits and does not show it: an earlier rule decides
        shown = {about for about, row in said.items()
                 if row["distance"] == 1 and about in rows and rule_of(rows[about]) > 3}
        self.alike(f"impact {service} at {text_of(at)}", directly, shown)
        for about, row in said.items():
            before = row["provider_service"], row["provider_environment"], *about[2:]
            self.alike(f"impact {service}: {about} comes through", True, row["distance"] == 1
                       or said[before]["distance"] == row["distance"] - 1)
        return len(said)


def explained(said):
    """Columns of cell_status as explain names them."""
    return {
        "status": said["status"], "since": said["since"] and instant(said["since"]),
        "until": said["until"] and instant(said["until"]),
        "deciding_event": said["deciding"] and said["deciding"]["event"],
        "exception": said["exception"], "finding": said["finding"],
        "inherited_from": said["inherited_from"], "checks": len(said["checks"]),
        "checks_missing": said["checks_missing"],
    }


def rule_of(row):
    """The rule that gives a row of cell_status, which its columns tell."""
    if row["inherited_from"]:
        return 4
    if row["status"] == "FAILED":
        return 2 if row["finding"] else 5
    return {"OUT_OF_SCOPE": 1, "NOT_APPLICABLE": 3, "ERROR": 6, "STALE": 7, "NOT_TESTED": 8,
            "EXCEPTED": 9, "PASSED": 10}[row["status"]]


def changes(before, after):
    return {about: (before.get(about), after.get(about)) for about in before.keys() | after.keys()
            if before.get(about) != after.get(about)}


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1].isdigit():
        Histories.COUNT, Histories.SEED = int(sys.argv[1]), int(sys.argv[2])
        del sys.argv[1:3]
    unittest.main()
