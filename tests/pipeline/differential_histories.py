"""differential_histories -- generated histories as Kafka records, and what the reference says of
them, or of those of their records that were known at some position.

Each history lives in names of its own, so that many share a world and do not meet. The module
`facts` here is the reference's, not the scenarios'.
"""

import bisect
import copy
import datetime
import functools
import hashlib
import importlib
import random
import subprocess
import sys
import tempfile
import uuid

from google.protobuf import json_format

from world import TOP

sys.path.insert(0, str(TOP / "tests" / "reference"))
import generate  # noqa: E402
from facts import DAY, greatest, instant, read_events, text_of, time_to_live  # noqa: E402
from moment import Moment  # noqa: E402
from reference import Reference  # noqa: E402
from unmapped import Row  # noqa: E402, F401  (the scenarios')

START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)  # generate.World's day 0
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


def id_of(event):
    return event.id, event.digest


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

    def __init__(self, seed, profile="evidence", size=None, repeated=0.1, days=None,
                 late=None, subjects=0, unusual=0.05):
        """days: that everything happens on, instead of the few the generator draws. late: this
        part of the records comes out of order, the rest as it occurred; None: as it may be.
        subjects: so many more than the generator's. unusual: about this part of the records comes
        again as what the contract allows and hardly anybody sends."""
        self.all_bodies = profile == "full"
        self.prefix = f"{profile[0]}{seed}."
        self.chance = random.Random(f"told {profile} {seed}")
        world = generate.World(seed, profile, size)
        # Evidence from the future is refused: nothing occurs later than the days that have been.
        today = (datetime.datetime.now(datetime.timezone.utc) - START).days
        world.days = [day for day in days or world.days if day < today] or [0]
        world.subjects = world.subjects + [f"vm-{number}" for number in range(subjects)]
        self.services = [self.prefix + name for name in world.services]
        self.programmes = [self.prefix + name for name in world.programmes]
        lines = [dict(line, event=renamed(line["event"], self.prefix))
                 for line in world.history()]
        for line in list(lines):
            if self.chance.random() < unusual:
                lines.append(self._unusual(line, lines))
        self.records = [Record(line) for line in lines]
        if late is not None:
            self.records = self._mostly_in_time(late)
        elif self.chance.random() < 0.8:
            self.chance.shuffle(self.records)
        for record in list(self.records):
            if self.chance.random() < repeated:
                where = self.chance.randrange(len(self.records) + 1)
                self.records.insert(where, record.again())
        self.whole = Expected(self.records)

    def _unusual(self, line, lines):
        """A further event, made of one of the history's."""
        event = copy.deepcopy(line["event"])
        event["id"] = str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
        what = self.chance.choice(["id", "sequence", "instant", "fraction"])
        if what == "instant" and "exception" in event:
            what = "sequence"  # an exception's term is bounded
        if what == "id":  # which is another fact's already, of whatever kind and service
            event["id"] = self.chance.choice(lines)["event"]["id"]
            if "retraction" in event:
                event["id"] = event["retraction"]["eventId"]
        elif what == "sequence":
            event["sequence"] = str(2**63 - 1)
        elif what == "instant":
            ahead = line["topic"] in (generate.m.GOVERNANCE, "assay.services", "assay.scope")
            latest = "9998-01-01T00:00:00Z" if ahead else "1969-12-31T23:59:59Z"
            event["occurredAt"] = self.chance.choice(["0001-01-01T00:00:01Z", latest])
        else:  # is cut to microseconds
            seconds = event["occurredAt"].removesuffix("Z").split(".")[0]
            event["occurredAt"] = seconds + ".000000999Z"
        return dict(line, event=event)

    def _mostly_in_time(self, late):
        end = max(instant(record.event["occurredAt"]) for record in self.records)

        def comes(record):
            at = instant(record.event["occurredAt"])
            return self.chance.randrange(at, end + 1) if self.chance.random() < late else at

        return sorted(self.records, key=comes)

    def known(self, records):
        """What is to be answered where only these of the history's records are known."""
        return Expected(records)

    def instants(self, count):
        """Instants worth asking about: where something changes, and one microsecond off."""
        points = self.whole.reference.points or [0]
        asked = {points[0] - 1, points[-1] + 300 * DAY}
        for point in self.chance.sample(points, min(count, len(points))):
            asked.add(point + self.chance.choice([-1, 0, 0, 1]))
        return sorted(asked)


class Expected:
    """What the reference says, in the columns of the read API; instants as microseconds."""

    def __init__(self, records):
        self.reference = Reference([record.line for record in records])
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
                "certificate_state": line["certificateState"], "certified": line["certified"],
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

    def certification(self, at):
        def at_of(line, name):
            return instant(line[name]) if line[name] else None

        return {
            (line["programme"], line["standard"]): {
                "number": line["number"], "body": line["body"], "state": line["state"],
                "valid_from": at_of(line, "validFrom"), "valid_until": at_of(line, "validUntil"),
                "soa_version": line["soaVersion"],
                "surveillance_deadline": at_of(line, "surveillanceDeadline"),
                "flags": line["flags"],
            }
            for line in self._answer(at) if "flags" in line
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

    def changes_at(self, cell, at):
        """(from, to) where the cell's status changes at this very instant, else None."""
        here = bisect.bisect_left(self.reference.points, at)
        if here == len(self.reference.points) or self.reference.points[here] != at:
            return None
        before = self.reference.statuses[here - 1].get(cell) if here > 0 else None
        after = self.reference.statuses[here].get(cell)
        return (before, after) if before != after else None

    def records_that_count(self, records, cause):
        """Those of the records that bring this event, and by which it counts."""
        history = self.reference.history
        retractions = [event for event in read_events([record.line for record in records])
                       if event.kind == "retraction"]
        left = history.topics_left(cause, retractions)
        return [
            record for record in records
            if id_of(cause) == (record.event["id"], record.line["digest"]) and record.topic in left
            and (cause.kind != "controlTestResult" or history.counts(cause, record.topic))]

    def cause(self, cell, at):
        """The greatest event that takes effect on the cell at this instant; None: time alone
        changes it."""
        before, now = Moment(self.reference.history, at - 1), Moment(self.reference.history, at)

        def came(kind, key):
            event = now.facts[kind].get(key)
            return event if event is not before.facts[kind].get(key) else None

        events = [came("scopeChange", cell[:3]), came("serviceOnboarding", cell[:1]),
                  came("standard", cell[2:3])]
        for key in now.facts["programme"]:
            version = came("programme", key)
            if version is not None and any(
                programme and now.listed(programme, cell[1])
                for programme in (version, before.facts["programme"].get(key))
            ):
                events.append(version)
        checks = set()
        for key, version in now.facts["checkMapping"].items():
            if self._maps(version, cell) or self._maps(before.facts["checkMapping"].get(key), cell):
                checks.add(key[0])
                events.append(came("checkMapping", key))
        results = [came("controlTestResult", key) for key in now.facts["controlTestResult"]
                   if key[:2] == cell[:2] and key[2] in checks]
        return greatest([*events, greatest(results)])

    def unmapped(self, at):
        """{unmapped.Row} of what has no effect at an instant."""
        return self.reference.unmapped.at(Moment(self.reference.history, at))

    def silent(self, records, at):
        """{(source, service): (last event, expected by)} of who has sent nothing since."""
        moment = Moment(self.reference.history, at)
        last, checks = {}, {}
        for record in records:
            fact = record.event.get("controlTestResult")
            if fact:
                about = record.event["source"], fact["service"]
                occurred = instant(record.event["occurredAt"])
                last[about] = max(last.get(about, occurred), occurred)
                checks.setdefault(about, set()).add(fact["check"])
        found = {}
        for about, sent in checks.items():
            mappings = [moment.facts["checkMapping"].get((check,)) for check in sent]
            ttls = [time_to_live(mapping) for mapping in mappings
                    if mapping and self._of_service(mapping, about[1])]
            if ttls and last[about] + max(ttls) < at:
                found[about] = last[about], last[about] + max(ttls)
        return found

    @staticmethod
    def _of_service(mapping, service):
        scopes = mapping.get("appliesTo", [])
        return not scopes or any(scope["service"] in (service, "*") for scope in scopes)

    @staticmethod
    def _maps(mapping, cell):
        if mapping is None:
            return False
        scopes = mapping.get("appliesTo", [])
        named = any((c["standard"], c["control"]) == cell[2:] for c in mapping.get("controls", []))
        return named and (not scopes or any(
            scope["service"] in (cell[0], "*") and scope["environment"] in (cell[1], "*")
            for scope in scopes))
