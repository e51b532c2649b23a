"""What the days to come bring if nothing more happens, and who inherits from whom."""

import json
import unittest
from datetime import timedelta

import facts
from world import Scenario

PROGRAMME = "cloud"


def ahead(**parts):
    return (facts.now() + timedelta(**parts)).replace(microsecond=0)


def programme():
    return facts.event(facts.LONG_AGO, programme={
        "programme": PROGRAMME, "title": "Cloud", "organisation": "Example",
        "scopeStatement": {"text": "all of it", "updatedAt": facts.instant(facts.LONG_AGO),
                           "approvedAt": facts.instant(facts.LONG_AGO)},
        "environments": [{"environment": facts.ENVIRONMENT, "title": "Production",
                          "state": "ENVIRONMENT_STATE_LIVE"}],
        "standards": [facts.STANDARD],
    })


def exception(name, expires_at, at, state="APPROVED", **scope):
    return facts.event(at, actor="owner", exception={
        "exception": name, "programme": PROGRAMME, "standard": facts.STANDARD, "control": "C.2",
        "service": "mail", "environment": "*", "check": "*", "subject": "*", **scope,
        "state": f"EXCEPTION_STATE_{state}", "expiresAt": facts.instant(expires_at),
        "approver": "board", "riskOwner": "board", "reason": "being replaced",
    })


def finding(name, due_at, state="OPEN", **scope):
    return facts.event(facts.ago(days=3), finding={
        "finding": name, "programme": PROGRAMME, "standard": facts.STANDARD, "control": "C.3",
        "service": "mail", "environment": "*", **scope, "grade": "FINDING_GRADE_MINOR_NC",
        "state": f"FINDING_STATE_{state}", "dueAt": facts.instant(due_at), "title": f"T {name}",
    })


def management_record(name, next_due_at):
    return facts.event(facts.ago(days=3), managementRecord={
        "record": name, "kind": "RECORD_KIND_MANAGEMENT_REVIEW", "programme": PROGRAMME,
        "title": "Review", "nextDueAt": facts.instant(next_due_at),
    })


def certificate(number, valid_from, valid_until, decision="GRANTED", at=None,
                standard=facts.STANDARD):
    return facts.event(at or valid_from, certificate={
        "programme": PROGRAMME, "standard": standard, "number": number, "body": "Assessors",
        "decision": f"CERTIFICATE_DECISION_{decision}", "soaVersion": "1",
        "initialAt": facts.instant(valid_from), "validFrom": facts.instant(valid_from),
        "validUntil": facts.instant(valid_until),
    })


def inheritance(service, control, provider, kind="FULL", environment=facts.ENVIRONMENT,
                provider_environment=facts.ENVIRONMENT, at=facts.LONG_AGO):
    return facts.event(at, inheritance={
        "service": service, "environment": environment, "standard": facts.STANDARD,
        "control": control, "providerService": provider,
        "providerEnvironment": provider_environment, "kind": f"INHERITANCE_KIND_{kind}",
    })


class Forecast(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.aggregate()
        cls.stale, cls.fails, cls.due = ahead(days=5), ahead(days=7), ahead(days=9)
        cls.removed, cls.far = ahead(days=12), ahead(days=200)
        cls.review = ahead(days=20)
        cls.expires, cls.granted = ahead(days=25), ahead(days=-350)
        tested = facts.ago(hours=2)
        cls.world.assay("publish", stdin=facts.lines([
            *facts.base(["mail", "chat"], ["c1", "c2", "c3"]), programme(),
            facts.result("mail", "c1", "PASS", tested, expires_at=cls.stale),
            facts.result("mail", "c2", "FAIL", tested),
            facts.result("mail", "c3", "PASS", tested),
            exception("EX-1", cls.fails, facts.ago(days=1)),
            # withdrawn before it would expire
            exception("EX-2", cls.fails, facts.ago(days=1), control="C.1"),
            exception("EX-2", cls.fails, ahead(days=6), "REVOKED", control="C.1"),
            finding("F-1", cls.due), finding("F-2", cls.due, state="CLOSED"),
            management_record("MR-1", cls.review), management_record("MR-2", ahead(days=40)),
            facts.result("chat", "c1", "PASS", tested, expires_at=cls.far),
            certificate("ISMS-1", ahead(days=-300), cls.expires),
            certificate("ISMS-2", cls.granted, ahead(days=900), standard="std-2"),
        ]))
        cls.world.await_caught_up()
        # dated ahead, as all but evidence may be
        cls.world.assay("publish", stdin=facts.lines([
            facts.mapping("c4", ["C.1"], at=cls.removed),
            facts.mapping("c5", ["X.1"], at=cls.removed, name="std-9",
                          applies_to=[("mail", "*")]),
            facts.standard(["X.1"], at=cls.removed, name="std-9",
                           certifiableUntil=facts.instant(cls.review)),
            facts.scope("mail", at=cls.removed, standard="std-9"),
            facts.onboarding("mail", at=cls.removed),
            facts.event(cls.removed, statementOfApplicability={
                "programme": PROGRAMME, "version": "2", "dated": facts.instant(cls.removed),
                "entries": [{"standard": facts.STANDARD, "control": f"C.{number}",
                             "applicable": True,
                             "implementation": "IMPLEMENTATION_IMPLEMENTED"}
                            for number in (1, 2, 3)]}),
        ]))
        cls.world.await_caught_up()
        cls.world.stop_aggregators()

    def forecast(self, *arguments, status=0):
        return json.loads(self.world.assay("forecast", "--json", *arguments, status=status).stdout)

    def at(self, text):
        return facts.datetime.fromisoformat(text)

    def test_1_what_cells_come_to(self):
        cells = [
            (cell["service"], cell["control"], cell["from_status"], cell["to_status"],
             self.at(cell["at"])) for cell in self.forecast()["cells"]
        ]
        self.assertEqual(cells, [
            ("chat", "C.1", "PASSED", "NOT_TESTED", self.removed),
            ("mail", "C.1", "PASSED", "STALE", self.stale),
            ("mail", "C.2", "EXCEPTED", "FAILED", self.fails),
            ("mail", "C.3", "PASSED", "FAILED", self.due),
            ("mail", "X.1", None, "NOT_TESTED", self.removed),
        ])

    def test_2_it_is_what_the_views_say_then(self):
        for cell in self.forecast("--days=400")["cells"]:
            for when, key in ((-1, "from_status"), (0, "to_status")):
                rows = self.world.query(
                    "SELECT status FROM assay.cell_status_at(%s::timestamptz"
                    " + %s * interval '1 microsecond')"
                    " WHERE (service, environment, standard, control) = (%s, %s, %s, %s)",
                    cell["at"], when, cell["service"], cell["environment"], cell["standard"],
                    cell["control"])
                self.assertEqual([row["status"] for row in rows],
                                 [cell[key]] if cell[key] else [], cell)

    def test_3_standings(self):
        found = [
            (row["service"], row["what"], row["from"], row["to"], self.at(row["at"]))
            for row in self.forecast()["standings"]
            if row["service"] == "mail" and row["standard"] == facts.STANDARD
        ]
        self.assertEqual(found, [
            ("mail", "posture", "PASSING_WITH_EXCEPTIONS", "INCOMPLETE", self.stale),
            ("mail", "posture", "INCOMPLETE", "FAILING", self.fails),
            ("mail", "certificate", "CERTIFIED", "EXPIRED", self.expires),
            ("mail", "certified", "yes", "no", self.expires),
        ])

    def test_4_facts(self):
        said = self.forecast()
        dated_ahead = [row for row in said["takes_effect"] if self.at(row["at"]) == self.removed]
        self.assertEqual([(row["body"], row["key"], row["standard"]) for row in dated_ahead], [
            ("check_mapping", "c4", "std-1"), ("check_mapping", "c5", "std-9"),
            ("scope_change", "mail|prod|std-9", "std-9"), ("service_onboarding", "mail", None),
            ("standard", "std-9", "std-9"), ("statement_of_applicability", "cloud", "std-1"),
        ])
        self.assertEqual([(row["body"], row["key"], row["what"], self.at(row["at"]))
                          for row in said["due"]][:2],
                         [("exception", "EX-1", "expires", self.fails),
                          ("finding", "F-1", "overdue", self.due)])
        year_later = self.granted.replace(year=self.granted.year + 1)
        self.assertEqual(
            sorted((row["key"], row["what"], self.at(row["at"])) for row in said["due"][2:]),
            [("ISMS-1", "expires", self.expires), ("ISMS-2", "surveillance due", year_later),
             ("MR-1", "overdue", self.review), ("std-9", "no longer certifiable", self.review)])
        self.assertEqual(
            [(row["number"], row["what"], row["from"], row["to"], self.at(row["at"]))
             for row in said["certificates"]],
            [("ISMS-1", "state", "CERTIFIED", "EXPIRED", self.expires),
             ("ISMS-1", "flags", "RECERTIFICATION_DUE SOA_DIFFERS", None, self.expires),
             ("ISMS-2", "flags", "SURVEILLANCE_DUE SOA_DIFFERS",
              "SURVEILLANCE_OVERDUE SOA_DIFFERS", year_later)])

    def test_5_days_and_instant(self):
        self.assertEqual(self.forecast("--days=1")["cells"], [])
        at = facts.instant(self.stale)  # what happens at that very instant is past
        cells = self.forecast("--days=2", f"--at={at}")["cells"]
        self.assertEqual([cell["control"] for cell in cells], ["C.2"])

    def test_6_one_service(self):
        said = self.forecast("--days=365", "chat")
        self.assertEqual({cell["service"] for cell in said["cells"]}, {"chat"})
        self.assertEqual([row["key"] for row in said["due"]], ["ISMS-1"])
        self.assertEqual({row["number"] for row in said["certificates"]}, {"ISMS-1"})
        # of what concerns no service by name, what is in force where it stands
        self.assertEqual([row["key"] for row in said["takes_effect"]], ["c4", "cloud"])
        self.assertEqual([row["key"] for row in self.forecast("mail")["takes_effect"]
                          if row["standard"] == "std-9"], ["c5", "mail|prod|std-9", "std-9"])
        self.world.assay("forecast", "nobody", status=1)

    def test_7_as_a_table(self):
        lines = self.world.assay("forecast").stdout.decode().splitlines()
        (stale,) = [line for line in lines if "STALE" in line]
        self.assertEqual(stale.split(), [self.stale.strftime("%Y-%m-%dT%H:%M:%SZ"), "mail",
                                         "prod", "std-1", "1", "control", "PASSED", "STALE", "C.1"])
        quiet = self.world.assay("forecast", "--days=1", "chat")
        self.assertEqual(quiet.stdout, b"")

    def test_8_reading_suffices(self):
        reader = f"{self.world.postgresql.uri()}&options=-c%20role%3Dassay_reader"
        done = self.world.assay("forecast", "--json", f"--database={reader}")
        self.assertEqual(len(json.loads(done.stdout)["cells"]), 5)
        why = self.world.assay("explain", "--json", f"--database={reader}",
                               "mail", "prod", "std-1", "C.1")
        self.assertEqual(json.loads(why.stdout)["status"], "PASSED")


class Impact(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.aggregate()
        cls.later = ahead(days=3)
        cls.world.assay("publish", stdin=facts.lines([
            *facts.base(["web", "api", "store", "base", "alone"], ["c1", "c2"]),
            inheritance("*", "C.1", "base"),  # base itself: as if absent
            inheritance("web", "*", "api", "HYBRID"),
            inheritance("api", "C.2", "store"),
            inheritance("alone", "*", "base", "NONE"),
            # of no effect: api's own for C.1 counts before that of every service
            inheritance("api", "C.1", "store"),
            inheritance("store", "C.1", "base", at=cls.later),  # as * says already
            inheritance("store", "C.2", "web", at=cls.later),  # which makes a cycle
        ]))
        cls.world.await_caught_up()
        cls.world.stop_aggregators()

    def impact(self, *arguments, status=0):
        said = json.loads(self.world.assay("impact", "--json", *arguments, status=status).stdout)
        return [(row["distance"], row["service"], row["control"], row["provider_service"],
                 row["kind"]) for row in said["inheriting"]]

    def test_1_directly_and_through_others(self):
        self.assertEqual(self.impact("base"), [
            (1, "store", "C.1", "base", "FULL"), (2, "api", "C.1", "store", "FULL"),
            (3, "web", "C.1", "api", "HYBRID"),
        ])
        self.assertEqual(self.impact("store"), [
            (1, "api", "C.1", "store", "FULL"), (1, "api", "C.2", "store", "FULL"),
            (2, "web", "C.1", "api", "HYBRID"), (2, "web", "C.2", "api", "HYBRID"),
        ])

    def test_2_environments(self):
        self.assertEqual(len(self.impact("api", "gcc", "prod")), 2)
        self.assertEqual(self.impact("api", "gcc", status=1), [])

    def test_3_nothing_does(self):
        done = self.world.assay("impact", "web", status=1)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"nothing inherits", done.stderr)
        self.world.assay("impact", "a b", status=2)

    def test_4_a_cycle_ends(self):
        then = self.impact("web", f"--at={facts.instant(self.later)}")
        self.assertEqual([row[:3] for row in then],
                         [(1, "store", "C.2"), (2, "api", "C.2"), (3, "web", "C.2")])

    def test_5_as_a_table(self):
        status = self.world.value(
            "SELECT DISTINCT status FROM assay.cell_status WHERE service = 'api'")
        lines = self.world.assay("impact", "store").stdout.decode().splitlines()
        self.assertEqual(lines[1].split(), ["1", "api", "prod", "std-1", "store/prod", "FULL",
                                            status, "2", "C.1", "C.2"])


if __name__ == "__main__":
    unittest.main()
