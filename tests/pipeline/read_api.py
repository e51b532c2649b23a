"""The read API: every relation with exactly its columns, for every role that may read."""

import unittest

import facts
from psycopg2 import Error
from world import Scenario

CELL = ("service environment standard control status since until due_soon stale inherited_from"
        " checks checks_missing deciding_event exception finding")
SERVICE = ("service title environment standard membership posture passed excepted failed error"
           " stale not_tested not_applicable applicable percent certificate_state certified")
CERTIFICATION = ("programme standard number body state valid_from valid_until soa_version"
                 " surveillance_deadline flags")
SCOPE = "service title category environment standard membership since"
RELATIONS = {
    "cell_status": CELL,
    "service_status": SERVICE,
    "certification": CERTIFICATION,
    "scope": SCOPE,
    "location": "programme location title section group kind address country environments in_scope",
    "audit_coverage": "programme standard control service environment location last_audit"
                      " sampled_at",
    "reject": "topic partition incarnation offset reason detail key headers value received_at"
              " replayed_at",
    "event": "id topic partition incarnation offset position value",
    "commit": "position known_at",
    "change": "position known_at at service environment standard control from_status to_status"
              " cause",
    "completeness": "topic partition incarnation next_offset last_event_at complete_through"
                    " evaluation_lag halted reason",
    "unmapped": "event topic partition incarnation offset service environment check standard"
                " control reason",
    "silent_producer": "source service last_event_at expected_by",
}
FUNCTIONS = {"cell_status_at": CELL, "service_status_at": SERVICE,
             "certification_at": CERTIFICATION, "scope_at": SCOPE}
FACTS = ["soa", "exception", "finding", "audit", "conclusion", "management_record", "inheritance",
         "check_mapping"]


class ReadApi(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.aggregate()
        cls.world.assay("publish", stdin=facts.lines([
            *facts.base(["mail"], ["chk"]),
            facts.result("mail", "chk", "PASS", facts.ago(hours=1)),
        ]))
        cls.world.await_caught_up()

    def columns(self, relation):
        self.world.query("SELECT 1")
        with self.world.connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {relation} LIMIT 1")
            return [column.name for column in cursor.description]

    def test_columns(self):
        for name, columns in RELATIONS.items():
            with self.subTest(relation=name):
                self.assertEqual(self.columns(f"assay.{name}"), columns.split())
        for name, columns in FUNCTIONS.items():
            for arguments in ("now()", "now(), (SELECT max(known_at) FROM assay.commit)"):
                with self.subTest(function=name, arguments=arguments):
                    self.assertEqual(self.columns(f"assay.{name}({arguments})"), columns.split())
        for name in FACTS:
            with self.subTest(relation=name):
                self.assertTrue(self.columns(f"assay.{name}"))
        self.assertTrue(self.columns("assay.soa_diff('programme', '1', '2')"))

    def test_instants_are_timestamptz(self):
        wrong = self.world.query(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'assay' AND data_type LIKE 'timestamp without%'"
        )
        self.assertEqual(wrong, [])
        arguments = {
            row["arguments"] for row in self.world.query(
                "SELECT pg_get_function_identity_arguments(p.oid) AS arguments FROM pg_proc p"
                " JOIN pg_namespace n ON n.oid = pronamespace"
                " WHERE nspname = 'assay' AND proname LIKE '%%\\_at'"
            )
        }
        self.assertEqual(
            arguments, {"at timestamp with time zone",
                        "at timestamp with time zone, known_at timestamp with time zone"}
        )

    def test_values(self):
        (cell,) = self.world.query("SELECT * FROM assay.cell_status")
        self.assertEqual(
            {name: cell[name] for name in (
                "service", "environment", "standard", "control", "status", "due_soon", "stale",
                "inherited_from", "checks", "checks_missing", "exception", "finding")},
            {"service": "mail", "environment": "prod", "standard": "std-1", "control": "C.1",
             "status": "PASSED", "due_soon": False, "stale": False, "inherited_from": None,
             "checks": 1, "checks_missing": 0, "exception": None, "finding": None},
        )
        (event,) = self.world.query(
            "SELECT * FROM assay.event WHERE topic = 'assay.evidence'"
        )
        self.assertEqual(cell["deciding_event"], event["id"])
        (status,) = self.world.query("SELECT * FROM assay.service_status")
        self.assertEqual((status["title"], status["membership"], status["posture"]),
                         ("Mail", "IN_SCOPE", "PASSING"))
        self.assertEqual((status["applicable"], status["passed"], status["percent"]),
                         (1, 1, 100))
        self.assertEqual((status["certificate_state"], status["certified"]), ("NONE", False))
        (mapping,) = self.world.query("SELECT * FROM assay.check_mapping")
        self.assertEqual(mapping["controls"], [{"standard": "std-1", "control": "C.1"}])
        positions = [row["position"] for row in self.world.query(
            "SELECT position FROM assay.commit ORDER BY known_at")]
        self.assertEqual(positions, list(range(1, len(positions) + 1)), "dense")

    def may(self, role, statement):
        self.world.query(f"SET ROLE {role}")
        try:
            self.world.query(statement)
            return True
        except Error:
            return False
        finally:
            self.world.query("RESET ROLE")

    def test_readers_read_and_nobody_writes(self):
        self.world.query("CREATE ROLE somebody")
        for name in [*RELATIONS, *FACTS]:
            for role in ("assay_reader", "assay_auditor", "somebody"):
                with self.subTest(role=role, relation=name):
                    # the received bytes are for auditors only
                    raw = name in ("event", "reject")
                    self.assertEqual(
                        self.may(role, f"SELECT * FROM assay.{name} LIMIT 1"),
                        role == "assay_auditor" or (role == "assay_reader" and not raw),
                    )
                    self.assertFalse(self.may(role, f"DELETE FROM assay.{name}"))
        columns = 'topic, partition, "offset", reason, detail'
        self.assertTrue(self.may("assay_reader", f"SELECT {columns} FROM assay.reject"))
        self.assertFalse(self.may("somebody", f"SELECT {columns} FROM assay.reject"))


if __name__ == "__main__":
    unittest.main()
