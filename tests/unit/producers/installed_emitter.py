#!/usr/bin/python3
"""installed_emitter -- what a service team gets: the installed tree alone, by pkg-config alone.

    installed_emitter.py BUILD MOCK_BROKER TOP COMPILER
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD, MOCK_BROKER, TOP = (Path(sys.argv.pop(1)).resolve() for _ in range(3))
COMPILER = sys.argv.pop(1)

WHOLE_EVENT = """
#include <assay/emitter.h>
#include <assay/v1/event.pb-c.h>
int main(void)
{
    Assay__V1__Programme body = ASSAY__V1__PROGRAMME__INIT;
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    event.body_case = ASSAY__V1__EVENT__BODY_PROGRAMME;
    event.programme = &body;
    struct assay_error error;
    assay_emitter *emitter = assay_emitter_open(
        &(struct assay_emitter_options){.brokers = "127.0.0.1:1", .source = "team"}, &error);
    int refused = assay_emitter_send_event(emitter, &event, 0, &error) == ASSAY_REFUSED;
    assay_emitter_close(emitter, 0, 0, 0);
    return refused ? 0 : 1;
}
"""


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


class InstalledEmitter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        installed = Path(folder.name) / "first"
        run("cmake", "--install", BUILD, "--component", "emitter", "--prefix", installed)
        cls.root = Path(folder.name) / "moved"
        installed.rename(cls.root)  # a tree that was moved is as good
        [pc] = cls.root.rglob("assay-emitter.pc")
        cls.environment = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent),
                           "LD_LIBRARY_PATH": str(pc.parent.parent)}

    def build(self, source, name, language="c"):
        flags = run("pkg-config", "--cflags", "--libs", "assay-emitter", env=self.environment)
        program = self.root / name
        run(COMPILER, "-x", language, "-Wall", "-Wextra", "-Werror", source, "-o", program,
            *flags.split())
        return program

    def test_the_example_sends_its_result(self):
        source = TOP / "producers/emitter/example.c"
        program = self.build(source, "example")
        broker = subprocess.Popen([MOCK_BROKER, "assay.evidence"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        address = broker.stdout.readline().strip()
        run(program, address, env=self.environment)
        out, _ = broker.communicate("read assay.evidence\n")
        [record, end] = out.splitlines()
        self.assertEqual(end, ".")
        self.assertEqual(record.split(" ")[1], "exchange-online")
        self.assertEqual(record.split(" ")[3], "assay.v1.control_test_result")
        lines = source.read_text().splitlines()
        self.assertLessEqual(len(lines), 45, "the example is to stay short")

    def test_whole_events_can_be_filled(self):
        source = self.root / "whole.c"
        source.write_text(WHOLE_EVENT)
        run(self.build(source, "whole"), env=self.environment)

    def test_the_header_is_enough_and_standard_c(self):
        source = self.root / "header.c"
        source.write_text("#include <assay/emitter.h>\nint main(void) { return 0; }\n")
        run(COMPILER, "-std=c11", "-pedantic-errors", "-c", source, "-o", os.devnull,
            f"-I{self.root}/include/assay-0")

    def test_only_what_is_public_can_be_seen(self):
        [library] = self.root.rglob("libassay-emitter.so")
        names = [line.split()[-1].split("@")[0] for line in
                 run("nm", "-D", "--defined-only", library).splitlines()]
        public = ("assay_emitter_", "assay__v1__", "google__protobuf__", "ASSAY_EMITTER_")
        self.assertIn("assay_emitter_open", names)
        self.assertEqual([name for name in names if not name.startswith(public)], [])

    def test_the_protos_come_along(self):
        shared = self.root / "share/assay/proto"
        output = self.root / "set.pb"
        run("protoc", "-I", shared, f"--descriptor_set_out={output}", "assay/v1/event.proto")
        self.assertGreater(output.stat().st_size, 1000)


if __name__ == "__main__":
    unittest.main()
