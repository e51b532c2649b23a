import unittest

import psycopg2

from cluster import TOP, Database


class Migrating(unittest.TestCase):
    def fresh(self, name, options=""):
        database = Database(name, options)
        self.addCleanup(database.close)
        return database

    def copy(self):
        database = Database()
        self.addCleanup(database.close)
        return database

    def refused(self, database, *words, **how):
        out, err = database.run("migrate", status=3, **how)
        self.assertEqual(out, "")
        for word in words:
            self.assertIn(word, err)
        return err

    def test_twice(self):
        database = self.fresh("twice")
        out, _ = database.run("migrate", "--check", status=1)
        self.assertIn("pending schema/migrations/0001_record.sql\n", out)
        self.assertEqual(database.value("SELECT to_regnamespace('record')"), None)
        out, _ = database.run("migrate")
        self.assertIn("applied schema/migrations/0001_record.sql\n", out)
        self.assertIn("made 3 ledger partitions\n", out)
        out, _ = database.run("migrate", "--check")
        self.assertEqual(out, "nothing is pending\n")
        out, _ = database.run("migrate")
        self.assertEqual(out, "nothing to do: the schema is up to date\n")

    def test_at_once(self):
        database = self.fresh("at_once")
        processes = [database.start("migrate") for _ in range(4)]
        outs = [process.communicate(timeout=60) for process in processes]
        self.assertEqual([process.returncode for process in processes], [0] * 4, outs)
        applied = [b"applied schema/migrations/0001_record.sql" in out for out, _ in outs]
        self.assertEqual(sum(applied), 1)
        self.assertEqual(sum(b"nothing to do" in out for out, _ in outs), 3)

    def test_a_changed_migration_is_refused_by_name(self):
        database = self.copy()
        database.query("UPDATE record.migration SET sha256 = sha256('changed')")
        self.refused(database, "0001_record.sql", "changed afterwards")

    def test_a_newer_assay_has_been_here(self):
        database = self.copy()
        database.query("INSERT INTO record.migration VALUES ('9999_later.sql', 'x', now())")
        self.refused(database, "9999_later.sql", "newer")

    def test_what_differs_is_applied_again(self):
        database = self.copy()
        database.query("UPDATE record.repeatable SET sha256 = 'old' WHERE name = 'views/scope.sql'")
        database.query("COMMENT ON VIEW assay.scope IS 'old'")
        database.query("GRANT INSERT ON record.ledger TO assay_reader")
        database.query("UPDATE record.repeatable SET sha256 = 'old' WHERE name = 'privileges.sql'")
        out, _ = database.run("migrate")
        self.assertEqual(out, "applied schema/privileges.sql\napplied schema/views/scope.sql\n")
        comment = database.value("SELECT obj_description('assay.scope'::regclass)")
        self.assertNotEqual(comment, "old")

    def before_certificates(self):
        """A database as the first migration left it, where a later one changed something."""
        database = self.copy()
        database.query("DROP TABLE record.certification_step, record.derivation,"
                       " record.archive, record.erasure, record.present CASCADE")
        database.query("DROP TYPE record.present_cell, record.present_standing CASCADE")
        database.query("ALTER TABLE record.history DROP COLUMN source CASCADE")
        database.query("DROP FUNCTION assay.soa_diff")
        database.query("CREATE FUNCTION assay.soa_diff(text, text, text) RETURNS TABLE"
                       " (standard text) LANGUAGE sql AS 'SELECT NULL'")
        database.query("CREATE FUNCTION assay.certification_at(at timestamptz) RETURNS TABLE"
                       " (flags jsonb) LANGUAGE sql AS 'SELECT NULL::jsonb'")
        database.query("CREATE VIEW assay.certification AS"
                       " SELECT * FROM assay.certification_at(now())")
        for name in ("VIEW assay.certification", "FUNCTION assay.certification_at(timestamptz)",
                     "FUNCTION assay.soa_diff(text, text, text)"):
            database.query(f"ALTER {name} OWNER TO assay_owner")
        database.query("DELETE FROM record.migration WHERE name > '0002'")
        database.query("UPDATE record.repeatable SET sha256 = 'old' WHERE name IN"
                       " ('privileges.sql', 'views/certification.sql', 'views/soa.sql',"
                       " 'views/cell_status.sql', 'views/service_status.sql',"
                       " 'views/silent_producer.sql', 'views/audit_coverage.sql',"
                       " 'reading/present_serving.sql', 'reading/heard_since.sql',"
                       " 'functions/refresh_present.sql')")
        return database

    def test_from_before_certificates(self):
        for taken in (False, True):
            with self.subTest(taken=taken):
                database = self.before_certificates()
                if taken:
                    database.query("INSERT INTO record.commit_log VALUES (1, now(), 1, true,"
                                   " false)")
                out, err = database.run("migrate")
                self.assertIn("applied schema/migrations/0002_certification.sql\n", out)
                self.assertEqual("assay rebuild" in err, taken)
                self.assertEqual(
                    database.as_role("assay_reader", "SELECT * FROM assay.certification"), []
                )

    def test_a_schema_of_someone_else(self):
        database = self.fresh("taken")
        database.query("CREATE SCHEMA record")
        self.refused(database, "schema record", "not Assay's", "another database")

    def test_failing_names_the_line_and_leaves_nothing(self):
        database = self.copy()
        database.query("DROP FUNCTION record.facts_in_force CASCADE")
        database.query(
            "UPDATE record.repeatable SET sha256 = 'old' WHERE name IN ('privileges.sql',"
            " 'views/scope.sql')"
        )
        err = self.refused(database, "record.facts_in_force", "SQLSTATE 42883")
        self.assertRegex(err, r"schema/views/scope\.sql:\d\d: ")
        self.assertEqual(
            database.value("SELECT count(*) FROM record.repeatable WHERE sha256 = 'old'"), 2
        )

    def test_encoding(self):
        options = "TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
        self.refused(self.fresh("ascii", options), "SQL_ASCII", "UTF8")

    def test_no_secret_is_said(self):
        database = self.copy()
        for uri in (
            "postgresql://me:s3cret@127.0.0.1:1/x",
            "host=127.0.0.1 port=1 password=s3cret",
            "host=127.0.0.1 password='s3cret",
            "postgresql://me:s3cret@127.0.0.1:1/x?s3cret=1",
        ):
            self.assertNotIn("s3cret", self.refused(database, uri=uri))

    def test_who_may(self):
        database = self.fresh("who_may")
        database.query("CREATE ROLE stranger LOGIN PASSWORD 'x'")
        uri = database.uri("stranger", "x")
        self.refused(database, "no member of assay_owner", "GRANT assay_owner", uri=uri)
        database.query("GRANT assay_owner TO stranger")
        self.refused(database, "GRANT CREATE ON DATABASE who_may", uri=uri)
        database.query("GRANT CREATE ON DATABASE who_may TO assay_owner")
        database.run("migrate", uri=uri)
        database.run("migrate")
        owners = database.query(
            "SELECT DISTINCT relowner::regrole::text AS name FROM pg_class"
            " WHERE relnamespace = 'record'::regnamespace"
        )
        self.assertEqual(owners, [{"name": "assay_owner"}])


DAMAGES = (
    ("GRANT UPDATE ON record.ledger TO assay_aggregator", "may change rows"),
    ("GRANT UPDATE (detail) ON record.ledger TO assay_auditor", "may change rows"),
    ("GRANT TRUNCATE ON record.commit_log TO assay_aggregator", "may change rows"),
    ("GRANT INSERT ON record.verdict TO assay_auditor", "may write"),
    ("GRANT SELECT ON record.ledger TO assay_reader", "received bytes"),
    ("GRANT SELECT ON assay.scope TO PUBLIC", "PUBLIC has: SELECT on assay.scope"),
    ("GRANT EXECUTE ON FUNCTION record.batch_name() TO PUBLIC", "PUBLIC has: EXECUTE"),
    ("GRANT USAGE ON SCHEMA assay TO PUBLIC", "PUBLIC has: USAGE on assay"),
    ("ALTER VIEW assay.scope OWNER TO CURRENT_USER", "not owned by assay_owner"),
    ("ALTER FUNCTION record.batch_name() RESET search_path", "unpinned search_path"),
    ('ALTER VIEW assay.scope RENAME COLUMN since TO "from"', "assay.scope has columns"),
    ("DROP VIEW assay.change", "assay.change has columns <NULL>"),
    ("DROP FUNCTION assay.certification_at(timestamptz, timestamptz)",
     "assay.certification_at has columns"),
    ("DO $$ BEGIN EXECUTE 'ALTER TABLE record.ledger DETACH PARTITION record.ledger_'"
     " || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'); END $$", "this month"),
)


class Verifying(unittest.TestCase):
    def test_migrate_ends_with_it(self):
        database = Database()
        self.addCleanup(database.close)
        database.query(DAMAGES[0][0])
        _, err = database.run("migrate", status=3)
        self.assertIn("schema/verify/privileges.sql: a role that logs in may change rows", err)

    def test_each_raises(self):
        database = Database()
        self.addCleanup(database.close)
        connection = database.connect()
        self.addCleanup(connection.close)
        connection.autocommit = False
        scripts = [path.read_text() for path in sorted((TOP / "schema" / "verify").iterdir())]

        def verify(cursor):
            cursor.execute("SET LOCAL ROLE assay_owner")
            for script in scripts:
                cursor.execute(script)

        with connection.cursor() as cursor:
            verify(cursor)
            for damage, words in DAMAGES:
                connection.rollback()
                cursor.execute(damage)
                with self.subTest(damage), self.assertRaises(psycopg2.Error) as raised:
                    verify(cursor)
                self.assertIn(words, str(raised.exception))


class Partitions(unittest.TestCase):
    def setUp(self):
        self.database = Database()
        self.addCleanup(self.database.close)
        month = self.database.value("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')")
        self.of_now = f"record.ledger_{month}"

    def insert(self):
        self.database.query(
            'INSERT INTO record.ledger (batch, topic, partition, incarnation, "offset", verdict)'
            " VALUES (record.batch_name(), 1, 0, 1, 0, 0)"
        )

    def where(self):
        return self.database.value("SELECT tableoid::regclass::text FROM record.ledger")

    def ensure(self):
        (row,) = self.database.as_role(
            "assay_aggregator", "SELECT record.ensure_ledger_partitions() AS made"
        )
        return row["made"]

    def test_three_months_and_their_bounds(self):
        rows = self.database.query(
            "SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds"
            " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'record.ledger'::regclass AND c.relname <> 'ledger_other'"
            " ORDER BY 1"
        )
        self.assertEqual(len(rows), 3)
        for row in rows:
            first = self.database.value(
                "SELECT (extract(epoch FROM to_timestamp(%s, 'YYYY_MM')) * 1000000)::bigint * 1024",
                row["name"].removeprefix("ledger_"),
            )
            self.assertIn(f"FROM ('{first}')", row["bounds"])
        for before, after in zip(rows, rows[1:]):
            self.assertIn("FROM " + before["bounds"].split(" TO ")[1], after["bounds"])

    def test_a_batch_of_now_lies_in_this_month(self):
        self.insert()
        self.assertEqual(self.where(), self.of_now)

    def test_what_came_without_a_partition_moves(self):
        self.database.query(f"DROP TABLE {self.of_now}")
        self.insert()
        self.assertEqual(self.where(), "record.ledger_other")
        self.assertEqual(self.ensure(), 1)
        self.assertEqual(self.where(), self.of_now)
        self.assertEqual(self.ensure(), 0)
        self.database.run("migrate")
