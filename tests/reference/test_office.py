#!/usr/bin/python3
"""
test_office -- the reference against hand-made answers: what the compliance office, auditors and the
certification body decide (DESIGN.md section 3: rules 2, 3, 4, 9, certificates, certified).
"""

import unittest

import making as m
from reference import evaluate
from test_reference import BASE, cell, instead, standing

PASS = m.record(10, 1, "controlTestResult", m.result("PASS"))
FAIL = m.record(10, 1, "controlTestResult", m.result("FAIL"))


class Findings(unittest.TestCase):
    def answer(self, days=5, micros=0, **fields):
        records = [*BASE, PASS, m.record(20, 2, "finding", m.finding(**fields))]
        found = cell(records, days, micros)
        return found["status"], found["decidingEvent"], found["finding"]

    FAILED = ("FAILED", m.name(20), "f1")
    PASSED = ("PASSED", m.name(10), None)

    def test_major_at_once_minor_when_due(self):
        self.assertEqual(self.answer(due=m.day(90)), self.FAILED)
        self.assertEqual(self.answer(2, -1, due=m.day(90)), self.PASSED)
        self.assertEqual(self.answer(5, grade="MINOR_NC", due=m.day(5)), self.FAILED)
        self.assertEqual(self.answer(5, -1, grade="MINOR_NC", due=m.day(5)), self.PASSED)
        for grade in ("OFI", "OBSERVATION"):
            self.assertEqual(self.answer(grade=grade, due=m.day(1)), self.PASSED)

    def test_open_until_verified(self):
        for state in ("OPEN", "PLAN_SUBMITTED", "PLAN_ACCEPTED", "IMPLEMENTED"):
            self.assertEqual(self.answer(state=state, due=m.day(9)), self.FAILED)
        for state in ("VERIFIED", "CLOSED"):
            self.assertEqual(self.answer(state=state, due=m.day(9)), self.PASSED)

    def test_reach(self):
        every = {"control": "*", "service": "*", "environment": "*", "due": m.day(9)}
        self.assertEqual(self.answer(**every), self.FAILED)
        for field, other in (("programme", "q"), ("standard", "*"), ("standard", "other"),
                             ("control", "2"), ("service", "chat"), ("environment", "gov")):
            self.assertEqual(self.answer(**{**every, field: other}), self.PASSED, field)

    def test_clauses_too_and_scope_first(self):
        clause = m.record(2, 0, "standard", m.standard(controls=(), clauses=("1",)))
        found = m.record(20, 2, "finding", m.finding(due=m.day(9)))
        self.assertEqual(cell([*instead(BASE, clause), found], 5)["status"], "FAILED")
        removed = m.record(21, 3, "scopeChange", m.scope(membership="REMOVED"))
        self.assertEqual(cell([*BASE, found, removed], 5)["status"], "OUT_OF_SCOPE")


class Applicability(unittest.TestCase):
    def status(self, applicable=False, why="no such thing here", clauses=(), programme="p",
               extra=()):
        controls = () if clauses else ("1",)
        standard = m.record(2, 0, "standard", m.standard(controls=controls, clauses=clauses))
        records = [*instead(BASE, standard), FAIL, *extra,
                   m.record(20, 2, "statementOfApplicability",
                            m.soa([("std", "1", applicable, why)], programme))]
        return cell(records, 5)["status"]

    def test_justified_exclusion_of_a_control(self):
        self.assertEqual(self.status(), "NOT_APPLICABLE")
        self.assertEqual(self.status(applicable=True), "FAILED")
        self.assertEqual(self.status(why=""), "FAILED")
        self.assertEqual(self.status(clauses=("1",)), "FAILED")
        self.assertEqual(self.status(programme="q"), "FAILED")

    def test_findings_first(self):
        found = m.record(21, 2, "finding", m.finding(due=m.day(9)))
        self.assertEqual(self.status(extra=[found]), "FAILED")

    def test_posture(self):
        records = [*BASE, m.record(20, 2, "statementOfApplicability",
                                   m.soa([("std", "1", False, "none")]))]
        answer = standing(records, 5)
        self.assertEqual((answer["posture"], answer["notApplicable"], answer["applicable"],
                          answer["percent"]), ("NOT_APPLICABLE", 1, 0, None))
        # a base that is not applicable does not count at all
        records += [m.record(30, 0, "standard", m.standard("top", extends=("std",))),
                    m.record(31, 0, "scopeChange", m.scope(standard="top")),
                    m.record(32, 0, "checkMapping", m.mapping("c2", [("top", "1")])),
                    m.record(33, 1, "controlTestResult", m.result("PASS", check="c2")),
                    m.record(34, 1, "programme", m.programme(standards=("std", "top")))]
        self.assertEqual(standing(records, 5, standard="top")["posture"], "PASSING")


class Exceptions(unittest.TestCase):
    def answer(self, days=5, micros=0, extra=(), clauses=(), **fields):
        fields.setdefault("expires", m.day(8))
        records = [*BASE, FAIL, *extra, m.record(20, 2, "exception", m.exception(**fields))]
        if clauses:
            clause = m.record(2, 0, "standard", m.standard(controls=(), clauses=clauses))
            records = instead(records, clause)
        found = cell(records, days, micros)
        return found["status"], found["decidingEvent"], found["exception"]

    EXCEPTED = ("EXCEPTED", m.name(20), "x1")
    FAILED = ("FAILED", m.name(10), None)

    def test_covers_while_approved_and_not_expired(self):
        self.assertEqual(self.answer(), self.EXCEPTED)
        self.assertEqual(self.answer(2, -1), self.FAILED)
        self.assertEqual(self.answer(8, -1), self.EXCEPTED)
        self.assertEqual(self.answer(8), self.FAILED)
        for state in ("PROPOSED", "REVOKED"):
            self.assertEqual(self.answer(state=state), self.FAILED)
        self.assertEqual(self.answer(clauses=("1",)), self.FAILED)

    def test_all_seven_must_match(self):
        for field in ("standard", "control", "service", "environment", "check", "subject"):
            self.assertEqual(self.answer(**{field: "*"}), self.EXCEPTED)
            self.assertEqual(self.answer(**{field: "other"}), self.FAILED)
        self.assertEqual(self.answer(programme="q"), self.FAILED)
        self.assertEqual(self.answer(subject=""), self.EXCEPTED)  # the stream without subject
        self.assertEqual(self.answer(check="c1"), self.EXCEPTED)

    def test_every_failure_must_be_covered(self):
        other = m.record(11, 1, "controlTestResult", m.result("FAIL", subject="host"))
        self.assertEqual(self.answer(extra=[other]), self.EXCEPTED)
        self.assertEqual(self.answer(extra=[other], subject=""), ("FAILED", m.name(11), None))

    def test_does_not_prove_the_rest(self):
        for outcome, status in (("ERROR", "ERROR"), ("NOT_CHECKED", "NOT_TESTED"),
                                ("PASS", "EXCEPTED"), ("INFO", "EXCEPTED")):
            other = m.record(11, 1, "controlTestResult", m.result(outcome, subject="host"))
            self.assertEqual(self.answer(extra=[other])[0], status)

    def test_deciding_is_the_greater_of_failure_and_exception(self):
        later = m.record(11, 3, "controlTestResult", m.result("FAIL"))
        self.assertEqual(self.answer(extra=[later]), ("EXCEPTED", m.name(11), "x1"))

    def test_optional_check_excepts(self):
        records = [*BASE, PASS,
                   m.record(6, 0, "checkMapping", m.mapping("c2", required=False)),
                   m.record(11, 1, "controlTestResult", m.result("FAIL", check="c2")),
                   m.record(20, 2, "exception", m.exception(expires=m.day(8)))]
        self.assertEqual(cell(records, 5)["status"], "EXCEPTED")
        self.assertEqual(standing(records, 5)["posture"], "PASSING_WITH_EXCEPTIONS")
        self.assertEqual(standing(records, 5)["percent"], "0.00")


class Inheritances(unittest.TestCase):
    """Consumer mail/public, provider infra/public; each has one required check of its own."""

    SETTING = [*BASE, m.record(6, 0, "scopeChange", m.scope("infra"))]

    def records(self, *more, own="PASS", theirs="PASS"):
        records = [*self.SETTING, *more]
        if own:
            records.append(m.record(10, 1, "controlTestResult", m.result(own)))
        if theirs:
            records.append(m.record(11, 1, "controlTestResult", m.result(theirs, "infra")))
        return records

    def answer(self, *inheritances, days=5, service="mail", **results):
        more = [m.record(40 + i, 2, "inheritance", inherited)
                for i, inherited in enumerate(inheritances)]
        found = cell(self.records(*more, **results), days, service=service)
        return found["status"], found["decidingEvent"], found["inheritedFrom"]

    INFRA = ("infra", "public")

    def test_full(self):
        full = m.inheritance(self.INFRA)
        for own, theirs, expected in (("FAIL", "PASS", ("PASSED", m.name(11))),
                                      ("PASS", "FAIL", ("FAILED", m.name(11))),
                                      ("PASS", None, ("NOT_TESTED", None))):
            self.assertEqual(self.answer(full, own=own, theirs=theirs),
                             (*expected, "infra/public"))
        self.assertEqual(self.answer(full, days=1)[2], None)

    def test_hybrid_is_the_worse(self):
        hybrid = m.inheritance(self.INFRA, kind="HYBRID")
        for own, theirs, expected in (("FAIL", "PASS", ("FAILED", m.name(10))),
                                      ("PASS", "ERROR", ("ERROR", m.name(11))),
                                      ("PASS", "PASS", ("PASSED", m.name(11))),
                                      (None, "PASS", ("NOT_TESTED", None)),
                                      (None, "FAIL", ("FAILED", m.name(11)))):
            self.assertEqual(self.answer(hybrid, own=own, theirs=theirs),
                             (*expected, "infra/public"))

    def test_precedence(self):
        none = m.inheritance(None, kind="NONE")
        wide = m.inheritance(self.INFRA, service="*", control="*")
        own_wide = m.inheritance(None, control="*", kind="NONE")
        exact_control = m.inheritance(self.INFRA, service="*")
        self.assertEqual(self.answer(wide, own="FAIL")[0], "PASSED")
        self.assertEqual(self.answer(wide, none, own="FAIL")[0], "FAILED")
        self.assertEqual(self.answer(exact_control, own_wide, own="FAIL")[0], "FAILED")
        self.assertEqual(self.answer(own_wide, m.inheritance(self.INFRA), own="FAIL")[0], "PASSED")

    def test_itself_is_as_if_absent(self):
        wide = m.inheritance(self.INFRA, service="*", control="*")
        self.assertEqual(self.answer(wide, service="infra", theirs="FAIL"),
                         ("FAILED", m.name(11), None))
        # and the next in order applies
        own = m.inheritance(("mail", "public"))
        self.assertEqual(self.answer(own, wide, own="FAIL")[0], "PASSED")

    def test_provider_counts_as_error(self):
        gone = m.inheritance(("nobody", "public"))
        self.assertEqual(self.answer(gone), ("ERROR", m.name(40), "nobody/public"))
        hybrid = m.inheritance(("nobody", "public"), kind="HYBRID")
        self.assertEqual(self.answer(hybrid, own="FAIL")[:2], ("FAILED", m.name(10)))
        self.assertEqual(self.answer(hybrid, own="ERROR")[:2], ("ERROR", m.name(40)))
        full = m.record(40, 2, "inheritance", m.inheritance(self.INFRA))
        removed = m.record(12, 1, "scopeChange", m.scope("infra", membership="REMOVED"))
        found = cell(self.records(full, removed), 5)
        self.assertEqual((found["status"], found["decidingEvent"]), ("ERROR", m.name(40)))
        soa = m.record(12, 1, "statementOfApplicability", m.soa([("std", "1", False, "none")]))
        found = cell(self.records(full, soa), 5)  # both: rule 3 comes before rule 4
        self.assertEqual((found["status"], found["inheritedFrom"]), ("NOT_APPLICABLE", None))

    def test_findings_before_inheritance_and_through_it(self):
        full = m.record(40, 2, "inheritance", m.inheritance(self.INFRA))
        own = m.record(41, 3, "finding", m.finding(due=m.day(9)))
        found = cell(self.records(full, own), 5)
        self.assertEqual((found["status"], found["inheritedFrom"], found["finding"]),
                         ("FAILED", None, "f1"))
        theirs = m.record(41, 3, "finding", m.finding(service="infra", due=m.day(9)))
        found = cell(self.records(full, theirs), 5)
        self.assertEqual((found["status"], found["decidingEvent"], found["finding"]),
                         ("FAILED", m.name(41), None))  # rule 2 decides there, not here

    def test_cycles(self):
        there = m.record(40, 2, "inheritance", m.inheritance(self.INFRA))
        back = m.record(41, 2, "inheritance", m.inheritance(("mail", "public"), "infra"))
        third = [m.record(42, 0, "scopeChange", m.scope("chat")),
                 m.record(43, 2, "inheritance", m.inheritance(("mail", "public"), "chat"))]
        records = self.records(there, back, *third)
        self.assertEqual([cell(records, 5, service=s)["decidingEvent"]
                          for s in ("mail", "infra", "chat")], [m.name(40), m.name(41), m.name(40)])
        # a cell that does not reach rule 4 breaks the circle
        out = m.record(44, 3, "finding", m.finding(service="infra", due=m.day(9)))
        self.assertEqual([cell([*records, out], 5, service=s)["decidingEvent"]
                          for s in ("mail", "infra", "chat")], [m.name(44)] * 3)

    def test_hybrid_excepted(self):
        hybrid = m.record(40, 2, "inheritance", m.inheritance(self.INFRA, kind="HYBRID"))
        excepted = m.record(41, 2, "exception", m.exception(expires=m.day(9)))
        found = cell(self.records(hybrid, excepted, own="FAIL"), 5)
        self.assertEqual((found["status"], found["exception"]), ("EXCEPTED", "x1"))

    def test_another_programme_must_be_certified(self):
        programmes = [m.record(1, 0, "programme", m.programme()),
                      m.record(7, 0, "programme", m.programme("q", ("gov",))),
                      m.record(8, 0, "scopeChange", m.scope("infra", "gov")),
                      m.record(9, 1, "controlTestResult", m.result("PASS", "infra", "gov")),
                      m.record(40, 2, "inheritance", m.inheritance(("infra", "gov")))]
        records = instead(self.records(), *programmes)
        self.assertEqual(cell(records, 5)["status"], "ERROR")
        granted = m.record(41, 3, "certificate",
                           m.certificate(programme="q", since=m.day(3), until=m.day(900)))
        found = cell([*records, granted], 5)
        self.assertEqual((found["status"], found["decidingEvent"], found["since"]),
                         ("PASSED", m.name(9), m.day(3)))
        # of none and of one they differ; of no programme both count as of one
        for kept in ("p", "q"):
            one = [r for r in records if r["event"].get("programme", {"programme": kept})
                   ["programme"] == kept]
            self.assertEqual(cell(one, 5)["status"], "ERROR")
        nobody = [r for r in records if "programme" not in r["event"]]
        self.assertEqual(cell(nobody, 5)["status"], "PASSED")


class Certificates(unittest.TestCase):
    def line(self, *records, days=100, micros=0, standard="std", programme=None):
        base = instead(BASE, m.record(1, 0, "programme", programme or m.programme()))
        for answer in evaluate([*instead(base, *records), m.query(days, micros)]):
            if "flags" in answer and answer["standard"] == standard:
                return answer
        return None

    def state(self, *records, **when):
        return self.line(*records, **when)["state"]

    @staticmethod
    def decide(number, days, decision, since=0, until=1095, **fields):
        return m.record(number, days, "certificate",
                        m.certificate(decision, since=m.day(since), until=m.day(until), **fields))

    def test_taking_force(self):
        granted = self.decide(50, 10, "GRANTED", since=20)
        self.assertEqual(self.state(granted, days=20, micros=-1), "NONE")
        self.assertEqual(self.state(granted, days=20), "CERTIFIED")
        late = self.decide(50, 30, "GRANTED", since=20)
        self.assertEqual(self.state(late, days=30, micros=-1), "NONE")
        suspended = self.decide(51, 40, "SUSPENDED", since=60)
        self.assertEqual(self.state(granted, suspended, days=40), "SUSPENDED")
        renewed = self.decide(52, 50, "RENEWED", since=70)  # in force by its order, once taken
        self.assertEqual(self.state(granted, suspended, renewed, days=60), "SUSPENDED")
        self.assertEqual(self.state(granted, suspended, renewed, days=70), "CERTIFIED")

    def test_first_match(self):
        granted = self.decide(50, 0, "GRANTED", until=200)
        self.assertEqual(self.state(), "NONE")
        self.assertEqual(self.state(granted, days=200, micros=-1), "CERTIFIED")
        self.assertEqual(self.state(granted, days=200), "EXPIRED")
        withdrawn = self.decide(51, 50, "WITHDRAWN", until=200)
        self.assertEqual(self.state(granted, withdrawn, days=300), "WITHDRAWN")
        suspended = self.decide(51, 50, "SUSPENDED", until=200)
        self.assertEqual(self.state(granted, suspended, days=300), "EXPIRED")
        restored = self.decide(52, 60, "RESTORED", until=200)
        self.assertEqual(self.state(granted, suspended, restored), "CERTIFIED")
        ended = m.record(2, 0, "standard", m.standard(until=m.day(90)))
        self.assertEqual(self.state(granted, ended, days=90, micros=-1), "CERTIFIED")
        self.assertEqual(self.state(granted, ended, days=90), "EXPIRED")

    def test_bases(self):
        top = m.record(60, 0, "standard", m.standard("top", extends=("std",)))
        both = m.programme(standards=("std", "top"))
        own = self.decide(50, 0, "GRANTED", standard="top")
        self.assertEqual(self.state(top, own, standard="top", programme=both), "NONE")
        suspended = self.decide(51, 1, "SUSPENDED")
        self.assertEqual(self.state(top, own, suspended, standard="top", programme=both),
                         "SUSPENDED")
        granted = self.decide(51, 1, "GRANTED")
        self.assertEqual(self.state(top, own, granted, standard="top", programme=both),
                         "CERTIFIED")
        self.assertEqual(self.state(top, own, standard="top",
                                    programme=m.programme(standards=("top",))), "CERTIFIED")

    def test_surveillance_after_grant_is_12_months(self):
        granted = self.decide(50, 0, "GRANTED", since=59)  # 2026-03-01
        answer = self.line(granted)
        self.assertEqual(answer["surveillanceDeadline"], "2027-03-01T00:00:00Z")
        for days, micros, flag in ((334, -1, None), (334, 0, "SURVEILLANCE_DUE"),
                                   (424, -1, "SURVEILLANCE_DUE"), (424, 0, "SURVEILLANCE_OVERDUE")):
            flags = self.line(granted, days=days, micros=micros)["flags"]
            self.assertEqual([f for f in flags if f.startswith("SURV")], [flag] if flag else [])

    def test_surveillance_after_audit_is_next_calendar_year(self):
        granted = self.decide(50, 0, "GRANTED", until=1461)  # 2030-01-01
        audit = m.record(51, 200, "audit", m.audit(starts=m.day(190), ends=m.day(200)))
        self.assertEqual(self.line(granted, audit, days=199)["surveillanceDeadline"],
                         "2027-01-01T00:00:00Z")
        self.assertEqual(self.line(granted, audit, days=200)["surveillanceDeadline"],
                         "2028-01-01T00:00:00Z")
        for fields in ({"state": "PLANNED"}, {"kind": "INTERNAL"}, {"standards": ("other",)},
                       {"programme": "q"}):
            other = m.record(51, 200, "audit",
                             m.audit(starts=m.day(190), ends=m.day(200), **fields))
            self.assertEqual(self.line(granted, other, days=200)["surveillanceDeadline"],
                             "2027-01-01T00:00:00Z")
        renewed = self.decide(52, 210, "RENEWED", since=210, until=1461)
        self.assertEqual(self.line(granted, renewed, days=220)["surveillanceDeadline"],
                         "2028-01-01T00:00:00Z")

    def test_no_deadline_in_the_last_year(self):
        granted = self.decide(50, 0, "GRANTED", until=700)  # in 2027, the year after the base's
        self.assertIsNone(self.line(granted)["surveillanceDeadline"])
        granted = self.decide(50, 0, "GRANTED", until=730)  # 2028-01-01
        self.assertEqual(self.line(granted)["surveillanceDeadline"], "2027-01-01T00:00:00Z")

    def test_other_flags(self):
        granted = self.decide(50, 0, "GRANTED", until=365)
        soa = m.record(51, 0, "statementOfApplicability", m.soa([]))
        self.assertEqual(self.line(granted, soa, days=180)["flags"], [])
        self.assertEqual(self.line(granted, soa, days=181, micros=-1)["flags"], [])
        self.assertEqual(self.line(granted, soa, days=181)["flags"], ["RECERTIFICATION_DUE"])
        self.assertEqual(self.line(granted, days=100)["flags"], ["SOA_DIFFERS"])
        empty = self.decide(50, 0, "GRANTED", until=365, version="")
        self.assertEqual(self.line(empty, days=100)["flags"], [])
        major = m.record(52, 50, "finding", m.finding(control="*", due=m.day(90)))
        self.assertEqual(self.line(granted, soa, major, days=100)["flags"], ["MAJOR_NC_OPEN"])
        self.assertEqual(self.line(granted, soa, major, days=365)["flags"], [])  # EXPIRED

    def test_suspended_over_6_months(self):
        soa = m.record(51, 0, "statementOfApplicability", m.soa([]))
        granted = self.decide(50, 0, "GRANTED", until=1461)
        first = self.decide(52, 31, "SUSPENDED", until=1461)  # 2026-02-01, so until 2026-08-01
        second = self.decide(53, 90, "SUSPENDED", until=1461)
        for days, micros, flags in ((212, -1, []), (212, 0, ["SUSPENDED_OVER_6_MONTHS"])):
            answer = self.line(granted, soa, first, second, days=days, micros=micros)
            self.assertEqual(answer["flags"], flags)
        restored = self.decide(54, 60, "RESTORED", until=1461)
        answer = self.line(granted, soa, first, restored, second, days=212)
        self.assertEqual(answer["flags"], [])


class Certified(unittest.TestCase):
    def certified(self, *records, days=100):
        answer = standing([*BASE, *records], days)
        return answer["certificateState"], answer["certified"]

    def test_conditions(self):
        granted = m.record(50, 5, "certificate",
                           m.certificate(since=m.day(5), until=m.day(900)))
        self.assertEqual(self.certified(granted), ("CERTIFIED", True))
        pending = m.record(51, 6, "scopeChange", m.scope(membership="PENDING_AUDIT"))
        self.assertEqual(self.certified(granted, pending), ("CERTIFIED", False))
        again = m.record(52, 7, "scopeChange", m.scope())  # since then later than the certificate
        self.assertEqual(self.certified(granted, pending, again), ("CERTIFIED", False))
        affirmed = m.record(52, 7, "scopeChange", m.scope())
        self.assertEqual(self.certified(granted, affirmed), ("CERTIFIED", True))
        retired = m.record(51, 6, "serviceOnboarding", m.onboarding(lifecycle="RETIRED"))
        self.assertEqual(self.certified(granted, retired), ("CERTIFIED", False))
        gone = m.record(51, 6, "programme", m.programme(discontinued=("public",)))
        self.assertEqual(self.certified(granted, gone), ("CERTIFIED", False))
        self.assertEqual(self.certified(), ("NONE", False))

    def test_scope_date(self):
        dates = {"since": m.day(5), "until": m.day(900)}
        late = m.record(49, 8, "scopeChange", m.scope(membership="PENDING_AUDIT"))
        back = m.record(48, 9, "scopeChange", m.scope())
        granted = m.record(50, 5, "certificate", m.certificate(**dates))
        self.assertFalse(self.certified(granted, late, back)[1])
        for decision, certified in (("EXPANDED", True), ("REDUCED", True), ("RENEWED", True),
                                    ("RESTORED", False)):
            later = m.record(51, 10, "certificate", m.certificate(decision, **dates))
            self.assertEqual(self.certified(granted, late, back, later), ("CERTIFIED", certified))
        early = m.record(51, 10, "certificate",
                         m.certificate("EXPANDED", scope_as_of=m.day(9, -1), **dates))
        self.assertFalse(self.certified(granted, late, back, early)[1])

    def test_a_failing_posture_does_not_touch_it(self):
        granted = m.record(50, 5, "certificate",
                           m.certificate(since=m.day(5), until=m.day(900)))
        answer = standing([*BASE, FAIL, granted], 100)
        self.assertEqual((answer["posture"], answer["certified"]), ("FAILING", True))


if __name__ == "__main__":
    unittest.main()
