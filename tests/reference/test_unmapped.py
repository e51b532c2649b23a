#!/usr/bin/python3
"""
test_unmapped -- the reference against hand-made answers: what has no effect, and why.
"""

import unittest

import making as m
from reference import evaluate
from test_reference import BASE, instead

CLAUSED = m.record(2, 0, "standard", m.standard(controls=("1", "2"), clauses=("4.1",)))
RECORDS = instead(BASE, CLAUSED)


def unmapped(records, days=5, micros=0):
    """[(event, check, standard, control, reason)]"""
    rows = [line["unmapped"] for line in evaluate([*records, m.query(days, micros)])
            if "unmapped" in line]
    return [(row["event"], row["check"], row["standard"], row["control"], row["reason"])
            for row in rows]


class Results(unittest.TestCase):
    def reason(self, *records, **fields):
        sent = m.record(10, 1, "controlTestResult", m.result("PASS", **fields))
        found = unmapped([*records, sent])
        self.assertTrue(all(row[0] == m.name(10) for row in found))
        return found[0][4] if found else None

    def test_the_first_that_holds(self):
        without = {n: [r for r in BASE if r["event"]["id"] != m.name(n)] for n in range(1, 6)}
        self.assertIsNone(self.reason(*BASE))
        self.assertIsNone(self.reason(*without[5]))  # a cell is an effect, onboarded or not
        self.assertEqual(self.reason(*BASE, check="other"), "no_mapping")
        self.assertEqual(self.reason(*BASE, service="chat", check="other"), "unknown_service")
        self.assertEqual(self.reason(*without[3]), "not_in_scope")
        other = m.record(2, 0, "standard", m.standard(controls=("2",)))
        self.assertEqual(self.reason(*(r for r in instead(BASE, other)
                                       if "checkMapping" not in r["event"])), "no_mapping")

    def test_superseded_is_not_shown(self):
        older = m.record(9, 0.5, "controlTestResult", m.result("PASS", check="other"))
        newer = m.record(10, 1, "controlTestResult", m.result("PASS", check="other"))
        self.assertEqual([row[0] for row in unmapped([*BASE, older, newer])], [m.name(10)])
        self.assertEqual([row[0] for row in unmapped([*BASE, older, newer], 1, -1)], [m.name(9)])

    def test_a_team_that_does_not_own(self):
        sent = m.record(10, 1, "controlTestResult", m.result("PASS"), topic="assay.evidence.blue")
        self.assertEqual(unmapped([*BASE, sent])[0][4], "not_owner")
        both = [sent, dict(sent, topic=m.EVIDENCE)]  # one record that counts is enough
        self.assertEqual(unmapped([*BASE, *both]), [])


class Retractions(unittest.TestCase):
    def test_of_nothing_until_it_comes(self):
        wrong = m.record(20, 3, "retraction", m.retraction(10, "mail"), topic=m.EVIDENCE)
        self.assertEqual(unmapped([*BASE, wrong]),
                         [(m.name(20), None, None, None, "unknown_event")])
        self.assertEqual(unmapped([*BASE, wrong], 3, -1), [])
        sent = m.record(10, 4, "controlTestResult", m.result("PASS"))
        self.assertEqual(unmapped([*BASE, wrong, sent]), [])


class Office(unittest.TestCase):
    def rows(self, kind, fact, days=5, records=RECORDS):
        found = unmapped([*records, m.record(20, 2, kind, fact)], days)
        self.assertTrue(all(row[:2] == (m.name(20), None) for row in found))
        return sorted(row[2:] for row in found)

    def test_exceptions_of_clauses_while_they_hold(self):
        claused = m.exception(control="4.1", expires=m.day(9))
        self.assertEqual(self.rows("exception", claused), [("std", "4.1", "clause")])
        self.assertEqual(self.rows("exception", claused, days=9), [])
        any_standard = m.exception(standard="*", control="4.1", expires=m.day(9))
        self.assertEqual(self.rows("exception", any_standard), [("std", "4.1", "clause")])
        proposed = m.exception(control="4.1", expires=m.day(9), state="PROPOSED")
        self.assertEqual(self.rows("exception", proposed), [])
        for control in ("1", "*"):
            fact = m.exception(control=control, expires=m.day(9))
            self.assertEqual(self.rows("exception", fact), [])

    def test_what_nobody_knows(self):
        self.assertEqual(self.rows("finding", m.finding(control="9", due=m.day(9))),
                         [("std", "9", "unknown_control")])
        self.assertEqual(self.rows("finding", m.finding(standard="x", control="*", due=m.day(9))),
                         [("x", "*", "unknown_standard")])
        for fields in ({"grade": "OFI"}, {"state": "CLOSED"}):
            self.assertEqual(self.rows("finding", m.finding(control="9", due=m.day(9), **fields)),
                             [])
        inherits = m.inheritance(("chat", "public"), control="9")
        self.assertEqual(self.rows("inheritance", inherits), [("std", "9", "unknown_control")])
        self.assertEqual(self.rows("inheritance", m.inheritance(None, control="9", kind="NONE")),
                         [])

    def test_statements(self):
        entries = [("std", "1", True, ""), ("std", "4.1", True, ""), ("std", "9", False, "no"),
                   ("x", "1", True, "")]
        self.assertEqual(self.rows("statementOfApplicability", m.soa(entries)), [
            ("std", "2", "omitted"), ("std", "4.1", "clause"), ("std", "9", "unknown_control"),
            ("x", "1", "unknown_standard")])
        unlisted = m.record(1, 0, "programme", m.programme(standards=()))
        self.assertEqual(self.rows("statementOfApplicability", m.soa([]),
                                   records=instead(RECORDS, unlisted)), [])


if __name__ == "__main__":
    unittest.main()
