#!/usr/bin/python3
"""
test_coverage -- what a history exercises is named, and what histories never reach is told.
"""

import unittest

import coverage
import making as m
from test_reference import BASE


def covered(*records, days=5):
    return coverage.of_history([*BASE, *records, m.query(days)])


class Naming(unittest.TestCase):
    def assertNames(self, found, kind, *names):
        self.assertEqual(set(names) - set(found.counts[kind]), set())

    def test_rules(self):
        passed = m.record(10, 1, "controlTestResult", m.result("PASS"))
        failed = m.record(11, 2, "controlTestResult", m.result("FAIL"))
        excepted = m.record(12, 3, "exception", m.exception(expires=m.day(9)))
        self.assertNames(covered(passed), "cells", "10 PASSED")
        self.assertNames(covered(failed), "cells", "5 FAILED")
        self.assertNames(covered(failed, excepted), "cells", "9 EXCEPTED",
                         "9 exception decides")
        self.assertNames(covered(failed, excepted, days=9), "cells", "5 FAILED",
                         "5 would be 9, expired")
        self.assertNames(covered(failed, excepted), "standings", "PASSING_WITH_EXCEPTIONS")

    def test_circles(self):
        scoped = m.record(20, 0, "scopeChange", m.scope("chat"))
        there = m.record(21, 1, "inheritance", m.inheritance(("chat", "public")))
        back = m.record(22, 1, "inheritance", m.inheritance(("mail", "public"), "chat"))
        self.assertNames(covered(scoped, there, back), "cells", "4 provider on a cycle", "4 FULL")
        self.assertNames(covered(there), "cells", "4 provider absent")

    def test_records(self):
        sent = m.record(10, 1, "controlTestResult", m.result("PASS"))
        other = m.record(11, 1, "controlTestResult", m.result("FAIL"))
        self.assertNames(covered(sent, other, dict(sent, topic="assay.evidence.red"), other),
                         "histories", "tie by result", "came by two topics", "came twice",
                         "team's result counts")

    def test_unmapped(self):
        sent = m.record(10, 1, "controlTestResult", m.result("PASS", check="other"))
        self.assertNames(covered(sent), "questions", "controlTestResult: no_mapping")


class Missing(unittest.TestCase):
    def test_all_that_never_occurred(self):
        found = covered(m.record(10, 1, "controlTestResult", m.result("PASS")))
        few = found.missing("full")
        self.assertNotIn("cells: 10 PASSED", few)
        self.assertIn("cells: 5 FAILED", few)
        self.assertIn("certifications: CERTIFIED", few)
        self.assertNotIn("certifications: CERTIFIED", found.missing("evidence"))
        self.assertNotIn("cells: 4 EXCEPTED", few)  # tens of histories need not reach that
        found.totals["histories"] = 500
        self.assertIn("cells: 4 EXCEPTED", found.missing("full"))

    def test_what_is_rare_has_a_name(self):
        names = {name for kind in coverage.KINDS for name in coverage.named(kind, "full")}
        self.assertEqual(coverage.RARE - names, set())


if __name__ == "__main__":
    unittest.main()
