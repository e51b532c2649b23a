"""What audits have looked at, and in which cycle of certification."""

import datetime
import unittest

from cluster import Database
from rows import FAILED, NOT_APPLICABLE, OUT_OF_SCOPE, PASSED, Rows, Step, hour

NAMES = ("standard", "control", "service", "environment", "location")
YEAR = datetime.timedelta(days=365)


class Coverage(unittest.TestCase):
    """Programme p lists std; service mail has controls A.1 and A.2 in prod, locations hq and dc."""

    def setUp(self):
        self.database = Database()
        self.addCleanup(self.database.close)
        self.rows = Rows(self.database)
        self.number = 0
        self.now = self.database.value("SELECT now()")
        self.programme("p", ["std"], ["prod"])
        self.service("mail", "prod", {"A.1": PASSED, "A.2": FAILED})
        for location in ("hq", "dc"):
            self.location(location)

    def in_force(self, body, key, fields, at=hour(0), service=None):
        self.number += 1
        batch = self.rows.commit(governance=service is None)
        self.rows.in_force(batch, body, key, self.number, fields, at, service)
        return batch

    def programme(self, name, standards, environments, at=hour(0)):
        self.in_force("programme", name, {
            "programme": name, "standards": standards,
            "environments": [{"environment": environment} for environment in environments],
        }, at)

    def service(self, service, environment, cells, standard="std", membership="IN_SCOPE"):
        self.rows.pair(service, environment, cells, standard)
        self.rows.timeline(service, environment, self.rows.commit(), [
            Step(cell, hour(0), status, True) for cell, status in enumerate(cells.values())
        ])
        self.in_force("scope_change", f"{service}|{environment}|{standard}", {
            "service": service, "environment": environment, "standard": standard,
            "membership": membership,
        }, service=service)

    def location(self, location, programme="p", in_scope=True):
        self.in_force("location", f"{programme}|{location}", {
            "programme": programme, "location": location, "in_scope": in_scope,
        })

    def audit(self, name, ends_at, *samples, **fields):
        """A sample: its fields by name, the others empty."""
        self.in_force("audit", name, {
            "audit": name, "programme": "p", "kind": "SURVEILLANCE", "state": "REPORTED",
            "standards": ["std"], "locations": [], "ends_at": ends_at.isoformat(),
            "samples": [{**dict.fromkeys(NAMES, ""), **sample} for sample in samples], **fields,
        })

    def decision(self, decision, at, valid_from=None, valid_until=None, standard="std"):
        valid_from = valid_from or at
        self.in_force("certificate", f"p|{standard}", {
            "programme": "p", "standard": standard, "decision": decision,
            "valid_from": valid_from.isoformat(),
            "valid_until": (valid_until or valid_from + 3 * YEAR).isoformat(),
        }, at)

    def rows_of(self, programme="p"):
        """{names that are there: (last_audit, sampled_at)}"""
        found = self.database.query("SELECT * FROM assay.audit_coverage WHERE programme = %s",
                                    programme)
        rows = {
            tuple(row[name] for name in NAMES if row[name] is not None):
                (row["last_audit"], row["sampled_at"]) for row in found
        }
        self.assertEqual(len(rows), len(found))
        return rows

    def seen(self):
        """What was looked at in this cycle."""
        return {names for names, (_, sampled_at) in self.rows_of().items() if sampled_at}

    ALL = {
        ("std", "A.1"), ("std", "A.2"), ("std", "mail", "prod"), ("std", "A.1", "mail", "prod"),
        ("std", "A.2", "mail", "prod"), ("std", "hq"), ("std", "dc"),
    }

    def test_nothing_was_looked_at(self):
        self.assertEqual(self.rows_of(), dict.fromkeys(self.ALL, (None, None)))

    def test_which_columns_a_row_has(self):
        found = self.database.query(
            "SELECT array_remove(ARRAY[CASE WHEN standard <> '' THEN 'standard' END,"
            " CASE WHEN control <> '' THEN 'control' END,"
            " CASE WHEN service <> '' THEN 'service' END,"
            " CASE WHEN environment <> '' THEN 'environment' END,"
            " CASE WHEN location <> '' THEN 'location' END], NULL) AS names, count(*)"
            " FROM assay.audit_coverage GROUP BY 1"
        )
        self.assertEqual({tuple(row["names"]): row["count"] for row in found}, {
            ("standard", "control"): 2, ("standard", "service", "environment"): 1,
            ("standard", "control", "service", "environment"): 2, ("standard", "location"): 2,
        })

    def test_what_is_not_in_scope(self):
        self.service("old", "prod", {"A.1": OUT_OF_SCOPE})
        self.service("excluding", "prod", {"A.1": PASSED, "A.3": NOT_APPLICABLE})
        self.service("new", "prod", {"A.1": PASSED, "A.4": PASSED}, membership="PENDING_AUDIT")
        self.service("else", "moon", {"A.1": PASSED})
        self.service("loose", "prod", {"B.1": PASSED}, "unlisted")
        self.location("shop", in_scope=False)
        self.location("hut", "nobody's")
        self.assertEqual(set(self.rows_of()), self.ALL | {
            ("std", "excluding", "prod"), ("std", "A.1", "excluding", "prod"),
        })

    def test_an_environment_is_of_the_greatest_programme(self):
        self.programme("q", ["std", "other"], ["prod"], hour(1))
        self.location("hall", "q")
        self.assertEqual(set(self.rows_of()), {("std", "hq"), ("std", "dc")})
        self.assertEqual(
            set(self.rows_of("q")),
            self.ALL - {("std", "hq"), ("std", "dc")} | {("std", "hall"), ("other", "hall")},
        )

    def test_what_a_sample_counts_for(self):
        end = self.now - datetime.timedelta(days=1)
        for sample, counts in (
            ({"standard": "std", "control": "A.1"}, {("std", "A.1")}),
            ({"standard": "std", "service": "mail", "environment": "prod"},
             {("std", "mail", "prod")}),
            ({"standard": "std", "service": "mail"}, set()),
            ({"standard": "std", "control": "A.1", "service": "mail", "environment": "prod"},
             {("std", "A.1"), ("std", "mail", "prod"), ("std", "A.1", "mail", "prod")}),
            ({"standard": "std", "location": "hq"}, {("std", "hq")}),
            ({"standard": "std", "control": "A.2", "location": "dc"},
             {("std", "A.2"), ("std", "dc")}),
            ({"control": "A.1"}, {("std", "A.1")}),
            ({"standard": "other", "control": "A.1"}, set()),
            ({"standard": "std", "control": "A.9"}, set()),
            ({"standard": "std"}, set()),
        ):
            with self.subTest(sample):
                self.audit("A", end, sample)
                self.assertEqual(self.rows_of(), {
                    **dict.fromkeys(self.ALL, (None, None)), **dict.fromkeys(counts, ("A", end))
                })
                self.retract("audit", "A")

    def retract(self, body, key):
        batch = self.rows.commit(governance=True)
        self.database.query(
            "INSERT INTO record.fact_step (body, key, at, batch, removed)"
            " SELECT DISTINCT body, key, at, %s, true FROM record.fact_step"
            " WHERE body = %s AND key = %s", batch, body, key,
        )

    def test_a_visit(self):
        self.audit("A", hour(10), locations=["hq", "nowhere"], standards=["std", "other"])
        self.assertEqual(self.seen(), {("std", "hq")})

    def test_which_audits_count(self):
        sample = {"standard": "std", "control": "A.1"}
        day = datetime.timedelta(days=1)
        for kind, state, ends_at, counts in (
            ("INITIAL", "REPORTED", -1, True), ("SPECIAL", "IN_PROGRESS", -1, True),
            ("INTERNAL", "REPORTED", -1, False), ("INITIAL", "PLANNED", -1, False),
            ("INITIAL", "IN_PROGRESS", 1, False),
        ):
            with self.subTest(kind=kind, state=state, ends_at=ends_at):
                self.audit("A", self.now + ends_at * day, sample, kind=kind, state=state)
                self.assertEqual(self.seen(), {("std", "A.1")} if counts else set())
                self.retract("audit", "A")
        self.audit("A", self.now - day, sample, programme="q")
        self.assertEqual(self.seen(), set())

    def test_the_last_of_several(self):
        sample = {"standard": "std", "control": "A.1"}
        self.audit("Z", hour(10), sample, sample)
        self.audit("B", hour(20), sample)
        self.audit("A", hour(20), {**sample, "location": "hq"})
        self.assertEqual(self.rows_of()["std", "A.1"], ("B", hour(20)))

    def cycle(self):
        """Which of audits, a year apart from 2016 on, are in this cycle: by control A.1 alone."""
        found = []
        for year in range(2016, 2027):
            end = datetime.datetime(year, 6, 1, tzinfo=datetime.timezone.utc)
            if end > self.now:
                continue
            self.audit("Y", end, {"standard": "std", "control": "A.1"})
            last_audit, sampled_at = self.rows_of()["std", "A.1"]
            self.assertEqual(last_audit, "Y")
            if sampled_at:
                self.assertEqual(sampled_at, end)
                found.append(year)
            self.retract("audit", "Y")
        return found

    def test_cycles(self):
        def day(year, month=1):
            return datetime.datetime(year, month, 1, tzinfo=datetime.timezone.utc)

        def years(first):
            return [year for year in range(first, 2027) if day(year, 6) <= self.now]

        # Facts' steps are of valid time, so that each decision may be told in any order.
        self.assertEqual(self.cycle(), years(2016))  # nothing decided yet
        self.decision("GRANTED", day(2018), valid_until=day(2021))
        self.assertEqual(self.cycle(), years(2016))  # the initial audit is the first cycle's
        self.decision("SUSPENDED", day(2019))
        self.decision("RESTORED", day(2019, 2))
        self.decision("EXPANDED", day(2020))
        self.assertEqual(self.cycle(), years(2016))
        # Renewed in time: from its taking force, not from the decision.
        self.decision("RENEWED", day(2020, 5), day(2021, 1), day(2024))
        self.assertEqual(self.cycle(), years(2021))
        # Another standard's, and one that has not taken force.
        self.decision("RENEWED", day(2022), standard="other")
        self.decision("RENEWED", day(2022), self.now + YEAR)
        self.assertEqual(self.cycle(), years(2021))
        # Withdrawn, then granted anew: what led to that came after the end.
        self.decision("WITHDRAWN", day(2022, 3), valid_until=day(2024))
        self.assertEqual(self.cycle(), years(2021))
        self.decision("GRANTED", day(2023, 9))
        self.assertEqual(self.cycle(), years(2022))

    def test_granted_again_after_it_ran_out(self):
        day = datetime.datetime
        utc = datetime.timezone.utc
        self.decision("GRANTED", day(2017, 1, 1, tzinfo=utc),
                      valid_until=day(2020, 1, 1, tzinfo=utc))
        self.decision("GRANTED", day(2021, 1, 1, tzinfo=utc))
        self.assertEqual(self.cycle()[0], 2020)
        self.decision("GRANTED", day(2022, 7, 1, tzinfo=utc))  # while the last one still held
        self.assertEqual(self.cycle()[0], 2023)

    def test_a_day_of_the_renewal_is_of_the_new_cycle(self):
        renewed = self.now - YEAR
        self.decision("RENEWED", renewed)
        self.audit("A", renewed, {"control": "A.1"})
        self.audit("B", renewed - datetime.timedelta(microseconds=1), {"control": "A.2"})
        rows = self.rows_of()
        self.assertEqual(rows["std", "A.1"], ("A", renewed))
        self.assertEqual(rows["std", "A.2"], ("B", None))
