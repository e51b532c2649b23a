"""What would be if further events were published: the answer is what publishing them then makes of
the record, and asking writes nothing."""

import json
import os
import subprocess
import unittest
from datetime import timedelta

import facts
from forecast import (PROGRAMME, ahead, certificate, exception, finding, inheritance,
                      programme)
from world import BUILD, Scenario

CELL = ("service", "environment", "standard", "control")


def statement(version, *excluded, at=None):
    return facts.event(at or facts.ago(minutes=1), statementOfApplicability={
        "programme": PROGRAMME, "version": version,
        "dated": facts.instant(at or facts.ago(minutes=1)),
        "entries": [
            {"standard": facts.STANDARD, "control": control, "applicable": False,
             "justification": "there is none of it",
             "implementation": "IMPLEMENTATION_NOT_IMPLEMENTED"} for control in excluded
        ] + [
            {"standard": facts.STANDARD, "control": control, "applicable": True,
             "implementation": "IMPLEMENTATION_IMPLEMENTED"}
            for control in ("C.1", "C.2", "C.3") if control not in excluded
        ],
    })


class WhatIf(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = 0
        cls.world.aggregate()
        cls.stale, cls.valid_until = ahead(days=5), ahead(days=500)
        tested = facts.ago(hours=2)
        cls.world.assay("publish", stdin=facts.lines([
            *facts.base(["mail", "chat", "files"], ["c1", "c2", "c3"]), programme(),
            facts.result("mail", "c1", "PASS", tested, expires_at=cls.stale),
            facts.result("mail", "c2", "FAIL", tested, tool=("scan", "1.0")),
            facts.result("mail", "c3", "PASS", tested, tool=("scan", "2.0")),
            facts.result("chat", "c1", "PASS", tested),
            facts.result("chat", "c2", "PASS", tested, tool=("scan", "1.0")),
            facts.result("chat", "c3", "PASS", tested),
            statement("1", at=facts.ago(days=2)),
            certificate("ISMS-1", facts.LONG_AGO, cls.valid_until, at=facts.ago(days=1)),
        ]))
        cls.world.await_caught_up()

    def file(self, *events):
        type(self).files += 1
        path = self.world.directory / f"supposed-{self.files}.jsonl"
        path.write_bytes(facts.lines(events))
        return path

    def ask(self, *arguments, status=0):
        return json.loads(self.world.assay("what-if", "--json", *arguments, status=status).stdout)

    def read(self, at):
        """The record at an instant, as what-if speaks of it: what is where, by its place."""
        cells = {
            tuple(row[part] for part in CELL): (row["status"], row["since"])
            for row in self.world.query("SELECT * FROM assay.cell_status_at(%s)", at)
        }
        standings = {
            (row["service"], row["environment"], row["standard"], what): value
            for row in self.world.query("SELECT * FROM assay.service_status_at(%s)", at)
            for what, value in (
                ("membership", row["membership"]), ("posture", row["posture"]),
                ("percent", None if row["percent"] is None else str(row["percent"])),
                ("certificate", row["certificate_state"]),
                ("certified", "yes" if row["certified"] else "no"))
        }
        certificates = {
            (row["programme"], row["standard"], what): value
            for row in self.world.query("SELECT * FROM assay.certification_at(%s)", at)
            for what, value in (
                ("state", row["state"]), ("number", row["number"]), ("body", row["body"]),
                ("soa_version", row["soa_version"]), ("flags", " ".join(row["flags"]) or None),
                ("valid_until", row["valid_until"] and facts.instant(row["valid_until"])),
                ("surveillance_deadline", row["surveillance_deadline"]
                 and facts.instant(row["surveillance_deadline"])))
        }
        return cells, standings, certificates

    def publish_and_compare(self, *events, at=None):
        """Asks, publishes, and holds the answer against what the record then says."""
        at = at or facts.now()
        said = self.ask(f"--at={facts.instant(at)}", self.file(*events))
        before = self.read(at)
        self.world.assay("publish", stdin=facts.lines(events))
        self.world.await_caught_up()
        after = self.read(at)
        self.assertEqual(said["at"][:19], facts.instant(at)[:19])
        self.assertEqual(
            {tuple(row[part] for part in CELL):
             (row["from_status"], row["to_status"], row["since"] and moment(row["since"]))
             for row in said["cells"]},
            {place: (before[0].get(place, (None,))[0], *after[0].get(place, (None, None)))
             for place in before[0].keys() | after[0].keys()
             if before[0].get(place, (None,))[0] != after[0].get(place, (None,))[0]})
        self.assertEqual(
            {(row["service"], row["environment"], row["standard"], row["what"]):
             (row["from"], row["to"]) for row in said["standings"]},
            changes(before[1], after[1]))
        self.assertEqual(
            {(row["programme"], row["standard"], row["what"]):
             tuple(map(fractionless, (row["from"], row["to"]))) for row in said["certificates"]},
            {place: tuple(map(fractionless, pair))
             for place, pair in changes(before[2], after[2]).items()})
        return said

    def test_1_evidence(self):
        said = self.publish_and_compare(
            facts.result("mail", "c2", "PASS", facts.ago(minutes=5)),
            facts.result("files", "c1", "FAIL", facts.ago(minutes=5)))
        mail = {row["control"]: row for row in said["cells"] if row["service"] == "mail"}
        self.assertEqual(mail.keys(), {"C.2"})
        self.assertEqual((mail["C.2"]["from_status"], mail["C.2"]["to_status"]),
                         ("FAILED", "PASSED"))
        self.assertEqual(mail["C.2"]["rule"]["number"], 10)
        self.assertEqual(mail["C.2"]["deciding"]["line"], 1)
        self.assertEqual(mail["C.2"]["deciding"]["body"], "control_test_result")

    def test_2_a_recalled_tool(self):
        said = self.publish_and_compare(facts.tool_recall("scan", "1.0", facts.ago(minutes=4)))
        self.assertEqual({(row["service"], row["control"], row["to_status"])
                          for row in said["cells"]}, {("chat", "C.2", "NOT_TESTED")})

    def test_3_a_statement_of_applicability_and_the_certificate(self):
        said = self.publish_and_compare(statement("2", "C.3"))
        self.assertIn(("flags", None, "SOA_DIFFERS"),
                      [(row["what"], row["from"], row["to"]) for row in said["certificates"]])
        self.assertTrue(said["cells"])
        for row in said["cells"]:
            self.assertEqual((row["control"], row["to_status"], row["deciding"]["line"]),
                             ("C.3", "NOT_APPLICABLE", 1))
        said = self.publish_and_compare(
            certificate("ISMS-1", facts.LONG_AGO, self.valid_until, "SUSPENDED",
                        at=facts.ago(minutes=2)))
        self.assertIn(("state", "CERTIFIED", "SUSPENDED"),
                      [(row["what"], row["from"], row["to"]) for row in said["certificates"]])
        self.assertEqual(said["cells"], [])
        self.assertEqual({row["to"] for row in said["standings"] if row["what"] == "certificate"},
                         {"SUSPENDED"})

    def test_4_mappings_standards_scope_findings_and_exceptions(self):
        said = self.publish_and_compare(
            facts.mapping("c1", ["C.2"], at=facts.ago(minutes=3)),
            facts.standard(["C.1", "C.2", "C.4"], at=facts.ago(minutes=3)),
            facts.scope("files", at=facts.ago(minutes=3), membership="REMOVED"),
            facts.scope("chat", at=facts.ago(minutes=3), environment="gcc"),
            finding("F-1", facts.ago(minutes=3), control="C.1"),
            exception("EX-1", ahead(days=9), facts.ago(minutes=3), service="chat"))
        self.assertEqual({row["control"] for row in said["cells"]}, {"C.1", "C.2", "C.3", "C.4"})
        self.assertEqual({row["environment"] for row in said["cells"]}, {"prod", "gcc"})
        self.assertIn("OUT_OF_SCOPE", {row["to_status"] for row in said["cells"]})
        self.assertIn(None, {row["to_status"] for row in said["cells"]})
        self.publish_and_compare(
            facts.onboarding("new"), facts.scope("new"),
            facts.result("new", "c1", "PASS", facts.ago(minutes=3)), at=facts.ago(minutes=1))

    def test_5_the_days_to_come(self):
        later = ahead(days=2)
        renewed = facts.result("mail", "c9", "PASS", facts.ago(hours=1), expires_at=later)
        file = self.file(facts.mapping("c9", ["C.4"], at=facts.ago(hours=2)), renewed)
        said = self.ask("--days=10", file)
        rows = [(row["from_status"], row["to_status"], row["at"], row["until"])
                for row in said["cells"] if row["service"] == "mail" and row["control"] == "C.4"]
        self.assertEqual([row[:2] for row in rows],
                         [("NOT_TESTED", "PASSED"), ("NOT_TESTED", "STALE")])
        self.assertEqual([moment(rows[0][3]), moment(rows[1][2])], [later, later])
        self.assertIsNone(rows[1][3])
        then = self.ask(f"--at={facts.instant(later)}", file)
        self.assertEqual([row["to_status"] for row in then["cells"]
                          if row["service"] == "mail" and row["control"] == "C.4"], ["STALE"])

    def test_6_nothing_is_written(self):
        self.world.stop_aggregators()
        file = self.file(
            facts.standard(["C.1"]), facts.onboarding("other"), facts.scope("other"),
            facts.result("other", "cx", "PASS", facts.ago(minutes=2), tool=("new", "1")),
            facts.result("mail", "c1", "FAIL", facts.ago(minutes=2)))
        before = self.everything()
        # The reader may not write, nor call what does; nor may anything in a session like this.
        reader = (f"{self.world.postgresql.uri()}&options=-c%20role%3Dassay_reader"
                  "%20-c%20default_transaction_read_only%3Don")
        said = self.ask(f"--database={reader}", file)
        self.assertIn("other", [row["service"] for row in said["cells"]])
        self.assertEqual(said, {**self.ask(f"--at={said['at']}", file)})
        self.assertEqual(before, self.everything())
        self.assertEqual(before.keys() & {"ledger", "fact", "timeline"},
                         {"ledger", "fact", "timeline"})

    def everything(self):
        """What all tables hold, all sequences have come to, and what is where."""
        tables = self.world.query(
            "SELECT c.relname, c.relkind FROM pg_class c WHERE c.relkind IN ('r', 'p', 'S')"
            " AND c.relnamespace = 'record'::regnamespace AND NOT c.relispartition")
        relations = self.world.query(
            "SELECT c.oid, c.relfilenode, c.relname FROM pg_class c"
            " WHERE c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'pg_toast'::regnamespace)"
            " ORDER BY c.oid")
        return {"": [tuple(row.values()) for row in relations]} | {
            row["relname"]: self.world.value(
                f"SELECT last_value FROM record.{row['relname']}" if row["relkind"] == "S" else
                f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM record."
                f"\"{row['relname']}\" t")
            for row in tables
        }

    def test_7_bad_lines_are_left_out(self):
        file = self.file(facts.scope("mail", environment="dod"))
        bad = facts.result("mail", "c1", "PASS", facts.ago(minutes=1))
        bad["controlTestResult"]["check"] = "no such name"
        early = facts.result("mail", "c1", "FAIL", ahead(days=1))
        file.write_bytes(b"\xef\xbb\xbfnothing\n\n" + facts.lines([bad, early])
                         + file.read_bytes())
        done = self.world.assay("what-if", "--json", file, status=1)
        said = json.loads(done.stdout)
        self.assertEqual((said["events"], said["refused"]), (1, 3))
        self.assertEqual({row["environment"] for row in said["cells"]}, {"dod"})
        errors = done.stderr.decode()
        self.assertIn(f"{file}:1: ", errors)
        self.assertIn(f"{file}:3: control_test_result.check: ", errors)
        self.assertIn("future", errors)
        # what is sent tomorrow may be dated so
        self.assertEqual(self.ask("--days=1", file, status=1)["refused"], 2)
        self.world.assay("what-if", self.world.directory / "no-such-file", status=3)
        self.world.assay("what-if", status=2)

    def test_8_as_tables(self):
        file = self.file(facts.scope("mail", environment="dod"),
                         facts.result("mail", "c2", "FAIL", facts.ago(minutes=1),
                                      environment="dod"))
        cells, standings = self.world.assay("what-if", file).stdout.decode().split("\n\n")
        rows = [line.split() for line in cells.splitlines()[1:]]
        self.assertEqual([row[1:7] for row in rows],
                         [["mail", "dod", "std-1", "NOT_TESTED", "2", "C.1"],
                          ["mail", "dod", "std-1", "FAILED", "1", "C.2"]])
        self.assertIn("C.1 C.4", cells)
        self.assertIn(f"({file}:2)", cells)
        self.assertIn("FAILING", standings)
        said = self.ask(self.file(facts.mapping("cx", ["C.1", "C.99"], at=facts.ago(minutes=1)),
                                  facts.result("mail", "cy", "PASS", facts.ago(minutes=1))))
        self.assertEqual([(row["line"], row["reason"], row["control"])
                          for row in said["without_effect"]],
                         [(1, "unknown_control", "C.99"), (2, "no_mapping", None)])
        nothing = self.world.assay("what-if", "-", stdin=b"")
        self.assertEqual(nothing.stdout, b"")
        self.assertIn(b"nothing would change", nothing.stderr)


class Strangers(Scenario):
    """Who does not know the programs yet is told what is wrong, by an exit status too."""

    ANSWERS = (["status"], ["status", "mail"], ["forecast"], ["impact", "chat"],
               ["explain", "mail", "prod", "std-1", "C.1"])

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.aggregate()
        cls.result = facts.result("mail", "c1", "PASS", facts.ago(hours=1), tool=("scan", "1"))
        cls.events = [*facts.base(["mail", "chat"], ["c1"]), cls.result,
                      inheritance("mail", "C.1", "chat", "HYBRID", at=ahead(days=2))]
        cls.world.assay("publish", stdin=facts.lines(cls.events))
        cls.world.await_caught_up()
        cls.world.stop_aggregators()

    def answers(self):
        file = self.world.directory / "fails.jsonl"
        file.write_bytes(facts.lines([facts.result("mail", "c1", "FAIL", facts.ago(minutes=1))]))
        later = f"--at={facts.instant(ahead(days=3))}"
        for answer in (*self.ANSWERS, ["what-if", file]):
            yield [answer[0], *([later] if answer[0] == "impact" else []), *answer[1:]]

    def run_to(self, output, *arguments, **environment):
        return subprocess.run(
            [BUILD / "bin" / "assay", *arguments], stdout=output, stderr=subprocess.PIPE,
            env={**os.environ, **self.world.environment(), **environment}, timeout=60)

    # docs/answers.md: as others' programs know them
    SHAPES = (
        {"services", "certificates"}, {"services", "cells"},
        {"at", "until", "cells", "standings", "certificates", "takes_effect", "due"},
        {"service", "environments", "at", "inheriting"},
        {*CELL, "at", "status", "since", "until", "inherited_from", "exception", "finding", "rule",
         "deciding", "rules", "own_status", "own_deciding", "inheritance", "office", "in_force",
         "checks_required", "checks_missing", "checks", "next"},
        {"at", "until", "events", "refused", "cells", "standings", "certificates",
         "without_effect"},
    )

    def test_1_every_answer_is_json_too(self):
        for answer, shape in zip(self.answers(), self.SHAPES, strict=True):
            said = json.loads(self.world.assay(*answer, "--json").stdout)
            self.assertEqual(said.keys(), shape)

    def test_2_an_answer_that_cannot_be_written_failed(self):
        for answer in self.answers():
            for flags in ([], ["--json"]):
                with self.subTest(answer=answer, flags=flags), open("/dev/full", "wb") as full:
                    done = self.run_to(full, *answer, *flags)
                    self.assertEqual(done.returncode, 3)
                    self.assertIn(b"standard output", done.stderr)

    def test_3_without_a_database(self):
        for answer in self.answers():
            done = self.run_to(subprocess.PIPE, *answer,
                               ASSAY_DATABASE="postgresql://nobody@127.0.0.1:1/none")
            self.assertEqual((done.returncode, done.stdout), (3, b""))
            self.assertIn(b"refused", done.stderr)

    def test_4_usage(self):
        for arguments, words in (
                (["what-if"], "FILE is needed"), (["what-if", "--days", "x", "-"], "whole number"),
                (["what-if", "--team=a b", "-"], "--team"), (["what-if", "--at=now", "-"], "--at"),
                (["what-if", "--no"], "no flag --no"), (["forecast", "--days=0"], "whole number"),
                (["forecast", "a", "b"], "not also 'b'"), (["forecast", "--at=x"], "--at"),
                (["impact"], "SERVICE"), (["impact", "a", "b c"], "no name"),
                (["explain", "mail", "prod"], "CONTROL"), (["explain", "--at=x"], "--at")):
            operands = ["a", "b", "c", "d"] if arguments == ["explain", "--at=x"] else []
            with self.subTest(arguments=arguments):
                done = self.world.assay(*arguments, *operands, status=2)
                self.assertEqual(done.stdout, b"")
                self.assertIn(words, done.stderr.decode())

    def test_5_what_there_is_not(self):
        for arguments, words in (
                (["status", "nobody"], "nobody"), (["forecast", "nobody"], "nobody"),
                (["impact", "nobody"], "knows no service nobody"),
                (["impact", "mail", "mars"], "nothing inherits"),
                (["explain", "nobody", "prod", "std-1", "C.1"], "nobody"),
                (["explain", "mail", "prod", "std-1", "C.9"], "C.9"),
                (["explain", "--at=2020-01-01T00:00:00Z", "mail", "prod", "std-1", "C.1"],
                 "at 2020-01-01"),
                (["explain", "--known-at=2020-01-01T00:00:00Z", "mail", "prod", "std-1", "C.1"],
                 "known at 2020-01-01")):
            with self.subTest(arguments=arguments):
                done = self.world.assay(*arguments, status=1)
                self.assertEqual(done.stdout, b"")
                self.assertIn(words, done.stderr.decode())
        for answer in (["status"], self.ANSWERS[-1]):  # not known yet: nobody can say
            done = self.world.assay(*answer, "--known-at=2030-01-01T00:00:00Z", status=3)
            self.assertIn(b"beyond the last commit", done.stderr)

    def test_6_what_is_known_already_changes_nothing(self):
        done = self.world.assay("what-if", "-", stdin=facts.lines(self.events))
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"nothing would change", done.stderr)

    def test_7_what_the_file_takes_back_itself(self):
        fails = facts.result("mail", "c1", "FAIL", facts.ago(minutes=5), tool=("scan", "2"),
                             id="5f0c2c9e-8d5e-4c0e-9a55-0f8c33a4b1aa")
        once = json.loads(self.world.assay("what-if", "--json", "-",
                                           stdin=facts.lines([fails, fails])).stdout)
        self.assertEqual([row["to_status"] for row in once["cells"]], ["FAILED"])
        for back in (facts.retraction(fails["id"], facts.ago(minutes=9), service="mail"),
                     facts.retraction(fails["id"], ahead(days=9)),
                     facts.tool_recall("scan", "2", facts.ago(minutes=1))):
            for lines in ([fails, back], [back, fails]):
                said = json.loads(self.world.assay("what-if", "--json", "-",
                                                   stdin=facts.lines(lines)).stdout)
                self.assertEqual((said["events"], said["cells"]), (2, []))

    def test_8_many_events(self):
        some = [facts.result("mail", "c1", "PASS", facts.ago(minutes=1), subject=f"vm-{number}")
                for number in range(20_000)]
        some[-1]["controlTestResult"]["result"] = "RESULT_FAIL"
        said = json.loads(self.world.assay("what-if", "--json", "-",
                                           stdin=facts.lines(some)).stdout)
        self.assertEqual((said["events"], said["refused"]), (20_000, 0))
        self.assertEqual([(row["to_status"], row["deciding"]["line"]) for row in said["cells"]],
                         [("FAILED", 20_000)])


class Inherited(Scenario):
    """Who inherits from what is supposed changes with it."""

    def test_1_evidence_and_inheritances(self):
        world = self.world
        world.aggregate()
        tested = facts.ago(hours=2)
        world.assay("publish", stdin=facts.lines([
            *facts.base(["web", "api", "base", "alone"], ["c1"]),
            *[facts.result(service, "c1", "PASS", tested)
              for service in ("web", "api", "base", "alone")],
            inheritance("web", "C.1", "api", "HYBRID"), inheritance("api", "*", "base"),
        ]))
        world.await_caught_up()

        def ask(*events):
            said = json.loads(world.assay("what-if", "--json", "-",
                                          stdin=facts.lines(events)).stdout)
            return {row["service"]: row for row in said["cells"]}

        fails = facts.result("base", "c1", "FAIL", facts.ago(minutes=5),
                             id="5f0c2c9e-8d5e-4c0e-9a55-0f8c33a4b1aa")
        cells = ask(fails)
        self.assertEqual({service: (row["from_status"], row["to_status"])
                          for service, row in cells.items()},
                         {service: ("PASSED", "FAILED") for service in ("web", "api", "base")})
        for row in cells.values():
            self.assertEqual((row["deciding"]["event"], row["deciding"]["line"]), (fails["id"], 1))
        self.assertEqual(cells["web"]["rule"]["sentence"], "inherited from api/prod")
        # both at once: an inheritance that is supposed, from what is supposed
        cells = ask(fails, inheritance("*", "C.1", "base", at=facts.ago(hours=1)))
        self.assertEqual({service: row["to_status"] for service, row in cells.items()},
                         dict.fromkeys(("web", "api", "base", "alone"), "FAILED"))
        # and one that is taken away
        cells = ask(fails, inheritance("api", "*", "base", "NONE", at=facts.ago(hours=1)))
        self.assertEqual(cells.keys(), {"base"})


def moment(text):
    return facts.datetime.fromisoformat(text)


def fractionless(text):
    """instant_format leaves out zero fractions, facts.instant does not."""
    return text.replace(".000000Z", "Z") if text else text


def changes(before, after):
    return {place: (before.get(place), after.get(place)) for place in before.keys() | after.keys()
            if before.get(place) != after.get(place)}


if __name__ == "__main__":
    unittest.main()
