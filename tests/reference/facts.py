"""
facts -- events, the set they form, and which version of a fact is in force at an instant.

DESIGN.md section 3, "Facts", and what of section 2 it rests on: keys, instants, teams' topics. Here
it is decided which events count at all; what they mean is moment.py's and certificates.py's.
"""

import calendar
import collections
import datetime
import functools
import hashlib
import json
import re

# ---- the vocabulary --------------------------------------------------------------------------

KEYS = {
    "controlTestResult": ("service", "environment", "check", "subject"),
    "serviceOnboarding": ("service",),
    "scopeChange": ("service", "environment", "standard"),
    "location": ("programme", "location"),
    "programme": ("programme",),
    "standard": ("standard",),
    "checkMapping": ("check",),
    "statementOfApplicability": ("programme",),
    "inheritance": ("service", "environment", "standard", "control"),
    "exception": ("exception",),
    "finding": ("finding",),
    "audit": ("audit",),
    "certificate": ("programme", "standard"),
    "managementRecord": ("record",),
    "retraction": ("eventId",),
    "toolRecall": ("tool", "version", "service"),
}

# What a library without rules 2 to 4 and 9 and without certificates is not told.
BEYOND_EVIDENCE = {"statementOfApplicability", "inheritance", "exception", "finding", "audit",
                   "certificate", "managementRecord", "location"}

RESULTS = ["FAIL", "ERROR", "UNKNOWN", "NOT_CHECKED", "INFO", "NOT_APPLICABLE", "PASS", "RETIRED"]

SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = datetime.datetime(1970, 1, 1)
TEAM_TOPIC = "assay.evidence."


@functools.lru_cache(maxsize=None)
def instant(text):
    """RFC 3339 text to microseconds since 1970, cut, not rounded."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", text)
    if not match:
        raise ValueError(f"not an instant: {text!r}")
    whole = datetime.datetime.fromisoformat(match[1]) - EPOCH
    micros = (whole.days * 86_400 + whole.seconds) * SECOND
    micros += int((match[2] or "0").ljust(9, "0")[:6])
    if match[3] != "Z":
        east = int(match[3][1:3]) * 60 + int(match[3][4:6])
        micros -= (east if match[3][0] == "+" else -east) * 60 * SECOND
    return micros


@functools.lru_cache(maxsize=None)
def span(text):
    """A proto3 JSON duration ("1.5s") to microseconds."""
    seconds, _, fraction = text.removesuffix("s").partition(".")
    return int(seconds) * SECOND + int(fraction.ljust(9, "0")[:6] or "0")


def text_of(micros):
    """Microseconds to RFC 3339 text, with 0, 3 or 6 digits of fraction; None stays None."""
    if micros is None:
        return None
    at = EPOCH + datetime.timedelta(microseconds=micros)
    digits = f"{micros % SECOND:06d}"
    fraction = "" if digits == "000000" else "." + digits.removesuffix("000")
    return at.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0") + fraction + "Z"


def months_after(micros, months):
    """The same day and time so many calendar months on (UTC), or that month's last day."""
    at = EPOCH + datetime.timedelta(microseconds=micros)
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    day = min(at.day, calendar.monthrange(year, month + 1)[1])
    moved = at.replace(year=year, month=month + 1, day=day) - EPOCH
    return (moved.days * 86_400 + moved.seconds) * SECOND + moved.microseconds


def year_of(micros):
    return (EPOCH + datetime.timedelta(microseconds=micros)).year


def start_of_year(year):
    return (datetime.datetime(year, 1, 1) - EPOCH).days * DAY


# ---- events ----------------------------------------------------------------------------------

class Event:
    """One content under one id, with the topics by which it came."""

    def __init__(self, event, digest):
        self.id = event["id"]
        self.occurred_at = instant(event["occurredAt"])
        self.sequence = int(event.get("sequence", 0))
        self.digest = digest
        self.kind = next(body for body in KEYS if body in event)
        self.fact = event[self.kind]
        self.key = tuple(self.fact.get(part, "") for part in KEYS[self.kind])
        self.topics = set()
        # Facts: "ordered by (occurred_at, sequence, id), test results by (occurred_at, sequence,
        # worse result, id), and should one id carry two contents, by the SHA-256 of the value".
        self.order = (self.occurred_at, self.sequence, self.id, self.digest)
        self.result = None
        self.own_order = self.order
        if self.kind == "controlTestResult":
            self.result = self.word("result", "RESULT_")
            badness = -RESULTS.index(self.result)
            self.own_order = (self.occurred_at, self.sequence, badness, self.id, self.digest)

    def get(self, field, absent=""):
        return self.fact.get(field, absent)

    def word(self, field, prefix):
        """An enum's value without its enum's name."""
        return self.fact.get(field, "").removeprefix(prefix)

    def instant(self, field):
        return instant(self.fact[field]) if self.fact.get(field) else None


def greatest(events):
    """The greatest in the facts' order; across kinds that is (occurred_at, sequence, id)."""
    events = [event for event in events if event is not None]
    if not events:
        return None
    if all(event.result for event in events):
        return max(events, key=lambda event: event.own_order)
    return max(events, key=lambda event: event.order)


def read_events(records):
    """The set of events: a record that came twice, or by two topics, is one event."""
    events = {}
    for record in records:
        event = record["event"]
        digest = record.get("digest")
        if digest is None:
            canonical = json.dumps(event, sort_keys=True, separators=(",", ":"))
            digest = hashlib.sha256(canonical.encode()).hexdigest()
        identity = (event["id"], digest)
        if identity not in events:
            events[identity] = Event(event, digest)
        events[identity].topics.add(record["topic"])
    return list(events.values())


class History:
    """The events that count, as versions of their facts. No instant is involved yet, except the
    one at which a team's result needs its owner."""

    def __init__(self, records, only_evidence=False):
        events = read_events(records)
        if only_evidence:
            events = [event for event in events if event.kind not in BEYOND_EVIDENCE]
        retractions = [event for event in events if event.kind == "retraction"]

        facts, results = [], []
        for event in events:
            topics = self.topics_left(event, retractions)
            if topics and event.kind == "controlTestResult":
                results.append((event, topics))
            elif topics and event.kind != "retraction":
                facts.append(event)
        self.versions = self.arranged(facts)

        counting = [event for event, topics in results
                    if not self.recalled(event) and any(self.counts(event, t) for t in topics)]
        self.versions.update(self.arranged(counting))

    @staticmethod
    def arranged(events):
        """{(kind, key): versions, rising}"""
        versions = collections.defaultdict(list)
        for event in events:
            versions[event.kind, event.key].append(event)
        for several in versions.values():
            several.sort(key=lambda event: event.own_order)
        return dict(versions)

    @staticmethod
    def topics_left(event, retractions):
        """The topics by which an event came and which no retraction took away. None left: it is as
        if it had never been sent."""
        if event.kind == "retraction":  # "A retraction is never retracted"
            return event.topics
        left = set(event.topics)
        for retraction in retractions:
            if retraction.get("eventId") != event.id:
                continue
            service = retraction.get("service")
            of_service = event.fact.get("service") == service
            for topic in retraction.topics:
                if topic == "assay.governance":
                    # "any event, or, where it names a service, those whose `service` it is"
                    if not service or of_service:
                        left.clear()
                elif event.kind == "controlTestResult" and of_service:
                    # "its own service's test results only", by a team's topic "only the ones that
                    # came by that topic"
                    if topic == "assay.evidence":
                        left.clear()
                    else:
                        left.discard(topic)
        return left

    def recalled(self, event):
        """A recall "whose greatest version of all is IN_FORCE" takes away every result of its tool
        and version, whenever it occurred."""
        tool = event.get("tool", {})
        if not tool:
            return False
        for (kind, key), versions in self.versions.items():
            if kind == "toolRecall" and versions[-1].word("state", "RECALL_STATE_") == "IN_FORCE":
                name, version, service = key
                if (tool.get("name", ""), tool.get("version", "")) == (name, version):
                    if service in ("*", event.get("service")):
                        return True
        return False

    def counts(self, event, topic):
        """A team's result counts "only where the service's owner in force at [its] occurred_at is
        TEAM"; by assay.evidence every one does."""
        if not topic.startswith(TEAM_TOPIC):
            return True
        onboarding = self.in_force("serviceOnboarding", (event.get("service"),), event.occurred_at)
        return onboarding is not None and onboarding.get("owner") == topic.removeprefix(TEAM_TOPIC)

    def in_force(self, kind, key, at):
        """"the version in force at T is the greatest with occurred_at <= T" """
        past = [version for version in self.versions.get((kind, key), ())
                if version.occurred_at <= at]
        return past[-1] if past else None

    def change_points(self):
        """Every instant at which anything at all can begin to hold or cease to, rising."""
        points = set()
        ttls = collections.defaultdict(set)
        for (kind, key), versions in self.versions.items():
            if kind == "checkMapping":
                ttls[key[0]].update(time_to_live(version) for version in versions)
        for versions in self.versions.values():
            for event in versions:
                points.add(event.occurred_at)
                for field in ("expiresAt", "dueAt", "validFrom", "validUntil", "certifiableUntil"):
                    if event.fact.get(field):
                        points.add(instant(event.fact[field]))
                if event.kind == "controlTestResult":
                    points.update(event.occurred_at + ttl for ttl in ttls[event.get("check")])
        return sorted(points)


def time_to_live(mapping):
    return span(mapping.fact["ttl"]) if mapping.fact.get("ttl") else 366 * DAY
