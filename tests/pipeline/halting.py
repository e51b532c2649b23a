"""Halts with a name: a log that was trimmed or made anew, or is another cluster's, halts its
partition, says why, and the rest goes on; `assay topics reopen` opens the next incarnation under
the running aggregator."""

import signal
import unittest

import confluent_kafka
import confluent_kafka.admin

import facts
from kafka_logs import trim
from world import Scenario, await_condition

EVIDENCE = "assay.evidence"
SERVICES = ["mail", "chat", "files", "wiki", "calls", "forms"]


class Halting(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.assay("publish", stdin=facts.lines(facts.base(SERVICES, ["chk"])))
        cls.world.aggregate()
        cls.publish("PASS", hours=9)
        cls.world.await_caught_up()

    @classmethod
    def publish(cls, outcome, **ago):
        cls.world.assay("publish", stdin=facts.lines(
            facts.result(service, "chk", outcome, facts.ago(**ago)) for service in SERVICES))

    def partitions(self):
        return {
            row["partition"]: row for row in self.world.query(
                "SELECT * FROM assay.completeness WHERE topic = %s", EVIDENCE)
        }

    def await_partitions(self, wanted, what):
        return await_condition(
            lambda: (rows := self.partitions()) and wanted(rows) and rows, 180, what)

    def statuses(self):
        return {row["service"]: row["status"] for row in self.world.query(
            "SELECT service, status FROM assay.cell_status")}

    def test_1_a_log_trimmed_up_to_what_was_taken_goes_on(self):
        self.world.stop_aggregators()
        trim(self.world.kafka.brokers, EVIDENCE, {
            number: row["next_offset"] for number, row in self.partitions().items()})
        self.world.aggregate()
        self.publish("FAIL", hours=8)
        self.world.await_caught_up()
        self.assertEqual(set(self.statuses().values()), {"FAILED"})

    def test_2_a_log_trimmed_further_halts_that_partition_alone(self):
        self.world.stop_aggregators()
        before = self.partitions()
        self.publish("PASS", hours=7)
        ends = {at[1]: end for at, end in self.world.ends().items() if at[0] == EVIDENCE}
        lost = max(ends, key=lambda number: ends[number] - before[number]["next_offset"])
        self.assertGreater(ends[lost], before[lost]["next_offset"])
        trim(self.world.kafka.brokers, EVIDENCE, {lost: before[lost]["next_offset"] + 1})
        self.world.aggregate()
        rows = self.await_partitions(
            lambda rows: rows[lost]["halted"] and all(
                row["next_offset"] == ends[number]
                for number, row in rows.items() if number != lost),
            "the trimmed partition to halt and the others to go on")
        self.assertIn("trimmed", rows[lost]["reason"])
        self.assertEqual(rows[lost]["next_offset"], before[lost]["next_offset"])
        self.assertFalse(any(row["halted"] for number, row in rows.items() if number != lost))
        self.assertIn("FAILED", self.statuses().values(), "what was lost has not been guessed")

        self.world.assay("topics", "reopen", EVIDENCE, "99", status=1)
        self.world.assay("topics", "reopen", EVIDENCE, str(lost))
        rows = self.await_partitions(
            lambda rows: rows[lost]["next_offset"] == ends[lost],
            "the running aggregator to go on in the next incarnation")
        self.assertEqual((rows[lost]["halted"], rows[lost]["incarnation"]), (False, 2))
        self.publish("PASS", hours=6)
        self.world.await_caught_up()
        self.assertEqual(set(self.statuses().values()), {"PASSED"})

    def make_anew(self):
        admin = confluent_kafka.admin.AdminClient(
            {"bootstrap.servers": self.world.kafka.brokers})
        admin.delete_topics([EVIDENCE])[EVIDENCE].result()
        await_condition(lambda: EVIDENCE not in admin.list_topics(timeout=10).topics, 30,
                        "the topic to be gone")
        self.world.assay("topics", "create", "--partitions=4")

    def reopen_made_anew(self, taken):
        """Awaits that the partitions halt of which something had been taken, and reopens them."""
        used = [number for number, row in taken.items() if row["next_offset"] > 0]
        rows = self.await_partitions(
            lambda rows: all(rows[number]["halted"] for number in used),
            "the partitions of the topic made anew to halt")
        for number in used:
            self.assertIn("recreated", rows[number]["reason"])
            self.world.assay("topics", "reopen", EVIDENCE, str(number))
        self.world.await_caught_up()
        self.assertEqual(set(self.statuses().values()), {"FAILED"})
        return used, rows

    def test_3_a_topic_made_anew_halts_and_starts_again_when_told(self):
        self.world.stop_aggregators()
        self.make_anew()
        for hours in (5, 4, 3, 2):  # the new log is longer than the old one was
            self.publish("FAIL", hours=hours)
        self.world.aggregate()
        taken = self.partitions()
        used, rows = self.reopen_made_anew(taken)
        for number in used:
            self.assertEqual(rows[number]["next_offset"], taken[number]["next_offset"])
        incarnations = {row["incarnation"] for row in self.world.query(
            "SELECT DISTINCT incarnation FROM assay.event WHERE topic = %s", EVIDENCE)}
        self.assertGreaterEqual(len(incarnations), 2, "the first incarnation's records stay")

    def test_4_so_does_one_made_anew_under_a_running_aggregator(self):
        taken = self.partitions()
        self.make_anew()  # in a moment: nothing tells its consumers
        for minutes in range(90, 60, -5):
            self.publish("FAIL", minutes=minutes)
        self.reopen_made_anew(taken)
        ends = self.world.ends()
        for number, row in self.partitions().items():
            self.assertEqual(ends[EVIDENCE, number], self.world.value(
                "SELECT count(*) FROM assay.event"
                " WHERE topic = %s AND partition = %s AND incarnation = %s",
                EVIDENCE, number, row["incarnation"]), "the whole of the new log is there")

    def all_partitions(self):
        return self.world.query("SELECT * FROM assay.completeness ORDER BY topic, partition")

    def swap_cluster(self, cluster, data):
        """At the same address another Apache Kafka answers; returns the one it was."""
        kafka = self.world.kafka
        kafka.stop(signal.SIGKILL)
        before = kafka.cluster, kafka.data.rename(self.world.directory / kafka.cluster)
        if data is not None:
            data.rename(kafka.data)
        kafka.cluster = cluster
        kafka.start()
        return before

    def test_5_a_swapped_cluster_halts_under_a_running_aggregator(self):
        world = self.world
        (aggregator,) = world.aggregators
        before = self.all_partitions()
        self.assertNotIn(0, {row["next_offset"] for row in before if row["topic"] == EVIDENCE
                             and row["last_event_at"]}, "something was taken")
        stranger = "AAAAAAAAAAAAAAAAAAAAAA"
        right = self.swap_cluster(stranger, None)
        world.assay("topics", "create", "--partitions=4")
        await_condition(lambda: all(row["halted"] for row in self.all_partitions()), 180,
                        "every partition to halt", aggregator.must_run)
        rows = self.all_partitions()
        for row, was in zip(rows, before):
            self.assertIn(f"swapped cluster: the record follows Kafka cluster {right[0]},"
                          f" this is {stranger}", row["reason"])
            self.assertEqual(row["next_offset"], was["next_offset"])
        self.assertIn("halts: swapped cluster", aggregator.log.read_text())
        aggregator.stop()
        self.assertEqual(aggregator.process.returncode, 1)
        world.aggregators.clear()

        self.swap_cluster(*right)  # it was the address that was wrong
        world.aggregate()
        for row in rows:
            world.assay("topics", "reopen", "--resume", row["topic"], str(row["partition"]))
        self.publish("PASS", hours=1)
        world.await_caught_up()
        self.assertEqual(set(self.statuses().values()), {"PASSED"})
        self.assertEqual([row["incarnation"] for row in self.all_partitions()],
                         [row["incarnation"] for row in before])

    def test_6_every_record_is_in_the_ledger_once(self):
        self.assertEqual(self.world.query(
            'SELECT topic, partition, incarnation, "offset" FROM assay.event'
            " GROUP BY 1, 2, 3, 4 HAVING count(*) > 1"), [])


if __name__ == "__main__":
    unittest.main()
