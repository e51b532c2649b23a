"""Clocks are wrong by a year, an aggregator's and PostgreSQL's, ahead and behind, and jump back:
the commit log rises, every record is taken once, a rebuild says the same, and no completeness is
told of a time that has not come."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "chaos"))

import facts  # noqa: E402
from faults.tampering import Tampering  # noqa: E402
from world import Aggregator, PostgreSQL, Scenario, await_condition  # noqa: E402

YEAR = 366 * 24 * 3600
RESULTS = 40


class Tampered(PostgreSQL):
    tampering = None

    def launch(self, prefix, command, variables=None):
        super().launch(prefix, command, {**(variables or {}), **self.tampering.variables()})


class Clocks(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        world.postgresql.stop()
        world.postgresql = Tampered(world.postgresql.directory, tied=True)
        world.postgresql.tampering = Tampering(world.directory / "tampered")
        world.postgresql.start()
        world.connection = None
        cls.aggregators = Tampering(world.directory / "tampered-aggregator")
        environment = {**world.environment(), **cls.aggregators.variables(),
                       "ASSAY_DATABASE": world.postgresql.uri(role="assay_aggregator")}
        cls.aggregator = Aggregator(world.directory / "aggregator", environment, [])
        world.aggregators.append(cls.aggregator)
        cls.aggregator.begin()
        world.assay("publish", stdin=facts.lines(facts.base(["mail", "chat"], ["chk"])))
        world.await_caught_up()
        cls.aggregators.must_hold(cls.aggregator.pid())
        world.postgresql.tampering.must_hold(world.postgresql.pid())
        cls.sent = 0

    def take_in(self, outcome):
        self.world.assay("publish", stdin=facts.lines(
            facts.result(("mail", "chat")[number % 2], "chk", outcome, facts.ago(seconds=1),
                         subject=f"{self.sent}-{number}") for number in range(RESULTS)))
        type(self).sent += RESULTS
        self.world.await_caught_up()
        self.assertEqual(self.sent, self.world.value(
            "SELECT count(DISTINCT id) FROM assay.event WHERE topic = 'assay.evidence'"))

    def untimely(self):
        return self.world.query(
            "SELECT * FROM assay.completeness WHERE complete_through > clock_timestamp()"
            " + interval '1 minute'")

    def await_looks(self):
        """Until every partition has been looked at once more."""
        looked = self.world.value("SELECT clock_timestamp()")
        await_condition(lambda: not self.world.query(
            "SELECT FROM assay.completeness WHERE complete_through < %s", looked), 60,
            "looks at the logs' ends", self.aggregator.must_run)

    def test_1_an_aggregators(self):
        for ahead in (YEAR, -YEAR, 0):
            self.aggregators.clock(ahead)
            self.take_in("PASS")
            self.assertEqual(self.untimely(), [])
        self.await_looks()

    def test_2_postgresqls(self):
        clock = self.world.postgresql.tampering.clock
        for ahead in (YEAR, 0, -YEAR, 0):
            clock(ahead)
            self.take_in("FAIL")
        await_condition(lambda: not self.untimely(), 60, "completeness of the time that it is")
        self.await_looks()

    def test_3_the_commit_log_rose(self):
        self.assertEqual(0, self.world.value(
            "SELECT count(*) FROM (SELECT known_at <= lag(known_at) OVER (ORDER BY position) AS"
            " falls FROM assay.commit) c WHERE falls"))
        self.assertGreater(1, self.world.value(
            "SELECT max(position) - count(*) FROM assay.commit"), "dense")

    def test_4_a_rebuild_says_the_same(self):
        cells = "SELECT * FROM assay.cell_status ORDER BY 1, 2, 3, 4"
        before = self.world.query(cells)
        self.assertEqual({row["status"] for row in before}, {"FAILED"})
        self.world.assay("rebuild")
        self.assertEqual(self.world.query(cells), before)


if __name__ == "__main__":
    unittest.main()
