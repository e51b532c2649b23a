"""Events, refusals, facts, and what says how complete the record is."""

import base64
import datetime
import struct
import unittest

import psycopg2

from cluster import Database
from rows import Rows, event_id, hour


def headers(*pairs):
    """As the ledger keeps them."""
    packed = b""
    for name, value in pairs:
        packed += struct.pack(">i", len(name)) + name
        packed += struct.pack(">i", -1 if value is None else len(value)) + (value or b"")
    return packed


class Records(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.close)
        cls.rows = Rows(cls.database)

    def rejects(self, offset):
        return self.database.query('SELECT * FROM assay.reject WHERE "offset" = %s', offset)

    def events(self, offset):
        return self.database.query('SELECT * FROM assay.event WHERE "offset" = %s', offset)

    def verdict(self, batch, ledger_batch, offset, verdict, detail=None, event=None):
        self.database.query(
            "INSERT INTO record.verdict VALUES (%s, %s, 0, 1, %s, %s, %s, %s, %s)",
            batch, self.rows.topic("assay.evidence"), offset, ledger_batch, verdict, detail, event,
        )

    def test_an_event(self):
        batch = self.rows.commit()
        offset = self.rows.ledger(batch, id=event_id(1), key=b"mail", value=b"\x00bytes")
        (row,) = self.events(offset)
        self.assertEqual(bytes(row.pop("value")), b"\x00bytes")
        self.assertEqual(dict(row), {
            "id": event_id(1), "topic": "assay.evidence", "partition": 0, "incarnation": 1,
            "offset": offset, "position": self.rows.position,
        })
        self.assertEqual(self.rejects(offset), [])
        self.assertEqual(
            self.database.query(
                "SELECT * FROM assay.commit WHERE position = %s", self.rows.position
            ),
            [{"position": self.rows.position, "known_at": hour(self.rows.position)}],
        )

    def test_refused_then_refused_again_then_accepted(self):
        batch = self.rows.commit()
        received = hour(self.rows.position)
        offset = self.rows.ledger(
            batch, verdict=3, key=b"k", value=b"v", detail="source: missing",
            headers=headers((b"ce_id", b"abc")),
        )
        (row,) = self.rejects(offset)
        self.assertEqual((bytes(row.pop("key")), bytes(row.pop("value"))), (b"k", b"v"))
        self.assertEqual(dict(row), {
            "topic": "assay.evidence", "partition": 0, "incarnation": 1, "offset": offset,
            "reason": "invalid", "detail": "source: missing",
            "headers": [{"name": "ce_id", "value": "abc"}],
            "received_at": received, "replayed_at": None,
        })
        self.assertEqual(self.events(offset), [])

        self.verdict(self.rows.commit(replay=True), batch, offset, 5, "not mail")
        (row,) = self.rejects(offset)
        self.assertEqual(
            (row["reason"], row["detail"], row["received_at"], row["replayed_at"]),
            ("key_mismatch", "not mail", received, hour(self.rows.position)),
        )

        self.verdict(self.rows.commit(replay=True), batch, offset, 0, event=event_id(2))
        self.assertEqual(self.rejects(offset), [])
        (row,) = self.events(offset)
        self.assertEqual(
            (row["id"], row["position"], bytes(row["value"])),
            (event_id(2), self.rows.position, b"v"),
        )

    def test_reasons(self):
        batch = self.rows.commit()
        names = ("too_large", "undecodable", "invalid", "wrong_topic", "key_mismatch", "future")
        for number, name in enumerate(names, 1):
            offset = self.rows.ledger(batch, verdict=number)
            (row,) = self.rejects(offset)
            self.assertEqual(row["reason"], name)
            self.assertEqual((row["key"], row["headers"], row["value"]), (None, None, None))

    def test_headers(self):
        def shown(packed):
            return self.database.value("SELECT record.headers_json(%s)", packed)

        def encoded(value):
            return base64.b64encode(value).decode()

        long = bytes(range(256)) * 3
        for pairs, expected in (
            ((), []),
            (((b"a", b"1"), (b"a", b"2")),
             [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]),
            (((b"", b""),), [{"name": "", "value": ""}]),
            (((b"none", None),), [{"name": "none", "value": None}]),
            ((("ü".encode(), "€\U0001f512".encode()),), [{"name": "ü", "value": "€\U0001f512"}]),
            (((b"nul", b"a\0b"),), [{"name": "nul", "base64": encoded(b"a\0b")}]),
            (((b"bytes", long),), [{"name": "bytes", "base64": encoded(long)}]),
            (((b"\xff", b"x"),), [{"name_base64": encoded(b"\xff"), "value": "x"}]),
        ):
            self.assertEqual(shown(headers(*pairs)), expected)
        self.assertIsNone(shown(None))
        whole = headers((b"name", b"value"))
        for broken in (whole[:-1], whole[:9], whole[:3], struct.pack(">i", -1),
                       whole + struct.pack(">ii", 0, -2)):
            with self.subTest(broken), self.assertRaises(psycopg2.errors.DataCorrupted):
                shown(broken)


class Facts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.close)
        cls.rows = Rows(cls.database)

    def scope(self, number, membership, service="mail", **fields):
        return {"service": service, "environment": "prod", "standard": "std",
                "membership": membership, "reason": "", "boundary": "", **fields}

    def test_scope(self):
        key = "mail|prod|std"
        first = self.rows.commit()
        self.rows.fact(first, "scope_change", key, 1, self.scope(1, "ONBOARDING"), "mail")
        self.rows.fact(first, "scope_change", key, 2, self.scope(2, "IN_SCOPE"), "mail")
        self.rows.fact_step(first, "scope_change", key, hour(0), 1, since=hour(0))
        self.rows.fact_step(first, "scope_change", key, hour(10), 2, since=hour(10))
        stamp = hour(self.rows.position)
        # Later the onboarding is retracted, and the other was in force since before.
        second = self.rows.commit()
        self.rows.fact_step(second, "scope_change", key, hour(0), removed=True)
        self.rows.fact_step(second, "scope_change", key, hour(10), 2, since=hour(10))
        self.rows.fact(second, "service_onboarding", "mail", 3,
                       {"title": "Mail", "category": "Talk"}, "mail")
        self.rows.fact_step(second, "service_onboarding", "mail", hour(12), 3)

        def at(*arguments):
            marks = ", ".join(["%s"] * len(arguments))
            return self.database.query(f"SELECT * FROM assay.scope_at({marks})", *arguments)

        self.assertEqual(at(hour(0)), [])
        self.assertEqual(at(hour(0), stamp)[0]["membership"], "ONBOARDING")
        self.assertEqual(at(hour(10), stamp)[0]["title"], None)
        self.assertEqual([dict(row) for row in at(hour(12))], [{
            "service": "mail", "title": "Mail", "category": "Talk", "environment": "prod",
            "standard": "std", "membership": "IN_SCOPE", "since": hour(10),
        }])
        self.assertEqual(at(hour(12)), self.database.query("SELECT * FROM assay.scope"))

    def test_the_position_says_which_batch_is_later(self):
        """Of two batches that speak of one instant, in either order of their names."""
        key = "order|prod|std"
        names = []
        for number in range(10, 20):
            batch = self.rows.commit()
            names.append(batch)
            self.rows.fact(batch, "scope_change", key, number,
                           self.scope(number, "PROPOSED", "order", reason=str(number)), "order")
            self.rows.fact_step(batch, "scope_change", key, hour(1), number, since=hour(number))
            (row,) = self.database.query(
                "SELECT since FROM assay.scope_at(%s) WHERE service = 'order'", hour(1)
            )
            self.assertEqual(row["since"], hour(number))
        self.assertNotEqual(names, sorted(names))

    def test_bodies(self):
        """One fact of each body, as the record keeps it, and the row of its relation."""
        for number, (relation, body, key, fields, expected) in enumerate((
            ("check_mapping", "check_mapping", "sshd",
             {"check": "sshd", "title": "SSH", "controls": [{"standard": "s", "control": "c"}],
              "applies_to": [], "required": True, "ttl": "3600s"},
             {"ttl": datetime.timedelta(hours=1), "required": True, "applies_to": [],
              "controls": [{"standard": "s", "control": "c"}]}),
            ("location", "location", "p|l",
             {"programme": "p", "location": "l", "title": "L", "section": "", "group": "g",
              "kind": "REGION", "address": "", "country": "NO", "environments": ["prod"],
              "in_scope": False},
             {"kind": "REGION", "group": "g", "environments": ["prod"], "in_scope": False}),
            ("exception", "exception", "EX-1",
             {"exception": "EX-1", "programme": "p", "standard": "*", "check": "*", "risks": [],
              "state": "APPROVED", "expires_at": "2026-12-01T00:00:00.000001Z"},
             {"exception": "EX-1", "check": "*", "state": "APPROVED", "risks": [],
              "expires_at": datetime.datetime(2026, 12, 1, 0, 0, 0, 1, datetime.timezone.utc)}),
            ("finding", "finding", "NC-1",
             {"finding": "NC-1", "grade": "MAJOR_NC", "state": "OPEN", "due_at": None},
             {"grade": "MAJOR_NC", "state": "OPEN", "due_at": None}),
            ("audit", "audit", "A-1",
             {"audit": "A-1", "programme": "p", "kind": "INITIAL", "state": "REPORTED",
              "starts_at": "2026-01-01T00:00:00Z", "samples": [{"control": "c"}],
              "conclusions": [{"area": "a", "conclusion": "b", "comment": "c"}]},
             {"kind": "INITIAL", "samples": [{"control": "c"}], "reported_at": None}),
            ("conclusion", None, None, None,
             {"audit": "A-1", "programme": "p", "area": "a", "conclusion": "b", "comment": "c"}),
            ("management_record", "management_record", "R-1",
             {"record": "R-1", "kind": "KPI", "value": 99.5, "target": None, "evidence": None,
              "standards": ["s"]},
             {"kind": "KPI", "value": 99.5, "target": None, "evidence": None, "standards": ["s"]}),
            ("inheritance", "inheritance", "*|prod|s|c",
             {"service": "*", "environment": "prod", "standard": "s", "control": "c",
              "provider_service": "infra", "provider_environment": "prod", "kind": "FULL"},
             {"service": "*", "provider_service": "infra", "kind": "FULL"}),
            ("soa", "statement_of_applicability", "p",
             {"programme": "p", "version": "1", "dated": "2026-01-01T00:00:00Z",
              "entries": [{"standard": "s", "control": "a", "applicable": True}]},
             {"programme": "p", "version": "1",
              "entries": [{"standard": "s", "control": "a", "applicable": True}]}),
        ), 100):
            with self.subTest(relation):
                if body is not None:
                    batch = self.rows.commit(governance=True)
                    self.rows.fact(batch, body, key, number, fields)
                    self.rows.fact_step(batch, body, key, hour(0), number)
                (row,) = self.database.query(f"SELECT * FROM assay.{relation}")
                self.assertEqual({name: row[name] for name in expected}, expected)

    def test_a_retracted_fact_is_not_in_force(self):
        batch = self.rows.commit(governance=True)
        self.rows.fact(batch, "inheritance", "gone", 200, {"service": "gone"})
        self.rows.fact_step(batch, "inheritance", "gone", hour(0), 200)
        self.rows.fact_step(self.rows.commit(governance=True), "inheritance", "gone", hour(0))
        self.assertEqual(
            self.database.query("SELECT * FROM assay.inheritance WHERE service = 'gone'"), []
        )

    def statement(self, number, version, entries, programme="diff"):
        self.rows.in_force(
            self.rows.commit(governance=True), "statement_of_applicability", programme, number,
            {"programme": programme, "version": version, "entries": entries}, hour(number),
        )

    def soa_diff(self, *versions):
        """{control: (change, material, from_entry, to_entry)}"""
        return {
            row["control"]: (row["change"], row["material"], row["from_entry"], row["to_entry"])
            for row in self.database.query(
                "SELECT * FROM assay.soa_diff('diff', %s, %s)", *versions
            )
        }

    def test_soa_diff(self):
        def entry(control, applicable, justification="", owner="", standard="s"):
            return {"standard": standard, "control": control, "applicable": applicable,
                    "justification": justification, "owner": owner}

        first = {
            "same": entry("same", True), "excluded": entry("excluded", True),
            "gone": entry("gone", True), "owned": entry("owned", True),
            "reworded": entry("reworded", False, "no such thing"),
            "unfounded": entry("unfounded", False),
            "taken in": entry("taken in", False, "not ours"),
        }
        second = {
            "same": entry("same", True), "excluded": entry("excluded", False, "why"),
            "new": entry("new", True), "owned": entry("owned", True, owner="office"),
            "reworded": entry("reworded", False, "nothing of the kind"),
            "unfounded": entry("unfounded", False, "now said why"),
            "taken in": entry("taken in", True, "not ours"),
        }
        self.statement(300, "1", list(first.values()))
        self.statement(301, "2", list(second.values()))
        # Another programme's, and the same control of another standard.
        self.statement(302, "2", [entry("same", False, "x")], "other")
        self.statement(303, "3", [*first.values(), entry("same", True, standard="t")])

        def both(change, material, control):
            return change, material, first.get(control), second.get(control)

        self.assertEqual(self.soa_diff("1", "2"), {
            "excluded": both("APPLICABILITY", True, "excluded"),
            "gone": both("REMOVED", True, "gone"),
            "new": both("ADDED", True, "new"),
            "owned": both("EDITED", False, "owned"),
            "reworded": both("EDITED", False, "reworded"),
            "taken in": both("APPLICABILITY", True, "taken in"),
            "unfounded": both("APPLICABILITY", True, "unfounded"),
        })
        self.assertEqual(self.soa_diff("1", "1"), {})
        self.assertEqual(self.soa_diff("2", "1")["new"][0], "REMOVED")
        self.assertEqual(self.database.query(
            "SELECT standard, control, change FROM assay.soa_diff('diff', '1', '3')"
        ), [{"standard": "t", "control": "same", "change": "ADDED"}])

        # The same version again says the same differently, from later on.
        self.statement(304, "1", list(second.values()))
        self.assertEqual(self.soa_diff("1", "2"), {})
        # And is retracted.
        self.rows.fact_step(self.rows.commit(governance=True), "statement_of_applicability", "diff",
                            hour(304), removed=True)
        self.assertEqual(len(self.soa_diff("1", "2")), 7)

    def test_soa_diff_of_a_version_that_is_not(self):
        self.statement(310, "old", [])
        for versions in (("old", "9"), ("9", "old"), ("old", "")):
            with self.assertRaisesRegex(psycopg2.errors.NoDataFound, 'of version "9?"'):
                self.soa_diff(*versions)
        self.assertEqual(
            self.database.query("SELECT * FROM assay.soa_diff('nobody', 'old', 'older')"), [],
            "who has no statement has nothing to differ")


class Completeness(unittest.TestCase):
    def setUp(self):
        self.database = Database()
        self.addCleanup(self.database.close)
        self.rows = Rows(self.database)

    def test_lag(self):
        self.database.query("SELECT record.claim(record.topic_number('t'), 3, 'cluster')")
        (row,) = self.database.query("SELECT * FROM assay.completeness")
        self.assertEqual(dict(row), {
            "topic": "t", "partition": 3, "incarnation": 1, "next_offset": 0,
            "last_event_at": None, "complete_through": None, "evaluation_lag": 0, "halted": False,
            "reason": None,
        })
        for governance in (True, False, True, True):
            self.rows.commit(governance=governance)
        for position, lag in ((0, 3), (1, 2), (3, 1), (4, 0)):
            self.rows.service("slow", position)
            self.rows.service("fast", 4)
            (row,) = self.database.query("SELECT evaluation_lag FROM assay.completeness")
            self.assertEqual(row["evaluation_lag"], lag)

    def unmapped(self, seq, steps, service="mail", environment="prod"):
        """steps: (at, reason, removed, event, offset) and perhaps a control"""
        steps = [(*step, None)[:6] for step in steps]
        at, reason, removed, event, offset, control = map(list, zip(*steps))
        nothing = [None] * len(steps)
        self.database.query(
            "INSERT INTO record.unmapped VALUES (%s, %s, %s, %s, %s::timestamptz[], %s::text[], %s,"
            " %s::uuid[], %s::smallint[], %s::integer[], %s::integer[], %s::bigint[], %s::text[],"
            " %s::text[], %s::text[])",
            service, environment, seq, self.rows.commit(), at, reason, removed,
            [event_id(number) for number in event], [self.rows.topic("t")] * len(steps),
            [0] * len(steps), [1] * len(steps), offset, ["check"] * len(steps), nothing, control,
        )

    def test_unmapped(self):
        def shown():
            return {
                (row["service"], row["offset"]): row["reason"]
                for row in self.database.query("SELECT * FROM assay.unmapped")
            }

        self.unmapped(0, [
            (hour(0), "no mapping", False, 1, 10),
            (hour(0), "no mapping", False, 2, 11),
            (hour(5), None, False, 2, 11),
            (hour(0), "no mapping", False, 3, 12),
            (hour(1000000), None, False, 3, 12),
            (hour(1000000), "later", False, 4, 13),
        ])
        self.unmapped(0, [(hour(0), "on a clause", False, 5, 14)], "", "")
        self.assertEqual(shown(), {
            ("mail", 10): "no mapping", ("mail", 12): "no mapping", (None, 14): "on a clause",
        })
        (row,) = self.database.query('SELECT * FROM assay.unmapped WHERE "offset" = 10')
        self.assertEqual(dict(row), {
            "event": event_id(1), "topic": "t", "partition": 0, "incarnation": 1, "offset": 10,
            "service": "mail", "environment": "prod", "check": "check", "standard": None,
            "control": None, "reason": "no mapping",
        })
        # A mapping came that reaches back, and another's was taken away again.
        self.unmapped(1, [
            (hour(0), None, True, 1, 10), (hour(5), None, True, 2, 11),
            (hour(0), "not the owner's", False, 3, 12),
        ])
        self.assertEqual(shown(), {
            ("mail", 11): "no mapping", ("mail", 12): "not the owner's", (None, 14): "on a clause",
        })

    def test_a_mapping_of_several_controls(self):
        def shown():
            return [row["control"] for row in self.database.query(
                "SELECT control FROM assay.unmapped ORDER BY 1"
            )]

        self.unmapped(0, [
            (hour(0), "unknown_control", False, 1, 10, "A.1"),
            (hour(0), "unknown_control", False, 1, 10, "A.2"),
            (hour(5), None, False, 1, 10, "A.1"),
        ], "", "")
        self.assertEqual(shown(), ["A.2"])
        self.unmapped(1, [
            (hour(5), None, True, 1, 10, "A.1"), (hour(0), None, True, 1, 10, "A.2"),
        ], "", "")
        self.assertEqual(shown(), ["A.1"])

    def test_silent_producers(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        batch = self.rows.commit(governance=True)
        for number, (check, ttl, services) in enumerate((
            ("short", "3600s", []), ("long", "7200.5s", ["*"]), ("other", "9999999s", ["else"]),
            ("open", None, ["mail", "else"]),
        ), 1):
            self.rows.fact(batch, "check_mapping", check, number, {
                "check": check, "ttl": ttl,
                "applies_to": [{"service": name, "environment": "*"} for name in services],
            })
            self.rows.fact_step(batch, "check_mapping", check, hour(0), number)

        def shown(checks, ago):
            # bits of two bytes
            names = ["never", *"abcd", "unknown", "short", "long", "other", "open"]
            bits = sum(1 << names.index(check) for check in checks).to_bytes(2, "little")
            epoch = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)
            last = (now - datetime.timedelta(seconds=ago) - epoch) // datetime.timedelta(
                microseconds=1)
            self.database.query("DELETE FROM record.producer")
            self.database.query(
                "INSERT INTO record.producer VALUES ('mail', %s, %s)",
                b"".join(len(field).to_bytes(4, "big") + field
                         for field in (b"scanner/1", last.to_bytes(8, "big", signed=True), bits)),
                names,
            )
            return [
                (row["expected_by"] - row["last_event_at"]).total_seconds()
                for row in self.database.query("SELECT * FROM assay.silent_producer")
            ]

        self.assertEqual(shown(["short"], 3590), [])
        self.assertEqual(shown(["short"], 3601), [3600])
        self.assertEqual(shown(["short", "long"], 3601), [])
        self.assertEqual(shown(["short", "long"], 7300), [7200.5])
        self.assertEqual(shown(["short", "other"], 7300), [3600])
        self.assertEqual(shown(["unknown"], 10**9), [])
        self.assertEqual(shown(["open", "short"], 365 * 86400), [])
        self.assertEqual(shown(["open"], 367 * 86400), [366 * 86400])

        def came_since(seq, check, ago):
            """A row of results by the one source, of two checks' streams, and who is shown then."""
            self.database.query(
                "INSERT INTO record.stream VALUES ('mail', %s, 'prod', %s, '')", seq, check)
            self.database.query(
                "INSERT INTO record.history VALUES ('mail', 'prod', %s, %s, %s::integer[],"
                " %s::timestamptz[], '{0}', '{1}', %s::uuid[], %s::uuid[], '{infinity}', '{-1}',"
                " '{1}', '{0}', '{1}', '{0}', '{0}')",
                seq, batch, [seq], [now - datetime.timedelta(seconds=ago)],
                [event_id(seq)], [event_id(seq)])
            return [
                (row["expected_by"] - row["last_event_at"]).total_seconds()
                for row in self.database.query("SELECT * FROM assay.silent_producer")
            ]

        self.assertEqual(shown(["short"], 9000), [3600])
        self.database.query("UPDATE record.producer SET environments = '{prod}', upto = '{1}'")
        self.assertEqual(came_since(1, "short", 10), [3600])  # counted already
        self.assertEqual(came_since(2, "short", 3700), [3600])
        self.assertEqual(came_since(3, "long", 8000), [])  # what is of check long lasts longer
        self.assertEqual(came_since(4, "short", 20), [])
