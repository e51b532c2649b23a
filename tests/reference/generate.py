#!/usr/bin/python3
"""
generate -- histories out of a number: the same seed gives the same records and questions for ever.

A history lives in a small world (a few services, environments, standards, checks, subjects, and a
few instants that everything happens at), so that facts meet: versions tie, expiries fall on other
events, retractions and recalls hit something, owners and mappings change under the results. A
skeleton makes most worlds meaningful; a part of it is left out now and then, so that facts about
what is not known occur too.

Profiles: `evidence` has the bodies that decide without the compliance office's further facts;
`full` adds statements of applicability, inheritance, exceptions, findings, audits, certificates.
Most worlds of `full` have themes, of which there is more, and are calm: in scope, live, tested, so
that nothing simpler decides before what the themes are about. What all this reaches is counted by
coverage.py, name by name.

Every event is one that the contract accepts. Records of one id with two contents carry "digest",
which stands for the SHA-256 of their values on both sides of a comparison.
"""

import argparse
import hashlib
import json
import random
import sys
import uuid
import zlib

import making as m
from facts import DAY, History, instant, months_after, text_of
from reference import Reference

RESULTS = ["PASS"] * 9 + ["FAIL"] * 3 + ["ERROR", "UNKNOWN"] * 2 + ["NOT_CHECKED"] * 2 + [
    "INFO", "NOT_APPLICABLE", "RETIRED"]
MEMBERSHIPS = ["IN_SCOPE"] * 9 + ["REMOVED", "PROPOSED", "ONBOARDING", "PENDING_AUDIT"]
LIFECYCLES = ["LIVE"] * 9 + ["PROPOSED", "ONBOARDING", "RETIRED", "RETIRED"]
DECISIONS = ["GRANTED", "RENEWED", "EXPANDED", "REDUCED", "SUSPENDED", "SUSPENDED", "SUSPENDED",
             "RESTORED", "WITHDRAWN"]
THEMES = ["exceptions", "inheritance", "findings", "statements", "certificates", "bases"]
ARRIVAL = instant("2040-01-01T00:00:00Z")  # late enough for every occurred_at


class World:
    """What may happen in one history, and the records of what did."""

    def __init__(self, seed, profile, size=None):
        self.random = chance = random.Random(f"{profile} {seed}")
        self.profile = profile
        self.size = size or chance.randrange(20, 71)
        self.records = []
        self.services = ["mail", "chat", "files"][:chance.choice([1, 2, 2, 3])]
        self.environments = ["public", "gov"][:chance.choice([1, 2, 2])]
        self.checks = ["c1", "c2", "dir/c3", "c4", "c5"][:chance.randrange(2, 6)]
        self.themes = set()
        if profile == "full" and chance.random() < 0.85:
            self.themes = set(chance.choices(THEMES, [7, 6, 2, 2, 3, 2], k=2))
        self.calm = bool(self.themes) and chance.random() < 0.85
        self.healthy = self.calm or chance.random() < 0.7  # every check passes once
        self.subjects = ["", "host-1", "höst 2"][:chance.randrange(1, 4)]
        self.teams = ["red", "blue"]
        self.tools = [("scanner", "1"), ("scanner", "1.0"), ("other", "1")]
        self.programmes = ["p", "q"][:chance.choice([1, 1, 2])]
        if "inheritance" in self.themes:
            self.environments, self.programmes = ["public", "gov"], ["p", "q"]
        self.apart = len(self.programmes) > 1 and chance.random() < 0.7  # an environment each
        self.standards = ["alpha", "beta", "gamma"][:chance.randrange(1, 4)]
        if "bases" in self.themes:
            self.standards = ["alpha", "beta", "gamma"]
        self.controls = {s: [f"A.{i}" for i in range(1, chance.choice([2, 2, 3, 4, 6]))]
                         for s in self.standards}
        self.clauses = {s: {c for c in self.controls[s] if chance.random() < 0.15}
                        for s in self.standards}
        # a short world lives for weeks; a long one for years, as certificates do
        self.long = profile == "full" and chance.random() < 0.5
        self.stride = 12 if self.long else 1
        self.days = sorted({self.stride * chance.randrange(0, 45)
                            for _ in range(chance.randrange(4, 16))})

    # -- drawing

    def one(self, several):
        return self.random.choice(several)

    def maybe(self, share):
        return self.random.random() < share

    def some(self, several, share=0.6):
        return [thing for thing in several if self.maybe(share)]

    def days_later(self, days):
        return days + self.stride * self.random.randrange(0, 20)

    def new_id(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def edge(self):
        """Mostly on the instant itself, at times next to it."""
        return self.one([0] * 8 + [-1, 1])

    # -- saying

    def say(self, kind, fact, days=None, topic=None, identity=None):
        if days is None:
            days = self.one(self.days)
        line = m.record(0, days, kind, fact, topic=topic, micros=self.edge(),
                        sequence=self.one([0, 0, 0, 1, 2]), source=self.one(["a/1", "b"]))
        line["event"]["id"] = identity or self.new_id()
        self.records.append(line)
        return line

    def standard(self, name, days=None):
        kept = self.some(self.controls[name], 0.98 if self.calm else 0.9)
        older = self.standards[:self.standards.index(name)]
        extends = self.some(older, 0.6) if self.maybe(0.95) else self.some(self.standards, 0.5)
        if "bases" in self.themes and self.maybe(0.6):
            extends = older[-1:]  # one on the other
        until = None
        if self.profile == "full" and self.maybe(0.15):
            until = m.day(self.days_later(self.one(self.days)))
        self.say("standard", m.standard(
            name, [c for c in kept if c not in self.clauses[name]],
            [c for c in kept if c in self.clauses[name]], extends, until), days)

    def programme(self, name, days=None):
        environments = self.some(self.environments, 0.85)
        if self.apart and self.maybe(0.9):
            environments = [self.environments[self.programmes.index(name) % len(self.environments)]]
        self.say("programme", m.programme(
            name, environments, self.some(self.standards, 0.95 if self.calm else 0.85),
            [e for e in environments if self.maybe(0.04 if self.calm else 0.06)]), days)

    def mapping(self, check, days=None):
        pairs = [(s, c) for s in self.standards for c in self.controls[s]]
        if self.healthy and check == self.checks[0] and self.maybe(0.95 if self.calm else 0.8):
            self.say("checkMapping", m.mapping(check, pairs), days)  # one check speaks for all
            return
        named = self.some(pairs, self.one([0.1, 0.4, 0.9])) or [self.one(pairs)]
        if self.maybe(0.05):
            named.append(("unknown", "A.1"))
        applies = []
        if self.maybe(0.35):
            applies = [(self.one([*self.services, "*"]), self.one([*self.environments, "*"]))
                       for _ in range(self.random.randrange(1, 3))]
        ttl = None
        if self.maybe(0.2 if self.calm else 0.7):
            ttl = self.stride * self.random.randrange(1, self.one([5, 20, 60]))
        self.say("checkMapping", m.mapping(check, named, applies, self.maybe(0.65), ttl), days)

    def onboarding(self, service, days=None):
        lifecycle = "LIVE" if self.calm and self.maybe(0.75) else self.one(LIFECYCLES)
        self.say("serviceOnboarding", m.onboarding(
            service, self.one([*self.teams, "red", None]), lifecycle), days)

    def scope(self, service, environment, standard, days=None):
        membership = "IN_SCOPE" if self.calm and self.maybe(0.8) else self.one(MEMBERSHIPS)
        self.say("scopeChange", m.scope(service, environment, standard, membership), days)

    def result(self):
        days = self.one(self.days)
        expires = m.day(self.days_later(days), self.edge()) if self.maybe(0.25) else None
        fact = m.result(self.one(RESULTS), self.one(self.services), self.one(self.environments),
                        self.one(self.checks), self.one(self.subjects[:1] * 2 + self.subjects),
                        expires, self.one([None, None, *self.tools]))
        topic = "assay.evidence." + self.one(self.teams) if self.maybe(0.3) else None
        line = self.say("controlTestResult", fact, days, topic)
        if self.maybe(0.1):  # the same event by another topic, or once more by the same
            other = self.one([m.EVIDENCE, *("assay.evidence." + team for team in self.teams)])
            self.records.append(dict(line, topic=other))
        if self.maybe(0.1):  # two results of one instant, of which the worse is in force
            event = json.loads(json.dumps(line["event"]))
            event["id"] = self.new_id()
            event["controlTestResult"]["result"] = "RESULT_" + self.one(sorted(set(RESULTS)))
            self.records.append(dict(line, event=event))

    def failures(self):
        """Several at about the same time, of which exceptions may cover some."""
        days, service = self.one(self.days), self.one(self.services)
        environment = self.one(self.environments)
        for _ in range(self.random.randrange(1, 4)):
            self.say("controlTestResult", m.result(
                "FAIL", service, environment, self.one(self.checks), self.one(self.subjects),
                m.day(self.days_later(days)) if self.maybe(0.3) else None), days)
            if self.maybe(0.4):
                self.exception()

    def retraction(self):
        line = self.one(self.records)
        if self.maybe(0.6):  # mostly of evidence: without its skeleton a world is empty
            results = [r for r in self.records if "controlTestResult" in r["event"]]
            line = self.one(results or [line])
        target = line["event"]
        body = next(key for key in target if key not in
                    ("id", "source", "sequence", "occurredAt", "actor"))
        service = target[body].get("service", self.one(self.services))
        if service == "*" or self.maybe(0.3):
            service = self.one(self.services)
        fact = {"eventId": target["id"] if self.maybe(0.95) else self.new_id(), "reason": "wrong"}
        topic = self.one([m.EVIDENCE, m.GOVERNANCE, "assay.evidence." + self.one(self.teams)])
        if line["topic"].startswith("assay.evidence.") and self.maybe(0.7):
            topic = line["topic"]
        if topic != m.GOVERNANCE or self.maybe(0.4):
            fact["service"] = service
        self.say("retraction", fact, topic=topic)

    def recall(self):
        tool, service = self.one(self.tools), self.one(["*", *self.services])
        self.say("toolRecall", m.recall(tool, service, self.one(["IN_FORCE", "LIFTED"])))
        if self.maybe(0.4):
            self.say("toolRecall", m.recall(tool, service, self.one(["IN_FORCE", "LIFTED"])))

    def second_content(self):
        """Another event's id with another content: an error in some producer, and not ours."""
        line = self.one(self.records)
        event = json.loads(json.dumps(line["event"]))
        event["actor"] = "someone else"
        if "controlTestResult" in event:
            if self.maybe(0.5):
                event["controlTestResult"]["result"] = "RESULT_" + self.one(RESULTS)
            else:
                event["controlTestResult"]["expiresAt"] = m.day(self.one(self.days) + self.stride)
        elif "scopeChange" in event:
            event["scopeChange"]["membership"] = "MEMBERSHIP_" + self.one(MEMBERSHIPS)
        elif "checkMapping" in event:
            event["checkMapping"]["required"] = self.maybe(0.5)
        if self.maybe(0.3) and "exception" not in event:  # whose term is bounded
            event["occurredAt"] = m.day(self.one(self.days))
        self.records.append(dict(line, event=event))

    # -- what the compliance office and the certification body say

    def statement(self, programme, days=None):
        used = 0.75
        if self.calm:  # what is not applicable is nothing else
            used = self.one([0.0, 0.5, 0.8]) if "statements" in self.themes else 0.93
        entries = [(s, c, self.maybe(used), self.one(["not used", "not used", ""]))
                   for s in self.standards for c in self.controls[s] if self.maybe(0.85)]
        self.say("statementOfApplicability",
                 m.soa(entries, programme, self.one(["1", "2", "3"])), days)

    def inheritance(self):
        standard = self.one(self.standards[:2])
        control = self.one([self.controls[standard][0], self.one(self.controls[standard]), "*"])
        here = (self.one([*self.services, *self.services, "*"]), self.one(self.environments))
        there = (self.one([*self.services * 4, "nobody"]), self.one(self.environments))
        if here == there and self.maybe(0.7):
            there = (self.one(self.services), self.one(self.environments))
        before = [r["event"]["inheritance"] for r in self.records if "inheritance" in r["event"]]
        if before and self.maybe(0.4):  # from one that inherits itself
            last = self.one(before)
            there, standard = (last["service"], last["environment"]), last["standard"]
            control = self.one([last["control"], control])
        excepted = [r["event"]["exception"] for r in self.records if "exception" in r["event"]]
        if excepted and self.maybe(0.25):  # from where failures are excepted
            last = self.one(excepted)
            there = last["service"], self.one(self.environments)
        if there[0] == "*":
            there = (self.one(self.services), there[1])
        days = self.one(self.days)
        self.inherits(here, there, standard, control, days)
        if self.maybe(0.25):  # and back, which is a cycle where both are cells
            here = (self.one(self.services), here[1]) if here[0] == "*" else here
            self.inherits(there, here, standard, control, days)

    def inherits(self, here, there, standard, control, days):
        kind = self.one(["FULL", "FULL", "HYBRID", "HYBRID", "HYBRID", "NONE"])
        self.say("inheritance", m.inheritance(None if kind == "NONE" else there, *here, standard,
                                              control, kind), days)

    def reach(self, standards):
        """(standard, control, service, environment), each at times every one"""
        standard = self.one(standards)
        controls = self.controls.get(standard, ["A.1", "A.2"])
        control = self.one([*controls, *["*"] * len(controls)])
        if self.maybe(0.06):  # of what nobody knows
            standard, control = self.one([("unknown", control), (standard, "A.9")])
        service = self.one([*self.services, "*"] if control != "*" else self.services)
        return standard, control, service, self.one([*self.environments, "*"])

    def programme_of(self, environment):
        """Mostly the one that has the environment in the end."""
        listing = [event for event in (r["event"] for r in self.records) if any(
            environment in (entry["environment"], "*")
            for entry in event.get("programme", {}).get("environments", []))]
        if listing and self.maybe(0.8):
            last = max(listing, key=lambda event: instant(event["occurredAt"]))
            return last["programme"]["programme"]
        return self.one(["p", *self.programmes])

    def exception(self):
        days = self.one(self.days)
        standard, control, service, environment = self.reach([*self.standards, "*", "*"])
        check, subject = self.one([*self.checks, "*"]), self.one([*self.subjects, "*"])
        failing = [r["event"] for r in self.records
                   if r["event"].get("controlTestResult", {}).get("result") == "RESULT_FAIL"]
        programme = self.programme_of(environment)
        if failing and self.maybe(0.85):  # about a failure there is, mostly
            event = self.one(failing)
            fail = event["controlTestResult"]
            programme = self.programme_of(fail["environment"])
            service, environment = fail["service"], self.one([fail["environment"], "*"])
            standard, control = self.one(["*", "*", standard]), self.one(["*", "*", control])
            check = self.one([fail["check"], "*", "*", "*", check])
            subject = self.one([fail.get("subject", ""), "*", "*", "*", subject])
            before = self.one([0, 0, 1, 5]) * self.stride
            days = max(0, (instant(event["occurredAt"]) - m.START) // DAY + 1 - before)
        expires = min(self.days_later(days) + self.one([0, 60, 365, 365]) * self.stride, days + 365)
        self.say("exception", m.exception(
            self.one(["x1", "x2", "x3", "x4", "x5", "x6"]), programme, standard,
            control, service, environment, check, subject,
            self.one(["APPROVED"] * 7 + ["PROPOSED", "REVOKED"]),
            m.day(expires, self.edge())), days)

    def finding(self):
        days = self.one(self.days)
        standard, control, service, environment = self.reach(self.standards)
        self.say("finding", m.finding(
            self.one(["f1", "f2", "f3"]), self.programme_of(environment), standard, control,
            service, environment,
            self.one(["MAJOR_NC", "MINOR_NC", "MINOR_NC", "OFI", "OBSERVATION"]),
            self.one(["OPEN", "PLAN_SUBMITTED", "PLAN_ACCEPTED", "IMPLEMENTED", "VERIFIED",
                      "CLOSED"]), m.day(self.days_later(days), self.edge())), days)

    def audit(self):
        days = self.one(self.days)
        starts = self.one(self.days)
        programme, standards = self.one(self.programmes), self.some(self.standards)
        ends = m.day(self.days_later(starts))
        decided = [r["event"]["certificate"] for r in self.records if "certificate" in r["event"]]
        if decided and self.maybe(0.3):  # at the instant from which the certificate is valid
            last = self.one(decided)
            programme, standards = last["programme"], [last["standard"], *standards]
            ends = last["validFrom"]
        self.say("audit", m.audit(
            self.one(["a1", "a2", "a3"]), programme,
            self.one(["SURVEILLANCE", "SURVEILLANCE", "RECERTIFICATION", "INITIAL", "INTERNAL"]),
            self.one(["PLANNED", "IN_PROGRESS", "REPORTED"]),
            min(m.day(starts), ends), ends, standards), days)

    def certificate(self, programme, standard, decision=None, days=None):
        days = self.one(self.days) if days is None else days
        since = self.one([days, self.one(self.days)])
        until = since + (self.one([365, 730, 1095, 1096]) if self.long
                         else self.random.randrange(5, 60))
        if decision and self.calm:  # the first one, which much rests on
            since, until = days, days + self.one([365, 1095, 1095, 1096])
        if self.maybe(0.2):  # 31 August or October: half a year before has no such day
            until = self.one([day + 365 * years for years in range(5) for day in (242, 303)
                              if day + 365 * years > since])
        scope = m.day(self.one(self.days)) if self.maybe(0.3) else None
        if not decision and "certificates" in self.themes and self.maybe(0.5):
            programme, standard = self.programmes[0], self.standards[0]  # of few a lot
        self.say("certificate", m.certificate(
            decision or self.one(DECISIONS), programme, standard, m.day(since), m.day(until),
            self.one(["1", "1", "2", ""]), scope, self.one(["N-1", "N-2"])), days)

    # -- a history

    def skeleton(self):
        start = self.days[0]
        for name in self.some(self.standards, 0.97):
            self.standard(name, start)
        for name in self.some(self.programmes, 0.95):
            self.programme(name, start)
        for service in self.some(self.services, 0.9):
            self.onboarding(service, start)
        for check in self.some(self.checks, 0.95):
            self.mapping(check, start)
        for service in self.services:
            for environment in self.environments:
                for standard in self.some(self.standards, 0.85 if self.calm else 0.6):
                    if "bases" in self.themes and standard == "beta" and self.maybe(0.5):
                        continue  # a base without scope, which may have a base of its own
                    late = self.one(self.days) if self.maybe(0.2 if self.calm else 0.8) else start
                    self.scope(service, environment, standard, late)
        for service in self.services if self.healthy else ():
            for environment in self.environments:
                for check in self.checks:
                    passes = m.result("PASS", service, environment, check, self.subjects[0])
                    at = start if self.calm and self.maybe(0.7) else self.one(self.days)
                    self.say("controlTestResult", passes, at)
        if self.profile == "full":
            for programme in self.programmes:
                if self.maybe(0.6):
                    self.statement(programme, start)
                for standard in self.some(self.standards, 0.7):
                    self.certificate(programme, standard, "GRANTED", start)

    def something(self):
        kinds = [(self.result, 45), (self.retraction, 9), (self.recall, 4),
                 (self.second_content, 3),
                 (lambda: self.mapping(self.one(self.checks)), 8),
                 (lambda: self.scope(self.one(self.services), self.one(self.environments),
                                     self.one(self.standards)), 7),
                 (lambda: self.onboarding(self.one(self.services)), 5),
                 (lambda: self.programme(self.one(self.programmes)), 4),
                 (lambda: self.standard(self.one(self.standards)),
                  12 if "bases" in self.themes else 4)]
        if self.profile == "full":
            more = dict.fromkeys(self.themes, 4)
            kinds += [(self.exception, 12 * more.get("exceptions", 1)),
                      (self.failures, 6 * more.get("exceptions", 0)),
                      (self.finding, 6 * more.get("findings", 1)),
                      (self.inheritance, 7 * more.get("inheritance", 1)),
                      (self.audit, 4 * more.get("certificates", 1)),
                      (lambda: self.statement(self.one(self.programmes)),
                       3 * more.get("statements", 1)),
                      (lambda: self.certificate(self.one(self.programmes),
                                                self.one(self.standards)),
                       4 * more.get("certificates", 1))]
        what, weights = zip(*kinds)
        self.random.choices(what, weights)[0]()

    def history(self):
        self.skeleton()
        at_least = self.size * 2 // 3 if self.profile == "full" else self.size // 3
        for _ in range(max(self.size - len(self.records), at_least)):
            self.something()
        add_digests(self.records)
        return self.records


def add_digests(records):
    """To the records of ids with several contents: the digests that order them."""
    contents = {}
    for record in records:
        contents.setdefault(record["event"]["id"], set()).add(canonical(record["event"]))
    for record in records:
        if len(contents[record["event"]["id"]]) > 1:
            text = canonical(record["event"])
            record["digest"] = hashlib.sha256(text.encode()).hexdigest()


def canonical(event):
    return json.dumps(event, sort_keys=True, separators=(",", ":"))


def arrange(records, chance, repeated=0.0):
    """Records as they might arrive: in the order given, some of them again later, with partitions,
    offsets, Kafka timestamps and batches. Governance has batches of its own."""
    order = list(records)
    for record in records:
        if chance.random() < repeated:
            order.insert(chance.randrange(len(order) + 1), record)
    offsets, batch, lines, cut = {}, 0, [], chance.choice([0.05, 0.3, 1.0])
    for arrived, record in enumerate(order):
        governance = record["topic"] == m.GOVERNANCE
        before = lines[-1]["topic"] == m.GOVERNANCE if lines else None
        if before is None or before != governance or chance.random() < cut:
            batch += 1
        body = next(iter(set(record["event"]) & {"controlTestResult", "serviceOnboarding",
                                                 "scopeChange", "retraction"}), None)
        service = record["event"][body].get("service", "") if body else ""
        partition = 0 if governance else zlib.crc32(service.encode()) % 3
        offset = offsets.get((record["topic"], partition), 0)
        offsets[record["topic"], partition] = offset + 1
        line = {"topic": record["topic"], "partition": partition, "offset": offset,
                "kafkaTimestamp": text_of(ARRIVAL + arrived * 1_000_000), "batch": batch,
                "event": record["event"]}
        if "digest" in record:
            line["digest"] = record["digest"]
        lines.append(line)
    return lines


def questions(records, chance, count=8):
    """Instants worth asking about: where something changes, one microsecond off, and between."""
    history = History(records)
    points = history.change_points()
    if not points:
        return []
    deadlines = set()
    if any(kind == "certificate" for kind, _ in history.versions):
        reference = Reference(records)
        for point in chance.sample(points, min(4, len(points))):
            for answer in reference.answer(point):
                if answer.get("surveillanceDeadline"):
                    deadlines.add(instant(answer["surveillanceDeadline"]))
                    deadlines.add(instant(answer["surveillanceDeadline"]) - 90 * DAY)
                if answer.get("state") in ("CERTIFIED", "SUSPENDED"):
                    deadlines.add(months_after(instant(answer["validUntil"]), -6))
    asked = set()
    for point in chance.sample(points, min(count, len(points))):
        asked.add(point + chance.choice([-1, 0, 0, 1]))
    for point in chance.sample(sorted(deadlines), min(3, len(deadlines))):
        asked.add(point + chance.choice([-1, 0]))
    asked.add(chance.randrange(points[0], points[-1] + 2 * DAY))
    asked.add(chance.choice([points[-1] + 30 * DAY, points[0] - 1, points[len(points) // 2]]))
    return [{"query": text_of(at)} for at in sorted(asked)]


def history(seed, profile="evidence", size=None):
    """The lines of one history: records as they arrived, then the questions."""
    world = World(seed, profile, size)
    records = world.history()
    return arrange(records, world.random) + questions(records, world.random)


def main():
    parser = argparse.ArgumentParser(description="Histories out of a number, as JSON Lines.")
    parser.add_argument("--seed", type=int, default=1, help="of the first history")
    parser.add_argument("--count", type=int, default=1,
                        help="so many histories, of seeds rising; needs --directory if more than 1")
    parser.add_argument("--profile", choices=["evidence", "full"], default="evidence")
    parser.add_argument("--events", type=int, help="about so many in each (default: 20 to 60)")
    parser.add_argument("--directory", help="write PROFILE-SEED.jsonl there instead of stdout")
    arguments = parser.parse_args()
    if arguments.count > 1 and not arguments.directory:
        parser.error("--count over 1 needs --directory")
    for seed in range(arguments.seed, arguments.seed + arguments.count):
        lines = history(seed, arguments.profile, arguments.events)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        if arguments.directory:
            name = f"{arguments.directory}/{arguments.profile}-{seed}.jsonl"
            with open(name, "w", encoding="utf-8") as file:
                file.write(text)
        else:
            sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
