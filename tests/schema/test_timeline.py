"""Steps written by hand, and what the read API makes of them at, before and after each instant."""

import datetime
import unittest

import psycopg2

from cluster import Database
from rows import (
    EXCEPTED, FAILED, NONE, NOT_TESTED, PASSED, REMOVED, STALE, Rows, Standing, Step, event_id,
    hour,
)

MICROSECOND = datetime.timedelta(microseconds=1)
WEEK = datetime.timedelta(days=7)


class Timeline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.close)
        cls.rows = Rows(cls.database)

    def pair(self, name, controls=("A.1",)):
        self.rows.pair(name, "prod", controls)
        return name

    def at(self, service, at, known_at=None):
        """The row of the service's only cell, or None."""
        arguments = (at,) if known_at is None else (at, known_at)
        rows = self.database.query(
            f"SELECT * FROM assay.cell_status_at({', '.join(['%s'] * len(arguments))})"
            " WHERE service = %s",
            *arguments, service,
        )
        self.assertLessEqual(len(rows), 1)
        return rows[0] if rows else None

    def status(self, *arguments):
        row = self.at(*arguments)
        return row and row["status"]

    def test_before_at_and_after_an_expiry(self):
        service = self.pair("expiring")
        batch = self.rows.commit()
        self.rows.timeline(service, "prod", batch, [
            Step(0, hour(10), NOT_TESTED, True, checks=2, missing=2, known=batch),
            Step(0, hour(20), PASSED, True, checks=2, deciding=event_id(1), cause=event_id(1)),
            Step(0, hour(30), STALE, True, stale=True, checks=2, deciding=event_id(1)),
        ])
        self.assertIsNone(self.at(service, hour(10) - MICROSECOND))
        self.assertEqual(dict(self.at(service, hour(10))), {
            "service": service, "environment": "prod", "standard": "std", "control": "A.1",
            "status": "NOT_TESTED", "since": hour(10), "until": hour(20), "due_soon": False,
            "stale": False, "inherited_from": None, "checks": 2, "checks_missing": 2,
            "deciding_event": None, "exception": None, "finding": None,
        })
        self.assertEqual(self.status(service, hour(20) - MICROSECOND), "NOT_TESTED")
        for at in (hour(20), hour(30) - MICROSECOND):
            row = self.at(service, at)
            self.assertEqual(
                (row["status"], row["since"], row["until"], row["deciding_event"], row["stale"]),
                ("PASSED", hour(20), hour(30), event_id(1), False),
            )
        row = self.at(service, hour(30))
        self.assertEqual(
            (row["status"], row["since"], row["until"], row["stale"]),
            ("STALE", hour(30), None, True),
        )
        self.assertEqual(self.status(service, hour(100000)), "STALE")

    def test_the_span_goes_on_over_steps_that_do_not_change_the_status(self):
        service = self.pair("reaffirmed")
        self.rows.timeline(service, "prod", self.rows.commit(), [
            Step(0, hour(0), PASSED, True, deciding=event_id(1)),
            Step(0, hour(10), PASSED, deciding=event_id(2)),
            Step(0, hour(50), STALE, True, deciding=event_id(2)),
        ])
        row = self.at(service, hour(10))
        self.assertEqual(
            (row["since"], row["until"], row["deciding_event"]), (hour(0), hour(50), event_id(2))
        )

    def test_due_soon(self):
        service = self.pair("due")
        expiry = hour(1000)
        self.rows.timeline(service, "prod", self.rows.commit(), [
            Step(0, hour(0), PASSED, True), Step(0, expiry, STALE, True),
        ])
        self.assertFalse(self.at(service, expiry - WEEK - MICROSECOND)["due_soon"])
        self.assertTrue(self.at(service, expiry - WEEK)["due_soon"])
        self.assertTrue(self.at(service, expiry - MICROSECOND)["due_soon"])
        self.assertFalse(self.at(service, expiry)["due_soon"])

    def test_due_soon_is_of_passed_ones(self):
        service = self.pair("excepted")
        self.rows.timeline(service, "prod", self.rows.commit(), [
            Step(0, hour(0), EXCEPTED, True, exception="EX-1"),
            Step(0, hour(1), FAILED, True, finding="NC-1", inherited_from="a/b"),
        ])
        row = self.at(service, hour(0))
        self.assertEqual(
            (row["due_soon"], row["exception"], row["finding"], row["inherited_from"]),
            (False, "EX-1", None, None),
        )
        row = self.at(service, hour(1))
        self.assertEqual(
            (row["exception"], row["finding"], row["inherited_from"]), (None, "NC-1", "a/b")
        )

    def test_a_cell_that_ends(self):
        service = self.pair("ending")
        self.rows.timeline(service, "prod", self.rows.commit(), [
            Step(0, hour(0), PASSED, True), Step(0, hour(5), NONE, True),
            Step(0, hour(9), PASSED, True),
        ])
        self.assertEqual(self.at(service, hour(4))["until"], hour(5))
        self.assertIsNone(self.at(service, hour(5)))
        self.assertEqual(self.at(service, hour(9))["since"], hour(9))

    def test_known_at_between_two_commits(self):
        service = self.pair("corrected")
        first = self.rows.commit()
        stamp = hour(self.rows.position)
        self.rows.timeline(service, "prod", first, [
            Step(0, hour(0), PASSED, True), Step(0, hour(40), STALE, True),
        ])
        second = self.rows.commit()
        later = hour(self.rows.position)
        self.rows.timeline(service, "prod", second, [
            Step(0, hour(20), FAILED, True), Step(0, hour(40), REMOVED),
        ])
        for known_at in (stamp, later - MICROSECOND):
            self.assertEqual(self.status(service, hour(20), known_at), "PASSED")
            self.assertEqual(self.status(service, hour(40), known_at), "STALE")
        row = self.at(service, hour(19), later)
        self.assertEqual((row["status"], row["until"]), ("PASSED", hour(20)))
        row = self.at(service, hour(40), later)
        self.assertEqual((row["status"], row["since"]), ("FAILED", hour(20)))
        self.assertEqual(self.at(service, hour(40)), row)
        self.assertIsNone(self.at(service, hour(20), stamp - MICROSECOND))

    def test_known_at_that_is_not_settled(self):
        service = self.pair("lagging")
        self.rows.timeline(service, "prod", self.rows.commit(), [Step(0, hour(0), PASSED, True)])
        before = hour(self.rows.position)
        self.rows.commit(governance=True)
        governance = hour(self.rows.position)
        with self.assertRaisesRegex(psycopg2.Error, "beyond what service .* is evaluated to"):
            self.at(service, hour(0), governance)
        self.assertEqual(self.status(service, hour(0), before), "PASSED")
        self.database.query("UPDATE record.service SET governance = %s", self.rows.position)
        self.assertEqual(self.status(service, hour(0), governance), "PASSED")
        for relation in ("cell_status", "service_status", "scope", "certification"):
            for known_at, words in ((governance + MICROSECOND, "beyond the last commit"),
                                    (None, "known_at is NULL")):
                with self.subTest(relation), self.assertRaisesRegex(psycopg2.Error, words):
                    self.database.query(
                        f"SELECT * FROM assay.{relation}_at(%s, %s)", hour(0), known_at
                    )

    def test_a_keyframe_is_read_from_its_instant_on(self):
        service = self.pair("keyed", ("A.1", "A.2"))
        self.rows.timeline(service, "prod", self.rows.commit(), [
            Step(0, hour(0), PASSED, True), Step(1, hour(0), FAILED, True),
        ])
        # What it leaves out shows who reads it.
        self.rows.timeline(
            service, "prod", self.rows.commit(), [Step(0, hour(0), PASSED, True)], hour(10)
        )

        def cells(at, *known_at):
            marks = ", ".join(["%s"] * (1 + len(known_at)))
            return [row["control"] for row in self.database.query(
                f"SELECT control FROM assay.cell_status_at({marks}) WHERE service = %s ORDER BY 1",
                at, *known_at, service,
            )]

        self.database.query("UPDATE record.service SET governance = %s", self.rows.position)
        self.assertEqual(cells(hour(10) - MICROSECOND), ["A.1", "A.2"])
        self.assertEqual(cells(hour(10)), ["A.1"])
        self.assertEqual(cells(hour(10), hour(self.rows.position)), ["A.1"])
        self.assertEqual(cells(hour(10), hour(self.rows.position) - MICROSECOND), ["A.1", "A.2"])

    def test_the_changes(self):
        service = self.pair("changing")
        first = self.rows.commit()
        stamp = hour(self.rows.position)
        self.rows.timeline(service, "prod", first, [
            Step(0, hour(0), NOT_TESTED, True, known=first),
            Step(0, hour(5), PASSED, True, cause=event_id(7), known=first),
            Step(0, hour(7), PASSED, deciding=event_id(8)),
            Step(0, hour(9), NONE, True, cause=event_id(9), known=first),
            Step(0, hour(1000000), PASSED, True, known=first),
        ])
        second = self.rows.commit()
        self.rows.timeline(service, "prod", second, [
            Step(0, hour(5), FAILED, True, cause=event_id(6), known=second),
        ])
        columns = ("position", "known_at", "at", "from_status", "to_status", "cause")
        found = self.database.query(
            "SELECT * FROM assay.change WHERE service = %s ORDER BY at", service
        )
        self.assertEqual([tuple(row[name] for name in columns) for row in found], [
            (self.rows.position - 1, stamp, hour(0), None, "NOT_TESTED", None),
            (self.rows.position, hour(self.rows.position), hour(5), "NOT_TESTED", "FAILED",
             event_id(6)),
            (self.rows.position - 1, stamp, hour(9), "FAILED", None, event_id(9)),
        ])
        self.assertEqual(
            {(row["environment"], row["standard"], row["control"]) for row in found},
            {("prod", "std", "A.1")},
        )


class Standings(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.close)
        cls.rows = Rows(cls.database)

    def at(self, at):
        return self.database.query(
            "SELECT * FROM assay.service_status_at(%s) ORDER BY standard", at
        )

    def test_a_service(self):
        self.rows.pair("mail", "prod")
        batch = self.rows.commit()
        self.rows.fact(batch, "service_onboarding", "mail", 1, {"title": "Mail"}, "mail")
        self.rows.fact(batch, "service_onboarding", "mail", 2, {"title": "Post"}, "mail")
        self.rows.fact_step(batch, "service_onboarding", "mail", hour(2), 1)
        self.rows.fact_step(batch, "service_onboarding", "mail", hour(6), 2)
        self.rows.standing("mail", "prod", batch, [
            Standing("std", hour(1), 2, 5, not_tested=3),
            Standing("std", hour(4), 4, 4, passed=1, excepted=2, not_applicable=1),
            Standing("other", hour(4), 5, 1),
            Standing("std", hour(9), 0),
        ])
        self.assertEqual(self.at(hour(1) - MICROSECOND), [])
        (row,) = self.at(hour(1))
        self.assertEqual(
            (row["title"], row["membership"], row["posture"], str(row["percent"])),
            (None, "ONBOARDING", "INCOMPLETE", "0.00"),
        )
        other, row = self.at(hour(4))
        self.assertEqual(dict(row), {
            "service": "mail", "title": "Mail", "environment": "prod", "standard": "std",
            "membership": "IN_SCOPE", "posture": "PASSING_WITH_EXCEPTIONS", "passed": 1,
            "excepted": 2, "failed": 0, "error": 0, "stale": 0, "not_tested": 0,
            "not_applicable": 1, "applicable": 3, "percent": row["percent"],
            "certificate_state": "NONE", "certified": False,
        })
        self.assertEqual(str(row["percent"]), "33.33")
        self.assertEqual(
            (other["membership"], other["posture"], other["percent"]),
            ("REMOVED", "OUT_OF_SCOPE", None),
        )
        self.assertEqual({row["title"] for row in self.at(hour(6))}, {"Post"})
        self.assertEqual([row["standard"] for row in self.at(hour(9))], ["other"])
