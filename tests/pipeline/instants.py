"""What is read at an instant, and as known at another: expiry without aggregators, late facts."""

import unittest
from datetime import timedelta

import facts
from psycopg2 import Error
from world import Scenario, await_condition

CELL = "service = 'mail' AND control = 'C.1'"


class Expiry(Scenario):
    def test_1_before_at_and_after_with_the_aggregator_stopped(self):
        world = self.world
        world.aggregate()
        world.assay("publish", stdin=facts.lines(facts.base(["mail"], ["chk"])))
        world.await_caught_up()
        tested = facts.ago(hours=1)
        expiry = (facts.now() + timedelta(seconds=8)).replace(microsecond=123456)
        passed = facts.result("mail", "chk", "PASS", tested, expires_at=expiry)
        world.assay("publish", stdin=facts.lines([passed]))
        world.await_caught_up()
        world.stop_aggregators()

        micro = timedelta(microseconds=1)
        at = lambda when: self.cell("assay.cell_status_at(%s)", when)  # noqa: E731
        self.assertEqual(at(tested - micro)["status"], "NOT_TESTED")
        self.assertEqual(at(tested)["status"], "PASSED")
        self.assertEqual(at(expiry - micro)["status"], "PASSED")
        self.assertEqual(at(expiry)["status"], "STALE")
        self.assertEqual(at(expiry + timedelta(days=400))["status"], "STALE")
        self.assertEqual((at(tested)["since"], at(tested)["until"]), (tested, expiry))
        self.assertEqual((at(expiry)["since"], at(expiry)["until"]), (expiry, None))
        self.assertTrue(at(tested)["due_soon"])
        self.assertTrue(at(expiry)["stale"])

        standing = lambda when: world.query(  # noqa: E731
            "SELECT passed, stale, posture, percent FROM assay.service_status_at(%s)", when
        )
        self.assertEqual([dict(row) for row in standing(expiry - micro)],
                         [{"passed": 1, "stale": 0, "posture": "PASSING", "percent": 100}])
        self.assertEqual([dict(row) for row in standing(expiry)],
                         [{"passed": 0, "stale": 1, "posture": "INCOMPLETE", "percent": 0}])

        # and of itself, as the clock passes the expiry
        read = lambda: world.query(  # noqa: E731
            f"SELECT now() AS read_at, status FROM assay.cell_status WHERE {CELL}"
        )[0]
        seen = []

        def past_expiry():
            seen.append(read())
            return seen[-1]["read_at"] >= expiry

        await_condition(past_expiry, 30, "the expiry")
        self.assertEqual(seen[-1]["status"], "STALE")
        self.assertLess(seen[0]["read_at"], expiry, "the test was too slow to see it before")
        for row in seen:
            self.assertEqual(row["status"], "STALE" if row["read_at"] >= expiry else "PASSED")

    def cell(self, relation, *parameters):
        (row,) = self.world.query(f"SELECT * FROM {relation} WHERE {CELL}", *parameters)
        return row


class KnownAt(Scenario):
    def status(self, at, known_at=None):
        if known_at is None:
            rows = self.world.query(
                f"SELECT status FROM assay.cell_status_at(%s) WHERE {CELL}", at
            )
        else:
            rows = self.world.query(
                f"SELECT status FROM assay.cell_status_at(%s, %s) WHERE {CELL}", at, known_at
            )
        return rows[0]["status"] if rows else None

    def send(self, *events):
        """Publishes, awaits, and returns from when on it is known."""
        self.world.assay("publish", stdin=facts.lines(events))
        self.world.await_caught_up()
        return self.world.value("SELECT max(known_at) FROM assay.commit")

    def test_1_late_evidence(self):
        self.world.aggregate()
        self.send(*facts.base(["mail"], ["chk"]))
        hour = lambda ago: facts.ago(hours=ago)  # noqa: E731
        first, second, third = hour(9), hour(6), hour(3)
        known_first = self.send(facts.result("mail", "chk", "PASS", first))
        known_third = self.send(facts.result("mail", "chk", "PASS", third))
        # dated between the two, and told last
        known_second = self.send(facts.result("mail", "chk", "FAIL", second))
        between, today = second + timedelta(hours=1), third + timedelta(hours=1)

        self.assertEqual(self.status(between), "FAILED")
        self.assertEqual(self.status(today), "PASSED")
        self.assertEqual(self.status(between, known_second), "FAILED")
        self.assertEqual(self.status(between, known_third), "PASSED")
        self.assertEqual(self.status(between, known_first), "PASSED")
        self.assertEqual(self.status(first, known_first), "PASSED")
        just_before = known_first - timedelta(microseconds=1)
        self.assertEqual(self.status(between, just_before), "NOT_TESTED")
        self.assertEqual(self.status(first - timedelta(seconds=1), known_second), "NOT_TESTED")

        # a re-affirmed PASS is no transition, but the FAIL between makes it one
        moves = [
            (row["from_status"], row["to_status"], row["at"])
            for row in self.world.query(f"SELECT * FROM assay.change WHERE {CELL} ORDER BY at")
        ]
        self.assertEqual(moves[-3:], [("NOT_TESTED", "PASSED", first),
                                      ("PASSED", "FAILED", second), ("FAILED", "PASSED", third)])

    def test_2_late_governance(self):
        """A mapping told today and dated in the past holds from then on, as known from today."""
        known_before = self.world.value("SELECT max(known_at) FROM assay.commit")
        at = facts.ago(hours=1)
        known_after = self.send(
            facts.mapping("chk", ["C.2"], at=facts.ago(hours=4)),
            facts.standard(["C.1", "C.2"], at=facts.ago(hours=5)),
        )
        self.assertEqual(self.status(at, known_before), "PASSED")
        self.assertEqual(self.status(at, known_after), "NOT_TESTED")
        self.assertEqual(self.status(at), "NOT_TESTED")

    def test_3_what_is_not_yet_known_is_refused(self):
        beyond = self.world.value("SELECT max(known_at) FROM assay.commit") + timedelta(days=1)
        with self.assertRaises(Error):
            self.status(facts.now(), beyond)

    def test_4_before_the_first_commit_nothing_is_known(self):
        before = self.world.value("SELECT min(known_at) FROM assay.commit")
        before -= timedelta(microseconds=1)
        self.assertIsNone(self.status(facts.now(), before))


if __name__ == "__main__":
    unittest.main()
