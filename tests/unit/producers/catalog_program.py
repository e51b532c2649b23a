#!/usr/bin/python3
"""catalog_program -- assay-catalog as its users call it.

    catalog_program.py PROGRAM MOCK_BROKER

What is sent goes to librdkafka's mock of a cluster, in a process beside it.
"""

import json
import os
import subprocess
import sys
import unittest

PROGRAM, MOCK_BROKER = (sys.argv.pop(1) for _ in range(2))
STANDARDS = ["iso-27001-2013", "iso-27001-2022", "iso-27017-2015", "iso-27018-2019",
             "iso-27018-2025", "iso-27701-2019", "iso-27701-2025"]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("ASSAY_")}


def run(*arguments, stdout=subprocess.PIPE, **environment):
    return subprocess.run(
        [PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=stdout,
        stderr=subprocess.PIPE, encoding="utf-8", timeout=60, env={**ENVIRONMENT, **environment},
    )


class Catalog(unittest.TestCase):
    def done(self, *arguments, **environment):
        ran = run(*arguments, **environment)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def refused(self, status, told, *arguments, **environment):
        ran = run(*arguments, **environment)
        self.assertEqual(ran.returncode, status, ran.stderr)
        self.assertIn(told, ran.stderr)
        self.assertEqual(ran.stdout, "")

    def test_list(self):
        lines = self.done("list").splitlines()
        self.assertEqual([line.split()[0] for line in lines[1:]], STANDARDS)
        listed = json.loads(self.done("list", "--json"))["standards"]
        self.assertEqual([each["standard"] for each in listed], STANDARDS)
        self.assertEqual(listed[0]["certifiableUntil"], "2025-11-01T00:00:00Z")
        self.assertIsNone(listed[1]["certifiableUntil"])
        self.assertEqual(listed[1]["controlCount"], 93)

    def test_show_a_standard(self):
        shown = json.loads(self.done("show", "iso-27001-2022", "--json"))
        self.assertEqual(len(shown["controls"]), 93 + 30)
        for_people = self.done("show", "iso-27001-2022")
        for control in shown["controls"]:
            self.assertIn(control["title"], for_people)
        self.assertIn("provenance", for_people)

    def test_show_a_control_and_where_it_comes_from(self):
        shown = json.loads(self.done("show", "iso-27001-2022", "A.8.8", "--json"))
        self.assertEqual(shown["kind"], "CONTROL")
        walks = {(walk["from"], walk["to"]): walk["pairs"] for walk in shown["crosswalks"]}
        pairs = walks["iso-27001-2013", "iso-27001-2022"]
        self.assertEqual([(pair["from"], pair["extent"]) for pair in pairs],
                         [("A.12.6.1", "partial"), ("A.18.2.3", "partial")])
        self.assertEqual(walks["iso-27001-2022", "iso-27701-2025"], [])
        one = json.loads(
            self.done("show", "iso-27001-2022", "A.8.8", "--map", "iso-27701-2025", "--json"))
        self.assertEqual([walk["to"] for walk in one["crosswalks"]], ["iso-27701-2025"])
        self.assertIn("A.12.6.1", self.done("show", "iso-27001-2022", "A.8.8"))

    def test_show_a_crosswalk_from_either_side(self):
        there = self.done("show", "iso-27001-2013", "--map", "iso-27001-2022", "--json")
        back = self.done("show", "iso-27001-2022", "--map", "iso-27001-2013", "--json")
        self.assertEqual(there, back)
        new = [pair for pair in json.loads(there)["pairs"] if pair["extent"] == "new"]
        self.assertTrue(all(pair["from"] is None for pair in new))
        self.assertIn("provenance", self.done("show", "iso-27001-2013", "--map", "iso-27001-2022"))

    def test_dry_run_prints_what_would_be_sent(self):
        lines = self.done("publish", "--dry-run", *STANDARDS).splitlines()
        events = [json.loads(line) for line in lines]
        self.assertEqual([event["standard"]["standard"] for event in events], STANDARDS)
        self.assertEqual(lines, self.done("publish", "--dry-run", *STANDARDS).splitlines())
        self.assertEqual(events[0]["occurredAt"], "2013-10-01T00:00:00Z")
        self.assertEqual(events[0]["source"], "assay-catalog/iso-27001-2013")
        self.assertEqual(events[2]["standard"]["extends"], ["iso-27001-2013"])

    def test_annex_only_and_the_other_wishes(self):
        event = json.loads(self.done(
            "publish", "--dry-run", "--annex-only", "--occurred-at", "2026-11-01T01:00:00+01:00",
            "--source", "office/grc", "--actor", "A. Person", "iso-27001-2013"))
        self.assertEqual(len(event["standard"]["controls"]), 114)
        self.assertEqual(event["occurredAt"], "2026-11-01T00:00:00Z")
        self.assertEqual((event["source"], event["actor"]), ("office/grc", "A. Person"))
        event = json.loads(self.done(
            "publish", "--dry-run", "--extends", "iso-27001-2022", "iso-27017-2015"))
        self.assertEqual(event["standard"]["extends"], ["iso-27001-2022"])

    def test_publish_delivers(self):
        broker = subprocess.Popen([MOCK_BROKER, "assay.governance"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        self.addCleanup(broker.communicate)
        address = broker.stdout.readline().strip()
        counts = json.loads(self.done("publish", "-b", address, "--json", *STANDARDS))
        self.assertEqual(counts, {"delivered": len(STANDARDS), "refused": 0, "failed": 0})

    def test_no_broker(self):
        self.refused(2, "no broker is named", "publish", "iso-27001-2022")
        self.refused(3, "127.0.0.1:1", "publish", "-b", "127.0.0.1:1", "--timeout", "1",
                     "iso-27001-2022")

    def test_what_is_not_there(self):
        self.refused(1, 'no standard "iso-9001"', "show", "iso-9001")
        self.refused(1, 'no standard "iso-9001"', "show", "iso-27001-2022", "--map", "iso-9001")
        self.refused(1, 'no control "A.9.9"', "show", "iso-27001-2022", "A.9.9")
        self.refused(1, "no crosswalk between", "show", "iso-27001-2022", "--map",
                     "iso-27017-2015")
        # Nothing is sent where one of them is not there.
        self.refused(1, 'no standard "iso-9001"', "publish", "-b", "127.0.0.1:1", "iso-27001-2022",
                     "iso-9001")
        self.refused(1, 'no standard "iso-9001"', "publish", "--dry-run", "iso-27001-2022",
                     "iso-9001")

    def test_usage(self):
        for told, *arguments in (
            ["say what to do"],
            ['there is no "frob"', "frob"],
            ["list takes no operands", "list", "iso-27001-2022"],
            ["show takes a STANDARD", "show"],
            ["show takes a STANDARD", "show", "a", "b", "c"],
            ["publish takes the STANDARDs", "publish"],
            ["--map is for show", "publish", "--map", "iso-27001-2013", "iso-27001-2022"],
            ["--map is for show", "list", "--map", "iso-27001-2013"],
            ["is for publish", "show", "--annex-only", "iso-27001-2022"],
            ["is for publish", "list", "--dry-run"],
            ["is for publish", "show", "--extends", "x", "iso-27001-2022"],
            ["with its zone", "publish", "--occurred-at", "2026-11-01T00:00:00", "iso-27001-2022"],
            ["--source takes", "publish", "--source", "a b", "iso-27001-2022"],
            ["--extends takes", "publish", "--extends", "a/b", "iso-27001-2022"],
            ["goes with one", "publish", "--extends", "x", "iso-27001-2022", "iso-27001-2013"],
        ):
            with self.subTest(arguments=arguments):
                self.refused(2, told, *arguments)

    def test_variables_are_for_the_commands_that_heed_them(self):
        variables = {"ASSAY_OCCURRED_AT": "2026-11-01T00:00:00Z", "ASSAY_ANNEX_ONLY": "1",
                     "ASSAY_EXTENDS": "iso-27001-2022", "ASSAY_DRY_RUN": "1"}
        self.assertEqual(self.done("list", **variables), self.done("list"))
        show = ["show", "iso-27017-2015"]
        self.assertEqual(self.done(*show, **variables), self.done(*show))
        event = json.loads(self.done("publish", "iso-27017-2015", ASSAY_MAP="x", **variables))
        self.assertEqual(event["standard"]["extends"], ["iso-27001-2022"])
        self.assertEqual(event["occurredAt"], "2026-11-01T00:00:00Z")

    def test_a_full_disk_is_told(self):
        for arguments in (["list"], ["show", "iso-27001-2022", "--json"],
                          ["publish", "--dry-run", "iso-27001-2022"]):
            with self.subTest(arguments=arguments), open("/dev/full", "w") as full:
                ran = run(*arguments, stdout=full)
                self.assertEqual(ran.returncode, 3, ran.stderr)
                self.assertIn("cannot write to standard output", ran.stderr)


if __name__ == "__main__":
    unittest.main()
