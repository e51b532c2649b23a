#!/usr/bin/python3
"""programs -- assay-publish, assay-import, assay-topics and assay as a user runs them.

    programs.py BIN MOCK_BROKER TOP [CLASS]

Against librdkafka's mock cluster: exit statuses, messages and what arrives. tests/pipeline does the
same against Apache Kafka.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

BIN, MOCK_BROKER, TOP = (Path(sys.argv.pop(1)).resolve() for _ in range(3))
SCAN = TOP / "tests/fixtures/xccdf/arf.xml"
TOPICS = ["assay.evidence", "assay.evidence.mail", "assay.services", "assay.scope",
          "assay.governance"]
NOBODY = "127.0.0.1:1"  # a port nobody listens on

GOOD = {
    "source": "scanner/host-01", "occurredAt": "2026-11-20T03:56:40Z",
    "controlTestResult": {"service": "mail", "environment": "gcc", "check": "tls",
                          "subject": "host-01", "method": "METHOD_TEST", "result": "RESULT_PASS"},
}


def event(**fields):
    return {**GOOD, "controlTestResult": {**GOOD["controlTestResult"], **fields}}


def environment(**variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}
    return {**kept, **variables}


class Broker:
    def __init__(self):
        self.process = subprocess.Popen([MOCK_BROKER, *TOPICS], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def ask(self, request):
        self.process.stdin.write(request + "\n")
        self.process.stdin.flush()
        return list(iter(lambda: self.process.stdout.readline().rstrip("\n"), "."))

    def read(self, topic):
        return [line.split(" ") for line in self.ask(f"read {topic}")]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = Broker()
        cls.addClassCleanup(cls.broker.close)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_program(self, name, *arguments, status=0, text="", brokers=None, **variables):
        done = subprocess.run(
            [BIN / name, *arguments], input=text, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=60,
            env=environment(**{"ASSAY_BROKERS": brokers or self.broker.address, **variables}),
        )
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def write(self, name, *lines):
        path = self.folder / name
        path.write_text("".join(
            (line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
        return path


class Publish(Programs):
    def test_bad_lines_are_named_and_the_others_sent(self):
        before = len(self.broker.read("assay.evidence"))
        path = self.write("events.jsonl", event(check="one"), "", event(service="no slug"),
                          "nonsense", "  ", event(result="RESULT_SPLENDID"), event(check="two"))
        done = self.run_program("assay-publish", "--json", path, status=1)
        self.assertEqual(json.loads(done.stdout), {"delivered": 2, "refused": 3, "failed": 0})
        self.assertIn(f"{path}:3: control_test_result no slug: control_test_result.service: ",
                      done.stderr)
        self.assertIn(f"{path}:4: ", done.stderr)
        self.assertIn(f"{path}:6: controlTestResult.result: \"RESULT_SPLENDID\"", done.stderr)
        self.assertEqual(done.stderr.count("error:"), 3)
        self.assertEqual(len(self.broker.read("assay.evidence")), before + 2)

    def test_a_second_time_the_ids_are_the_same(self):
        path = self.write("events.jsonl", event(check="again"), event(check="and-again"))
        before = self.broker.read("assay.evidence")
        self.run_program("assay-publish", path)
        self.run_program("assay-publish", "-", text=path.read_text())
        rows = self.broker.read("assay.evidence")
        ids = [row[2] for row in rows if row not in before]
        self.assertEqual(len(ids), 4)
        self.assertEqual(len(set(ids)), 2)
        self.assertEqual({row[1] for row in rows}, {"mail"})

    def test_a_team_and_a_source(self):
        nameless = {name: value for name, value in GOOD.items() if name != "source"}
        line = json.dumps(nameless)
        self.run_program("assay-publish", "--team", "mail", "--source", "s", text=line)
        self.assertEqual(len(self.broker.read("assay.evidence.mail")), 1)
        self.run_program("assay-publish", text=line, status=1)
        done = self.run_program("assay-publish", "--team", "a b", text="", status=2)
        self.assertIn("a b", done.stderr)

    def test_no_broker_ends_in_time(self):
        started = time.monotonic()
        done = self.run_program("assay-publish", "--timeout", "1", text=json.dumps(GOOD),
                                brokers=NOBODY, status=3)
        self.assertLess(time.monotonic() - started, 10)
        self.assertIn(NOBODY, done.stderr)
        self.assertIn("not sent", done.stderr)

    def test_usage(self):
        for arguments in (["--nonsense"], ["--timeout", "0"], ["-X", "no-such.property=1"],
                          ["-X", "acks=1"], ["-X", "sasl.password"]):
            with self.subTest(arguments=arguments):
                self.run_program("assay-publish", *arguments, status=2)
        done = self.run_program("assay-publish", "-X", "ssl.key.password.x=geheim", status=2)
        self.assertNotIn("geheim", done.stderr)
        self.assertIn("ASSAY_BROKERS", self.run_program("assay-publish", "--help").stdout)

    def test_a_missing_file_is_named_and_the_others_sent(self):
        path = self.write("events.jsonl", event(check="beside"))
        done = self.run_program("assay-publish", "--json", self.folder / "none.jsonl", path,
                                status=3)
        self.assertIn("none.jsonl: No such file", done.stderr)
        self.assertEqual(json.loads(done.stdout)["delivered"], 1)

    def test_a_closed_input_is_no_input(self):
        for arguments in (["assay-publish"], ["assay-import", "csv", "-"]):
            with self.subTest(arguments=arguments):
                done = subprocess.run(
                    [BIN / arguments[0], *arguments[1:]], stderr=subprocess.PIPE, text=True,
                    timeout=60, env=environment(ASSAY_BROKERS=self.broker.address),
                    preexec_fn=lambda: os.close(0))
                self.assertEqual(done.returncode, 3)
                self.assertIn("Bad file descriptor", done.stderr)

    def test_an_interrupt_finishes_what_is_in_flight(self):
        with subprocess.Popen(
                [BIN / "assay-publish", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True,
                env=environment(ASSAY_BROKERS=self.broker.address)) as program:
            before = len(self.broker.read("assay.evidence"))
            program.stdin.write(json.dumps(event(check="interrupted")) + "\n")
            program.stdin.flush()
            deadline = time.monotonic() + 30
            while len(self.broker.read("assay.evidence")) == before:
                self.assertLess(time.monotonic(), deadline)
            program.send_signal(signal.SIGINT)
            self.assertEqual(program.wait(30), 3)  # while its input is still open
            out, errors = program.communicate()
        self.assertEqual(json.loads(out), {"delivered": 1, "refused": 0, "failed": 0})
        self.assertIn("(standard input): stopped: from line 2 on nothing was sent", errors)


class BrokerGone(Programs):
    """What stops the broker for a while has a broker of its own."""

    def test_a_broker_that_goes_away_is_told_with_the_first_lines(self):
        self.run_program("assay-publish", text=json.dumps(GOOD))
        with subprocess.Popen(
                [BIN / "assay-publish", "--timeout", "2", "--json"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env=environment(ASSAY_BROKERS=self.broker.address)) as program:
            program.stdin.write(json.dumps(event(check="first")) + "\n")
            program.stdin.flush()
            deadline = time.monotonic() + 30
            while len(self.broker.read("assay.evidence")) < 2:
                self.assertLess(time.monotonic(), deadline)
            self.broker.ask("down")
            program.stdin.write(json.dumps(event(check="second")) + "\n")
            program.stdin.flush()
            # It has given up by itself, although its input goes on.
            self.assertEqual(program.wait(30), 3)
            out, errors = program.communicate()
        self.assertEqual(json.loads(out), {"delivered": 1, "refused": 0, "failed": 1})
        self.assertRegex(errors, r"\(standard input\):2: event [0-9a-f-]{36} for assay.evidence was"
                                 " not delivered")
        self.assertIn("stopped: from line 3 on nothing was sent", errors)


class Import(Programs):
    FLAGS = ["xccdf", "--service", "mail", "--environment", "gcc"]

    def test_twice_changes_nothing(self):
        before = self.broker.read("assay.evidence")
        first = self.run_program("assay-import", *self.FLAGS, "--with-mappings", SCAN)
        self.assertIn("mappings: 1 sent, 0 unchanged", first.stderr)
        second = self.run_program("assay-import", *self.FLAGS, "--with-mappings", SCAN)
        self.assertIn("mappings: 0 sent, 1 unchanged", second.stderr)
        [mapping] = self.broker.read("assay.governance")
        self.assertEqual(mapping[1], "login")
        self.assertEqual(mapping[3], "assay.v1.check_mapping")
        results = [row for row in self.broker.read("assay.evidence") if row not in before]
        self.assertEqual(len(results), 2)
        self.assertEqual(results[0], results[1])  # partition, key and id
        self.run_program("assay-import", *self.FLAGS[:-1], "dod", "--with-mappings", SCAN)
        self.assertEqual(len(self.broker.read("assay.governance")), 2)

    def test_governance_is_read_before_anything_is_sent(self):
        before = len(self.broker.read("assay.evidence"))
        done = self.run_program("assay-import", *self.FLAGS, "--with-mappings", "--timeout", "1",
                                SCAN, brokers=NOBODY, status=3)
        self.assertIn("not imported", done.stderr)
        self.assertEqual(len(self.broker.read("assay.evidence")), before)

    def test_a_dry_run_needs_no_broker(self):
        done = self.run_program("assay-import", *self.FLAGS, "--with-mappings", "--dry-run", SCAN,
                                ASSAY_BROKERS="")
        bodies = [sorted(json.loads(line))[1] for line in done.stdout.splitlines()]
        self.assertEqual(len(bodies), 2)
        # What it prints is what publish takes.
        self.run_program("assay-publish", "--team", "mail", text=done.stdout.splitlines()[0])

    def test_standard_input_and_csv(self):
        self.run_program("assay-import", *self.FLAGS, "--dry-run", "-", text=SCAN.read_text())
        rows = ("service,environment,check,subject,result,occurred_at,expires_at,method,summary\n"
                "mail,gcc,c,,PASS,2026-11-20T10:00:00Z,,EXAMINE,seen\n"
                "mail,gcc,c,,PERFECT,2026-11-20T10:00:00Z,,EXAMINE,seen\n")
        done = self.run_program("assay-import", "csv", "--json", "-", text=rows, status=1)
        self.assertEqual(json.loads(done.stdout), {"delivered": 1, "refused": 1, "failed": 0})
        self.assertIn("(standard input):3: column result: ", done.stderr)

    def test_usage(self):
        for arguments in ([], ["xml", "f"], ["xccdf", SCAN], ["xccdf", "--service", "s", SCAN],
                          ["csv", "--service", "s", "f"], [*self.FLAGS],
                          [*self.FLAGS, "--required", "some", SCAN],
                          [*self.FLAGS, "--observed-at", "2026-11-20T10:00:00", SCAN],
                          ["xccdf", "--service", "a b", "--environment", "gcc", SCAN]):
            with self.subTest(arguments=arguments):
                self.run_program("assay-import", *arguments, status=2)
        self.run_program("assay-import", *self.FLAGS, self.folder / "none.xml", status=3)


class Topics(Programs):
    def test_usage_and_no_broker(self):
        self.run_program("assay-topics", status=2)
        self.run_program("assay-topics", "destroy", status=2)
        self.run_program("assay-topics", "create", "extra", status=2)
        self.run_program("assay-topics", "create", "--team", "a b", status=2)
        done = self.run_program("assay-topics", "create", "--timeout", "1", brokers=NOBODY,
                                status=3)
        self.assertIn(NOBODY, done.stderr)


class Dispatcher(Programs):
    def test_it_runs_what_lies_beside_it(self):
        done = self.run_program("assay", "publish", "--json", text="")
        self.assertEqual(json.loads(done.stdout)["delivered"], 0)
        self.assertEqual(self.run_program("assay", "help", "publish").stdout,
                         self.run_program("assay-publish", "--help").stdout)
        self.run_program("assay", "publish", "--nonsense", status=2)

    def test_it_lists_them(self):
        for arguments in ([], ["--help"], ["help"]):
            text = self.run_program("assay", *arguments).stdout
            for name in ("publish", "import", "topics"):
                self.assertTrue(re.search(rf"^  {name} +\w", text, re.MULTILINE), text)
            self.assertNotIn("dashboard ", text)  # only what is there

    def test_it_says_what_may_have_been_meant(self):
        self.assertIn("publish", self.run_program("assay", "publsh", status=2).stderr)
        self.assertIn("import", self.run_program("assay", "imp", status=2).stderr)
        self.assertNotIn("near", self.run_program("assay", "xyzzy", status=2).stderr)
        self.run_program("assay", "../assay-publish", status=2)


if __name__ == "__main__":
    unittest.main()
