#!/usr/bin/python3
"""
test_reference -- the reference against answers worked out by hand from DESIGN.md section 3.

Facts, streams, cells and postures as far as evidence alone decides them; what the compliance office
and the certification body decide is in test_office.py. Each expectation follows from the sentence
quoted or told beside it, not from running anything.
"""

import random
import unittest

import making as m
from facts import History, instant, months_after, text_of
from moment import Moment
from reference import Reference, evaluate

BASE = [
    m.record(1, 0, "programme", m.programme()),
    m.record(2, 0, "standard", m.standard()),
    m.record(3, 0, "scopeChange", m.scope()),
    m.record(4, 0, "checkMapping", m.mapping()),
    m.record(5, 0, "serviceOnboarding", m.onboarding()),
]


def instead(records, *others):
    """The records, with others in the place of those that have the same id."""
    ids = {other["event"]["id"] for other in others}
    return [record for record in records if record["event"]["id"] not in ids] + list(others)


def ask(records, days, micros=0, only_evidence=False):
    return evaluate([*records, m.query(days, micros)], only_evidence)


def cells(records, days, micros=0, **options):
    return [line for line in ask(records, days, micros, **options) if "control" in line]


def cell(records, days, micros=0, control="1", standard="std", service="mail",
         environment="public"):
    for line in cells(records, days, micros):
        if (line["service"], line["environment"], line["standard"],
                line["control"]) == (service, environment, standard, control):
            return line
    return None


def standing(records, days, micros=0, standard="std", service="mail", environment="public"):
    for line in ask(records, days, micros):
        if "membership" in line and (line["service"], line["environment"],
                                     line["standard"]) == (service, environment, standard):
            return line
    return None


class Instants(unittest.TestCase):
    def test_text_both_ways(self):
        for text in ("2026-11-23T03:56:40Z", "2026-11-23T03:56:40.5Z",
                     "1969-12-31T23:59:59.000001Z"):
            self.assertEqual(instant(text_of(instant(text))), instant(text))
        self.assertEqual(text_of(instant("2026-11-23T03:56:40.1234569Z")),
                         "2026-11-23T03:56:40.123456Z")
        self.assertEqual(instant("2026-11-23T03:56:40+02:00"), instant("2026-11-23T01:56:40Z"))

    def test_months_end_at_the_months_last_day(self):
        self.assertEqual(months_after(instant("2026-08-31T12:00:00Z"), -6),
                         instant("2026-02-28T12:00:00Z"))
        self.assertEqual(months_after(instant("2026-08-15T00:00:00Z"), 6),
                         instant("2027-02-15T00:00:00Z"))


class Versions(unittest.TestCase):
    """"ordered by (occurred_at, sequence, id), test results by (occurred_at, sequence, worse
    result, id)" """

    def outcome(self, *results):
        return cell([*BASE, *results], 5)

    def test_later_wins(self):
        answer = self.outcome(m.record(10, 2, "controlTestResult", m.result("PASS")),
                              m.record(11, 1, "controlTestResult", m.result("FAIL")))
        self.assertEqual((answer["status"], answer["decidingEvent"]), ("PASSED", m.name(10)))

    def test_then_sequence_then_worse_then_id(self):
        answer = self.outcome(m.record(10, 2, "controlTestResult", m.result("PASS"), sequence=2),
                              m.record(11, 2, "controlTestResult", m.result("FAIL"), sequence=1))
        self.assertEqual(answer["decidingEvent"], m.name(10))
        answer = self.outcome(m.record(10, 2, "controlTestResult", m.result("FAIL")),
                              m.record(11, 2, "controlTestResult", m.result("PASS")))
        self.assertEqual(answer["decidingEvent"], m.name(10))
        answer = self.outcome(m.record(10, 2, "controlTestResult", m.result("PASS")),
                              m.record(11, 2, "controlTestResult", m.result("PASS")))
        self.assertEqual(answer["decidingEvent"], m.name(11))

    def test_order_of_badness(self):
        order = ["FAIL", "ERROR", "UNKNOWN", "NOT_CHECKED", "INFO", "NOT_APPLICABLE", "PASS",
                 "RETIRED"]
        for worse, better in zip(order, order[1:]):
            history = History([m.record(10, 1, "controlTestResult", m.result(worse)),
                               m.record(11, 1, "controlTestResult", m.result(better))])
            key = ("mail", "public", "c1", "")
            self.assertEqual(history.in_force("controlTestResult", key, m.at(1)).result, worse)

    def test_two_contents_of_one_id(self):
        low, high = "11" * 32, "22" * 32
        one = m.record(10, 1, "scopeChange", m.scope(membership="REMOVED"), digest=low)
        two = m.record(10, 1, "scopeChange", m.scope(membership="PROPOSED"), digest=high)
        self.assertEqual(standing([*BASE, one, two], 2)["membership"], "PROPOSED")
        one["digest"], two["digest"] = high, low
        self.assertEqual(standing([*BASE, one, two], 2)["membership"], "REMOVED")

    def test_in_force_from_its_instant_on(self):
        records = [*BASE, m.record(10, 2, "scopeChange", m.scope(membership="REMOVED"))]
        self.assertEqual(standing(records, 2, -1)["membership"], "IN_SCOPE")
        self.assertEqual(standing(records, 2)["membership"], "REMOVED")
        self.assertEqual(ask(BASE, 0, -1), [])

    def test_versions_are_whole(self):
        records = [*BASE, m.record(10, 1, "checkMapping", m.mapping(controls=[])),
                   m.record(11, 1, "controlTestResult", m.result("PASS"))]
        answer = cell(records, 2)
        self.assertEqual((answer["status"], answer["checks"]), ("NOT_TESTED", 0))


class TakenBack(unittest.TestCase):
    FAIL = m.record(10, 1, "controlTestResult", m.result("FAIL"))

    def status(self, *records, days=5):
        return cell([*BASE, *records], days)["status"]

    def test_evidence_topic_reaches_its_services_results_only(self):
        back = m.record(11, 9, "retraction", m.retraction(10, "mail"), topic=m.EVIDENCE)
        self.assertEqual(self.status(self.FAIL, back), "NOT_TESTED")  # whatever its own date
        back = m.record(11, 0, "retraction", m.retraction(10, "chat"), topic=m.EVIDENCE)
        self.assertEqual(self.status(self.FAIL, back), "FAILED")
        back = m.record(11, 0, "retraction", m.retraction(3, "mail"), topic=m.EVIDENCE)
        self.assertIsNotNone(cell([*BASE, back], 5))  # a scope change is no test result

    def test_governance_reaches_anything(self):
        back = m.record(11, 9, "retraction", m.retraction(10))
        self.assertEqual(self.status(self.FAIL, back), "NOT_TESTED")
        self.assertIsNone(cell([*BASE, m.record(11, 9, "retraction", m.retraction(2))], 5))

    def test_governance_with_a_service_reaches_that_services(self):
        for service, there in (("mail", False), ("chat", True)):
            back = m.record(11, 9, "retraction", m.retraction(3, service))
            self.assertEqual(cell([*BASE, back], 5) is not None, there)
        back = m.record(11, 9, "retraction", m.retraction(2, "mail"))  # a standard has no service
        self.assertIsNotNone(cell([*BASE, back], 5))

    def test_team_topic_reaches_what_came_by_it(self):
        red = "assay.evidence.red"
        back = m.record(11, 0, "retraction", m.retraction(10, "mail"), topic=red)
        self.assertEqual(self.status(self.FAIL, back), "FAILED")
        by_red = dict(self.FAIL, topic=red)
        self.assertEqual(self.status(by_red, back), "NOT_TESTED")
        self.assertEqual(self.status(by_red, dict(back, topic="assay.evidence.blue")), "FAILED")
        # what the pipeline said, a team cannot take back by saying it too
        self.assertEqual(self.status(self.FAIL, by_red, back), "FAILED")
        # and the pipeline's retraction reaches the team's
        self.assertEqual(self.status(by_red, dict(back, topic=m.EVIDENCE)), "NOT_TESTED")

    def test_a_retraction_stays(self):
        back = m.record(11, 0, "retraction", m.retraction(10, "mail"), topic=m.EVIDENCE)
        again = m.record(12, 1, "retraction", m.retraction(11))
        self.assertEqual(self.status(self.FAIL, back, again), "NOT_TESTED")

    def test_what_was_before_is_in_force_again(self):
        earlier = m.record(9, 0.5, "controlTestResult", m.result("PASS"))
        back = m.record(11, 0, "retraction", m.retraction(10))
        self.assertEqual(self.status(earlier, self.FAIL, back), "PASSED")


class Recalls(unittest.TestCase):
    def status(self, *recalls, tool=("scanner", "1")):
        fail = m.record(10, 1, "controlTestResult", m.result("FAIL", tool=tool))
        return cell([*BASE, fail, *recalls], 5)["status"]

    def test_exactly_that_tool_version_and_service(self):
        recall = m.record(11, 3, "toolRecall", m.recall())
        self.assertEqual(self.status(recall), "NOT_TESTED")
        self.assertEqual(self.status(recall, tool=("scanner", "1.0")), "FAILED")
        self.assertEqual(self.status(recall, tool=("other", "1")), "FAILED")
        self.assertEqual(self.status(recall, tool=None), "FAILED")
        for service, status in (("mail", "NOT_TESTED"), ("chat", "FAILED")):
            recall = m.record(11, 3, "toolRecall", m.recall(service=service))
            self.assertEqual(self.status(recall), status)

    def test_the_greatest_version_of_all_decides(self):
        recall = m.record(11, 3, "toolRecall", m.recall())
        lifted = m.record(12, 90, "toolRecall", m.recall(state="LIFTED"))
        self.assertEqual(self.status(recall, lifted), "FAILED")  # though lifted only later
        lifted = m.record(12, 2, "toolRecall", m.recall(state="LIFTED"))
        self.assertEqual(self.status(recall, lifted), "NOT_TESTED")
        self.assertEqual(self.status(m.record(11, 90, "toolRecall", m.recall())), "NOT_TESTED")

    def test_one_services_lifting_lifts_no_others(self):
        recall = m.record(11, 3, "toolRecall", m.recall())
        lifted = m.record(12, 4, "toolRecall", m.recall(service="mail", state="LIFTED"))
        self.assertEqual(self.status(recall, lifted), "NOT_TESTED")

    def test_a_retracted_recall(self):
        recall = m.record(11, 3, "toolRecall", m.recall())
        back = m.record(12, 3, "retraction", m.retraction(11))
        self.assertEqual(self.status(recall, back), "FAILED")


class Teams(unittest.TestCase):
    RED = "assay.evidence.red"

    def status(self, *records, base=BASE):
        return cell([*base, *records], 5)["status"]

    def test_the_owner_in_force_then(self):
        fail = m.record(10, 2, "controlTestResult", m.result("FAIL"), topic=self.RED)
        self.assertEqual(self.status(fail), "FAILED")
        self.assertEqual(self.status(dict(fail, topic="assay.evidence.blue")), "NOT_TESTED")
        for days, status in ((1, "NOT_TESTED"), (2, "NOT_TESTED"), (3, "FAILED")):
            moved = m.record(11, days, "serviceOnboarding", m.onboarding(owner="blue"))
            self.assertEqual(self.status(fail, moved), status)

    def test_without_onboarding_no_owner(self):
        fail = m.record(10, 2, "controlTestResult", m.result("FAIL"), topic=self.RED)
        self.assertEqual(self.status(fail, base=BASE[:4]), "NOT_TESTED")
        late = m.record(11, 3, "serviceOnboarding", m.onboarding())
        self.assertEqual(self.status(fail, late, base=BASE[:4]), "NOT_TESTED")

    def test_by_two_topics(self):
        fail = m.record(10, 2, "controlTestResult", m.result("FAIL"), topic="assay.evidence.blue")
        self.assertEqual(self.status(fail, dict(fail, topic=m.EVIDENCE)), "FAILED")
        self.assertEqual(self.status(fail, dict(fail, topic=self.RED)), "FAILED")


class Streams(unittest.TestCase):
    def answers(self, outcome, days, micros=0, expires=None, ttl=None, required=True):
        records = [*BASE[:3],
                   m.record(4, 0, "checkMapping", m.mapping(ttl_days=ttl, required=required)),
                   m.record(10, 1, "controlTestResult", m.result(outcome, expires=expires))]
        answer = cell(records, days, micros)
        return answer["status"], answer["stale"], answer["checksMissing"]

    def test_each_result_fresh_and_expired(self):
        expected = {  # result: (fresh, expired)
            "PASS": (("PASSED", False, 0), ("STALE", True, 0)),
            "FAIL": (("FAILED", False, 0), ("FAILED", False, 0)),
            "ERROR": (("ERROR", False, 0), ("STALE", True, 0)),
            "UNKNOWN": (("ERROR", False, 0), ("STALE", True, 0)),
            "NOT_CHECKED": (("NOT_TESTED", False, 1), ("NOT_TESTED", False, 1)),
            "INFO": (("NOT_TESTED", False, 1), ("NOT_TESTED", False, 1)),
            "NOT_APPLICABLE": (("NOT_TESTED", False, 1), ("STALE", True, 0)),
            "RETIRED": (("NOT_TESTED", False, 1), ("NOT_TESTED", False, 1)),
        }
        for outcome, (fresh, expired) in expected.items():
            with self.subTest(outcome):
                self.assertEqual(self.answers(outcome, 4, -1, ttl=3), fresh)
                self.assertEqual(self.answers(outcome, 4, ttl=3), expired)

    def test_expiry_is_the_earlier(self):
        self.assertEqual(self.answers("PASS", 3, ttl=9, expires=m.day(3))[0], "STALE")
        self.assertEqual(self.answers("PASS", 3, -1, ttl=9, expires=m.day(3))[0], "PASSED")
        self.assertEqual(self.answers("PASS", 3, ttl=2, expires=m.day(9))[0], "STALE")
        self.assertEqual(self.answers("PASS", 367, -1)[0], "PASSED")
        self.assertEqual(self.answers("PASS", 367)[0], "STALE")
        self.assertEqual(self.answers("PASS", 367, expires=m.day(900))[0], "STALE")

    def test_the_mapping_in_force_says_how_long(self):
        records = [*BASE, m.record(10, 1, "controlTestResult", m.result("PASS")),
                   m.record(11, 6, "checkMapping", m.mapping(ttl_days=2)),
                   m.record(12, 8, "checkMapping", m.mapping(ttl_days=20))]
        spans = [(c["status"], c["since"], c["until"])
                 for c in (cell(records, days) for days in (5, 7, 9, 21))]
        self.assertEqual(spans, [("PASSED", m.day(1), m.day(6)), ("STALE", m.day(6), m.day(8)),
                                 ("PASSED", m.day(8), m.day(21)), ("STALE", m.day(21), None)])


class Cells(unittest.TestCase):
    def test_where_there_are_cells(self):
        self.assertEqual(len(cells(BASE, 1)), 1)
        self.assertEqual(cells(BASE[:2], 1), [])  # no scope
        self.assertEqual(cells([BASE[0], BASE[2]], 1), [])  # no standard
        self.assertEqual(standing([BASE[0], BASE[2]], 1)["posture"], "INCOMPLETE")
        records = [*BASE, m.record(10, 3, "standard", m.standard(controls=("2",), clauses=("4",)))]
        self.assertEqual([c["control"] for c in cells(records, 3)], ["2", "4"])
        gone = cell(records, 2)
        self.assertEqual((gone["since"], gone["until"]), (m.day(0), m.day(3)))

    def test_applies_to(self):
        passing = m.record(10, 1, "controlTestResult", m.result("PASS"))
        for applies, checks in ((), 1), ([("mail", "public")], 1), ([("*", "public")], 1), \
                ([("mail", "*")], 1), ([("*", "*")], 1), ([("chat", "*"), ("*", "gov")], 0), \
                ([("chat", "public"), ("mail", "gov")], 0):
            mapping = m.record(4, 0, "checkMapping", m.mapping(applies=applies))
            answer = cell([*BASE[:3], mapping, passing], 2)
            self.assertEqual(answer["checks"], checks, applies)
            self.assertEqual(answer["status"], "PASSED" if checks else "NOT_TESTED")

    def test_another_services_and_environments_results_do_not_count(self):
        for other in ({"service": "chat"}, {"environment": "gov"}, {"check": "c2"}):
            records = [*BASE, m.record(10, 1, "controlTestResult", m.result("FAIL", **other))]
            self.assertEqual(cell(records, 2)["status"], "NOT_TESTED")

    def test_first_match(self):
        """Rules 5 to 10 with several streams of one required check."""
        for outcomes, status, deciding in (
                (("PASS", "FAIL"), "FAILED", 11), (("FAIL", "ERROR"), "FAILED", 10),
                (("PASS", "ERROR"), "ERROR", 11), (("UNKNOWN", "ERROR"), "ERROR", 11),
                (("PASS", "INFO"), "PASSED", 10), (("PASS", "NOT_CHECKED"), "NOT_TESTED", None),
                (("INFO", "NOT_APPLICABLE"), "NOT_TESTED", None),
                (("PASS", "RETIRED"), "PASSED", 10), (("ERROR", "NOT_CHECKED"), "ERROR", 10)):
            records = list(BASE)
            for index, outcome in enumerate(outcomes):
                records.append(m.record(10 + index, 1 + index, "controlTestResult",
                                        m.result(outcome, subject=f"host-{index}")))
            answer = cell(records, 5)
            self.assertEqual((answer["status"], answer["decidingEvent"]),
                             (status, deciding and m.name(deciding)), outcomes)

    def test_required_and_not(self):
        both = [*BASE[:3], m.record(4, 0, "checkMapping", m.mapping(ttl_days=3)),
                m.record(6, 0, "checkMapping", m.mapping("c2", required=False, ttl_days=3)),
                m.record(10, 1, "controlTestResult", m.result("PASS"))]
        for outcome, status in (("FAIL", "FAILED"), ("ERROR", "PASSED"), ("NOT_CHECKED", "PASSED"),
                                ("PASS", "PASSED")):
            other = m.record(11, 0.5, "controlTestResult", m.result(outcome, check="c2"))
            answer = cell([*both, other], 3.7)  # where c2's are expired and c1's are not
            self.assertEqual((answer["status"], answer["stale"], answer["checks"],
                              answer["checksMissing"]), (status, False, 2, 0), outcome)
        only = [*BASE[:3], m.record(6, 0, "checkMapping", m.mapping(required=False)),
                m.record(10, 1, "controlTestResult", m.result("PASS"))]
        self.assertEqual(cell(only, 2)["status"], "NOT_TESTED")  # none required is mapped

    def test_out_of_scope(self):
        fail = m.record(10, 1, "controlTestResult", m.result("FAIL"))
        removed = m.record(11, 2, "scopeChange", m.scope(membership="REMOVED"))
        retired = m.record(12, 2, "serviceOnboarding", m.onboarding(lifecycle="RETIRED"))
        discontinued = m.record(13, 2, "programme", m.programme(discontinued=("public",)))
        for reasons, deciding in (([removed], 11), ([retired], 12), ([discontinued], 13),
                                  ([removed, retired, discontinued], 13), ([removed, retired], 12)):
            answer = cell([*BASE, fail, *reasons], 3)
            self.assertEqual((answer["status"], answer["decidingEvent"]),
                             ("OUT_OF_SCOPE", m.name(deciding)))
            there = standing([*BASE, fail, *reasons], 3)
            self.assertEqual((there["posture"], there["applicable"], there["percent"]),
                             ("OUT_OF_SCOPE", 0, None))
        self.assertEqual(cell([*BASE, fail, removed], 2, -1)["status"], "FAILED")

    def test_the_greatest_programme_that_lists_the_environment(self):
        other = m.record(11, 1, "programme", m.programme("q", discontinued=("public",)))
        self.assertEqual(cell([*BASE, other], 2)["status"], "OUT_OF_SCOPE")
        newer = m.record(12, 1.5, "programme", m.programme("p"))
        self.assertEqual(cell([*BASE, other, newer], 2)["status"], "NOT_TESTED")
        unlisted = m.record(13, 1.7, "programme", m.programme("p", environments=("gov",)))
        self.assertEqual(cell([*BASE, other, newer, unlisted], 2)["status"], "OUT_OF_SCOPE")

    def test_due_soon(self):
        records = [*BASE[:3], m.record(4, 0, "checkMapping", m.mapping(ttl_days=10)),
                   m.record(10, 1, "controlTestResult", m.result("PASS"))]
        self.assertFalse(cell(records, 4, -1)["dueSoon"])
        self.assertTrue(cell(records, 4)["dueSoon"])
        self.assertFalse(cell(records, 11)["dueSoon"])  # STALE by then

    def test_since_spans_equal_status_not_equal_cause(self):
        records = [*BASE, m.record(10, 1, "controlTestResult", m.result("PASS")),
                   m.record(11, 3, "controlTestResult", m.result("PASS"))]
        answer = cell(records, 4)
        self.assertEqual((answer["since"], answer["until"], answer["decidingEvent"]),
                         (m.day(1), m.day(369), m.name(11)))


class Postures(unittest.TestCase):
    def posture(self, outcomes, extra=()):
        controls = [str(index) for index in range(len(outcomes))]
        records = [BASE[0], BASE[2], m.record(2, 0, "standard", m.standard(controls=controls))]
        for index, outcome in enumerate(outcomes):
            check = f"c{index}"
            records.append(m.record(20 + index, 0, "checkMapping",
                                    m.mapping(check, [("std", str(index))])))
            if outcome:
                records.append(m.record(40 + index, 1, "controlTestResult",
                                        m.result(outcome, check=check)))
        return standing([*records, *extra], 2)

    def test_order(self):
        for outcomes, posture, percent in (
                (("PASS", "PASS"), "PASSING", "100.00"),
                (("PASS", "PASS", "FAIL"), "FAILING", "66.66"),
                (("PASS", "ERROR"), "INCOMPLETE", "50.00"), (("PASS", None), "INCOMPLETE", "50.00"),
                (("FAIL", None), "FAILING", "0.00"), ((), "INCOMPLETE", None)):
            answer = self.posture(outcomes)
            self.assertEqual((answer["posture"], answer["percent"]), (posture, percent))

    def test_counts(self):
        answer = self.posture(("PASS", "FAIL", "ERROR", "UNKNOWN", None, "INFO"))
        self.assertEqual([answer[key] for key in ("passed", "excepted", "failed", "error", "stale",
                                                  "notTested", "notApplicable", "applicable")],
                         [1, 0, 1, 2, 0, 2, 0, 6])
        self.assertEqual((answer["certificateState"], answer["certified"]), ("NONE", False))

    def extending(self, *more, standards=("std", "base", "deep"), outcome="PASS"):
        return [
            m.record(1, 0, "programme", m.programme(standards=standards)),
            m.record(2, 0, "standard", m.standard(extends=("base",))),
            m.record(3, 0, "standard", m.standard("base", extends=("deep",))),
            m.record(4, 0, "standard", m.standard("deep")),
            m.record(5, 0, "scopeChange", m.scope()),
            m.record(6, 0, "checkMapping", m.mapping("c1", [("std", "1"), ("base", "1")])),
            m.record(7, 0, "checkMapping", m.mapping("c2", [("deep", "1")])),
            m.record(8, 1, "controlTestResult", m.result("PASS")),
            m.record(9, 1, "controlTestResult", m.result(outcome, check="c2")), *more]

    def test_bases(self):
        base = m.record(10, 0, "scopeChange", m.scope(standard="base"))
        deep = m.record(11, 0, "scopeChange", m.scope(standard="deep"))
        removed = m.record(12, 1, "scopeChange", m.scope(standard="deep", membership="REMOVED"))
        for records, posture in (
                (self.extending(base, deep), "PASSING"),
                (self.extending(base, deep, outcome="FAIL"), "FAILING"),  # bases of bases
                (self.extending(base, deep, outcome="ERROR"), "INCOMPLETE"),
                (self.extending(base), "INCOMPLETE"),  # no scope there
                (self.extending(base, deep, removed), "INCOMPLETE"),
                (self.extending(standards=("std",)), "PASSING"),  # not the programme's
                (self.extending(base, standards=("std", "base")), "PASSING")):
            answer = standing(records, 2)
            self.assertEqual(answer["posture"], posture)
            self.assertEqual((answer["passed"], answer["percent"]), (1, "100.00"))  # its own
        out = m.record(13, 1, "scopeChange", m.scope(membership="REMOVED"))
        self.assertEqual(standing(self.extending(base, deep, out), 2)["posture"], "OUT_OF_SCOPE")

    def test_no_programme_no_bases(self):
        self.assertEqual(standing(self.extending()[1:], 2)["posture"], "PASSING")

    def test_circle(self):
        deep = m.record(10, 0.5, "standard", m.standard("deep", extends=("std",)))
        scopes = [m.record(11 + i, 0, "scopeChange", m.scope(standard=s))
                  for i, s in enumerate(("base", "deep"))]
        records = self.extending(deep, *scopes, outcome="FAIL")
        self.assertEqual([standing(records, 2, standard=s)["posture"]
                          for s in ("std", "base", "deep")], ["FAILING"] * 3)


class Properties(unittest.TestCase):
    def test_nothing_changes_between_change_points(self):
        import generate
        for seed in range(6):
            lines = generate.history(seed, "full")
            records = [line for line in lines if "event" in line]
            reference = Reference(records)
            chance = random.Random(seed)
            points = reference.points
            for here, after in zip(points, [*points[1:], points[-1] + 400 * m.DAY]):
                if after - here < 2:
                    continue
                moment = Moment(reference.history, chance.randrange(here + 1, after))
                found = {cell: moment.verdict(cell).status for cell in moment.cells()}
                self.assertEqual(found, reference.statuses[points.index(here)])

    def test_order_of_arrival_and_duplicates_change_nothing(self):
        import generate
        for seed in range(6):
            lines = generate.history(seed, "full")
            shuffled = lines + lines[::3]
            random.Random(seed).shuffle(shuffled)
            self.assertEqual(evaluate(lines), evaluate(shuffled))

    def test_only_evidence_leaves_the_office_without_effect(self):
        records = [*BASE, m.record(10, 1, "finding", m.finding(due=m.day(1))),
                   m.record(11, 1, "certificate",
                            m.certificate(since=m.day(0), until=m.day(900)))]
        answers = ask(records, 2, only_evidence=True)
        self.assertEqual([(a.get("status"), a.get("certificateState")) for a in answers[:2]],
                         [("NOT_TESTED", None), (None, "NONE")])
        self.assertEqual(ask(records, 2)[0]["status"], "FAILED")


if __name__ == "__main__":
    unittest.main()
