"""Who may do what: the whole matrix of rights, from the catalogs, against the one written down
here; and what nobody may, by trying it with each role's own login."""

import contextlib
import itertools
import unittest

import psycopg2
import psycopg2.errors

from cluster import Database

READERS = ("assay_reader", "assay_auditor", "assay_aggregator")
LEDGER = ("record.ledger", "record.commit_log", "record.commit_take", "record.verdict")


# What stands in the ledger and the commit log, and every relation that leads there.
KEPT = "ledger ledger_MONTH ledger_other verdict commit_log commit_take commit_head".split()

# Every right that is held, but for the owner's own: kind, holders, names. What is not here, nobody
# has. A function's name goes with the number of its arguments.
A, R, U = "assay_aggregator", "assay_reader", "assay_auditor"
MATRIX = (
    ("schema", {A: "USAGE", R: "USAGE", U: "USAGE"}, "assay record"),
    ("sequence", {}, "record.batch_tiebreak record.topic_topic_seq"),
    ("table", {}, "record.ledger_MONTH"),
    ("table", {A: "SELECT", U: "SELECT"}, "record.archive record.erasure"),
    ("table", {A: "SELECT", U: "SELECT"}, "record.ledger_other"),
    ("table", {A: "INSERT SELECT", U: "SELECT"}, "record.ledger record.verdict"),
    ("table", {A: "INSERT SELECT", R: "SELECT", U: "SELECT"},
     """record.cell record.certification_step record.fact record.fact_step record.history
     record.standing record.stream record.timeline record.tool record.unmapped"""),
    ("table", {A: "SELECT", R: "SELECT", U: "SELECT"},
     """record.commit_head record.commit_log record.commit_take record.derivation
     record.environment record.governance_head record.migration record.partition record.present
     record.producer record.repeatable record.service record.topic"""),
    ("view", {A: "SELECT", U: "SELECT"}, "assay.event assay.reject"),
    ("view", {A: "SELECT", R: "SELECT", U: "SELECT"},
     """assay.audit assay.audit_coverage assay.cell_status assay.certification assay.change
     assay.check_mapping assay.commit assay.completeness assay.conclusion assay.exception
     assay.finding assay.inheritance assay.location assay.management_record assay.scope
     assay.service_status assay.silent_producer assay.soa assay.unmapped"""),
    ("column", {R: "SELECT"},
     """assay.event.id assay.event.incarnation assay.event.offset assay.event.partition
     assay.event.position assay.event.topic assay.reject.detail assay.reject.incarnation
     assay.reject.offset assay.reject.partition assay.reject.reason assay.reject.received_at
     assay.reject.replayed_at assay.reject.topic"""),
    ("function", {},  # an operator's, as a member of assay_owner
     """record.attach_month/1 record.detach_month/1 record.drop_month/2 record.erase/2
     record.erase_refused/5 record.note_present/3 record.overlay_bytes/3 record.personal_texts/1
     record.times_in/2 record.wire_payloads/2"""),
    ("function", {A: "EXECUTE"},
     """record.advance/11 record.append_commit/3 record.batch_name/0 record.claim/3
     record.derivation/1 record.ensure_ledger_partitions/0 record.forget_derived/1
     record.forget_names/1 record.halt/4
     record.known_services/1 record.lock_governance/0 record.lock_lagging/1 record.lock_services/1
     record.look/5 record.note_environments/2 record.note_producers/5 record.refresh_present/3
     record.reopen/2 record.require_ledger/0 record.resume/2 record.skip_services/2
     record.start_at/4 record.store_services/2 record.topic_number/1"""),
    ("function", {A: "EXECUTE", R: "EXECUTE", U: "EXECUTE"},
     """assay.cell_status_at/1 assay.cell_status_at/2 assay.certification_at/1
     assay.certification_at/2 assay.scope_at/1 assay.scope_at/2 assay.service_status_at/1
     assay.service_status_at/2 assay.soa_diff/3 record.cell_status_name/1
     record.cell_status_upto/2 record.cells_told/4 record.certificate_flag_names/1
     record.certificate_state_name/1 record.certification_upto/2 record.fact_in_force/4
     record.facts_in_force/3 record.headers_json/1 record.heard_since/1 record.heard_sources/1
     record.known_position/1 record.membership_name/1 record.posture_name/1
     record.present_serving/1 record.scope_upto/2 record.service_status_upto/2
     record.soa_entries/2 record.standings_told/4 record.utf8_text/1 record.verdict_name/1
     record.without_prefix/2"""),
)

# One row for each right that somebody but the owner holds, and one, with a NULL holder, for what
# nobody else has any right to. Where an object has no list of rights, PostgreSQL's own counts.
HELD = """
WITH own AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('record', 'assay')
), object AS (
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' WHEN 'r' THEN 'table'
                          WHEN 'p' THEN 'table' ELSE c.relkind::text END AS kind,
           o.nspname || '.' || regexp_replace(c.relname, '_\\d{4}_\\d{2}$', '_MONTH') AS name,
           coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
                                         c.relowner)) AS rights
    FROM pg_class c JOIN own o ON o.oid = c.relnamespace WHERE c.relkind NOT IN ('i', 'I', 't', 'c')
    UNION ALL
    SELECT 'column', o.nspname || '.' || c.relname || '.' || a.attname, a.attacl
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN own o ON o.oid = c.relnamespace
    WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT 'function', o.nspname || '.' || p.proname || '/' || p.pronargs,
           coalesce(p.proacl, acldefault('f', p.proowner))
    FROM pg_proc p JOIN own o ON o.oid = p.pronamespace
    UNION ALL
    SELECT 'type', o.nspname || '.' || t.typname, coalesce(t.typacl, acldefault('T', t.typowner))
    FROM pg_type t JOIN own o ON o.oid = t.typnamespace
    WHERE t.typrelid = 0 AND t.typelem = 0 -- those of tables, and arrays of them, hold nothing
    UNION ALL
    SELECT 'schema', o.nspname, coalesce(n.nspacl, acldefault('n', n.nspowner))
    FROM pg_namespace n JOIN own o USING (oid)
)
SELECT DISTINCT o.kind, o.name, coalesce(r.rolname, CASE WHEN a.grantee = 0 THEN 'PUBLIC' END)
                                AS holder,
       a.privilege_type || CASE WHEN a.is_grantable THEN ', and grant it' ELSE '' END AS held
FROM object o
LEFT JOIN LATERAL aclexplode(o.rights) a ON a.grantee <> 'assay_owner'::regrole
LEFT JOIN pg_roles r ON r.oid = a.grantee
"""


def expected_rights():
    expected = set()
    for kind, holders, names in MATRIX:
        for name in names.split():
            if not holders:
                expected.add((kind, name, None, None))
            for holder, held in holders.items():
                expected |= {(kind, name, holder, each) for each in held.split()}
    return expected


class Privileges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.close)
        cls.database.query("CREATE ROLE passer_by LOGIN PASSWORD 'passing'")
        for role in READERS:
            cls.database.query(f"ALTER ROLE {role} PASSWORD 'passing'")
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

    # -- the whole matrix -------------------------------------------------------------------------

    def held(self):
        return {tuple(row.values()) for row in self.database.query(HELD)}

    def test_the_matrix_is_the_one_written_down(self):
        held, expected = self.held(), expected_rights()
        self.assertEqual(held - expected, set(), "held, and not written down")
        self.assertEqual(expected - held, set(), "written down, and not held")

    def test_the_matrix_sees_every_kind_of_right(self):
        more = {
            "GRANT UPDATE ON record.ledger TO assay_reader":
                ("table", "record.ledger", "assay_reader", "UPDATE"),
            "GRANT SELECT (value) ON record.ledger TO assay_reader WITH GRANT OPTION":
                ("column", "record.ledger.value", "assay_reader", "SELECT, and grant it"),
            "GRANT EXECUTE ON FUNCTION record.batch_name() TO PUBLIC":
                ("function", "record.batch_name/0", "PUBLIC", "EXECUTE"),
            "CREATE FUNCTION assay.loose() RETURNS int LANGUAGE sql AS 'SELECT 1'":
                ("function", "assay.loose/0", "PUBLIC", "EXECUTE"),
            "CREATE DOMAIN assay.loose AS int": ("type", "assay.loose", "PUBLIC", "USAGE"),
            "GRANT CREATE ON SCHEMA assay TO assay_auditor":
                ("schema", "assay", "assay_auditor", "CREATE"),
            "GRANT USAGE ON SEQUENCE record.batch_tiebreak TO assay_reader":
                ("sequence", "record.batch_tiebreak", "assay_reader", "USAGE"),
            "GRANT SELECT ON record.ledger TO passer_by":
                ("table", "record.ledger", "passer_by", "SELECT"),
        }
        before = self.held()
        for statement, row in more.items():
            with self.connection.cursor() as cursor:
                cursor.execute(statement)
                cursor.execute(HELD)
                seen = {tuple(one.values()) for one in cursor.fetchall()}
            self.connection.rollback()
            self.assertIn(row, seen - before, statement)

    def test_no_role_is_another(self):
        self.assertEqual(self.database.query(
            "SELECT m.roleid::regrole, m.member::regrole FROM pg_auth_members m"
            " WHERE m.roleid::regrole::text LIKE 'assay%' AND m.member::regrole::text"
            " IN ('assay_aggregator', 'assay_reader', 'assay_auditor', 'passer_by')"
            " OR m.member::regrole::text IN ('assay_aggregator', 'assay_reader', 'assay_auditor')"
        ), [])

    def test_what_runs_with_the_owners_rights_pins_its_search_path(self):
        functions = self.database.query(
            "SELECT p.oid::regprocedure::text AS name, p.prosecdef, p.proconfig,"
            "       p.pronamespace::regnamespace::text AS schema, p.provolatile"
            " FROM pg_proc p WHERE p.pronamespace::regnamespace::text IN ('record', 'assay')"
        )
        pinned = {row["name"] for row in functions if row["prosecdef"]}
        self.assertEqual(len(pinned), 30)
        for row in functions:
            if row["prosecdef"]:
                self.assertIn("search_path=pg_catalog, pg_temp", row["proconfig"], row["name"])
                self.assertEqual(row["schema"], "record", row["name"])
            else:
                self.assertIn(row["provolatile"], "si", f"{row['name']} may write")

    # -- by trying --------------------------------------------------------------------------------

    def login(self, role):
        connection = psycopg2.connect(self.database.uri(role, "passing"))
        connection.autocommit = True
        return contextlib.closing(connection)

    def kept(self):
        """The relations of KEPT that there are: months by their names."""
        rows = self.database.query(
            "SELECT relname AS name FROM pg_class WHERE relnamespace = 'record'::regnamespace"
            " AND relkind IN ('r', 'p')"
            " AND regexp_replace(relname, '_\\d{4}_\\d{2}$', '_MONTH') = ANY (%s)", KEPT)
        return [f"record.{row['name']}" for row in rows]

    def test_no_login_changes_what_was_taken(self):
        # one of the months is made later, by an aggregator
        months = [name for name in self.kept() if name[-1].isdigit()]
        self.assertGreaterEqual(len(months), 3)
        self.database.query(f"DROP TABLE {max(months)}")
        with self.login("assay_aggregator") as session, session.cursor() as cursor:
            cursor.execute("SELECT record.ensure_ledger_partitions()")
            self.assertEqual(cursor.fetchone(), (1,))
        kept = self.kept()
        self.assertIn(max(months), kept)
        self.assertEqual(len(kept), len(months) + len(KEPT) - 1)

        for role in (*READERS, "passer_by"):
            with self.login(role) as session, session.cursor() as cursor:
                for table, statement in itertools.product(kept, (
                    "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}", "SELECT FROM {} FOR UPDATE",
                    "ALTER TABLE {} DISABLE TRIGGER ALL", "ALTER TABLE {} OWNER TO {role}",
                    "CREATE INDEX ON {} ((1))", "CREATE RULE r AS ON INSERT TO {} DO NOTHING",
                )):
                    self.refused(cursor, role, statement.format(table, role=role))
                for table in kept:  # who has some right is only warned
                    with contextlib.suppress(psycopg2.errors.InsufficientPrivilege):
                        cursor.execute(f"GRANT ALL ON {table} TO {role}")
                for table in kept:
                    for row in self.database.query(
                        "SELECT attname AS name FROM pg_attribute"
                        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped", table
                    ):
                        self.refused(cursor, role,
                                     'UPDATE {0} SET "{1}" = "{1}"'.format(table, row["name"]))
        self.assertEqual(self.held(), expected_rights())

    def refused(self, cursor, role, statement):
        with self.assertRaises(psycopg2.Error, msg=(role, statement)) as caught:
            cursor.execute(statement)
        self.assertIsInstance(caught.exception, psycopg2.errors.InsufficientPrivilege,
                              (role, statement, caught.exception))

    def test_no_login_becomes_another(self):
        for role in (*READERS, "passer_by"):
            with self.login(role) as session, session.cursor() as cursor:
                for statement in (
                    "SET ROLE assay_owner", "SET SESSION AUTHORIZATION assay_owner",
                    "SET session_replication_role = replica",
                    "GRANT assay_owner TO CURRENT_USER", "ALTER ROLE assay_owner LOGIN",
                    "CREATE ROLE mine", "CREATE TABLE record.mine ()", "CREATE TABLE assay.mine ()",
                    "CREATE FUNCTION assay.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                    "COPY (SELECT 1) TO PROGRAM 'true'",
                    "SELECT pg_read_file('postgresql.conf')",
                ):
                    self.refused(cursor, role, statement)
