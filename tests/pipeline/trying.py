"""deploy/try: twice in a row, two at once, kept, interrupted in every phase; nothing is left."""

import os
import re
import signal
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from world import TOP, await_condition

TRY = TOP / "deploy" / "try"
SECONDS = 150
PHASES = [  # what is said when a phase is reached, and the signal that comes then
    ("Apache Kafka serves", signal.SIGTERM),
    ("PostgreSQL serves", signal.SIGINT),
    ("sent: scope", signal.SIGHUP),
    ("sent: scan", signal.SIGINT),
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
        log = open(self.folder / f"out-{time.monotonic_ns()}", "w+b")
        self.addCleanup(log.close)
        process = subprocess.Popen(
            [TRY, *flags], env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # as `try &` has it
        )
        process.log = Path(log.name)
        return process

    def ended(self, process):
        process.wait(SECONDS)
        return process.returncode, process.log.read_text()

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
                          if not name.startswith("out-")], [])
        self.assertEqual(self.processes(), [])

    def table(self, output):
        """The rows for one service, without colours and blanks."""
        return [re.sub(r"\s+", " ", line) for line in output.splitlines()
                if line.startswith("exchange-online ")]

    def test_1_two_at_once(self):
        both = [self.start("--once") for _ in range(2)]
        tables = []
        for process in both:
            status, output = self.ended(process)
            self.assertEqual(status, 0, output)
            tables.append(self.table(output))
        self.assertTrue(tables[0])
        self.assertEqual(tables[0], tables[1])
        self.nothing_left()

    def test_2_interrupted_in_every_phase(self):
        for phase, number in PHASES:
            with self.subTest(phase=phase):
                process = self.start()
                await_condition(lambda: phase in process.log.read_text(), SECONDS, phase,
                                lambda: self.assertIsNone(process.poll(),
                                                          process.log.read_text()))
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
        keep = self.folder / "kept"
        outputs = []
        for _ in range(2):
            status, output = self.ended(self.start("--once", "--keep", str(keep)))
            self.assertEqual(status, 0, output)
            outputs.append(output)
        self.assertIn("sent: scan", outputs[0])
        self.assertNotIn("sent: scan", outputs[1])
        self.assertTrue(self.table(outputs[0]))
        self.assertEqual(self.table(outputs[0]), self.table(outputs[1]))


if __name__ == "__main__":
    unittest.main()
