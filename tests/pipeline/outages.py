"""The world fails, the data stays: PostgreSQL and Apache Kafka go down while aggregators run."""

import signal
import threading
import unittest

import facts
from world import Scenario, await_condition

RESULTS = 3000


class Outages(Scenario):
    def test_1_postgresql_goes_down_in_the_middle(self):
        world = self.world
        world.aggregate()
        world.assay("publish", stdin=facts.lines(facts.base(["mail", "chat"], ["chk"])))
        world.await_caught_up()
        sent = [
            facts.result(("mail", "chat")[number % 2], "chk", "PASS", facts.ago(seconds=number),
                         subject=f"host-{number}")
            for number in range(1, RESULTS + 1)
        ]
        half = threading.Thread(
            target=world.assay, args=("publish",), kwargs={"stdin": facts.lines(sent[::2])}
        )
        half.start()
        world.postgresql.stop(signal.SIGQUIT)  # as if it had crashed
        half.join()
        world.assay("publish", stdin=facts.lines(sent[1::2]))
        world.postgresql.start()
        world.connection = None
        world.await_caught_up()
        self.assertTaken(RESULTS)
        for aggregator in world.aggregators:
            aggregator.must_run()

    def test_2_kafka_goes_down_in_the_middle(self):
        world = self.world
        world.kafka.stop(signal.SIGKILL)
        world.kafka.start()
        sent = [facts.result("mail", "chk", "FAIL", facts.now(), subject="last")]
        world.assay("publish", stdin=facts.lines(sent))
        world.await_caught_up()
        self.assertTaken(RESULTS + 1)
        self.assertEqual(
            world.value("SELECT status FROM assay.cell_status WHERE service = 'mail'"), "FAILED"
        )
        for aggregator in world.aggregators:
            aggregator.must_run()

    def test_3_term_finishes_the_batch_and_says_so_with_0(self):
        world = self.world
        aggregator = world.aggregators[0]
        aggregator.stop()
        self.assertEqual(aggregator.process.wait(), 0)
        world.aggregators.clear()
        world.assay("publish", stdin=facts.lines(
            [facts.result("mail", "chk", "PASS", facts.now(), subject="last")]
        ))
        world.aggregate()
        await_condition(
            lambda: world.value("SELECT status FROM assay.cell_status WHERE service = 'mail'")
            == "PASSED", 60, "the next aggregator",
        )

    def assertTaken(self, count):
        (row,) = self.world.query(
            "SELECT count(*) AS records, count(DISTINCT id) AS events FROM assay.event"
            " WHERE topic = 'assay.evidence'"
        )
        self.assertEqual((row["records"], row["events"]), (count, count))


if __name__ == "__main__":
    unittest.main()
