"""fooling -- the checker is shown records that were tampered with, and must see it each time.

A seed without faults is run and found good. Then, each time in a copy of its database, one thing is
made wrong that a fault could have left behind; the checker must say so, and name the relation.
"""

import concurrent.futures
import dataclasses
import pathlib
import shutil
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE.parent / "pipeline", HERE):  # this one is looked at first
    sys.path.insert(0, str(folder))

from checker import Checker  # noqa: E402
from parts import Parts  # noqa: E402
from schedule import draw  # noqa: E402
from seed import Seed  # noqa: E402

ONE = "(SELECT ctid FROM record.{0} WHERE {1} ORDER BY {2} LIMIT 1)"

# What is said of the harm: (the relation that must be named, the statements that do it).
HARM = {
    "a ledger row is lost": (
        "ledger", "DELETE FROM record.ledger WHERE (topic, partition, \"offset\") ="
        " (SELECT topic, partition, \"offset\" FROM record.ledger ORDER BY batch LIMIT 1)"),
    "a ledger row is there twice": (
        "twice", "INSERT INTO record.ledger SELECT batch + 1, topic, partition, incarnation,"
        " \"offset\", verdict, kafka_timestamp, id, key, headers, value, detail"
        " FROM record.ledger ORDER BY batch LIMIT 1"),
    "a byte of a value": (
        "ledger", "UPDATE record.ledger SET value = set_byte(value, 9, get_byte(value, 9) # 1)"
        " WHERE id = (SELECT min(id::text)::uuid FROM record.ledger WHERE verdict = 0)"),
    "a key": (
        "ledger", "UPDATE record.ledger SET key = key || '\\x00' WHERE batch ="
        " (SELECT min(batch) FROM record.ledger)"),
    "the last record of a partition has the next offset": (
        "ledger", "UPDATE record.ledger SET \"offset\" = \"offset\" + 1 WHERE (topic, partition,"
        " \"offset\") = (SELECT topic, partition, last_offset FROM record.partition"
        " WHERE last_offset IS NOT NULL ORDER BY topic LIMIT 1)"),
    "a record of another batch": (
        "commit log", "UPDATE record.ledger SET batch = (SELECT max(batch) FROM record.ledger)"
        " WHERE batch = (SELECT min(batch) FROM record.ledger)"),
    "another reason for a refusal": (
        "verdict", "UPDATE record.ledger SET verdict = 7 - verdict WHERE batch ="
        " (SELECT min(batch) FROM record.ledger WHERE verdict <> 0) AND verdict <> 0"),
    "a partition goes on behind its next record": (
        "completeness", "UPDATE record.partition SET next_offset = next_offset + 1"),
    "a partition has halted": (
        "completeness", "UPDATE record.partition SET halted = true WHERE topic = 1"),
    "a service is not evaluated to the end": (
        "completeness", "UPDATE record.service SET governance = 0"),
    "a fact is lost": (
        "fact", f"DELETE FROM record.fact WHERE ctid = {ONE.format('fact', 'true', 'batch')}"),
    "a fact's instant": (
        "fact", "UPDATE record.fact SET occurred_at = occurred_at + interval '1 microsecond'"
        f" WHERE ctid = {ONE.format('fact', 'true', 'batch')}"),
    "a result in a history": (
        "history", "UPDATE record.history SET result[1] = result[1] # 1 WHERE ctid = "
        + ONE.format("history", "true", "service, environment, seq")),
    "an element of a history is doubled": (
        "twice", "UPDATE record.history SET stream = stream || stream[1],"
        " occurred_at = occurred_at || occurred_at[1], sequence = sequence || sequence[1],"
        " result = result || result[1], id = id || id[1], digest = digest || digest[1],"
        " expires_at = expires_at || expires_at[1], tool = tool || tool[1],"
        " topic = topic || topic[1], partition = partition || partition[1],"
        " incarnation = incarnation || incarnation[1], \"offset\" = \"offset\" || \"offset\"[1]"
        f" WHERE ctid = {ONE.format('history', 'true', 'service, environment, seq')}"),
    "a position is left out": (
        "commit log", "UPDATE record.commit_log SET position = position + 1"
        " WHERE position = (SELECT max(position) FROM record.commit_log)"),
    "two commits have changed places in time": (
        "commit log", "UPDATE record.commit_log l SET known_at = o.known_at FROM"
        " record.commit_log o WHERE l.position IN (1, 2) AND o.position = 3 - l.position"),
    "a commit that took nothing": (
        "commit log", "DELETE FROM record.commit_take WHERE batch ="
        " (SELECT max(batch) FROM record.commit_log)"),
    "a step of a cell": (
        "rebuilt", "UPDATE record.timeline SET status[1] = status[1] # 1 WHERE ctid = "
        + ONE.format("timeline", "cardinality(status) > 0", "batch")),
    "a step's instant": (
        "answers", "UPDATE record.timeline SET at[1] = at[1] + interval '1 microsecond'"
        f" WHERE ctid = {ONE.format('timeline', 'cardinality(at) > 0', 'batch DESC')}"),
    "a count of a standing": (
        "answers", "UPDATE record.standing SET tally_change[1] = tally_change[1] + 1"
        " WHERE ctid = "
        + ONE.format("standing", "cardinality(tally_change) > 0", "batch DESC")),
    "a step of a fact": (
        "rebuilt", "DELETE FROM record.fact_step WHERE ctid = "
        + ONE.format("fact_step", "true", "batch")),
}


class Fooling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = pathlib.Path(tempfile.mkdtemp(prefix="assay-chaos."))
        cls.addClassCleanup(shutil.rmtree, directory)
        pool = concurrent.futures.ThreadPoolExecutor(4)
        cls.addClassCleanup(pool.shutdown)
        cls.parts = Parts(directory)
        cls.addClassCleanup(cls.parts.close)
        schedule = draw(1, {})
        cls.schedule = dataclasses.replace(
            schedule, layout=dataclasses.replace(schedule.layout, nodes=1), poison=0.2,
            histories=((1, "full", None), (2, "evidence", None)), bursts=((0.0, 1.0),))
        cls.seed = Seed(cls.parts, cls.schedule, {}, pool)
        cls.found = cls.seed.run()
        cls.good = cls.parts.postgresql.database

    def test_1_nothing_is_wrong_where_nothing_was_done(self):
        self.assertEqual(self.found, [])
        self.assertGreater(self.seed.compared, 300)
        self.assertEqual(self.check("SELECT"), [])

    def test_2_each_harm_is_seen(self):
        for harm, (relation, statement) in HARM.items():
            with self.subTest(harm=harm):
                lines = self.check(statement)
                self.assertTrue(lines, "the checker was fooled")
                self.assertTrue(any(relation in line for line in lines), lines)

    def test_3_what_kafka_lost_is_seen(self):
        at, value = sorted(self.seed.oracle.acknowledged.items())[0]
        self.seed.oracle.acknowledged[at] = "0" * 64
        self.assertIn("acknowledged", self.check("SELECT")[0])
        self.seed.oracle.acknowledged[at] = value
        lost = self.seed.log.pop(0)
        self.assertIn("acknowledged", self.check("SELECT")[0])
        self.seed.log.insert(0, lost)

    def check(self, statement):
        """What the checker says of a copy to which this was done."""
        self.copy()
        self.parts.query(statement)
        return Checker(self.parts, self.seed.oracle, self.seed.log).run()

    def copy(self):
        self.parts.connection.close()
        self.parts.postgresql.database = "postgres"
        self.parts.query("DROP DATABASE IF EXISTS fooled WITH (FORCE)")
        self.parts.query(f"CREATE DATABASE fooled TEMPLATE {self.good}")
        self.parts.connection.close()
        self.parts.postgresql.database = "fooled"


if __name__ == "__main__":
    unittest.main()
