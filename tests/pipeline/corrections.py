"""Retractions and tool recalls: what was said is as if it had never been, at every instant; and
what was known before stays readable."""

import unittest

import facts
from world import Scenario

IDS = [f"0b7c1f10-55aa-4f0c-8a11-00000000000{number}" for number in range(10)]


class Corrections(Scenario):
    def send(self, *events):
        self.world.assay("publish", stdin=facts.lines(events))
        self.world.await_caught_up()
        return self.world.value("SELECT max(known_at) FROM assay.commit")

    def status(self, service, at=None, known_at=None):
        at = at or facts.now()
        relation = "assay.cell_status_at(%s)" if known_at is None else (
            "assay.cell_status_at(%s, %s)")
        parameters = [at] if known_at is None else [at, known_at]
        (row,) = self.world.query(
            f"SELECT status FROM {relation} WHERE service = %s", *parameters, service
        )
        return row["status"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.aggregate()
        cls.world.assay(
            "publish", stdin=facts.lines(facts.base(["mail", "chat", "files"], ["chk"]))
        )

    def test_1_a_retracted_result_never_was(self):
        at = facts.ago(hours=5)
        self.send(facts.result("mail", "chk", "PASS", facts.ago(hours=8)))
        known = self.send(facts.result("mail", "chk", "FAIL", at, id=IDS[0]))
        self.assertEqual(self.status("mail"), "FAILED")
        self.send(facts.retraction(IDS[0], facts.ago(minutes=1), service="mail"))
        self.assertEqual(self.status("mail"), "PASSED")
        self.assertEqual(self.status("mail", at), "PASSED", "at every instant")
        self.assertEqual(self.status("mail", at, known), "FAILED", "as known before")

    def test_2_a_retraction_may_come_first(self):
        self.send(facts.retraction(IDS[1], facts.ago(minutes=1), service="mail"))
        self.send(facts.result("mail", "chk", "FAIL", facts.ago(minutes=2), id=IDS[1]))
        self.assertEqual(self.status("mail"), "PASSED")

    def test_3_on_the_evidence_topic_it_reaches_its_own_service_only(self):
        self.send(facts.result("chat", "chk", "FAIL", facts.ago(hours=1), id=IDS[2]))
        self.send(facts.retraction(IDS[2], facts.ago(minutes=1), service="mail"))
        self.assertEqual(self.status("chat"), "FAILED")
        self.send(facts.retraction(IDS[2], facts.ago(minutes=1)))  # governance: any event
        self.assertEqual(self.status("chat"), "NOT_TESTED")

    def test_4_governance_can_be_retracted_too(self):
        self.send(facts.result("chat", "chk", "PASS", facts.ago(minutes=50)))
        self.assertEqual(self.status("chat"), "PASSED")
        self.send({**facts.scope("chat", at=facts.ago(minutes=30), membership="REMOVED"),
                   "id": IDS[3]})
        self.assertEqual(self.status("chat"), "OUT_OF_SCOPE")
        self.send(facts.retraction(IDS[3], facts.ago(minutes=1)))
        self.assertEqual(self.status("chat"), "PASSED")

    def test_5_a_recalled_tool_said_nothing_earlier_and_later(self):
        scanner = ("scanner", "1.0")
        self.send(
            facts.result("files", "chk", "PASS", facts.ago(hours=3), tool=("scanner", "0.9")),
            facts.result("files", "chk", "FAIL", facts.ago(hours=2), tool=scanner),
        )
        self.assertEqual(self.status("files"), "FAILED")
        known = self.send(facts.tool_recall(*scanner, facts.ago(hours=1)))
        self.assertEqual(self.status("files"), "PASSED")
        self.send(facts.result("files", "chk", "FAIL", facts.ago(minutes=5), tool=scanner))
        self.assertEqual(self.status("files"), "PASSED")
        self.send(facts.tool_recall(*scanner, facts.ago(minutes=1), state="LIFTED"))
        self.assertEqual(self.status("files"), "FAILED")
        self.assertEqual(self.status("files", known_at=known), "PASSED")


if __name__ == "__main__":
    unittest.main()
