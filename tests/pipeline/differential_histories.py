"""differential_histories -- generated histories as Kafka records, and what the reference says of
them, or of those of their records that were known at some position.

Each history lives in names of its own, so that many share a world and do not meet. The module
`facts` here is the reference's, not the scenarios'.
"""

import bisect
import copy
import functools
import hashlib
import importlib
import random
import subprocess
import sys
import tempfile

from google.protobuf import json_format

from world import TOP

sys.path.insert(0, str(TOP / "tests" / "reference"))
import generate  # noqa: E402
from facts import instant  # noqa: E402
from moment import Moment  # noqa: E402
from reference import Reference  # noqa: E402

TEAMS = ["red", "blue"]  # generate.World's
NAMED = {"service", "environment", "standard", "check", "programme", "tool", "providerService",
         "providerEnvironment", "exception", "finding", "audit"}
LISTS = {"standards", "extends"}


@functools.cache
def messages():
    """The module of assay.v1.Event, generated from the .proto files alone."""
    protos = sorted((TOP / "proto" / "assay" / "v1").glob("*.proto"))
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            ["protoc", f"--proto_path={TOP / 'proto'}", f"--python_out={folder}", *protos],
            check=True,
        )
        sys.path.insert(0, folder)
        try:
            return importlib.import_module("assay.v1.event_pb2")
        finally:
            sys.path.remove(folder)


def renamed(value, prefix, name=None):
    """The same JSON with every name in it, but for controls and teams, made the prefix's own."""
    if isinstance(value, dict):
        if name == "tool":  # of a result: an object
            return {**value, "name": prefix + value["name"]}
        return {key: renamed(part, prefix, key) for key, part in value.items()}
    if isinstance(value, list):
        return [renamed(part, prefix, name if name in LISTS else None) for part in value]
    if isinstance(value, str) and (name in NAMED or name in LISTS) and value != "*":
        return prefix + value
    return value


def key_of(event):
    """The record's key, as DESIGN says: of several parts, joined."""
    for body, parts in (("controlTestResult", ["service"]), ("serviceOnboarding", ["service"]),
                        ("scopeChange", ["service"])):
        if body in event:
            return "|".join(event[body][part] for part in parts)
    if "retraction" in event:
        return event["retraction"].get("service") or event["retraction"]["eventId"]
    body, parts = next(
        (event[body], parts) for body, parts in generate_keys().items() if body in event
    )
    return "|".join(body[part] for part in parts)


def generate_keys():
    return {
        "programme": ["programme"], "standard": ["standard"], "checkMapping": ["check"],
        "statementOfApplicability": ["programme"],
        "inheritance": ["service", "environment", "standard", "control"],
        "exception": ["exception"], "finding": ["finding"], "audit": ["audit"],
        "certificate": ["programme", "standard"], "toolRecall": ["tool", "version", "service"],
        "location": ["programme", "location"], "managementRecord": ["record"],
    }


class Record:
    """One record of a history; `offset` once it is in a topic."""

    def __init__(self, line):
        event = line["event"]
        self.topic = line["topic"]
        self.event = event
        self.key = key_of(event)
        message = json_format.ParseDict(event, messages().Event())
        self.value = message.SerializeToString(deterministic=True)
        self.line = {"topic": self.topic, "event": event,
                     "digest": hashlib.sha256(self.value).hexdigest()}
        self.at = None  # (topic, partition, offset)

    def again(self):
        return copy.copy(self)


class Told:
    """One history, in the order in which its records are sent."""

    def __init__(self, seed, profile="evidence", size=None, repeated=0.1, prefix=None):
        self.prefix = prefix or f"{profile[0]}{seed}."
        self.chance = random.Random(f"told {profile} {seed}")
        world = generate.World(seed, profile, size)
        self.services = [self.prefix + name for name in world.services]
        lines = [dict(line, event=renamed(line["event"], self.prefix))
                 for line in world.history()]
        self.records = [Record(line) for line in lines]
        if self.chance.random() < 0.8:
            self.chance.shuffle(self.records)
        for record in list(self.records):
            if self.chance.random() < repeated:
                where = self.chance.randrange(len(self.records) + 1)
                self.records.insert(where, record.again())
        self.whole = Expected(self.records)

    def known(self, records):
        """What is to be answered where only these of the history's records are known."""
        return Expected(records)

    def instants(self, count):
        """Instants worth asking about: where something changes, and one microsecond off."""
        points = self.whole.reference.points or [0]
        asked = {points[0] - 1, points[-1] + 400 * 86_400_000_000}
        for point in self.chance.sample(points, min(count, len(points))):
            asked.add(point + self.chance.choice([-1, 0, 0, 1]))
        return sorted(asked)


class Expected:
    """What the reference says, in the columns of the read API; instants as microseconds."""

    def __init__(self, records):
        self.reference = Reference([record.line for record in records], only_evidence=True)
        self.answers = {}

    def _answer(self, at):
        if at not in self.answers:
            self.answers[at] = list(self.reference.answer(at))
        return self.answers[at]

    def cell_status(self, at):
        return {
            (line["service"], line["environment"], line["standard"], line["control"]): {
                "status": line["status"], "since": instant(line["since"]),
                "until": instant(line["until"]) if line["until"] else None,
                "due_soon": line["dueSoon"], "stale": line["stale"],
                "inherited_from": line["inheritedFrom"], "checks": line["checks"],
                "checks_missing": line["checksMissing"],
                "deciding_event": line["decidingEvent"], "exception": line["exception"],
                "finding": line["finding"],
            }
            for line in self._answer(at) if "control" in line
        }

    def service_status(self, at):
        moment = Moment(self.reference.history, at)
        return {
            (line["service"], line["environment"], line["standard"]): {
                "title": self._onboarded(moment, line["service"], "title"),
                "membership": line["membership"], "posture": line["posture"],
                "passed": line["passed"], "excepted": line["excepted"],
                "failed": line["failed"], "error": line["error"], "stale": line["stale"],
                "not_tested": line["notTested"], "not_applicable": line["notApplicable"],
                "applicable": line["applicable"], "percent": line["percent"],
                "certificate_state": "NONE", "certified": False,
            }
            for line in self._answer(at) if "posture" in line
        }

    @staticmethod
    def _onboarded(moment, service, field):
        onboarding = moment.facts["serviceOnboarding"].get((service,))
        return onboarding.get(field) if onboarding else None

    def scope(self, at):
        moment = Moment(self.reference.history, at)
        return {
            key: {
                "title": self._onboarded(moment, key[0], "title"),
                "category": self._onboarded(moment, key[0], "category"),
                "membership": event.word("membership", "MEMBERSHIP_"),
                "since": self._member_since(key, at),
            }
            for key, event in moment.facts["scopeChange"].items()
        }

    def _member_since(self, key, at):
        """The first instant of the unbroken span of equal membership around `at`."""
        versions = self.reference.history.versions["scopeChange", key]
        in_force = {v.occurred_at: v for v in versions if v.occurred_at <= at}  # the last counts
        begins = sorted(in_force)
        member = [in_force[begin].word("membership", "MEMBERSHIP_") for begin in begins]
        first = len(begins) - 1
        while first > 0 and member[first - 1] == member[first]:
            first -= 1
        return begins[first]

    def changes(self, until):
        """{(cell, at): (from, to)} of every change of status up to an instant."""
        found, before = {}, {}
        for point, statuses in zip(self.reference.points, self.reference.statuses):
            if point > until:
                break
            for cell in before.keys() | statuses.keys():
                if before.get(cell) != statuses.get(cell):
                    found[cell, point] = before.get(cell), statuses.get(cell)
            before = statuses
        return found

    def status_at(self, cell, at):
        here = bisect.bisect_right(self.reference.points, at) - 1
        return self.reference.statuses[here].get(cell) if here >= 0 else None
