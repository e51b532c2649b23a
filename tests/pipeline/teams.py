"""A team's own topic: found while aggregators run, and counting only for the services it owns."""

import unittest

import facts
from world import Scenario


class Teams(Scenario):
    def statuses(self):
        return {
            row["service"]: row["status"]
            for row in self.world.query("SELECT service, status FROM assay.cell_status")
        }

    def test_1_a_new_topic_is_found_and_ownership_counts(self):
        world = self.world
        world.aggregate()
        world.aggregate()
        events = [
            *facts.base([], ["chk"]),
            facts.onboarding("mail", owner="team-a"),
            facts.onboarding("chat", owner="team-b"),
            facts.onboarding("orphan"),
            *(facts.scope(service) for service in ("mail", "chat", "orphan", "unknown")),
        ]
        world.assay("publish", stdin=facts.lines(events))
        world.await_caught_up()

        world.assay("topics", "create", "--team=team-a")
        sent = [
            facts.result(service, "chk", "PASS", facts.ago(minutes=30))
            for service in ("mail", "chat", "orphan", "unknown")
        ]
        world.assay("publish", "--team=team-a", stdin=facts.lines(sent))
        self.assertIn(("assay.evidence.team-a", 0), world.ends())
        world.await_caught_up()

        self.assertEqual(self.statuses(), {
            "mail": "PASSED", "chat": "NOT_TESTED", "orphan": "NOT_TESTED",
            "unknown": "NOT_TESTED",
        })
        others = world.query(
            "SELECT service, topic FROM assay.unmapped WHERE topic = 'assay.evidence.team-a'"
        )
        self.assertEqual(sorted(row["service"] for row in others), ["chat", "orphan", "unknown"])

    def test_2_by_a_trusted_topic_as_well_it_counts(self):
        again = facts.result("chat", "chk", "PASS", facts.ago(minutes=20))
        again["id"] = "5f0c2c9e-8d5e-4c0e-9a55-0f8c33a4b1aa"
        self.world.assay("publish", "--team=team-a", stdin=facts.lines([again]))
        self.world.await_caught_up()
        self.assertEqual(self.statuses()["chat"], "NOT_TESTED")
        self.world.assay("publish", stdin=facts.lines([again]))
        self.world.await_caught_up()
        self.assertEqual(self.statuses()["chat"], "PASSED")

    def test_3_the_owner_in_force_when_it_occurred_decides(self):
        handed_over = facts.ago(minutes=10)
        self.world.assay("publish", stdin=facts.lines(
            [facts.onboarding("mail", at=handed_over, owner="team-b")]
        ))
        late = facts.result("mail", "chk", "FAIL", facts.ago(minutes=15))
        after = facts.result("mail", "chk", "ERROR", facts.ago(minutes=5))
        self.world.assay("publish", "--team=team-a", stdin=facts.lines([late, after]))
        self.world.await_caught_up()
        self.assertEqual(self.statuses()["mail"], "FAILED")

    def test_4_a_team_cannot_retract_what_came_by_another_topic(self):
        trusted = "5f0c2c9e-8d5e-4c0e-9a55-0f8c33a4b1ab"
        own = "5f0c2c9e-8d5e-4c0e-9a55-0f8c33a4b1ac"
        self.world.assay("publish", stdin=facts.lines([
            facts.onboarding("files", owner="team-a"), facts.scope("files"),
            facts.result("files", "chk", "FAIL", facts.ago(minutes=9), id=trusted),
        ]))
        self.world.assay("publish", "--team=team-a", stdin=facts.lines(
            [facts.result("files", "chk", "PASS", facts.ago(minutes=8), id=own)]
        ))
        self.world.await_caught_up()
        self.assertEqual(self.statuses()["files"], "PASSED")
        self.world.assay("publish", "--team=team-a", stdin=facts.lines(
            [facts.retraction(trusted, facts.ago(minutes=7), service="files"),
             facts.retraction(own, facts.ago(minutes=7), service="files")]
        ))
        self.world.await_caught_up()
        self.assertEqual(self.statuses()["files"], "FAILED")


if __name__ == "__main__":
    unittest.main()
