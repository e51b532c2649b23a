"""The read API's relations: what they are called, their columns, in order, and their types."""

import contextlib
import unittest

from cluster import Database

RELATIONS = {
    "cell_status": "service environment standard control status since until due_soon stale"
    " inherited_from checks checks_missing deciding_event exception finding",
    "service_status": "service title environment standard membership posture passed excepted"
    " failed error stale not_tested not_applicable applicable percent certificate_state certified",
    "certification": "programme standard number body state valid_from valid_until soa_version"
    " surveillance_deadline flags",
    "scope": "service title category environment standard membership since",
    "location": "programme location title section group kind address country environments in_scope",
    "audit_coverage": "programme standard control service environment location last_audit"
    " sampled_at",
    "reject": "topic partition incarnation offset reason detail key headers value received_at"
    " replayed_at",
    "event": "id topic partition incarnation offset position value",
    "commit": "position known_at",
    "soa": "programme version dated entries",
    "exception": "exception programme standard control service environment check subject state"
    " expires_at approver risk_owner compensating reason risks",
    "finding": "finding programme standard control service environment location grade state due_at"
    " audit title root_cause correction corrective_action verified_by verified_in",
    "audit": "audit programme kind state starts_at ends_at reported_at auditor team standards"
    " objectives processes locations meetings fieldwork_soa_version soa_version conclusions"
    " reviews sections samples deviations unresolved complaints marks recommendation",
    "conclusion": "audit programme area conclusion comment",
    "management_record": "record kind programme standards title performed_by next_due_at value"
    " target unit outcome evidence",
    "inheritance": "service environment standard control provider_service provider_environment"
    " kind",
    "check_mapping": "check title controls applies_to required ttl",
    "change": "position known_at at service environment standard control from_status to_status"
    " cause",
    "completeness": "topic partition incarnation next_offset last_event_at complete_through"
    " evaluation_lag halted reason",
    "unmapped": "event topic partition incarnation offset service environment check standard"
    " control reason",
    "silent_producer": "source service last_event_at expected_by",
}
FUNCTIONS = ("cell_status", "service_status", "certification", "scope")
TYPES = {  # by column name, where not text
    "timestamptz": "since until valid_from valid_until surveillance_deadline sampled_at received_at"
    " replayed_at known_at dated expires_at due_at starts_at ends_at reported_at next_due_at at"
    " last_event_at complete_through expected_by",
    "bool": "due_soon certified in_scope required halted",
    "uuid": "id deciding_event cause event",
    "int4": "checks checks_missing passed excepted failed error not_tested not_applicable"
    " applicable partition incarnation",
    "int8": "offset position next_offset evaluation_lag",
    "numeric": "percent",
    "float8": "target",
    "interval": "ttl",
    "bytea": "key",
    "_text": "flags",
    "jsonb": "headers entries risks team standards objectives processes locations meetings"
    " conclusions reviews sections samples evidence controls applies_to environments",
}
TYPES = {name: type_ for type_, names in TYPES.items() for name in names.split()}
TYPES_OF = {  # where one name means several
    ("cell_status", "stale"): "bool",
    ("service_status", "stale"): "int4",
    ("reject", "value"): "bytea",
    ("event", "value"): "bytea",
    ("management_record", "value"): "float8",
}


class ReadApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.close)
        cls.database.query("INSERT INTO record.commit_log VALUES (1, now() - '1 s'::interval, 1,"
                           " false, false)")

    def columns(self, source):
        """(name, type) of each column, as a client sees them."""
        with contextlib.closing(self.database.connect()) as connection:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM assay.{source} LIMIT 0")
                found = [(column.name, column.type_code) for column in cursor.description]
        return [
            (name, self.database.value("SELECT typname FROM pg_type WHERE oid = %s", code))
            for name, code in found
        ]

    def expected(self, name):
        return [
            (column, TYPES_OF.get((name, column), TYPES.get(column, "text")))
            for column in RELATIONS[name].split()
        ]

    def test_relations(self):
        for name in RELATIONS:
            with self.subTest(name):
                self.assertEqual(self.columns(name), self.expected(name))

    def test_functions(self):
        past = "(SELECT max(known_at) FROM assay.commit)"
        for name in FUNCTIONS:
            for arguments in ("now()", f"now(), {past}", f"at => now(), known_at => {past}"):
                with self.subTest(f"{name}_at({arguments})"):
                    self.assertEqual(self.columns(f"{name}_at({arguments})"), self.expected(name))

    def test_nothing_else(self):
        names = {row["relname"] for row in self.database.query(
            "SELECT relname FROM pg_class WHERE relnamespace = 'assay'::regnamespace"
        )}
        self.assertEqual(names, set(RELATIONS))

    def test_every_column_is_explained(self):
        silent = self.database.query(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'assay'::regnamespace AND a.attnum > 0"
            " AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)"
        )
        self.assertEqual(silent, [])

    def test_a_condition_on_the_service_reaches_the_index(self):
        for source in ("cell_status", "cell_status_at(now())", "service_status", "change",
                       "cell_status_at(now(), '2026-01-01Z')",
                       "service_status_at('2026-01-01Z', now())"):
            with self.subTest(source), contextlib.closing(self.database.connect()) as connection:
                with connection.cursor() as cursor:
                    cursor.execute("SET enable_seqscan = off")
                    cursor.execute(
                        f"EXPLAIN SELECT * FROM assay.{source} WHERE service = 'a'"
                        " AND environment = 'b'"
                    )
                    plan = "\n".join(row["QUERY PLAN"] for row in cursor.fetchall())
                self.assertRegex(plan, r"using environment_pkey on environment p .*\n\s+Index Cond:"
                                       r" \(\(service = 'a'::text\) AND \(environment = 'b'")
