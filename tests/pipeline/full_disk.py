"""PostgreSQL's disk is really full, a small file system of its own: first where its tables are,
then where its log of changes is, which ends it. Aggregators wait, say for what, do not repeat it,
and lose nothing. Needs the right to mount."""

import re
import shutil
import subprocess
import unittest

import facts
from world import Scenario, await_condition

RESULTS = 1500
SIZE = "200m"


class FullDisk(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tables = cls.onto_a_small_disk("base")
        cls.changes = cls.onto_a_small_disk("pg_wal")
        cls.world.postgresql.start()
        cls.world.connection = None
        cls.world.assay("publish", stdin=facts.lines(facts.base(["mail", "chat"], ["chk"])))
        cls.aggregator = cls.world.aggregate()
        cls.world.await_caught_up()

    @classmethod
    def onto_a_small_disk(cls, name):
        """Moves a folder of PostgreSQL's data to a file system of its own, and returns that."""
        postgresql = cls.world.postgresql
        postgresql.stop()
        folder, small = postgresql.data / name, cls.world.directory / f"small-{name}"
        owner = folder.stat()
        small.mkdir()
        options = f"size={SIZE},mode=0700,uid={owner.st_uid},gid={owner.st_gid}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", small], check=True)
        # before the world goes, when nothing uses it any more
        cls.addClassCleanup(subprocess.run, ["umount", "--lazy", small], check=True)
        subprocess.run(["cp", "-a", f"{folder}/.", small], check=True)
        shutil.rmtree(folder)
        folder.symlink_to(small)
        return small

    @staticmethod
    def fill(folder):
        with open(folder / "filler", "wb", buffering=0) as filler:
            try:
                while filler.write(bytes(1 << 16)):
                    pass
            except OSError:
                return  # no room is left

    def publish(self, tag):
        self.world.assay("publish", stdin=facts.lines(
            facts.result(("mail", "chat")[number % 2], "chk", "PASS", facts.ago(seconds=number + 1),
                         subject=f"{tag}-{number}") for number in range(RESULTS)))

    def said(self):
        """The lines of the aggregator's log that speak of waiting, since this was last asked."""
        lines = self.aggregator.log.read_text().splitlines()
        new = lines[getattr(type(self), "seen", 0):]
        type(self).seen = len(lines)
        return [line for line in new if "PostgreSQL" in line or "works again" in line]

    def assertWaited(self, lines):
        """One line that names it, and one when it was over, however often it was tried."""
        self.assertIn("No space left on device", lines[0])
        self.assertIn("trying again until it works", lines[0])
        tries = re.search(r"it works again, after .* s \(tries: (\d+)\)", lines[-1])
        self.assertIsNotNone(tries, lines)
        self.assertLess(int(tries[1]), 40, "a storm of tries")
        self.assertLessEqual(len(lines), 6, lines)

    def taken(self):
        return self.world.value("SELECT count(*) FROM assay.event WHERE topic = 'assay.evidence'")

    def test_1_where_the_tables_are(self):
        self.fill(self.tables)
        self.publish("tables")
        await_condition(lambda: "No space left" in self.aggregator.log.read_text(), 60,
                        "an aggregator that says what it waits for", self.aggregator.must_run)
        self.assertEqual(self.taken(), 0)
        (self.tables / "filler").unlink()
        self.world.await_caught_up()
        self.assertEqual(self.taken(), RESULTS)
        self.assertWaited(self.said())

    def test_2_where_the_log_of_changes_is(self):
        world = self.world
        self.fill(self.changes)
        world.connection.close()
        sent = 0
        while world.postgresql.pid() is not None:  # until what was set aside for it is used up
            self.publish(f"changes-{sent}")
            sent += 1
        world.postgresql.process.wait()
        (self.changes / "filler").unlink()
        world.postgresql.start()
        world.connection = None
        world.await_caught_up()
        self.assertEqual(self.taken(), RESULTS * (1 + sent))
        self.assertWaited(self.said())


if __name__ == "__main__":
    unittest.main()
