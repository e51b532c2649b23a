"""An older backup of the database takes its place while Kafka went on: what came since is fetched
again, and only a log that no longer reaches back that far halts its partition."""

import shutil
import signal
import unittest

import facts
from kafka_logs import trim
from world import Scenario, await_condition

EVIDENCE = "assay.evidence"
SERVICES = ["mail", "chat", "files", "wiki", "calls", "forms"]


class Restoring(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        world.assay("publish", stdin=facts.lines(facts.base(SERVICES, ["chk"])))
        cls.running = world.aggregate()
        cls.publish("PASS", hours=9)
        world.await_caught_up()
        cls.backed_up = world.value("SELECT count(*) FROM assay.event")
        cls.backup = world.directory / "backup"
        world.postgresql.stop()
        shutil.copytree(world.postgresql.data, cls.backup)
        cls.start()

    @classmethod
    def publish(cls, outcome, **ago):
        cls.world.assay("publish", stdin=facts.lines(
            facts.result(service, "chk", outcome, facts.ago(**ago)) for service in SERVICES))

    @classmethod
    def start(cls):
        cls.world.postgresql.start()
        cls.world.connection = None

    @classmethod
    def restore(cls):
        """As an operator would who has lost the machine: the files of the backup, and a start."""
        data = cls.world.postgresql.data
        owner = data.stat()
        cls.world.postgresql.stop(signal.SIGQUIT)
        shutil.rmtree(data)
        shutil.copytree(cls.backup, data)
        for path in (data, *data.rglob("*")):
            shutil.chown(path, owner.st_uid, owner.st_gid)
        cls.start()

    def statuses(self):
        return {row["service"]: row["status"] for row in self.world.query(
            "SELECT service, status FROM assay.cell_status")}

    def test_1_it_goes_on_by_fetching_again(self):
        world = self.world
        for hours in (8, 7, 6):
            self.publish("FAIL", hours=hours)
        world.assay("publish", stdin=facts.lines([facts.mapping(
            "chk", ["C.1"], at=facts.ago(hours=5), ttl="2592000s")]))
        world.await_caught_up()
        before = world.query("SELECT * FROM assay.cell_status ORDER BY 1, 2, 3, 4")
        records = world.value("SELECT count(*) FROM assay.event")
        self.assertLess(self.backed_up, records)
        self.restore()
        world.await_caught_up()
        self.assertEqual(
            world.query("SELECT * FROM assay.cell_status ORDER BY 1, 2, 3, 4"), before)
        self.assertEqual(world.value("SELECT count(*) FROM assay.event"), records)
        self.running.must_run()
        self.assertEqual(world.value(
            "SELECT count(*) FROM (SELECT known_at <= lag(known_at) OVER (ORDER BY position) AS"
            " falls FROM assay.commit) c WHERE falls"), 0)

    def test_2_a_log_that_no_longer_reaches_back_halts_alone(self):
        world = self.world
        self.restore()
        taken = {row["partition"]: row["next_offset"] for row in world.query(
            "SELECT * FROM assay.completeness WHERE topic = %s", EVIDENCE)}
        world.await_caught_up()
        world.stop_aggregators()
        ends = {at[1]: end for at, end in world.ends().items() if at[0] == EVIDENCE}
        lost = max(ends, key=lambda number: ends[number] - taken[number])
        self.assertGreater(ends[lost], taken[lost] + 1)
        trim(world.kafka.brokers, EVIDENCE, {lost: ends[lost]})
        self.restore()
        running = world.aggregate()
        rows = await_condition(
            lambda: (found := {row["partition"]: row for row in world.query(
                "SELECT * FROM assay.completeness WHERE topic = %s", EVIDENCE)})[lost]["halted"]
            and all(found[number]["next_offset"] == end for number, end in ends.items()
                    if number != lost) and found, 60, "one to halt and the others to go on")
        self.assertIn("trimmed", rows[lost]["reason"])
        self.assertIn(f"after offset {taken[lost]},", rows[lost]["reason"])
        self.assertFalse(any(row["halted"] for number, row in rows.items() if number != lost))
        self.assertIn(f"{EVIDENCE} partition {lost} halts: trimmed", running.log.read_text())
        running.stop()
        self.assertEqual(running.process.returncode, 1, "it holds a halted partition, and says so")

        world.aggregators.clear()
        world.aggregate()
        world.assay("topics", "reopen", EVIDENCE, str(lost))
        self.publish("PASS", hours=4)
        world.await_caught_up()
        self.assertEqual(set(self.statuses().values()), {"PASSED"})


if __name__ == "__main__":
    unittest.main()
