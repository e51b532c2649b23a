"""Lines between an aggregator and its servers fall silent, break and turn away; the aggregator says
what it waits for, once, tries at growing intervals, and goes on. TERM does not wait for a server
that never answers."""

import signal
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "chaos"))

from confluent_kafka.admin import AdminClient  # noqa: E402

import facts  # noqa: E402
from faults.relay import Relay  # noqa: E402
from faults.tampering import Tampering  # noqa: E402
from world import Aggregator, Scenario, await_condition  # noqa: E402

RESULTS = 100
MOST_LINES = 4  # of one outage: what, perhaps once more with another reason, and that it is over


class Silence(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        cls.tampering = Tampering(world.directory / "tampered")
        cls.postgresql = cls.relay(world.postgresql.port)
        cls.kafka = cls.relay(int(world.kafka.brokers.rsplit(":", 1)[1]))
        cls.sent = 0
        world.assay("publish", stdin=facts.lines(facts.base(["mail", "chat"], ["chk"])))
        cls.begin()
        world.await_caught_up()
        cls.tampering.must_hold(cls.aggregator.pid())

    @classmethod
    def relay(cls, port):
        relay = Relay(port)
        cls.addClassCleanup(relay.close)
        cls.tampering.detour(port, relay.port)
        return relay

    @classmethod
    def begin(cls):
        world = cls.world
        world.started += 1
        environment = {**world.environment(), **cls.tampering.variables(),
                       "ASSAY_DATABASE": world.postgresql.uri(role="assay_aggregator")}
        cls.aggregator = Aggregator(
            world.directory / f"aggregator-{world.started}", environment,
            ["-X", "session.timeout.ms=3000", "-X", "heartbeat.interval.ms=500"])
        world.aggregators.append(cls.aggregator)
        cls.aggregator.begin()

    def setUp(self):
        self.said = len(self.lines())

    def lines(self):
        return self.aggregator.log.read_text().splitlines()

    def new_lines(self, *words):
        return [line for line in self.lines()[self.said:] if any(word in line for word in words)]

    def publish(self):
        self.world.assay("publish", stdin=facts.lines(
            facts.result(("mail", "chat")[number % 2], "chk", "PASS", facts.ago(seconds=number + 1),
                         subject=f"{self.sent}-{number}") for number in range(RESULTS)))
        type(self).sent += RESULTS

    def assertGoesOn(self):
        self.world.await_caught_up()
        (row,) = self.world.query(
            "SELECT count(*) AS records, count(DISTINCT id) AS events FROM assay.event"
            " WHERE topic = 'assay.evidence'")
        self.assertEqual((row["records"], row["events"]), (self.sent, self.sent))
        self.aggregator.must_run()

    def test_1_postgresql_turns_it_away(self):
        before = self.postgresql.turned_away
        self.postgresql.refuse()
        self.publish()
        await_condition(lambda: self.postgresql.turned_away >= before + 6, 60, "six tries")
        self.postgresql.heal()
        self.assertGoesOn()
        await_condition(lambda: self.new_lines("it works again"), 60, "the end of it")
        lines = self.new_lines("PostgreSQL", "works again")
        self.assertIn("PostgreSQL, ", lines[0])
        self.assertIn("trying again until it works", lines[0])
        self.assertLessEqual(len(lines), MOST_LINES, lines)

    def test_2_kafka_turns_it_away(self):
        before = self.kafka.turned_away
        self.kafka.refuse()
        self.publish()
        await_condition(lambda: self.kafka.turned_away >= before + 6, 60, "six tries")
        await_condition(lambda: self.new_lines("Kafka has not answered for"), 60, "a word of it")
        self.kafka.heal()
        self.assertGoesOn()
        await_condition(lambda: self.new_lines("Kafka answers again, after"), 60, "and of its end")
        lines = self.new_lines("Kafka")
        self.assertLessEqual(len(lines), MOST_LINES, lines)

    def test_3_kafka_hangs_beyond_the_session(self):
        claims = len(self.new_lines("claimed"))
        self.kafka.stall()
        self.publish()
        await_condition(self.left, 60, "the group without it")
        self.kafka.heal()
        self.assertGoesOn()
        await_condition(lambda: len(self.new_lines("claimed")) > claims, 60, "a new claim")

    def left(self):
        """Whether the group has no member any more."""
        admin = AdminClient({"bootstrap.servers": self.world.kafka.brokers})
        return not any(found.members for found in admin.list_groups("assay-aggregate", timeout=10))

    def test_4_term_while_postgresql_is_silent(self):
        self.postgresql.stall()
        self.publish()
        self.assertEqual(1, self.world.value(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'assay-aggregate'"))
        self.aggregator.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.aggregator.process.wait(60), 0)
        self.world.aggregators.clear()
        self.postgresql.heal()
        self.begin()
        self.assertGoesOn()


class GivenUp(Silence):
    """What never answers is left after 150 s: a new connection may find the server, or another."""

    def test_5_an_answer_that_never_comes(self):
        self.postgresql.stall("back")
        self.publish()
        await_condition(lambda: self.new_lines("no answer for 30 s; waiting"), 120, "a word of it")
        accepted = self.postgresql.accepted
        await_condition(lambda: self.new_lines("this connection is given up"), 300, "giving up",
                        self.aggregator.must_run)
        await_condition(lambda: self.postgresql.accepted > accepted, 60, "another connection")
        self.postgresql.reset()
        self.postgresql.heal()
        self.assertGoesOn()


if __name__ == "__main__":
    unittest.main(defaultTest=sys.argv[1:] or ["Silence"], argv=sys.argv[:1])
