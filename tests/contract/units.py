#!/usr/bin/python3
"""units -- systemd takes the units of deploy/systemd as they stand, and calls them hardened.

    units.py BUILD

Nothing is started: systemd-analyze reads the files, with the built programs where the installed
ones would be.
"""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(sys.argv.pop(1)).resolve()
UNITS = sorted((TOP / "deploy" / "systemd").glob("*.service"))
EXPOSURE = 20  # tenths; systemd calls 0 to 2.0 "OK" or better


def analyze(unit, *arguments, change=("", "")):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / unit.name.replace("@.", "@1.")
        text = unit.read_text().replace("/usr/local/bin/", f"{BUILD}/bin/")
        path.write_text(text.replace(*change))
        return subprocess.run(
            ["systemd-analyze", *arguments, path], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=60)


class Units(unittest.TestCase):
    def test_they_are_understood(self):
        self.assertTrue(UNITS)
        for unit in UNITS:
            done = analyze(unit, "verify")
            self.assertEqual((done.returncode, done.stdout), (0, ""), unit.name)

    def test_what_is_wrong_is_seen(self):
        done = analyze(UNITS[0], "verify", change=("ProtectHome=yes", "ProtectHome=perhaps"))
        self.assertIn("perhaps", done.stdout)

    def test_they_are_hardened(self):
        arguments = ("security", "--offline=true", f"--threshold={EXPOSURE}")
        for unit in UNITS:
            done = analyze(unit, *arguments)
            self.assertEqual(done.returncode, 0, done.stdout[-200:])
        loosened = analyze(UNITS[0], *arguments, change=("CapabilityBoundingSet=\n", "\n"))
        self.assertNotEqual(loosened.returncode, 0)


if __name__ == "__main__":
    unittest.main()
