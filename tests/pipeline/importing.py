"""Importing: the real scan, a scan of another host with all nine results of XCCDF, and attestations
from a spreadsheet; each a second time, which changes nothing."""

import subprocess
import unittest
from collections import Counter

import facts
from world import TOP, Scenario

DATA = TOP / "deploy" / "data"
SCAN = DATA / "openscap-debian.xccdf.xml.gz"
OUTCOMES = {  # XCCDF's results, and what they become; not selected is counted only
    "pass": "PASS", "fixed": "PASS", "fail": "FAIL", "error": "ERROR", "unknown": "UNKNOWN",
    "notapplicable": "NOT_APPLICABLE", "notchecked": "NOT_CHECKED", "informational": "INFO",
    "notselected": None,
}
ISO = "https://www.iso.org/standard/54534.html"


def scan(host, zone="+00:00", end="2026-11-20T10:00:00", references=("A.9.2.1", "Clause 7.4")):
    """A small scan: one rule for each result."""
    rules = "".join(
        f'<Rule id="xccdf_org.example_rule_{outcome}_rule" severity="low"><title>{outcome}</title>'
        + "".join(f'<reference href="{ISO}">{one}</reference>' for one in references)
        + "</Rule>"
        for outcome in OUTCOMES
    )
    results = "".join(
        f'<rule-result idref="xccdf_org.example_rule_{outcome}_rule" time="{end}{zone}">'
        f"<result>{outcome}</result></rule-result>"
        for outcome in OUTCOMES
    )
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_org.example_benchmark_SMALL">
  <version>1.0</version><title>Small</title>{rules}
  <TestResult id="xccdf_org.example_testresult_small" start-time="{end}{zone}"
              end-time="{end}{zone}" test-system="cpe:/a:redhat:openscap:1.3.7">
    <target>{host}</target>{results}
  </TestResult>
</Benchmark>
""".encode()


class Importing(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.aggregate()
        cls.world.assay("publish", stdin=subprocess.run(
            [DATA / "events", "standard", DATA / "iso-27001-2013-annex-a.tsv"],
            check=True, stdout=subprocess.PIPE,
        ).stdout)
        cls.world.assay("publish", stdin=facts.lines([
            facts.scope(service, at=facts.ago(days=10), standard="iso-27001-2013")
            for service in ("mail", "chat")
        ]))
        cls.world.await_caught_up()

    def write(self, name, content):
        path = self.world.directory / name
        path.write_bytes(content)
        return path

    def take(self, *arguments, status=0):
        done = self.world.assay("import", *arguments, status=status)
        self.world.await_caught_up()
        return (done.stdout + done.stderr).decode()

    def results(self, service):
        """What is in force of each check of a service."""
        return self.world.query(
            "SELECT count(DISTINCT id) AS events, count(*) AS records FROM assay.event"
            " WHERE topic = 'assay.evidence'"
        )[0]

    def mappings(self):
        return {row["check"]: row for row in self.world.query("SELECT * FROM assay.check_mapping")}

    def test_1_the_real_scan(self):
        flags = ["--service=mail", "--environment=prod", "--with-mappings"]
        said = self.take("xccdf", *flags, SCAN)
        first = self.results("mail")
        self.assertEqual(first, {"events": 44, "records": 44}, "355 rules, 311 not selected")
        mappings = self.mappings()
        self.assertGreater(len(mappings), 100)
        for mapping in mappings.values():
            self.assertEqual(mapping["applies_to"],
                             [{"service": "mail", "environment": "prod"}])
        self.assertIn("311", said)
        statuses = Counter(
            row["status"] for row in self.world.query(
                "SELECT status FROM assay.cell_status WHERE service = 'mail'")
        )
        self.assertEqual(statuses, {"PASSED": 32, "NOT_TESTED": 82})

        cells = self.world.query("SELECT * FROM assay.cell_status ORDER BY 1, 2, 3, 4")
        governance = self.world.ends()["assay.governance", 0]
        self.take("xccdf", *flags, SCAN)
        second = self.results("mail")
        self.assertEqual(second["events"], first["events"], "the same facts have the same ids")
        self.assertEqual(self.world.ends()["assay.governance", 0], governance, "no mapping again")
        self.assertEqual(
            self.world.query("SELECT * FROM assay.cell_status ORDER BY 1, 2, 3, 4"), cells
        )

    def test_2_another_host_with_every_result(self):
        path = self.write("small.xml", scan("other-host.example.net"))
        said = self.take("xccdf", "--service=chat", "--environment=prod", "--with-mappings", path)
        self.assertIn("Clause 7.4", said)
        mappings = self.mappings()
        for outcome, result in OUTCOMES.items():
            check = f"{outcome}_rule"
            with self.subTest(outcome=outcome):
                # required: what was selected and applicable
                self.assertEqual(
                    mappings[check]["required"], outcome not in ("notselected", "notapplicable")
                )
                self.assertEqual(mappings[check]["controls"],
                                 [{"standard": "iso-27001-2013", "control": "A.9.2.1"}])
        (cell,) = self.world.query(
            "SELECT * FROM assay.cell_status WHERE service = 'chat' AND control = 'A.9.2.1'"
        )
        self.assertEqual((cell["status"], cell["checks"]), ("FAILED", 9))
        # fixed and pass pass; informational proves nothing, notchecked was left out
        self.assertEqual(cell["checks_missing"], 2)

    def test_3_a_scan_without_zone_is_refused_unless_its_time_is_given(self):
        path = self.write("zoneless.xml", scan("other-host.example.net", zone=""))
        before = self.results("chat")
        said = self.take("xccdf", "--service=chat", "--environment=prod", path, status=1)
        self.assertIn("zone", said)
        self.assertEqual(self.results("chat"), before)
        self.take("xccdf", "--service=chat", "--environment=prod",
                  "--observed-at=2026-11-21T10:00:00Z", path)
        self.assertEqual(self.results("chat")["events"], before["events"] + 8)

    def test_4_external_entities_are_refused(self):
        secret = self.write("secret", b"the secret")
        bad = scan("&leak;").replace(
            b"<Benchmark", b'<!DOCTYPE Benchmark [<!ENTITY leak SYSTEM "file://'
            + str(secret).encode() + b'">]>\n<Benchmark', 1,
        )
        before = self.results("chat")
        done = self.world.assay("import", "xccdf", "--service=chat", "--environment=prod",
                                self.write("entity.xml", bad), status=1)
        self.assertNotIn(b"the secret", done.stdout + done.stderr)
        self.assertEqual(self.results("chat"), before)

    def test_5_mappings_of_others_stay(self):
        self.world.assay("publish", stdin=facts.lines([facts.mapping(
            "fail_rule", ["A.12.4.1"], at=facts.ago(hours=1), name="iso-27001-2013")]))
        self.world.await_caught_up()
        path = self.write("small.xml", scan("third-host.example.net", end="2026-11-22T10:00:00"))
        said = self.take("xccdf", "--service=mail", "--environment=prod", "--with-mappings", path)
        self.assertIn("fail_rule", said)
        mappings = self.mappings()
        self.assertEqual(mappings["fail_rule"]["controls"],
                         [{"standard": "iso-27001-2013", "control": "A.12.4.1"}])
        places = {(place["service"], place["environment"])
                  for place in mappings["pass_rule"]["applies_to"]}
        self.assertEqual(places, {("chat", "prod"), ("mail", "prod")}, "united, not replaced")

    def test_6_attestations_from_a_spreadsheet(self):
        header = b"service,environment,check,subject,result,occurred_at,expires_at,method,summary\n"
        good = (b"chat,prod,badges_collected,,PASS,2026-11-20T08:00:00Z,2027-11-20T00:00:00Z,"
                b'INTERVIEW,"asked, and shown the list"\n')
        bad = b"chat,prod,badges_collected,,PASSED,2026-11-20T08:00:00Z,,INTERVIEW,\n"
        before = self.results("chat")["events"]
        self.take("csv", self.write("good.csv", header + good))
        self.take("csv", self.write("good.csv", header + good))
        self.assertEqual(self.results("chat")["events"], before + 1)
        said = self.take("csv", self.write("bad.csv", header + good + bad), status=1)
        self.assertRegex(said, r"bad\.csv:3.*result")


if __name__ == "__main__":
    unittest.main()
