"""Certificates: their steps, written by hand, and what the read API makes of them."""

import datetime
import unittest

import psycopg2

from cluster import Database
from rows import Rows, Standing, hour

MICROSECOND = datetime.timedelta(microseconds=1)
NONE, CERTIFIED, SUSPENDED, EXPIRED, WITHDRAWN = range(5)
FLAGS = ("SURVEILLANCE_OVERDUE", "SURVEILLANCE_DUE", "RECERTIFICATION_DUE",
         "SUSPENDED_OVER_6_MONTHS", "MAJOR_NC_OPEN", "SOA_DIFFERS")


class Certification(unittest.TestCase):
    def setUp(self):
        self.database = Database()
        self.addCleanup(self.database.close)
        self.rows = Rows(self.database)

    def at(self, *arguments):
        marks = ", ".join(["%s"] * len(arguments))
        return [dict(row) for row in self.database.query(
            f"SELECT * FROM assay.certification_at({marks}) ORDER BY programme, standard",
            *arguments,
        )]

    def state(self, *arguments):
        rows = self.at(*arguments)
        self.assertLessEqual(len(rows), 1)
        return rows[0]["state"] if rows else None

    def test_a_certificate(self):
        batch = self.rows.commit(governance=True)
        said = {"number": "IS 1", "body": "A Body", "valid_from": hour(9),
                "valid_until": hour(30000), "soa_version": "1.1"}
        self.rows.certification(batch, "p", "s", hour(0))
        self.rows.certification(batch, "p", "s", hour(10), CERTIFIED, decision=1,
                                surveillance_deadline=hour(8000), **said)
        self.rows.certification(batch, "p", "s", hour(8000), CERTIFIED, decision=1,
                                surveillance_deadline=hour(8000), flags=1 + 32, **said)
        self.rows.certification(batch, "p", "s", hour(30000), EXPIRED, decision=1, **said)
        self.assertEqual(self.at(hour(0) - MICROSECOND), [])
        nothing = {
            "programme": "p", "standard": "s", "number": None, "body": None, "state": "NONE",
            "valid_from": None, "valid_until": None, "soa_version": None,
            "surveillance_deadline": None, "flags": [],
        }
        self.assertEqual(self.at(hour(0)), [nothing])
        self.assertEqual(self.at(hour(10) - MICROSECOND), [nothing])
        certified = {
            **nothing, "state": "CERTIFIED", "surveillance_deadline": hour(8000), **said
        }
        self.assertEqual(self.at(hour(10)), [certified])
        self.assertEqual(self.at(hour(8000)), [
            {**certified, "flags": ["SURVEILLANCE_OVERDUE", "SOA_DIFFERS"]}
        ])
        self.assertEqual(self.at(hour(30000)), [
            {**certified, "state": "EXPIRED", "surveillance_deadline": None}
        ])

    def test_states_and_flags(self):
        batch = self.rows.commit(governance=True)
        states = ("NONE", "CERTIFIED", "SUSPENDED", "EXPIRED", "WITHDRAWN")
        for number in range(len(states)):
            self.rows.certification(batch, "p", f"s{number}", hour(0), number)
        self.assertEqual([row["state"] for row in self.at(hour(0))], list(states))
        for number in range(len(FLAGS)):
            self.rows.certification(batch, "p", "s1", hour(1 + number), CERTIFIED,
                                    flags=1 << number)
            self.assertEqual(self.at(hour(1 + number))[1]["flags"], [FLAGS[number]])
        self.rows.certification(batch, "p", "s1", hour(10), CERTIFIED, flags=63)
        self.assertEqual(self.at(hour(10))[1]["flags"], list(FLAGS))

    def test_of_several_programmes_and_standards(self):
        batch = self.rows.commit(governance=True)
        for programme, standard in (("p", "s"), ("p", "t"), ("q", "s")):
            self.rows.certification(batch, programme, standard, hour(0))
        self.rows.certification(batch, "p", "t", hour(5), row_exists=False)
        self.rows.certification(batch, "q", "s", hour(5), WITHDRAWN)

        def shown(at):
            return {(row["programme"], row["standard"]): row["state"] for row in self.at(at)}

        self.assertEqual(shown(hour(0)), {
            ("p", "s"): "NONE", ("p", "t"): "NONE", ("q", "s"): "NONE",
        })
        self.assertEqual(shown(hour(5)), {("p", "s"): "NONE", ("q", "s"): "WITHDRAWN"})

    def test_known_at(self):
        first = self.rows.commit(governance=True)
        known_first = hour(self.rows.position)
        self.rows.certification(first, "p", "s", hour(0), CERTIFIED)
        self.rows.certification(first, "p", "s", hour(20), EXPIRED)
        second = self.rows.commit(governance=True)
        known_second = hour(self.rows.position)
        self.rows.certification(second, "p", "s", hour(0), SUSPENDED)
        self.rows.certification_removed(second, "p", "s", hour(20))
        third = self.rows.commit(governance=True)
        known_third = hour(self.rows.position)
        self.rows.certification(third, "p", "s", hour(20), WITHDRAWN)
        for known_at, states in (
            (known_first - MICROSECOND, (None, None)),
            (known_first, ("CERTIFIED", "EXPIRED")),
            (known_second - MICROSECOND, ("CERTIFIED", "EXPIRED")),
            (known_second, ("SUSPENDED", "SUSPENDED")),
            (known_third, ("SUSPENDED", "WITHDRAWN")),
        ):
            found = tuple(self.state(at, known_at) for at in (hour(0), hour(20)))
            self.assertEqual(found, states, known_at)
        self.assertEqual((self.state(hour(0)), self.state(hour(20))), ("SUSPENDED", "WITHDRAWN"))
        with self.assertRaisesRegex(psycopg2.Error, "beyond the last commit"):
            self.state(hour(0), known_third + MICROSECOND)
        self.rows.service("slow", 1)
        with self.assertRaisesRegex(psycopg2.Error, "is still to be evaluated"):
            self.state(hour(0), known_third)

    def test_the_position_says_which_batch_is_later(self):
        names = []
        for number in range(10):
            names.append(self.rows.commit(governance=True))
            self.rows.certification(names[-1], "p", "s", hour(0), number % 5)
            self.assertEqual(
                self.state(hour(0)),
                ("NONE", "CERTIFIED", "SUSPENDED", "EXPIRED", "WITHDRAWN")[number % 5],
            )
        self.assertNotEqual(names, sorted(names))

    def test_now(self):
        now = self.database.value("SELECT now()")
        day = datetime.timedelta(days=1)
        batch = self.rows.commit(governance=True)
        self.rows.certification(batch, "p", "s", now - day, CERTIFIED, decision=1, number="7")
        self.rows.certification(batch, "p", "s", now + day, EXPIRED, decision=1, number="7")
        (row,) = self.database.query("SELECT number, state FROM assay.certification")
        self.assertEqual(dict(row), {"number": "7", "state": "CERTIFIED"})

    def test_beside_a_service(self):
        self.rows.pair("mail", "prod")
        batch = self.rows.commit(governance=True)
        self.rows.standing("mail", "prod", batch, [
            Standing("std", hour(number), 4, 6, certificate_state=number, certified=number == 1)
            for number in range(5)
        ])
        shown = [
            (row["certificate_state"], row["certified"])
            for number in range(5)
            for row in self.database.query("SELECT * FROM assay.service_status_at(%s)",
                                           hour(number))
        ]
        self.assertEqual(shown, [
            ("NONE", False), ("CERTIFIED", True), ("SUSPENDED", False), ("EXPIRED", False),
            ("WITHDRAWN", False),
        ])

    def test_forgotten_for_a_rebuild(self):
        batch = self.rows.commit(governance=True)
        self.rows.certification(batch, "p", "s", hour(0))
        self.database.as_role("assay_aggregator", "SELECT record.forget_derived(1)")
        self.assertEqual(self.database.value("SELECT count(*) FROM record.certification_step"), 0)

    def test_everything_derived_is_forgotten(self):
        """What is not derived is named; any further table has to be emptied."""
        kept = {"migration", "repeatable", "topic", "partition", "commit_head", "commit_log",
                "commit_take", "governance_head", "ledger", "verdict", "service", "derivation",
                "archive", "erasure"}
        names = {row["name"] for row in self.database.query(
            "SELECT relname AS name FROM pg_class WHERE relnamespace = 'record'::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition"
        )}
        source = self.database.value(
            "SELECT string_agg(prosrc, '') FROM pg_proc"
            " WHERE oid IN ('record.forget_derived(integer)'::regprocedure,"
            "               'record.forget_names(text)'::regprocedure)"
        )
        self.assertEqual(
            {name for name in names if f"DELETE FROM record.{name};" in source}, names - kept
        )
