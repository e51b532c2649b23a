"""rows -- rows of the record as its writer makes them, written by hand.

Batches are named so that their names do not rise with their positions: only the commit log says
which came first.
"""

import dataclasses
import datetime
import json
import uuid

START = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
NONE, OUT_OF_SCOPE, NOT_APPLICABLE, PASSED, EXCEPTED, NOT_TESTED, STALE, ERROR, FAILED = range(9)
REMOVED = -1
STATUS_NAMES = (
    None, "OUT_OF_SCOPE", "NOT_APPLICABLE", "PASSED", "EXCEPTED", "NOT_TESTED", "STALE", "ERROR",
    "FAILED",
)


def hour(number):
    return START + datetime.timedelta(hours=number)


def event_id(number):
    return uuid.UUID(int=number)


@dataclasses.dataclass(frozen=True)
class Step:
    """One element of a timeline."""

    cell: int
    at: datetime.datetime
    status: int
    transition: bool = False
    stale: bool = False
    checks: int = 0
    missing: int = 0
    deciding: uuid.UUID = None
    cause: uuid.UUID = None
    known: int = 0
    exception: str = None
    finding: str = None
    inherited_from: str = None


COUNTS = {"not_applicable": NOT_APPLICABLE, "passed": PASSED, "excepted": EXCEPTED,
          "not_tested": NOT_TESTED, "stale": STALE, "error": ERROR, "failed": FAILED}


@dataclasses.dataclass(frozen=True)
class Standing:
    """What holds of a standard from an instant on."""

    standard: str
    at: datetime.datetime
    membership: int
    posture: int = 0
    passed: int = 0
    excepted: int = 0
    failed: int = 0
    error: int = 0
    stale: int = 0
    not_tested: int = 0
    not_applicable: int = 0
    certificate_state: int = 0
    certified: bool = False

    def phase(self):
        return self.membership, self.posture, self.certificate_state, self.certified


def by_standard(steps):
    found = {}
    for step in sorted(steps, key=lambda step: step.at):
        found.setdefault(step.standard, []).append(step)
    return found


def phases(steps):
    """{(standard, at): phase} of those that differ from the one before."""
    return {
        (standard, step.at): step.phase()
        for standard, of in by_standard(steps).items()
        for before, step in zip([None, *of], of)
        if step.phase() != (before.phase() if before else (0, 0, 0, False))
    }


def tallies(steps):
    """{(standard, at, status): how many more}"""
    return {
        (standard, step.at, status): getattr(step, name) - (getattr(before, name) if before else 0)
        for standard, of in by_standard(steps).items()
        for before, step in zip([None, *of], of)
        for name, status in COUNTS.items()
    }


def told(tally):
    """Tallies as rows have them: of all (0), and of each status but PASSED."""
    rows = {}
    for (standard, at, status), change in tally.items():
        rows[standard, at, 0] = rows.get((standard, at, 0), 0) + change
        if status != PASSED:
            rows[standard, at, status] = change
    return {key: change for key, change in rows.items() if change != 0}


def differences(now, before):
    """What has to be added to get from one dictionary of numbers to another."""
    return {
        key: now.get(key, 0) - before.get(key, 0)
        for key in {**now, **before} if now.get(key, 0) != before.get(key, 0)
    }


def cut(steps, complete_from):
    """Of each standard what is in force at an instant, with the phase where it began, and all
    later; the same for the tallies: {…}, {…}"""
    phase, tally = {}, {}
    for standard, of in by_standard(steps).items():
        past = [step for step in of if step.at <= complete_from]
        began = {key: value for key, value in phases(of).items() if key[1] <= complete_from}
        if began:
            last = max(began)
            phase[last] = began[last]
        phase.update(
            {key: value for key, value in phases(of).items() if key[1] > complete_from}
        )
        later = {key: n for key, n in tallies(of).items() if key[1] > complete_from}
        tally.update({**tallies(past[-1:]), **later})
    return phase, tally


class Rows:
    def __init__(self, database):
        self.database = database
        self.position = 0
        self.seq = {}
        self.offset = 0
        self.topics = {}

    def commit(self, governance=False, replay=False, known_at=None):
        """The next commit's batch; its stamp is hour(position) where none is given."""
        self.position += 1
        batch = (1 << 40) + (self.position * 64621) % 104729
        self.database.query(
            "INSERT INTO record.commit_log (position, known_at, batch, governance, replay)"
            " VALUES (%s, %s, %s, %s, %s)",
            self.position, known_at or hour(self.position), batch, governance, replay,
        )
        return batch

    def service(self, service, governance=0):
        self.database.query(
            "INSERT INTO record.service (service, version, governance) VALUES (%s, 1, %s)"
            " ON CONFLICT (service) DO UPDATE SET governance = excluded.governance",
            service, governance,
        )

    def pair(self, service, environment, controls=(), standard="std"):
        self.service(service)
        self.database.query(
            "INSERT INTO record.environment VALUES (%s, %s)", service, environment
        )
        for cell, control in enumerate(controls):
            self.database.query(
                "INSERT INTO record.cell VALUES (%s, %s, %s, %s, %s)",
                service, environment, cell, standard, control,
            )

    def next_seq(self, table, service, environment):
        key = (table, service, environment)
        self.seq[key] = self.seq.get(key, -1) + 1
        return self.seq[key]

    def timeline(self, service, environment, batch, steps, complete_from=None):
        """One row. The first of a pair is a keyframe from the beginning on; those behind it say
        nothing of the past of their transitions."""
        seq = self.next_seq("timeline", service, environment)
        again = seq > 0 and complete_from is not None
        if seq == 0:
            complete_from = "-infinity"

        def sparse(values):
            return values if any(value is not None for value in values) else None

        self.database.query(
            "INSERT INTO record.timeline VALUES (%s, %s, %s, %s, %s, %s, now(), %s, %s::integer[],"
            " %s::timestamptz[], %s::smallint[], %s::smallint[], %s::integer[], %s::integer[],"
            " %s::uuid[], %s::uuid[], %s::bigint[], %s, %s, %s)",
            service, environment, seq, batch, complete_from is not None, complete_from,
            len(steps),
            [step.cell for step in steps],
            [step.at for step in steps],
            [step.status for step in steps],
            [step.transition * 1 + step.stale * 2 for step in steps],
            [step.checks for step in steps],
            [step.missing for step in steps],
            [step.deciding for step in steps],
            sparse([step.cause if not again or step.at > complete_from else None
                   for step in steps]),
            None if again else [step.known for step in steps],
            sparse([step.exception for step in steps]),
            sparse([step.finding for step in steps]),
            sparse([step.inherited_from for step in steps]),
        )

    def standing(self, service, environment, batch, steps, before=(), complete_from=None):
        """One row: how the timelines `steps` differ from what they were, or, with complete_from, a
        keyframe of them. The first of a pair is one from the beginning on."""
        seq = self.next_seq("standing", service, environment)
        if complete_from is not None:
            phase, tally = cut(steps, complete_from)
        else:
            now, was = phases(steps), phases(before)
            phase = {key: value for key, value in now.items() if was.get(key) != value}
            phase.update({key: (REMOVED, 0, 0, False) for key in was if key not in now})
            tally = differences(tallies(steps), tallies(before))
        if seq == 0:
            complete_from = "-infinity"
        tally = told(tally)
        standards = [standard for standard, _, _ in tally]
        self.database.query(
            "INSERT INTO record.standing VALUES (%s, %s, %s, %s, %s, %s, %s::text[],"
            " %s::timestamptz[], %s::smallint[], %s::smallint[], %s::smallint[], %s::boolean[],"
            " %s::text[], %s::timestamptz[], %s::smallint[], %s::integer[])",
            service, environment, seq, batch, complete_from is not None, complete_from,
            [standard for standard, _ in phase],
            [at for _, at in phase],
            *([value[field] for value in phase.values()] for field in range(4)),
            standards[:1] if len(set(standards)) == 1 else standards,
            [at for _, at, _ in tally],
            [status for _, _, status in tally],
            list(tally.values()),
        )

    def topic(self, name):
        if name not in self.topics:
            self.topics[name] = self.database.value("SELECT record.topic_number(%s)", name)
        return self.topics[name]

    def ledger(self, batch, topic="assay.evidence", verdict=0, **fields):
        """A record at the next offset of partition 0, which it returns."""
        row = {
            "batch": batch, "topic": self.topic(topic), "partition": 0, "incarnation": 1,
            "offset": self.offset, "verdict": verdict, **fields,
        }
        self.offset += 1
        names = ", ".join(f'"{name}"' for name in row)
        self.database.query(
            f"INSERT INTO record.ledger ({names}) VALUES ({', '.join(['%s'] * len(row))})",
            *row.values(),
        )
        return row["offset"]

    def fact(self, batch, body, key, number, fields, service=None, occurred_at=START):
        """A fact's row, with the body's fields as the record keeps them; its id is of `number`."""
        event = {"id": str(event_id(number)), "occurred_at": occurred_at.isoformat(),
                 "sequence": 0, body: fields}
        self.database.query(
            "INSERT INTO record.fact VALUES (%s, %s, 0, 1, %s, %s, %s, %s, %s, %s, %s, 0, %s, %s)",
            batch, self.topic("assay.governance"), self.offset, body, key, service,
            event_id(number), event_id(number + 1000), occurred_at, b"received",
            json.dumps(event),
        )
        self.offset += 1

    def fact_step(self, batch, body, key, at, number=None, removed=False, since=None):
        """`number` None: no version is in force from `at` on."""
        self.database.query(
            "INSERT INTO record.fact_step VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            body, key, at, batch, removed,
            None if number is None else event_id(number),
            None if number is None else event_id(number + 1000),
            since,
        )

    def in_force(self, batch, body, key, number, fields, at=START, service=None):
        """A fact and the step from its occurred_at on."""
        self.fact(batch, body, key, number, fields, service, at)
        self.fact_step(batch, body, key, at, number, since=at)

    def certification(self, batch, programme, standard, at, state=0, **fields):
        """One step of a certificate; `decision` by its number, which sets what it says."""
        row = {"row_exists": True, "flags": 0, "state": state, **fields}
        if row.get("decision") is not None:
            row = {"number": "", "body": "", "soa_version": "", "valid_from": at,
                   "valid_until": at, **row, "decision": event_id(row["decision"])}
        self.step_of_certification(batch, programme, standard, at, removed=False, **row)

    def certification_removed(self, batch, programme, standard, at):
        self.step_of_certification(batch, programme, standard, at, removed=True)

    def step_of_certification(self, batch, programme, standard, at, **fields):
        row = {"programme": programme, "standard": standard, "at": at, "batch": batch, **fields}
        self.database.query(
            f"INSERT INTO record.certification_step ({', '.join(row)})"
            f" VALUES ({', '.join(['%s'] * len(row))})",
            *row.values(),
        )
