#!/usr/bin/python3
"""link_graph -- what each built program and library links is the flow of the data.

    link_graph.py BUILD

Programs are asked with ldd; static libraries for the symbols they leave to others to define.
"""

import subprocess
import sys
import unittest
from pathlib import Path

BUILD = Path(sys.argv.pop(1)) if len(sys.argv) > 1 else Path("build")

KAFKA = "librdkafka.so"
SQL = "libpq.so"
PROGRAMS = {  # name below build/bin: which of the two it links. All others: no Kafka.
    "assay": set(),
    "assay-publish": {KAFKA},
    "assay-catalog": {KAFKA},
    "assay-import": {KAFKA},
    "assay-topics": {KAFKA},
    "assay-aggregate": {KAFKA, SQL},
    "assay-migrate": {SQL},
    "assay-status": {SQL},
    "assay-explain": {SQL},
    "assay-forecast": {SQL},
    "assay-impact": {SQL},
    "assay-what-if": {SQL},
    "assay-rejects": {SQL},
    "assay-report": {SQL},
    "assay-rebuild": {SQL},
    "assay-reopen": {SQL},
}
SYMBOLS = {KAFKA: "rd_kafka_", SQL: "PQ"}


def linked(path):
    out = subprocess.run(["ldd", path], check=True, stdout=subprocess.PIPE, text=True).stdout
    return {library for library in (KAFKA, SQL) if library in out}


def undefined(path):
    out = subprocess.run(
        ["nm", "--undefined-only", path], check=True, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL,
    ).stdout
    names = [line.split()[-1] for line in out.splitlines() if " U " in line]
    return {
        library for library, prefix in SYMBOLS.items()
        if any(name.startswith(prefix) for name in names)
    }


class LinkGraph(unittest.TestCase):
    def test_programs(self):
        built = {path.name: path for path in (BUILD / "bin").glob("assay*")}
        for name, expected in PROGRAMS.items():
            with self.subTest(program=name):
                self.assertIn(name, built, "not built")
                self.assertEqual(linked(built[name]), expected)
        for name in built.keys() - PROGRAMS.keys():
            with self.subTest(program=name):
                self.assertNotIn(KAFKA, linked(built[name]))

    def test_emitter(self):
        emitters = list(BUILD.rglob("libassay-emitter.so"))
        self.assertTrue(emitters, "not built")
        self.assertEqual(linked(emitters[0]), {KAFKA})

    def test_contract_posture_and_the_two_sides_of_the_aggregator(self):
        expected = {"runtime": set(), "proto": set(), "posture": set(), "intake": {KAFKA},
                    "store": {SQL}}
        for folder, allowed in expected.items():
            with self.subTest(folder=folder):
                libraries = [
                    path for path in BUILD.rglob("*.a")
                    if path.parent.name == folder and "sanitized" not in path.parts
                    and path.parents[1].name in ("consumers", BUILD.name, "lib")
                ]
                self.assertTrue(libraries, "not built")
                for library in libraries:
                    self.assertLessEqual(undefined(library), allowed, library)


if __name__ == "__main__":
    unittest.main()
