import itertools
import unittest

import psycopg2.errors

from cluster import Database

READERS = ("assay_reader", "assay_auditor", "assay_aggregator")
LEDGER = ("record.ledger", "record.commit_log", "record.commit_take", "record.verdict")


class Privileges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.close)
        cls.database.query("CREATE ROLE passer_by")
        cls.connection = cls.database.connect()
        cls.addClassCleanup(cls.connection.close)
        cls.connection.autocommit = False

    def may(self, role, statement):
        """In a transaction that is rolled back."""
        try:
            with self.connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL ROLE {role}")
                cursor.execute(statement)
            return True
        except psycopg2.errors.InsufficientPrivilege:
            return False
        finally:
            self.connection.rollback()

    def relations(self):
        return [row["name"] for row in self.database.query(
            "SELECT oid::regclass::text AS name FROM pg_class"
            " WHERE relnamespace = 'assay'::regnamespace AND relkind = 'v'"
        )]

    def test_everyone_reads_schema_assay(self):
        views = self.relations()
        self.assertEqual(len(views), 21)
        for role, view in itertools.product(READERS, views):
            if role == "assay_reader" and view in ("assay.event", "assay.reject"):
                continue
            self.assertTrue(self.may(role, f"SELECT * FROM {view}"), (role, view))
        for role, name in itertools.product(READERS, ("cell_status", "service_status", "scope",
                                                      "certification")):
            self.assertTrue(self.may(role, f"SELECT * FROM assay.{name}_at(now())"))
        diff = "SELECT * FROM assay.soa_diff('', '', '') LIMIT 0"
        self.assertTrue(self.may("assay_reader", diff))

    def test_received_bytes_are_an_auditors(self):
        for statement in (
            "SELECT value FROM assay.event",
            "SELECT value FROM assay.reject",
            "SELECT key FROM assay.reject",
            "SELECT headers FROM assay.reject",
            "SELECT value FROM record.ledger",
        ):
            self.assertFalse(self.may("assay_reader", statement), statement)
            self.assertTrue(self.may("assay_auditor", statement), statement)
        self.assertTrue(self.may("assay_reader", 'SELECT id, topic, "offset" FROM assay.event'))
        self.assertTrue(self.may("assay_reader", "SELECT topic, reason, detail FROM assay.reject"))
        self.assertTrue(self.may("assay_reader", "SELECT value FROM record.fact"), "explain does")

    def test_what_was_taken_stays(self):
        for role, table, statement in itertools.product(
            READERS, LEDGER,
            ("UPDATE {} SET batch = batch", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"),
        ):
            statement = statement.format(table)
            self.assertFalse(self.may(role, statement), (role, statement))

    def test_only_the_aggregator_writes(self):
        insert = "INSERT INTO record.tool VALUES ('s', 0, 'scanner', '1')"
        function = "SELECT record.append_commit(1, false, false)"
        self.assertTrue(self.may("assay_aggregator", insert))
        self.assertTrue(self.may("assay_aggregator", function))
        self.assertTrue(self.may("assay_aggregator", "SELECT record.ensure_ledger_partitions()"))
        for table in ("record.commit_log", "record.partition", "record.service"):
            self.assertFalse(
                self.may("assay_aggregator", f"INSERT INTO {table} SELECT * FROM {table}"), table
            )
        for role in ("assay_reader", "assay_auditor"):
            self.assertFalse(self.may(role, insert), role)
            self.assertFalse(self.may(role, function), role)

    def test_public_has_nothing(self):
        for statement in (
            "SELECT * FROM assay.scope",
            "SELECT * FROM assay.scope_at(now())",
            "SELECT * FROM record.topic",
            "SELECT record.batch_name()",
            "CREATE TABLE assay.mine ()",
        ):
            self.assertFalse(self.may("passer_by", statement), statement)

    def test_nobody_logs_in_as_the_owner(self):
        roles = self.database.query(
            "SELECT rolname, rolcanlogin, rolsuper, rolcreaterole FROM pg_roles"
            " WHERE rolname LIKE 'assay\\_%' ORDER BY 1"
        )
        self.assertEqual(
            [tuple(row.values()) for row in roles],
            [("assay_aggregator", True, False, False), ("assay_auditor", True, False, False),
             ("assay_owner", False, False, False), ("assay_reader", True, False, False)],
        )
