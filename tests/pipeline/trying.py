"""deploy/try: the two parts of what it prints, two at once, kept, with servers of one's own,
interrupted in every phase; nothing is left."""

import os
import re
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from world import TOP, World, await_condition

TRY = TOP / "deploy" / "try"
SECONDS = 150
DEMO = "The demo: two organisations that do not exist"
OFFICE_ROWS = 84  # deploy/data/office365-in-scope.tsv
SHOWN = [  # in each part of the demo, a line that begins so when its blanks are one
    "quillon-portal Quillon Portal quillon-cloud iso-27001-2022 IN_SCOPE FAILING",
    "heron-cloud iso-27018-2025 CERTIFIED BWA-1001-P",
    "heron-cloud | iso-27018-2025 | NONE | CERTIFIED | 2026.1",
    "heron-cloud | 2024.1 | 2026.1 | iso-27001-2022 | APPLICABILITY | t | 1 | A.8.30",
    "quillon-ledger | 1 | 2 | iso-27001-2022 | EDITED | f | 2 | A.5.30 A.8.16",
    "heron-x-1 | A.8.8 | curlew-functions | heron-public | runner-07 | Head of engineering",
    "quillon-f-2 | MAJOR_NC | PLAN_ACCEPTED | iso-27001-2022 | A.5.18 | quillon-portal",
    "1 quillon-books quillon-cloud iso-27001-2022 dunlin-sql/heron-public HYBRID PASSED",
    "quillon-books/quillon-cloud inherits, FULL, from curlew-compute/heron-public",
    "**Prepared by the organisation; not a certificate, nor a certification body's report.**",
    "| quillon-f-2 | Major nonconformity | Two people who left can still sign in |",
]
PHASES = [  # what is said or printed when a phase is reached, and the signal that comes then
    ("Building into build/", signal.SIGINT),
    ("PostgreSQL serves", signal.SIGTERM),
    ("sent: scope", signal.SIGHUP),
    ("sent: heron-harbour", signal.SIGINT),
    ("-- Exceptions in force", signal.SIGTERM),
    ("Ctrl-C ends it", signal.SIGINT),
]


class Trying(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="assay-trying.")
        self.addCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        self.folder = Path(folder.name)
        self.environment = {**os.environ, "TMPDIR": folder.name}

    def start(self, *flags):
        began = time.monotonic_ns()
        out, log = [open(self.folder / f"{name}-{began}", "wb") for name in ("out", "log")]
        with out, log:
            process = subprocess.Popen(
                [TRY, *flags], env=self.environment, stdin=subprocess.DEVNULL, stdout=out,
                stderr=log,
                # as `try &` has it
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
            )
        process.out, process.log = Path(out.name), Path(log.name)
        return process

    def told(self, process):
        """What it has printed and said until now."""
        return process.out.read_text() + process.log.read_text()

    def ended(self, process):
        process.wait(SECONDS)
        return process.returncode, self.told(process)

    def processes(self):
        """Those that it started, told by their environment."""
        mine = f"TMPDIR={self.folder}".encode()
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if mine in (place / "environ").read_bytes().split(b"\0"):
                    found.append((place / "cmdline").read_bytes())
            except OSError:
                pass  # it has ended meanwhile, or is another user's
        return found

    def nothing_left(self):
        """Neither files nor processes of it."""
        self.assertEqual([name for name in os.listdir(self.folder)
                          if not name.startswith(("out-", "log-"))], [])
        self.assertEqual(self.processes(), [])

    def printed(self, *flags):
        return self.printed_by(self.start("--once", *flags))

    def printed_by(self, process):
        """The lines a start printed that ends by itself: its blanks are one, and instants at which
        something was asked are masked."""
        status, output = self.ended(process)
        self.assertEqual(status, 0, output)
        text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "NOW", process.out.read_text())
        return [re.sub(r" +", " ", line).strip() for line in text.splitlines()]

    def parts(self, lines):
        """The table of Office 365, and what is shown of the demo."""
        at = lines.index(DEMO) if DEMO in lines else len(lines) + 1
        office = [line for line in lines[: at - 1] if line]
        self.assertTrue(office[0].startswith("SERVICE TITLE ENVIRONMENT"), office[0])
        self.assertEqual(len(office), 1 + OFFICE_ROWS)
        self.assertEqual([line for line in office[1:] if " iso-27001-2013 " not in line], [])
        return office, lines[at:]

    def test_1_two_at_once_with_the_demo_and_without(self):
        both = [self.start("--once"), self.start("--once", "--no-demo")]
        (office, demo), (alone, nothing) = [self.parts(self.printed_by(each)) for each in both]
        self.assertEqual(office, alone)
        self.assertEqual(nothing, [])
        for shown in SHOWN:
            with self.subTest(shown=shown):
                self.assertTrue([line for line in demo if line.startswith(shown)], demo)
        self.nothing_left()

    def test_2_interrupted_in_every_phase(self):
        for phase, number in PHASES:
            with self.subTest(phase=phase):
                process = self.start()
                await_condition(lambda: phase in self.told(process), SECONDS, phase,
                                lambda: self.assertIsNone(process.poll(), self.told(process)))
                process.send_signal(number)
                status, output = self.ended(process)
                self.assertEqual(status, 0 if phase == "Ctrl-C ends it" else 130, output)
                self.nothing_left()

    def test_3_killed_it_leaves_no_process(self):
        process = self.start()
        await_condition(lambda: "sent: scope" in process.log.read_text(), SECONDS, "publishing")
        process.kill()
        process.wait()

        await_condition(lambda: not self.processes(), 30, "the end of its processes")

    def test_4_kept(self):
        keep = ["--keep", str(self.folder / "kept")]
        process = self.start("--once", *keep)
        first = self.printed_by(process)
        self.assertIn("sent: scan", process.log.read_text())
        again = self.start("--once", *keep)
        self.assertEqual(first, self.printed_by(again))
        self.assertNotIn("sent:", again.log.read_text())
        for audit in ("quillon-2026-surveillance", "heron-2026-surveillance"):
            report = (self.folder / "kept" / f"{audit}.html").read_text()
            self.assertTrue(report.rstrip().endswith("</html>"), report[-200:])

    def test_5_own_servers_get_the_demo_only_when_asked(self):
        """And published once more, by hand, it changes nothing."""
        world = World()
        self.addCleanup(world.close)
        own = ["-b", world.kafka.brokers, "--database", world.postgresql.uri()]

        office, demo = self.parts(self.printed(*own))
        self.assertEqual(demo, [])
        self.assertEqual(world.query("SELECT * FROM assay.certification"), [])

        asked, demo = self.parts(self.printed(*own, "--demo"))
        self.assertEqual(office, asked)
        self.assertTrue(demo)
        self.assertEqual(world.value("SELECT count(*) FROM assay.certification"), 3)
        self.nothing_left()

        def answers():
            return world.query(
                "SELECT count(*), md5(string_agg(cell::text, '' ORDER BY cell::text))"
                " FROM assay.cell_status_at('2026-11-20') AS cell"
            )

        before = answers()
        taken = world.value("SELECT count(*) FROM assay.event")
        world.aggregate()
        world.assay("catalog", "publish", "iso-27001-2022", "iso-27018-2025")
        world.assay("publish", *sorted((TOP / "deploy/data/demo").glob("*.jsonl")))
        world.await_caught_up()
        self.assertGreater(world.value("SELECT count(*) FROM assay.event"), taken)
        self.assertEqual(answers(), before)


if __name__ == "__main__":
    unittest.main()
