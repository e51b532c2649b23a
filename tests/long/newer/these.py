#!/usr/bin/python3
"""these -- that it is the newer librdkafka and the newer PostgreSQL which run, and no other.

    these.py PARTS     (the folder that tests/long/newer/parts prints)
"""

import ctypes
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

PARTS = Path(sys.argv.pop(1)).resolve()
TOP = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(TOP / "tests" / "pipeline"))

import facts  # noqa: E402
from world import BUILD, Scenario  # noqa: E402

LIBRDKAFKA_AT_LEAST = 0x020A0000  # 2.10.0, two digits each
POSTGRESQL_AT_LEAST = 180000
LINKS_KAFKA = {"assay-aggregate", "assay-publish", "assay-import", "assay-topics", "assay-catalog"}


def is_program(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def loaded(program):
    """The librdkafka that the loader finds for a program; None where it needs none."""
    out = subprocess.run(["ldd", program], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = re.search(r"librdkafka\.so\S* => (\S+)", out)
    return Path(found[1]).resolve() if found else None


class These(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        (cls.librdkafka,) = {path.resolve() for path in PARTS.rglob("librdkafka.so*")}

    def test_1_librdkafka_is_newer(self):
        version = ctypes.CDLL(str(self.librdkafka)).rd_kafka_version()
        self.assertGreaterEqual(version, LIBRDKAFKA_AT_LEAST, hex(version))

    def test_2_every_program_and_unit_test_loads_it(self):
        files = [path for path in BUILD.rglob("*") if path.is_file() and os.access(path, os.X_OK)]
        found = {path.name: loaded(path) for path in files if is_program(path)}
        self.assertLessEqual(LINKS_KAFKA, {name for name in found if found[name]})
        self.assertIn("test-producers-emitter", found)
        self.assertEqual({path for path in found.values() if path}, {self.librdkafka})

    def test_3_a_running_aggregator_has_mapped_it_and_no_other(self):
        aggregator = self.world.aggregate()
        self.world.assay("publish", stdin=facts.lines(facts.base([], ["tls_minimum_version"])))
        self.world.await_caught_up()
        maps = Path(f"/proc/{aggregator.pid()}/maps").read_text()
        self.assertEqual(set(re.findall(r"\S*librdkafka\S*", maps)), {str(self.librdkafka)})

    def test_4_postgresql_is_newer(self):
        version = int(self.world.value("SELECT current_setting('server_version_num')"))
        self.assertGreaterEqual(version, POSTGRESQL_AT_LEAST)
        program = Path(f"/proc/{self.world.postgresql.pid()}/exe").resolve()
        self.assertEqual(program, PARTS / "postgresql" / "bin" / "postgres")


if __name__ == "__main__":
    unittest.main()
