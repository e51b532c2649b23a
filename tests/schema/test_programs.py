"""assay status and assay rejects, as a person calls them."""

import json
import os
import pty
import subprocess
import unittest

from cluster import BUILD, Database
from rows import FAILED, PASSED, STALE, Rows, Standing, Step, event_id, hour
from test_records import headers


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.close)


class Status(Programs):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = Rows(cls.database)
        first = rows.commit()
        for service, status in (("mail", FAILED), ("chat", PASSED)):
            rows.pair(service, "prod", ["A.10.1", "A.9.1"])
            rows.timeline(service, "prod", first, [
                Step(0, hour(0), PASSED, True, checks=1, deciding=event_id(1)),
                Step(1, hour(0), status, True, checks=2, missing=1),
                Step(0, hour(10), STALE, True, stale=True),
            ])
            rows.standing(service, "prod", first, [
                Standing("std", hour(0), 4, 6, passed=1, failed=1),
                Standing("std", hour(10), 4, 5, passed=1, stale=1),
            ])
        rows.fact(first, "service_onboarding", "mail", 1, {"title": "Mail for All"}, "mail")
        rows.fact_step(first, "service_onboarding", "mail", hour(0), 1)
        rows.timeline("mail", "prod", rows.commit(), [Step(1, hour(0), PASSED, True)])

    def test_services(self):
        out, err = self.database.run("status")
        self.assertEqual(err, "")
        heading, chat, mail = out.splitlines()
        self.assertEqual(heading.split()[:4], ["SERVICE", "TITLE", "ENVIRONMENT", "STANDARD"])
        self.assertEqual(
            mail.split(),
            "mail Mail for All prod std IN_SCOPE INCOMPLETE 1 0 0 0 1 0 2 50.00 NONE no".split(),
        )
        self.assertEqual(chat.split()[0], "chat")
        self.assertNotIn("\x1b", out)

    def test_a_service_and_its_controls(self):
        out, _ = self.database.run("status", "mail", "--at", "2026-03-01T03:00:00+03:00")
        services, cells = out.split("\n\n")
        self.assertEqual(len(services.splitlines()), 2)
        self.assertIn("FAILING", services)
        self.assertEqual([line.split()[2:6] for line in cells.splitlines()[1:]], [
            ["A.9.1", "PASSED", "2026-03-01T00:00:00Z", "0"],
            ["A.10.1", "PASSED", "2026-03-01T00:00:00Z", "2026-03-01T10:00:00Z"],
        ])
        self.assertIn("due soon", cells)

    def test_known_at(self):
        arguments = ("status", "mail", "--json", "--at", "2026-03-01T00:00:00Z")
        for known_at, status in (("2026-03-01T01:30:00Z", "FAILED"),
                                 ("2026-03-01T02:00:00Z", "PASSED")):
            out, _ = self.database.run(*arguments, "--known-at", known_at)
            self.assertEqual(json.loads(out)["cells"][0]["status"], status)
        _, err = self.database.run(*arguments, "--known-at", "2026-03-01T02:00:01Z", status=3)
        self.assertIn("beyond the last commit", err)

    def test_json(self):
        out, _ = self.database.run("status", "--json")
        self.assertEqual([row["service"] for row in json.loads(out)["services"]], ["chat", "mail"])
        self.assertNotIn("cells", json.loads(out))
        out, _ = self.database.run("status", "--json", "mail")
        answer = json.loads(out)
        (service,) = answer["services"]
        self.assertEqual((service["title"], service["percent"]), ("Mail for All", 50.00))
        self.assertEqual([cell["control"] for cell in answer["cells"]], ["A.9.1", "A.10.1"])
        self.assertEqual(answer["cells"][1]["stale"], True)

    def test_certificates(self):
        database = Database()
        self.addCleanup(database.close)
        rows = Rows(database)
        batch = rows.commit(governance=True)
        rows.certification(batch, "p", "a", hour(0))
        rows.certification(
            batch, "p", "b", hour(0), 1, decision=1, number="IS 7", body="A Body",
            soa_version="3.1", valid_from=hour(0), valid_until=hour(24), flags=16 + 32,
            surveillance_deadline=hour(10),
        )
        rows.certification(batch, "p", "b", hour(24), 3, decision=1, number="IS 7")
        out, err = database.run("status", "--at", "2026-03-01T01:00:00Z")
        self.assertEqual(err, "")
        self.assertEqual([line.split() for line in out.splitlines()[1:]], [
            ["p", "a", "NONE"],
            "p b CERTIFIED IS 7 A Body 2026-03-01 2026-03-02 3.1 2026-03-01T10:00:00Z"
            " MAJOR_NC_OPEN, SOA_DIFFERS".split(),
        ])
        out, _ = database.run("status", "--json", "--standard", "b", "--at", "2026-03-01T01:00:00Z")
        answer = json.loads(out)
        self.assertEqual(list(answer), ["services", "certificates"])
        (row,) = answer["certificates"]
        self.assertEqual(list(row), [
            "programme", "standard", "number", "body", "state", "valid_from", "valid_until",
            "soa_version", "surveillance_deadline", "flags",
        ])
        self.assertEqual((row["state"], row["flags"]), ("CERTIFIED",
                                                        ["MAJOR_NC_OPEN", "SOA_DIFFERS"]))
        out, _ = database.run("status", "--standard", "b", "--at", "2026-03-02T00:00:00Z",
                              "--known-at", "2026-03-01T01:00:00Z")
        self.assertEqual(out.splitlines()[1].split()[:3], ["p", "b", "EXPIRED"])
        for arguments in (["--standard", "c"], ["p"], ["--environment", "prod"]):
            database.run("status", *arguments, status=1)

    def test_certificates_below_services(self):
        rows = Rows(self.database)
        rows.position = 5
        rows.certification(rows.commit(governance=True), "p", "std", hour(100))
        out, _ = self.database.run("status")
        services, certificates = out.split("\n\n")
        self.assertEqual(len(services.splitlines()), 3)
        self.assertEqual(certificates.splitlines()[1].split(), ["p", "std", "NONE"])
        for arguments in (["mail"], ["--environment", "prod"]):
            out, _ = self.database.run("status", *arguments)
            self.assertNotIn("PROGRAMME", out)
            out, _ = self.database.run("status", "--json", *arguments)
            self.assertNotIn("certificates", json.loads(out))
        self.database.query("DELETE FROM record.certification_step")
        self.database.query("DELETE FROM record.commit_log WHERE position = 6")

    def test_nothing_matches(self):
        for arguments in (["nobody"], ["--environment", "moon"], ["--standard", "x", "mail"],
                          ["--at", "2026-02-28T23:59:59Z"], ["nobody", "--json"]):
            _, err = self.database.run("status", *arguments, status=1)
            self.assertIn("nothing matches", err)
        self.database.run("status", "--environment", "prod", "--standard", "std")

    def test_usage(self):
        for arguments, words in (
            (["--at", "yesterday"], "--at takes an instant"),
            (["--at", "2026-03-01T00:00:00"], "zone is missing"),
            (["--known-at", "1"], "--known-at takes an instant"),
            (["mail", "chat"], "not also 'chat'"),
        ):
            _, err = self.database.run("status", *arguments, status=2)
            self.assertIn(words, err)

    def test_no_database(self):
        _, err = self.database.run(
            "status", uri="postgresql://me:s3cret@127.0.0.1:1/x", status=3
        )
        self.assertIn("refused", err)
        self.assertNotIn("s3cret", err)

    def on_a_terminal(self, **variables):
        ours, theirs = pty.openpty()
        environment = {**os.environ, "ASSAY_DATABASE": self.database.uri(), "TERM": "xterm"}
        environment.pop("NO_COLOR", None)
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            subprocess.run([BUILD / "bin" / "assay-status"], stdout=theirs, check=True,
                           env={**environment, **variables}, timeout=60)
            os.close(theirs)
            seen = b""
            try:
                while chunk := terminal.read(4096):
                    seen += chunk
            except OSError:
                pass  # the end of a terminal
        return seen

    def test_colours(self):
        self.assertIn(b"\x1b[", self.on_a_terminal())
        self.assertNotIn(b"\x1b[", self.on_a_terminal(NO_COLOR="1"))
        self.assertNotIn(b"\x1b[", self.on_a_terminal(TERM="dumb"))


class Rejects(Programs):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = Rows(cls.database)
        batch = rows.commit()
        rows.ledger(batch, id=event_id(1), value=b"fine")
        rows.ledger(
            batch, verdict=3, key=b"mail", value=b"\x0a\x05hello", detail="source: missing",
            headers=headers((b"ce_id", b"abc"), (b"bell", b"\x07"), (b"none", None)),
        )
        rows.ledger(rows.commit(), verdict=2, key=b"\x1b[2J", value=bytes(range(256)) * 300,
                    detail="not an event")
        rows.ledger(rows.commit(), verdict=2, detail="no value")

    def run_rejects(self, *arguments, status=0):
        return self.database.run("rejects", *arguments, status=status)

    def test_list(self):
        out, _ = self.run_rejects("list")
        self.assertEqual(
            [line.split()[:5] for line in out.splitlines()[1:]],
            [["assay.evidence", "0", "1", offset, reason] for offset, reason in
             (("3", "undecodable"), ("2", "undecodable"), ("1", "invalid"))],
        )
        out, _ = self.run_rejects("list", "--reason", "invalid")
        self.assertIn("source: missing", out)
        self.assertEqual(len(out.splitlines()), 2)
        out, err = self.run_rejects("list", "--most", "2", "--json")
        self.assertEqual([row["offset"] for row in json.loads(out)], [3, 2])
        self.assertIn("the newest 2 of 3 refused records", err)
        out, err = self.run_rejects("list", "--reason", "future")
        self.assertEqual(out, "")
        self.assertIn("no record is refused as future", err)

    def test_show_what_decodes(self):
        out, _ = self.run_rejects("show", "assay.evidence", "0", "1")
        for words in ("reason       invalid\n", "detail       source: missing\n",
                      "key          mail\n", "headers      ce_id            abc\n",
                      'bell             "\\u0007"\n', "none             null\n",
                      '"id": "hello"'):
            self.assertIn(words, out)

    def test_show_bytes(self):
        out, _ = self.run_rejects("show", "assay.evidence", "0", "2")
        self.assertIn("1b 5b 32 4a", out)
        self.assertNotIn("\x1b", out)
        self.assertIn("00000040  40 41 42", out)
        self.assertIn("and 11264 more bytes", out)
        out, _ = self.run_rejects("show", "assay.evidence", "0", "3")
        self.assertIn("a tombstone", out)

    def test_show_json_and_value(self):
        out, _ = self.run_rejects("show", "--json", "assay.evidence", "0", "1")
        shown = json.loads(out)
        self.assertEqual(shown["event"], {"id": "hello"})
        self.assertEqual((shown["key"], shown["value"]), ("bWFpbA==", "CgVoZWxsbw=="))
        self.assertEqual(shown["headers"][0], {"name": "ce_id", "value": "abc"})
        process = self.database.start("rejects", "show", "--value", "assay.evidence", "0", "2")
        self.assertEqual(process.communicate(timeout=60)[0], bytes(range(256)) * 300)

    def test_nothing_there(self):
        for name in (("assay.evidence", "0", "0"), ("assay.evidence", "1", "1"), ("x", "0", "1")):
            _, err = self.run_rejects("show", *name, status=1)
            self.assertIn("is no refused record", err)

    def test_usage(self):
        for arguments, words in (
            ([], "say list"),
            (["list", "x"], "say list"),
            (["show", "assay.evidence", "0"], "say list"),
            (["show", "assay.evidence", "1.5", "0"], "PARTITION is a whole number"),
            (["show", "assay.evidence", "0", "1x"], "OFFSET is a whole number"),
            (["list", "--reason", "bad"], "--reason takes"),
        ):
            _, err = self.run_rejects(*arguments, status=2)
            self.assertIn(words, err)
