"""differential -- the meaning through everything: histories of the reference's generator go through
Apache Kafka and aggregators into PostgreSQL, and what the read API says is what the reference says,
cell by cell, at any instant and as known at any position.

    differential.py [short|lasting|wide COUNT FIRST]    so many histories, from that seed on
"""

import collections
import datetime
import os
import random
import sys
import unittest

from world import World, await_condition

from differential_witness import Witness
from differential_histories import TEAMS, Row, Told, instant, text_of

TIME_ZERO = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
CELL = ("service", "environment", "standard", "control")
RELATIONS = {"cell_status": CELL, "service_status": CELL[:3], "scope": CELL[:3],
             "certification": ("programme", "standard")}
INSTANTS = {"since", "until", "at", "valid_from", "valid_until", "surveillance_deadline"}
DERIVED = ["fact", "fact_step", "certification_step", "environment", "stream", "tool", "cell",
           "producer", "history", "timeline", "standing", "unmapped"]


def micros(at):
    if at is None:
        return None
    since = at - TIME_ZERO
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def normal(name, value):
    if name in INSTANTS:
        return micros(value)
    if name in ("deciding_event", "cause", "percent") and value is not None:
        return str(value)
    return value


class Sending:
    """Puts histories into their topics, in an order drawn from a number."""

    def __init__(self, world, told, seed):
        self.world = world
        self.producer = world.producer(**{"enable.idempotence": True, "log_level": 2})
        self.partitions = {
            name: len(topic.partitions)
            for name, topic in self.producer.list_topics(timeout=10).topics.items()
        }
        self.chance = random.Random(seed)
        left = [collections.deque(one.records) for one in told]
        self.order = []
        while left:
            queue = self.chance.choice(left)
            self.order.append(queue.popleft())
            if not queue:
                left.remove(queue)

    def send(self, count):
        """The next so many records, acknowledged. False: there was none left."""
        part, self.order = self.order[:count], self.order[count:]
        for record in part:
            # Any partition will do: so several aggregators come to write one service.
            partition = self.chance.randrange(self.partitions[record.topic])
            self.producer.produce(record.topic, key=record.key, value=record.value,
                                  partition=partition, on_delivery=self._delivered(record))
            self.producer.poll(0)
        if self.producer.flush(30) != 0:
            raise AssertionError("Kafka did not acknowledge everything")
        return bool(part)

    @staticmethod
    def _delivered(record):
        def note(error, message):
            if error is not None:
                raise AssertionError(str(error))
            record.at = message.topic(), message.partition(), message.offset()

        return note


class Reading:
    """The read API's answers, for the services of one history, keyed and named as Expected's."""

    def __init__(self, world, told):
        self.world = world
        self.told = told

    def ask(self, relation, at, known=None):
        keys = RELATIONS[relation]
        instants = [text_of(at)] if known is None else [text_of(at), known]
        arguments = ", ".join(["%s::timestamptz"] * len(instants))
        named, names = "service", self.told.services
        if relation == "certification":
            named, names = "programme", self.told.programmes
        rows = self.world.query(
            f"SELECT * FROM assay.{relation}_at({arguments}) WHERE {named} = ANY (%s)",
            *instants, names,
        )
        found = {}
        for row in rows:
            about = tuple(row.pop(key) for key in keys)
            assert about not in found, f"{relation} has {about} twice"
            found[about] = {name: normal(name, value) for name, value in row.items()}
        return found

    def changes(self):
        """{(cell, at): row}"""
        found = {}
        for row in self.world.query(
            "SELECT * FROM assay.change WHERE service = ANY (%s)", self.told.services
        ):
            about = tuple(row.pop(key) for key in CELL), micros(row.pop("at"))
            assert about not in found, f"change has {about} twice"
            found[about] = row
        return found


def differences(expected, found):
    """Lines that say where two {about: {column: value}} differ."""
    for about in sorted(expected.keys() | found.keys(), key=str):
        ours, theirs = expected.get(about), found.get(about)
        if ours is None or theirs is None:
            yield f"{about}: reference {ours}, assay {theirs}"
            continue
        for name in ours.keys() | theirs.keys():
            if ours.get(name, "no such column") != theirs.get(name, "no such column"):
                yield f"{about}: {name}: reference {ours.get(name)}, assay {theirs.get(name)}"


class Differential:
    """The histories' way through a world, and the comparisons. Kinds of histories are below."""

    maxDiff = 4000
    SEED = 1
    PARTITIONS = 3
    AGGREGATORS = [["--batch-records=7", "--memory=1", "--lanes=1"], ["--lanes=3"]]
    REBUILD = []
    LEAST_ANSWERS = 5  # that the witness must have been given for the test to mean anything

    @classmethod
    def setUpClass(cls):
        cls.told = cls.histories()
        cls.world = World(cls.PARTITIONS)
        cls.addClassCleanup(cls.world.close)
        for team in TEAMS:
            cls.world.assay("topics", "create", f"--team={team}", "--partitions=2")
        for flags in cls.AGGREGATORS:
            cls.world.aggregate(*flags)
        cls.witness = Witness(
            cls.world.postgresql.uri(),
            [text_of(at) for told in cls.told[:4] for at in told.instants(2)], cls.SEED)
        cls.addClassCleanup(cls.witness.close)
        cls.take_in(Sending(cls.world, cls.told, cls.SEED))
        cls.world.await_caught_up()
        cls.witness.close()
        cls.world.stop_aggregators()
        cls.positions = {
            (row["topic"], row["partition"], row["offset"]): row["position"]
            for row in cls.world.query(
                'SELECT topic, partition, "offset", position FROM assay.event')
        }
        cls.stamps = {row["position"]: row["known_at"]
                      for row in cls.world.query("SELECT * FROM assay.commit")}

    @classmethod
    def take_in(cls, sending):
        """Sends everything, while aggregators take it."""
        while sending.send(sending.chance.choice([1, 10, 100])):
            if sending.chance.random() < 0.3:
                cls.await_commit()

    @classmethod
    def await_commit(cls):
        """Until one more is there, or everything sent so far is taken."""
        last = "SELECT coalesce(max(position), 0) FROM assay.commit"
        taken = "SELECT coalesce(sum(next_offset), 0) FROM assay.completeness"
        position, end = cls.world.value(last), sum(cls.world.ends().values())
        await_condition(
            lambda: cls.world.value(last) > position or cls.world.value(taken) >= end,
            60, "the next commit")

    def assertAlike(self, told, expected, found, what):
        for line in differences(expected, found):
            self.wrong.append(f"{told.prefix} {what}: {line}")

    def setUp(self):
        self.wrong = []

    def assertNothingWrong(self):
        self.assertEqual(self.wrong, [], f"{len(self.wrong)} differences")

    def test_1_every_record_is_accepted_once(self):
        self.assertEqual(self.world.query("SELECT * FROM assay.reject"), [])
        sent = [record.at for told in self.told for record in told.records]
        self.assertEqual(sorted(sent), sorted(self.positions))

    def test_2_at_any_instant(self):
        compared = 0
        for told in self.told:
            reading = Reading(self.world, told)
            for at in told.instants(12):
                for relation in RELATIONS:
                    expected = getattr(told.whole, relation)(at)
                    self.assertAlike(told, expected, reading.ask(relation, at),
                                     f"{relation}_at({text_of(at)})")
                    compared += len(expected)
        self.assertGreater(compared, 20 * len(self.told), "hardly anything was compared")
        self.assertNothingWrong()

    def test_3_as_known_at_any_position(self):
        for told in self.told:
            reading = Reading(self.world, told)
            came = sorted({self.positions[record.at] for record in told.records})
            chosen = {position - before for before in (0, 1)
                      for position in told.chance.sample(came, min(3, len(came)))}
            for position in sorted(chosen - {0}):
                expected = told.known(
                    [r for r in told.records if self.positions[r.at] <= position])
                for at in told.instants(3):
                    for relation in RELATIONS:
                        self.assertAlike(
                            told, getattr(expected, relation)(at),
                            reading.ask(relation, at, self.stamps[position]),
                            f"{relation}_at({text_of(at)}) known at {position}")
        self.assertNothingWrong()

    def test_3b_answers_given_meanwhile_still_hold(self):
        self.assertIsNone(self.witness.failure)
        self.assertGreater(len(self.witness.answers), self.LEAST_ANSWERS)
        self.assertEqual(self.witness.changed(100), [])

    def test_4_changes(self):
        now = self.world.value("SELECT now()")
        for told in self.told:
            found = Reading(self.world, told).changes()
            expected = told.whole.changes(micros(now))
            said = {(record.event["id"], instant(record.event["occurredAt"]))
                    for record in told.records}
            decisions = {record.event["id"] for record in told.records
                         if "certificate" in record.event}  # may take force later
            for about, row in found.items():
                # the office's facts and a provider's take effect too: more than cause() looks at
                row["made_by"] = row["cause"]
                cause = str(row["cause"])
                if told.all_bodies and (cause in decisions or (cause, about[1]) in said):
                    looked = told.whole.cause(*about) if about in expected else None
                    row["cause"] = looked.id if looked else None
            self.assertAlike(
                told,
                {about: {"from_status": before, "to_status": after,
                         "cause": cause.id if (cause := told.whole.cause(*about)) else None}
                 for about, (before, after) in expected.items()},
                {about: {name: normal(name, row[name])
                         for name in ("from_status", "to_status", "cause")}
                 for about, row in found.items()}, "change")
            for about in told.chance.sample(sorted(found), min(12, len(found))):
                self.assertMadeKnown(told, about, found[about])
        self.assertNothingWrong()

    def test_5_what_has_no_effect(self):
        now = micros(self.world.value("SELECT now()"))
        rows = self.world.query("SELECT * FROM assay.unmapped")
        for told in self.told:
            came = {record.at: record.event["id"] for record in told.records}
            found = set()
            for row in rows:
                at = row["topic"], row["partition"], row["offset"]
                # an exception of every standard meets the other histories' clauses, too
                ours = (row["standard"] or "*").startswith((told.prefix, "*"))
                if at in came and ours:
                    self.assertEqual(came[at], str(row["event"]))
                    found.add(Row(**{name: row[name] and str(row[name]) for name in Row._fields}))
            expected = told.whole.unmapped(now)
            self.assertAlike(told, dict.fromkeys(expected, {}), dict.fromkeys(found, {}),
                             "unmapped")
        self.assertNothingWrong()

    def test_5b_who_is_silent_and_how_far_each_log_is_taken(self):
        now = micros(self.world.value("SELECT now()"))
        for told in self.told:
            found = {
                (row["source"], row["service"]): {
                    "last": micros(row["last_event_at"]), "by": micros(row["expected_by"])}
                for row in self.world.query(
                    "SELECT * FROM assay.silent_producer WHERE service = ANY (%s)", told.services)
            }
            expected = {about: {"last": last, "by": by} for about, (last, by)
                        in told.whole.silent(told.records, now).items()}
            self.assertAlike(told, expected, found, "silent_producer")
        self.assertNothingWrong()
        latest = {}
        for record in (record for told in self.told for record in told.records):
            at = instant(record.event["occurredAt"])
            latest[record.at[:2]] = max(latest.get(record.at[:2], at), at)
        self.assertEqual(latest, {
            (row["topic"], row["partition"]): micros(row["last_event_at"])
            for row in self.world.query("SELECT * FROM assay.completeness")
            if row["last_event_at"] is not None})

    def test_6_rebuilt_row_for_row(self):
        before = self.derived()
        self.assertTrue(all(before[name] for name in ("timeline", "history", "standing", "cell")))
        self.world.assay("rebuild", *self.REBUILD)
        after = self.derived()
        for table, rows in before.items():
            with self.subTest(table=table):
                missing, extra = rows - after[table], after[table] - rows
                self.assertEqual((sorted(missing)[:3], sorted(extra)[:3]), ([], []),
                                 f"{len(missing)} rows missing, {len(extra)} too many,"
                                 f" of {len(rows)}")

    def derived(self):
        """{table: its rows as text} of everything that the ledger's rows say."""
        return {
            table: {row["text"] for row in self.world.query(
                f"SELECT t::text AS text FROM record.{table} t")}
            for table in DERIVED
        }

    def had_a_cause(self, about, position):
        """Whether just before the position the record named an event as the change's cause."""
        (service, environment, standard, control), at = about
        return self.world.value(
            "SELECT e.cause IS NOT NULL FROM record.cell c"
            " JOIN record.timeline t USING (service, environment)"
            " JOIN record.commit_log l USING (batch)"
            " CROSS JOIN unnest(t.cell, t.at, t.cause) AS e (cell, at, cause)"
            " WHERE (c.service, c.environment, c.standard, c.control) = (%s, %s, %s, %s)"
            " AND e.cell = c.cell AND e.at = %s AND l.position < %s"
            " AND (NOT t.keyframe OR t.seq = (SELECT min(f.seq) FROM record.timeline f"
            "  WHERE (f.service, f.environment) = (t.service, t.environment)))"
            " ORDER BY t.seq DESC LIMIT 1",
            service, environment, standard, control, text_of(at), position)

    def assertMadeKnown(self, told, about, row):
        """The position of a change is the one that made it known."""
        self.assertEqual(row["known_at"], self.stamps[row["position"]])
        cause = told.whole.cause(*about)
        if cause is not None and str(row["made_by"]) == cause.id:
            brought = told.whole.records_that_count(told.records, cause)
            first = min(self.positions[record.at] for record in brought)
            if row["position"] != first:
                self.wrong.append(f"{told.prefix} change {about}: its cause counts since {first},"
                                  f" shown {row}")
            return
        if row["made_by"] is not None:
            self.assertIn(row["position"], {self.positions[r.at] for r in told.records
                                            if r.event["id"] == str(row["made_by"])})
            return
        then, before = (
            told.known([r for r in told.records if self.positions[r.at] <= position])
            .changes_at(*about) for position in (row["position"], row["position"] - 1))
        if before == then and self.had_a_cause(about, row["position"]):
            return  # the same change, but an event caused it: retracted since, say
        if then is None or then[1] != row["to_status"] or before == then:
            self.wrong.append(f"{told.prefix} change {about} of {row['position']}: by what was "
                              f"known then {then}, just before {before}, shown {row}")


class Short(Differential, unittest.TestCase):
    """Many histories of a few instants at which everything meets."""

    COUNT = 8

    @classmethod
    def histories(cls):
        """Most with all bodies, inheritance and certificates among them."""
        return [Told(seed, "full" if seed % 4 else "evidence")
                for seed in range(cls.SEED, cls.SEED + cls.COUNT)]


class Lasting(Differential, unittest.TestCase):
    """Few histories of many instants, mostly in time, so that keyframes begin at several of them.
    """

    COUNT, SIZE = 1, 1200
    # none takes much at once: a keyframe needs many rows before it
    AGGREGATORS = [["--batch-records=4", "--memory=1", "--lanes=2"],
                   ["--batch-records=3", "--lanes=1"]]

    @classmethod
    def histories(cls):
        return [Told(seed, size=cls.SIZE, days=range(0, 320, 2), late=0.15)
                for seed in range(cls.SEED, cls.SEED + cls.COUNT)]

    def test_0_there_are_keyframes(self):
        begins = self.world.value(
            "SELECT count(DISTINCT (service, environment, complete_from)) FROM record.timeline"
            " WHERE keyframe AND complete_from <> '-infinity'")
        self.assertGreater(begins, 3 * self.COUNT)


class Wide(Differential, unittest.TestCase):
    """A history of many subjects, whose services do not all fit into --memory: what was evicted is
    loaded again from the record."""

    COUNT, SIZE = 1, 9000
    AGGREGATORS = [["--batch-records=150", "--memory=1"]] * 2
    REBUILD = ["--memory=1"]

    @classmethod
    def histories(cls):
        return [Told(seed, size=cls.SIZE, days=range(0, 300, 20), late=0.5, subjects=500)
                for seed in range(cls.SEED, cls.SEED + cls.COUNT)]


if __name__ == "__main__":
    if len(sys.argv) > 2:
        kind = {"short": Short, "lasting": Lasting, "wide": Wide}[sys.argv[1]]
        kind.COUNT, kind.SEED = int(sys.argv[2]), int(sys.argv[3])
        del sys.argv[2:4]
        sys.argv[1] = kind.__name__
    else:
        sys.argv[1:] = ["Short", "Lasting"]
    unittest.main()
