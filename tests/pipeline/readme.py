"""What the README tells a service team to do, done: the first event in C, in Python and from a
shell, and the status read from SQL. The commands are taken from the README itself."""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import facts
from world import BUILD, TOP, Scenario

README = TOP / "README.md"


def blocks(heading):
    """The code blocks below a heading: [(language, text)]."""
    section = re.split(r"(?m)^#+ ", README.read_text())
    (found,) = [part for part in section if part.startswith(heading + "\n")]
    return re.findall(r"(?ms)^```(\w+)\n(.*?)^```$", found)


class Readme(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        cls.world.aggregate()
        cls.world.assay("publish", stdin=facts.lines([
            *facts.base([], ["tls_minimum_version"]),
            facts.scope("exchange-online", environment="gcc"),
        ]))

    def run_here(self, *command, **more):
        done = subprocess.run(
            command, cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={
                **os.environ, **self.world.environment(), **more,
                "PATH": f"{BUILD / 'bin'}:{os.environ['PATH']}", "PREFIX": str(self.folder),
            },
        )
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def sent(self):
        """How many results are there; each way sends one more."""
        self.world.await_caught_up()
        self.assertEqual(self.world.query("SELECT * FROM assay.reject"), [])
        return self.world.value(
            "SELECT count(DISTINCT id) FROM assay.event WHERE topic = 'assay.evidence'"
        )

    def test_1_in_c(self):
        (language, example), (_, commands) = blocks("In C")
        self.assertEqual(language, "c")
        self.assertIn(example.strip(), (TOP / "producers/emitter/example.c").read_text())
        before = self.sent()
        commands = commands.replace("build ", f"{BUILD} ").replace("cmake --build", "true")
        self.run_here("sh", "-euc", commands)
        self.assertEqual(self.sent(), before + 1)

    def test_2_in_python(self):
        (_, prepare), (language, script) = blocks("In Python")
        self.assertEqual(language, "python")
        before = self.sent()
        prepare = re.sub(r"(?m)^(sudo )?apt.*$", "", prepare)
        self.run_here("sh", "-euc", f"cd {self.folder} && ln -s {TOP}/proto proto && {prepare}")
        self.run_here(sys.executable, "-B", "-c", script, PYTHONPATH=str(self.folder))
        self.assertEqual(self.sent(), before + 1)

    def test_3_from_a_shell(self):
        ((language, command),) = blocks("From a shell")
        self.assertEqual(language, "sh")
        before = self.sent()
        self.run_here("sh", "-euc", command)
        self.assertEqual(self.sent(), before + 1)

    def test_4_read_from_sql(self):
        for language, command in blocks("Read the status from SQL"):
            if language == "sql":
                with self.subTest(command=command):
                    self.run_here("psql", "-X", "-v", "ON_ERROR_STOP=1", "-d",
                                  self.world.postgresql.uri(), "-c", command)


if __name__ == "__main__":
    unittest.main()
