"""recovering: the database is lost and comes back from a base backup and its archived log as it was
at an instant; and a standby answers dashboards, keeps an aggregator waiting that was pointed at it
by mistake, and takes the primary's place. As docs/operations.md says."""

import os
import shutil
import signal
import subprocess
import unittest

import psycopg2

import facts
from world import BUILD, TOP, PostgreSQL, Scenario, await_condition

from local.postgresql import USER

DEMO = TOP / "deploy" / "data" / "demo"
DOCUMENT = TOP / "docs" / "operations.md"
EVIDENCE = DEMO / "evidence.jsonl"
AUDIT = ("heron-cloud", "heron-2026-surveillance")

# What says when something became known, or how far that is, and not what is known.
NOT_COMPARED = {
    "change": {"position", "known_at"},
    "commit": {"position", "known_at"},
    "completeness": {"complete_through"},
    "event": {"position"},
    "reject": {"received_at", "replayed_at"},
}


class Cluster(PostgreSQL):
    """One that is begun from the files of a base backup; a standby serves, too."""

    def ready(self):
        lock = self.data / "postmaster.pid"
        standby = lock.exists() and lock.read_text().splitlines()[7:8] == ["standby "]
        return super().ready() or standby


class Operating(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.primary = cls.world.postgresql
        cls.clusters = []
        cls.addClassCleanup(
            lambda: [cluster.stop(signal.SIGQUIT) for cluster in (cls.primary, *cls.clusters)])

    @classmethod
    def publish_demo(cls):
        cls.world.assay("catalog", "publish", "iso-27001-2022", "iso-27018-2025")
        for name in ("heron-harbour.jsonl", "quillon-ledger.jsonl"):
            cls.world.assay("publish", str(DEMO / name))

    @classmethod
    def owned(cls, *paths):
        """Gives the paths to whom PostgreSQL runs as."""
        owner = cls.primary.data.stat()
        for path in paths:
            shutil.chown(path, owner.st_uid, owner.st_gid)

    @classmethod
    def base_backup(cls, data, *flags):
        # a standby is PostgreSQL's own client, as its user
        passwords = cls.world.directory / "replication"
        shutil.copy(cls.primary.passwords, passwords)
        cls.owned(passwords)
        uri = f"postgresql://{USER}@127.0.0.1:{cls.primary.port}/?passfile={passwords}"
        subprocess.run(["pg_basebackup", "-d", uri, "-D", data, "--checkpoint=fast", *flags],
                       check=True, timeout=120)

    @classmethod
    def cluster(cls, name, files=None):
        """A further cluster; `files`: a base backup, which stays as it is."""
        cluster = Cluster(cls.world.directory / name, tied=True)
        cluster.directory.mkdir()
        shutil.copy(cls.primary.passwords, cluster.passwords)
        if files is not None:
            shutil.copytree(files, cluster.data)
        cls.clusters.append(cluster)
        return cluster

    @classmethod
    def start(cls, cluster):
        cls.owned(cluster.data, *cluster.data.rglob("*"))
        cluster.start()

    @classmethod
    def serve(cls, cluster):
        """From here on the world is asked through this cluster."""
        if cls.world.connection is not None:
            cls.world.connection.close()
        cls.world.connection = None
        cls.world.postgresql = cluster

    def everything(self):
        """The read API, row for row, but for what NOT_COMPARED takes out."""
        found = {}
        for row in self.world.query(
            "SELECT table_name AS name, array_agg(column_name::text) AS columns"
            " FROM information_schema.columns WHERE table_schema = 'assay' GROUP BY 1"
        ):
            columns = ", ".join(f'r."{column}"' for column in row["columns"]
                                if column not in NOT_COMPARED.get(row["name"], ()))
            found[row["name"]] = [] if not columns else [each["text"] for each in self.world.query(
                f'SELECT ROW({columns})::text AS text FROM assay."{row["name"]}" r ORDER BY 1')]
        return found


class Recovering(Operating):
    maxDiff = 2000

    def test_1_to_an_instant(self):
        world, archive = self.world, self.world.directory / "archive"
        archive.mkdir()
        self.owned(archive)
        configuration = self.primary.data / "postgresql.conf"
        with open(configuration, "a") as file:
            file.write(f"archive_mode = on\narchive_command = 'test ! -f {archive}/%f"
                       f" && cp %p {archive}/%f'\n")
        self.primary.stop()
        self.primary.start()
        self.publish_demo()
        world.aggregate()
        world.aggregate()
        world.await_caught_up()
        base = world.directory / "base"
        self.base_backup(base)

        producer = world.producer()
        producer.produce("assay.evidence", b"no event", b"mail")
        producer.flush()
        world.assay("publish", stdin=facts.lines([facts.result(
            "quay", "backup", "PASS", facts.ago(hours=2), subject="first")]))
        world.await_caught_up()
        instant = world.value("SELECT clock_timestamp()")
        commits = world.value("SELECT count(*) FROM assay.commit")
        world.assay("publish", str(EVIDENCE))
        world.await_caught_up()
        before = self.everything()
        self.assertGreater(world.value("SELECT count(*) FROM assay.commit"), commits)
        last = world.value("SELECT pg_walfile_name(pg_switch_wal())")
        await_condition(lambda: (archive / last).exists(), 60, "archiving the log")
        self.primary.stop(signal.SIGQUIT)
        world.stop_aggregators()

        restored = self.cluster("restored", base)
        (restored.data / "recovery.signal").touch()
        with open(restored.data / "postgresql.conf", "a") as file:
            file.write(f"archive_mode = off\nrestore_command = 'cp {archive}/%f \"%p\"'\n"
                       f"recovery_target_time = '{instant.isoformat()}'\n"
                       "recovery_target_action = 'promote'\n")
        self.start(restored)
        await_condition(lambda: restored._psql("SELECT pg_is_in_recovery()") == "f", 60,
                        "recovery to the instant")
        self.serve(restored)
        self.assertEqual(world.value("SELECT count(*) FROM assay.commit"), commits)
        self.assertNotEqual(self.everything(), before)

        world.aggregate()
        world.aggregate()
        world.await_caught_up()
        after = self.everything()
        self.assertEqual(before.keys(), after.keys())
        for relation, rows in before.items():
            with self.subTest(relation=relation):
                self.assertEqual(after[relation], rows)
        for relation in ("cell_status", "certification", "change", "reject", "event", "soa"):
            self.assertTrue(before[relation], relation)

    def test_2_the_old_database_beside_it_takes_its_records(self):
        """One group is one reader: what the old database is given, the new one goes without until
        that is stopped, and then fetches it."""
        world = self.world
        self.primary.start()
        old = psycopg2.connect(self.primary.uri())
        old.autocommit = True
        self.addCleanup(old.close)
        taken = self.taken(old)
        new, world.postgresql = world.postgresql, self.primary
        stray = world.aggregate()
        world.postgresql = new
        world.aggregators.remove(stray)
        self.addCleanup(stray.stop, signal.SIGKILL)
        count = 0

        def given():
            nonlocal count
            count += 1
            world.assay("publish", stdin=facts.lines(
                facts.result(f"s-{number}", "backup", "PASS", facts.ago(minutes=5),
                             subject=f"h-{count}") for number in range(8)))
            return [at for at, offset in self.taken(old).items() if offset > taken[at]]

        self.assertTrue(await_condition(given, 60, "the old database being given records"))
        stray.stop()
        world.await_caught_up()
        self.assertEqual(
            world.value("SELECT count(*) FROM assay.unmapped WHERE service LIKE 's-%%'"), 8 * count)

    @staticmethod
    def taken(connection):
        with connection.cursor() as cursor:
            cursor.execute("SELECT topic, partition, next_offset FROM assay.completeness")
            return {(topic, partition): offset for topic, partition, offset in cursor.fetchall()}


class Standby(Operating):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.publish_demo()
        cls.world.assay("publish", str(EVIDENCE))
        cls.world.aggregate()
        cls.world.await_caught_up()
        cls.standby = cls.cluster("standby")
        cls.base_backup(cls.standby.data, "--write-recovery-conf")
        cls.start(cls.standby)

    def answer(self, cluster, *arguments):
        done = subprocess.run(
            [BUILD / "bin" / "assay", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "ASSAY_DATABASE": cluster.uri(role="assay_reader")}, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def level(self):
        """Returns when the standby has what the primary has."""
        position = self.primary._psql("SELECT pg_current_wal_lsn()")

        def replayed():
            answer = subprocess.run(
                ["psql", "-XAtq", "-d", self.standby.uri(), "-c",
                 f"SELECT pg_last_wal_replay_lsn() >= '{position}'"], stdout=subprocess.PIPE)
            return answer.stdout == b"t\n"

        await_condition(replayed, 60, "the standby's replay")

    def test_1_it_answers_as_the_primary(self):
        self.level()
        cell = self.world.query("SELECT * FROM assay.cell_status WHERE deciding_event IS NOT"
                                " NULL ORDER BY 1, 2, 3, 4 LIMIT 1")[0]
        for arguments in (
            ("status", "--json"),
            ("status", cell["service"]),
            ("explain", "--at", "2026-11-20T00:00:00Z", cell["service"], cell["environment"],
             cell["standard"], cell["control"]),
            ("report", *AUDIT),
            ("forecast", "--at", "2026-11-20T00:00:00Z"),
        ):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.answer(self.standby, *arguments),
                                 self.answer(self.primary, *arguments))
        with psycopg2.connect(self.standby.uri(role="assay_reader")) as session:
            with session.cursor() as cursor:
                cursor.execute("SELECT pg_is_in_recovery(), count(*) > 0 FROM assay.service_status"
                               " GROUP BY 1")
                self.assertEqual(cursor.fetchall(), [(True, True)])

    def test_2_an_aggregator_pointed_at_it_waits(self):
        world = self.world
        world.stop_aggregators()
        world.postgresql = self.standby
        mistaken = world.aggregate()
        log = await_condition(
            lambda: "25006" in (text := mistaken.log.read_text()) and text, 60,
            "its being told that it may not write", mistaken.must_run)
        self.assertIn(log.splitlines()[0], DOCUMENT.read_text())
        world.assay("publish", stdin=facts.lines([facts.result(
            "quay", "backup", "PASS", facts.ago(hours=2), subject="late")]))

        self.level()
        self.primary.stop(signal.SIGQUIT)
        self.serve(self.standby)
        self.assertTrue(world.value("SELECT pg_promote()"))
        world.await_caught_up()
        mistaken.must_run()
        self.assertIn("it works again", mistaken.log.read_text())


if __name__ == "__main__":
    unittest.main()
