"""archiving: a month of the ledger goes into a file and comes back, and while it is away a rebuild
is refused; a person's name is erased, and every status stays as it was, now and after a rebuild.
What docs/operations.md says, done with its commands."""

import hashlib
import os
import re
import subprocess
import unittest
from datetime import datetime, timezone

import facts
from answers import answers, events, instants
from kafka_logs import trim
from world import TOP, Scenario

from local.postgresql import DATABASE, USER

DOCUMENT = TOP / "docs" / "operations.md"
DOCUMENTED = re.compile(r"^\$ (.*)$", re.MULTILINE)
MONTH = "2026_08"  # one that is over, and the documentation's
NAME, ADDRESS = "Ottoline Fenn-Ó'Hara", "jane.doe@example.org"
SECRET = re.compile("Ottoline|Hara|jane[.]doe")


class Archiving(Scenario):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        world.aggregate()
        with MonthAgo(world):
            world.assay("publish", stdin=facts.lines(events(seed=3)))
            producer = world.producer()
            producer.produce("assay.evidence", b"no event", b"mail")
            producer.flush()
            world.await_caught_up()
        world.assay("publish", stdin=facts.lines(events(seed=4, results=60)))
        world.await_caught_up()
        world.stop_aggregators()
        cls.before = answers(world, instants(4))

    def operator(self, command):
        """Runs a line of the documentation in a shell that knows the database."""
        postgresql = self.world.postgresql
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.world.directory, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=120,
            env={**os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(postgresql.port),
                 "PGUSER": USER, "PGDATABASE": DATABASE,
                 "PGPASSFILE": str(postgresql.passwords)})
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}")

    def events(self):
        return [row["text"] for row in self.world.query(
            "SELECT e::text AS text FROM assay.event e ORDER BY position, topic, partition,"
            " \"offset\"")]

    def rebuild_is_refused(self):
        done = self.world.assay("rebuild", status=3)
        said = done.stderr.decode()
        whole = re.sub(r"\((\d+) of \1 commits\)", "(3 of 3 commits)", said.strip())
        self.assertIn(whole, DOCUMENT.read_text())
        self.assertEqual(answers(self.world, instants(4)), self.before)

    def test_1_away_and_back(self):
        world = self.world
        here = self.events()
        detach, dump, drop, restore, attach = DOCUMENTED.findall(DOCUMENT.read_text())
        self.operator(detach)
        self.assertGreater(world.value("SELECT records FROM record.archive"), 100)
        self.rebuild_is_refused()
        self.operator(dump)
        self.operator(drop)
        self.assertEqual(world.query("SELECT records FROM record.erase('Some One', 'request 16')"),
                         [{"records": 0}])
        self.assertIn(f"archived months were not looked into: {MONTH}",
                      world.connection.notices[-1])
        self.assertIsNone(world.value("SELECT to_regclass(%s)", f"record.ledger_{MONTH}"))
        self.rebuild_is_refused()
        left = self.events()
        self.assertGreater(len(left), 0)
        self.assertLess(len(left), len(here))
        self.assertEqual(world.query("SELECT * FROM assay.reject"), [])

        cell = world.query("SELECT * FROM assay.cell_status WHERE deciding_event IS NOT NULL"
                           " ORDER BY 1, 2, 3, 4 LIMIT 1")[0]
        world.assay("explain", cell["service"], cell["environment"], cell["standard"],
                    cell["control"])  # rests on facts and histories, not on the ledger
        world.aggregate()  # and what comes is taken
        world.assay("publish", stdin=facts.lines(
            [facts.result("mail", "backup", "PASS", facts.ago(hours=1), subject="new")]))
        world.await_caught_up()
        world.stop_aggregators()
        type(self).before = answers(world, instants(4))
        new = self.events()[len(left):]
        self.assertEqual(len(new), 1)

        file = world.directory / f"ledger_{MONTH}.dump"
        self.assertEqual(bytes(world.value("SELECT file_sha256 FROM record.archive")),
                         hashlib.sha256(file.read_bytes()).digest())
        self.operator(restore)
        self.operator(attach)
        self.assertEqual(world.query("SELECT * FROM record.archive"), [])
        self.assertEqual(self.events(), here + new)
        world.assay("rebuild")
        self.assertEqual(answers(world, instants(4)), self.before)
        self.assertEqual(world.value("SELECT count(*) FROM assay.reject"), 1)

    def test_2_a_month_dropped_by_hand_is_missed_too(self):
        world = self.world
        world.query(f"ALTER TABLE record.ledger DETACH PARTITION record.ledger_{MONTH}")
        self.rebuild_is_refused()
        bounds = MonthAgo.bounds()
        world.query(f"ALTER TABLE record.ledger ATTACH PARTITION record.ledger_{MONTH}"
                    f" FOR VALUES FROM ({bounds[0]}) TO ({bounds[1]})")


class Erasing(Scenario):
    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        world.assay("publish", stdin=facts.lines(facts.base(["mail", "chat"], ["chk", "seen"])))
        subject = f"account/{ADDRESS}"
        world.assay("publish", stdin=facts.lines([
            facts.result("mail", "chk", "FAIL", facts.ago(days=3), subject=subject, actor=NAME),
            facts.result("mail", "chk", "PASS", facts.ago(days=2), subject=subject),
            facts.result("mail", "seen", "FAIL", facts.ago(days=2), subject=subject),
            facts.result("mail", "chk", "PASS", facts.ago(days=2), subject="account/other"),
            facts.result("chat", "chk", "PASS", facts.ago(days=2), subject="h", actor=NAME),
            facts.result("chat", "seen", "PASS", facts.ago(days=2), subject="h"),
            facts.event(facts.ago(days=3), actor="office", programme={
                "programme": "prog", "title": f"Office of {NAME}", "organisation": "Org",
                "environments": [{"environment": facts.ENVIRONMENT, "title": "Prod",
                                  "state": "ENVIRONMENT_STATE_LIVE"}],
                "standards": [facts.STANDARD]}),
            facts.event(facts.ago(days=1), actor="office", exception={
                "exception": "exc-1", "programme": "prog", "standard": facts.STANDARD,
                "control": "C.2", "service": "mail", "environment": facts.ENVIRONMENT,
                "check": "seen", "subject": subject, "state": "EXCEPTION_STATE_APPROVED",
                "expiresAt": facts.instant(facts.now() + (facts.now() - facts.ago(days=90))),
                "approver": NAME, "riskOwner": NAME, "reason": "known"}),
        ]))
        cls.refused = f"refused, and about {ADDRESS}".encode()
        producer = world.producer()
        producer.produce("assay.evidence", cls.refused, b"mail",
                         headers=[("user", ADDRESS.encode())])
        producer.flush()
        world.aggregate()
        world.await_caught_up()

    def statuses(self):
        return self.world.query("SELECT * FROM assay.cell_status ORDER BY 1, 2, 3, 4")

    def everything(self):
        """Every byte of the record, as text."""
        return "\n".join(
            row["text"] + bytes.fromhex("".join(re.findall(r'\\x([0-9a-f]*)', row["text"])))
            .decode("utf-8", "replace")
            for table in self.world.query(
                "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r'"
                " AND relnamespace = 'record'::regnamespace")
            for row in self.world.query(f"SELECT t::text AS text FROM {table['name']} t"))

    def owner(self, statement, *parameters):
        self.world.query("SET ROLE assay_owner")
        try:
            return self.world.query(statement, *parameters)[0]
        finally:
            self.world.query("RESET ROLE")

    def test_1_bytes_go_and_statuses_stay(self):
        world = self.world
        before = self.statuses()
        self.assertEqual(
            [(row["service"], row["control"], row["status"]) for row in before],
            [("chat", "C.1", "PASSED"), ("chat", "C.2", "PASSED"),
             ("mail", "C.1", "PASSED"), ("mail", "C.2", "EXCEPTED")])
        self.assertTrue(SECRET.search(self.everything()))
        values = {(row["topic"], row["partition"], row["offset"]): bytes(row["value"])
                  for row in world.query("SELECT * FROM assay.event")
                  if SECRET.search(bytes(row["value"]).decode("utf-8", "replace"))}
        self.assertEqual(len(values), 6)

        with self.assertRaisesRegex(Exception, "an aggregator is connected"):
            self.owner("SELECT * FROM record.erase(%s, 'request 17')", NAME)
        world.stop_aggregators()
        done = [self.owner("SELECT * FROM record.erase(%s, %s)", name, "request 17")
                for name in (NAME, ADDRESS)]
        self.assertEqual([row["records"] for row in done], [4, 5])  # and the refused one
        for name, row in zip((NAME, ADDRESS), done):
            self.assertEqual(len(row["stands_for_it"]), len(name.encode()))
        self.assertIsNone(SECRET.search(self.everything()))
        self.assertEqual(self.statuses(), before)
        # who holds a copy can prove that it was this record
        proofs = {(row["topic"], row["partition"], row["offset"]): bytes(row["sha256"])
                  for row in world.query(
                      "SELECT t.name AS topic, e.partition, e.\"offset\", e.sha256"
                      " FROM record.erasure e JOIN record.topic t USING (topic)")}
        for at, value in values.items():
            self.assertEqual(proofs.pop(at), hashlib.sha256(value).digest())
        self.assertEqual(list(proofs.values()), [hashlib.sha256(self.refused).digest()])

        # Kafka's copies go up to where they were taken; the stream goes on by its new name
        trim(world.kafka.brokers, "assay.evidence", {
            row["partition"]: row["next_offset"] for row in world.query(
                "SELECT partition, next_offset FROM assay.completeness"
                " WHERE topic = 'assay.evidence'")})
        world.aggregate()
        pseudonym = f"account/{done[1]['stands_for_it']}"
        world.assay("publish", stdin=facts.lines([
            facts.result("mail", "seen", "RETIRED", facts.ago(hours=1), subject=pseudonym)]))
        world.await_caught_up()
        self.assertEqual(self.statuses()[3]["status"], "NOT_TESTED")
        world.stop_aggregators()

        at_once = facts.now()
        before = answers(world, [at_once])
        world.assay("rebuild")
        self.assertEqual(answers(world, [at_once]), before)
        self.assertIsNone(SECRET.search(self.everything()))

    def test_2_what_decides_is_not_erased(self):
        world = self.world
        before = self.everything()
        for name, why in (("mail", "service mail"), ("exc-1", "key of a exception"),
                          ("test/scen", "source"), ("test/scan", "may decide something"),
                          ("cafe", "part of an id"), ("Jo", "four bytes")):
            with self.subTest(name=name), self.assertRaisesRegex(Exception, why):
                self.owner("SELECT * FROM record.erase(%s, 'request 18')", name)
        with self.assertRaisesRegex(Exception, "without the name"):
            self.owner("SELECT * FROM record.erase('Some One', 'asked by Some One')")
        self.assertEqual(self.everything(), before)

    def test_3_a_refused_record_whole(self):
        world = self.world
        row = world.query("SELECT * FROM assay.reject")[0]
        at = [row[name] for name in ("topic", "partition", "incarnation", "offset")]
        statement = "SELECT record.erase_refused(%s, %s, %s, %s, 'request 19') AS erased"
        self.assertTrue(self.owner(statement, *at)["erased"])
        self.assertFalse(self.owner(statement, *at)["erased"])
        row = world.query("SELECT * FROM assay.reject")[0]
        self.assertEqual((row["key"], row["headers"], row["value"], row["reason"]),
                         (None, None, None, "undecodable"))
        self.assertEqual(
            bytes(world.value("SELECT sha256 FROM record.erasure WHERE whole")),
            hashlib.sha256(self.refused).digest())
        self.assertEqual(world.value("SELECT reason FROM record.erasure WHERE whole"),
                         "request 17; request 19")
        commits = world.value("SELECT count(*) FROM assay.commit")
        world.assay("rejects", "replay")
        self.assertEqual(world.value("SELECT count(*) FROM assay.commit"), commits)


class MonthAgo:
    """While it lasts the database names batches as its clock would have made it do in MONTH."""

    def __init__(self, world):
        self.world = world

    @staticmethod
    def bounds():
        year, month = map(int, MONTH.split("_"))
        edges = (datetime(year, month, 1, tzinfo=timezone.utc),
                 datetime(year, month + 1, 1, tzinfo=timezone.utc))
        return [int(edge.timestamp()) * 1_000_000 << 10 for edge in edges]

    def __enter__(self):
        world, (begin, end) = self.world, self.bounds()
        for statement in (
            f"CREATE TABLE record.ledger_{MONTH} (LIKE record.ledger INCLUDING ALL)",
            f"ALTER TABLE record.ledger_{MONTH} OWNER TO assay_owner",
            f"ALTER TABLE record.ledger ATTACH PARTITION record.ledger_{MONTH}"
            f" FOR VALUES FROM ({begin}) TO ({end})",
        ):
            world.query(statement)
        self.real = world.value(
            "SELECT pg_get_functiondef('record.batch_name()'::regprocedure)")
        shift = int(facts.now().timestamp()) * 1_000_000 - (begin >> 10)
        shifted = self.real.replace("nextval(", f"-{shift}::bigint * 1024 + nextval(")
        assert shifted != self.real
        world.query(shifted)

    def __exit__(self, *_):
        self.world.query(self.real)


if __name__ == "__main__":
    unittest.main()
