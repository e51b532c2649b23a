"""Halts with a name: a log that was trimmed or made anew halts its partition, says why, and the
rest goes on; `assay topics reopen` opens the next incarnation under the running aggregator."""

import ctypes
import unittest

import confluent_kafka
import confluent_kafka.admin

import facts
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
            lambda: (rows := self.partitions()) and wanted(rows) and rows, 60, what)

    def statuses(self):
        return {row["service"]: row["status"] for row in self.world.query(
            "SELECT service, status FROM assay.cell_status")}

    def trim(self, offsets):
        """Takes away what is before these offsets. librdkafka itself: its binding for Python has
        no such call yet."""
        kafka = ctypes.CDLL("librdkafka.so.1")
        for name in ("conf_new", "new", "queue_new", "queue_poll", "DeleteRecords_new",
                     "topic_partition_list_new"):
            getattr(kafka, f"rd_kafka_{name}").restype = ctypes.c_void_p
        pointer = ctypes.c_void_p
        conf = pointer(kafka.rd_kafka_conf_new())
        kafka.rd_kafka_conf_set(conf, b"bootstrap.servers", self.world.kafka.brokers.encode(),
                                None, ctypes.c_size_t(0))
        client = pointer(kafka.rd_kafka_new(0, conf, None, ctypes.c_size_t(0)))
        wanted = pointer(kafka.rd_kafka_topic_partition_list_new(len(offsets)))
        for partition, offset in offsets.items():
            kafka.rd_kafka_topic_partition_list_add(wanted, EVIDENCE.encode(), partition)
            kafka.rd_kafka_topic_partition_list_set_offset(
                wanted, EVIDENCE.encode(), partition, ctypes.c_int64(offset))
        queue = pointer(kafka.rd_kafka_queue_new(client))
        request = pointer(kafka.rd_kafka_DeleteRecords_new(wanted))
        kafka.rd_kafka_DeleteRecords(
            client, (ctypes.c_void_p * 1)(request), ctypes.c_size_t(1), None, queue)
        answer = pointer(kafka.rd_kafka_queue_poll(queue, 30_000))
        self.assertEqual(kafka.rd_kafka_event_error(answer), 0)
        for free, made in (("event_destroy", answer), ("DeleteRecords_destroy", request),
                           ("queue_destroy", queue), ("topic_partition_list_destroy", wanted),
                           ("destroy", client)):
            getattr(kafka, f"rd_kafka_{free}")(made)

    def test_1_a_log_trimmed_up_to_what_was_taken_goes_on(self):
        self.world.stop_aggregators()
        self.trim({number: row["next_offset"] for number, row in self.partitions().items()})
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
        self.trim({lost: before[lost]["next_offset"] + 1})
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

    def test_3_a_topic_made_anew_halts_and_starts_again_when_told(self):
        self.world.stop_aggregators()
        admin = confluent_kafka.admin.AdminClient(
            {"bootstrap.servers": self.world.kafka.brokers})
        admin.delete_topics([EVIDENCE])[EVIDENCE].result()
        await_condition(lambda: EVIDENCE not in admin.list_topics(timeout=10).topics, 30,
                        "the topic to be gone")
        self.world.assay("topics", "create", "--partitions=4")
        for hours in (5, 4, 3, 2):  # the new log is longer than the old one was
            self.publish("FAIL", hours=hours)
        self.world.aggregate()
        taken = self.partitions()
        used = [number for number, row in taken.items() if row["next_offset"] > 0]
        rows = self.await_partitions(
            lambda rows: all(rows[number]["halted"] for number in used),
            "the partitions of the topic made anew to halt")
        for number in used:
            self.assertIn("recreated", rows[number]["reason"])
            self.assertEqual(rows[number]["next_offset"], taken[number]["next_offset"])
            self.world.assay("topics", "reopen", EVIDENCE, str(number))
        self.world.await_caught_up()
        self.assertEqual(set(self.statuses().values()), {"FAILED"})
        incarnations = {row["incarnation"] for row in self.world.query(
            "SELECT DISTINCT incarnation FROM assay.event WHERE topic = %s", EVIDENCE)}
        self.assertGreaterEqual(len(incarnations), 2, "the first incarnation's records stay")

    def test_4_every_record_is_in_the_ledger_once(self):
        self.assertEqual(self.world.query(
            'SELECT topic, partition, incarnation, "offset" FROM assay.event'
            " GROUP BY 1, 2, 3, 4 HAVING count(*) > 1"), [])


if __name__ == "__main__":
    unittest.main()
