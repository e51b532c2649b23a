"""report: the demo's reports, and a made-up scope of hundreds of services regenerated row for row,
from events through Kafka and PostgreSQL to the three formats."""

import json
import os
import subprocess
import unittest
from html.parser import HTMLParser

import facts
import jsonschema
from world import BUILD, TOP, Scenario

DEMO = TOP / "deploy" / "data" / "demo"
STATEMENT = "Prepared by the organisation; not a certificate, nor a certification body's report."
HERON = ("heron-cloud", "heron-2026-surveillance")
QUILLON = ("quillon-ledger", "quillon-2026-surveillance")
REPORTED = "2026-09-28T00:00:00Z"
HEADINGS = [
    "Recommendation and findings", "Areas and conclusions", "Performance over the cycle",
    "Scope statement", "Statement of Applicability compared", "Review clause by clause",
    "Management system", "Changes since the previous audit", "What was sampled, and what never",
    "Certification cycle", "Appendix A: services in scope", "Appendix B: locations in scope",
]


def strict(schema):
    """As the schema says, and neither a name less nor one more, which it leaves to later
    versions."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(part) for name, part in schema.items()}
    if made.get("type") == "object":
        made |= {"required": list(made["properties"]), "additionalProperties": False}
    return made


SCHEMA = json.loads((TOP / "consumers" / "report" / "report.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(strict(SCHEMA))
KEYS = list(SCHEMA["properties"])


class Page(HTMLParser):
    """The tables of a page by caption, and what a page must not have."""

    VOID = {"meta", "br", "wbr"}

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tables, self.headings, self.foreign = [], {}, [], []
        self.rows = self.text = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag in ("script", "img", "link", "iframe", "svg", "object"):
            self.foreign.append(tag)
        self.foreign += [name for name, _ in attributes if name == "src" or name.startswith("on")]
        if tag == "br" and self.text is not None:
            self.text += "\n"
        if tag in self.VOID:
            return
        self.open.append(tag)
        if tag == "table":
            self.rows = []
        elif tag == "tr":
            self.rows.append([])
        if tag in ("td", "th", "caption", "h1", "h2", "h3"):
            self.text = ""

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing")
        if tag in ("td", "th"):
            self.rows[-1].append(self.text)
        elif tag == "caption":
            self.tables[self.text] = self.rows
        elif tag in ("h1", "h2", "h3"):
            self.headings.append((tag, self.text))
        if tag in ("td", "th", "caption", "h1", "h2", "h3"):
            self.text = None

    def handle_data(self, data):
        if self.text is not None:
            self.text += data


HUNDREDS = 400
TRICKY = '<b>Bold</b> | "x" & `y` [z](http://a) _u_ \\'


def hundreds():
    """A scope of hundreds in two clouds: what is published, and the rows it has to give back."""
    made = [
        facts.standard(["C.1"], name="std-big"), facts.standard(["M.1"], name="std-more"),
        facts.event(facts.LONG_AGO, programme={
            "programme": "big", "title": TRICKY, "organisation": "Big",
            "standards": ["std-big", "std-more"],
            "environments": [
                {"environment": f"big-{name}", "title": f"Big {name}",
                 "state": f"ENVIRONMENT_STATE_{state}"}
                for name, state in (("one", "LIVE"), ("gone", "DISCONTINUED"), ("two", "LIVE"))]}),
        facts.event(facts.LONG_AGO, audit={
            "audit": "big-1", "programme": "big", "kind": "AUDIT_KIND_INITIAL",
            "state": "AUDIT_STATE_REPORTED", "startsAt": "2026-02-01T00:00:00Z",
            "endsAt": "2026-02-02T00:00:00Z", "reportedAt": "2026-02-03T00:00:00Z",
            "standards": ["std-big", "std-more"]}),
        # none of these is in scope
        facts.onboarding("big-retired", title="Retired", lifecycle="RETIRED",
                         category="Category 1"),
        facts.scope("big-retired", environment="big-one", standard="std-big"),
        facts.onboarding("big-removed", title="Removed", category="Category 1"),
        facts.scope("big-removed", environment="big-one", standard="std-big",
                    membership="REMOVED"),
        facts.onboarding("big-pending", title="Pending", category="Category 0"),
        facts.scope("big-pending", environment="big-two", standard="std-big",
                    membership="PENDING_AUDIT"),
        facts.onboarding("big-pilot", title="Pilot", category="Category 9"),
        facts.scope("big-pilot", environment="big-gone", standard="std-big"),
    ]
    rows, notes, counts = [], [], [0, 0]
    for category in range(10):
        rows.append([f"Category {category}"])
        inside = [0, 0]
        for place in range(HUNDREDS // 10):
            number = category * 100 + place
            service = f"big-{(number * 7919) % 10007}"  # keys in another order than the list's
            title = f"{TRICKY} {number}" if place == 3 else f"Offering {number}"
            made.append(facts.onboarding(service, title=title, category=f"Category {category}",
                                         position=number,
                                         formerTitles=["Once", "Older"] if place == 7 else []))
            row = [f"{title} (formerly Once, Older)" if place == 7 else title]
            for column, environment in enumerate(("big-one", "big-two")):
                if (number + column) % 3 == 0:
                    row.append("–")
                    continue
                change = facts.scope(service, environment=environment, standard="std-big")
                text = "std-big" if number % 7 == 0 else "Yes"
                if text == "Yes":
                    made.append(
                        facts.scope(service, environment=environment, standard="std-more"))
                if place % 10 == 5:
                    boundary = f"Boundary {number % 4}"
                    change["scopeChange"]["boundary"] = boundary
                    if boundary not in notes:
                        notes.append(boundary)
                    text += f" [{notes.index(boundary) + 1}]"
                made.append(change)
                row.append(text)
                inside[column] += 1
            rows.append(row)
        rows.append([f"In this category: {HUNDREDS // 10}", *map(str, inside)])
        counts = [a + b for a, b in zip(counts, inside)]
    rows.append([f"In all: {HUNDREDS}", *map(str, counts)])
    places = {}
    for number in range(120):
        section, kind = f"Section {number % 2}", ("DATACENTER", "REGION", "EDGE")[number % 3]
        group = f"Group {number % 5}"
        title = f"Place {number:03}"
        address = "" if number % 4 else f"{number} Street | 2"
        environments = ["big-two"] if number % 2 else []
        places.setdefault((section, kind, group), []).append(
            [title, address, "Nowhere", "Big two" if environments else ""])
        made.append(facts.event(facts.LONG_AGO, location={
            "programme": "big", "location": f"place-{number}", "title": title, "section": section,
            "group": group, "kind": f"LOCATION_KIND_{kind}", "country": "Nowhere",
            "address": address, "environments": environments, "inScope": True}))
    made.append(facts.event(facts.LONG_AGO, location={
        "programme": "big", "location": "place-left", "title": "Left", "section": "Section 0",
        "kind": "LOCATION_KIND_EDGE", "inScope": False}))
    return made, rows, notes, places


class Report(Scenario):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.aggregate()
        cls.world.assay("catalog", "publish", "iso-27001-2022", "iso-27018-2025")
        for file in sorted(DEMO.glob("*.jsonl")):
            cls.world.assay("publish", file)
        cls.world.await_caught_up()

    def report(self, *arguments, status=0):
        return self.world.assay("report", *arguments, status=status).stdout

    def model(self, *arguments):
        model = json.loads(self.report(*arguments, "--format=json"))
        VALIDATOR.validate(model)
        return model

    def rows(self, statement, *parameters):
        return [tuple(row.values()) for row in self.world.query(statement, *parameters)]

    # -- form -------------------------------------------------------------------------------------

    def test_10_three_formats_say_what_they_are_and_have_every_section(self):
        for audit in (HERON, QUILLON):
            with self.subTest(audit=audit):
                model = self.report(*audit, "--format=json")
                self.assertEqual(list(json.loads(model)), KEYS)
                self.assertEqual(json.loads(model)["statement"], STATEMENT)
                markdown = self.report(*audit).decode()
                self.assertEqual(markdown.count(STATEMENT), 2)
                found = [line[3:] for line in markdown.splitlines() if line.startswith("## ")]
                self.assertEqual(found, HEADINGS)
                html = self.report(*audit, "--format=html").decode()
                page = Page(html)
                self.assertEqual([text for tag, text in page.headings if tag == "h2"], HEADINGS)
                self.assertEqual((page.open, page.foreign), ([], []))
                self.assertEqual(html.count(STATEMENT.replace("'", "&#39;")), 2)
                self.assertNotIn("://", html)

        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_11_the_same_bytes_again(self):
        for form in ("markdown", "html", "json"):
            flag = f"--format={form}"
            self.assertEqual(self.report(*HERON, flag), self.report(*HERON, flag))
        self.assertEqual(self.report(*HERON), self.report(*HERON, f"--at={REPORTED}"))
        self.assertNotEqual(self.report(*HERON), self.report(*HERON, "--at=2026-11-20T00:00:00Z"))

    def test_12_a_reader_may(self):
        """The role that reads may run every query of the report."""
        uri = self.world.postgresql.uri()
        uri += ("&" if "?" in uri else "?") + "options=-crole%3Dassay_reader"
        self.assertEqual(self.report(f"--database={uri}", *HERON), self.report(*HERON))

    def test_13_output_that_cannot_be_written_is_no_success(self):
        report = (BUILD / "bin" / "assay-report", *HERON)
        environment = {**os.environ, **self.world.environment()}
        for form in ("markdown", "html", "json"):
            for output, reason in ((">/dev/full", "No space left"), (">&-", "Bad file descr")):
                done = subprocess.run(["sh", "-c", f'exec "$@" {output}', "sh", *report,
                                       f"--format={form}"], env=environment, timeout=60,
                                      stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, 3, (form, output))
                self.assertIn(reason, done.stderr.decode())

    def test_14_refusals_say_what_there_is(self):
        def refused(status, *arguments):
            return self.world.assay("report", *arguments, status=status).stderr.decode()

        self.assertIn("heron-cloud, quillon-ledger", refused(1, "nobody", HERON[1]))
        said = refused(1, "heron-cloud", "quillon-2026-surveillance")
        self.assertIn("heron-2024-initial, heron-2024-internal", said)
        said = refused(1, *HERON, "--at=2025-12-31T00:00:00Z")
        self.assertIn("2025-12-31T00:00:00Z", said)
        self.assertIn("heron-2025-surveillance", said)
        self.assertNotIn("heron-2027", said)
        self.assertIn("no programme on record", refused(1, *HERON, "--at=2020-01-01T00:00:00Z"))
        self.assertIn("markdown, html or json", refused(2, *HERON, "--format=pdf"))
        self.assertIn("PROGRAMME", refused(2, "heron-cloud"))
        self.assertIn("zone", refused(2, *HERON, "--at=2026-11-20T00:00:00"))

    # -- content ----------------------------------------------------------------------------------

    def test_20_findings(self):
        model = self.model(*HERON)
        summary = {row["grade"]: row for row in model["recommendation"]["summary"]}
        self.assertEqual(
            {grade: row["raised"] for grade, row in summary.items()},
            {"MAJOR_NC": 0, "MINOR_NC": 1, "OFI": 1, "OBSERVATION": 1})
        self.assertEqual(
            dict(self.rows("SELECT grade, count(*) FROM assay.finding WHERE audit = %s GROUP BY 1",
                           HERON[1])),
            {grade: row["raised"] for grade, row in summary.items() if row["raised"]})
        self.assertEqual([(x["finding"], x["service_title"])
                          for x in model["recommendation"]["findings"]],
                         [("heron-f-2026-1", None), ("heron-f-2026-2", "Avocet Edge Cache"),
                          ("heron-f-2026-3", "Plover Archive")])
        # at its report it was open; by November a plan was accepted; from 18 December on it is late
        for at, state, overdue in ((REPORTED, "OPEN", False),
                                   ("2026-11-20T00:00:00Z", "PLAN_ACCEPTED", False),
                                   ("2026-12-17T23:59:59.999999Z", "PLAN_ACCEPTED", False),
                                   ("2026-12-18T00:00:00Z", "PLAN_ACCEPTED", True)):
            (first, *_) = self.model(*HERON, f"--at={at}")["recommendation"]["findings"]
            self.assertEqual((first["state"], first["overdue"]), (state, overdue), at)

    def test_21_performance_over_the_cycle(self):
        said = self.model(*HERON)["performance"]
        columns = ("audit", "major", "minor", "ofi", "observation", "closed", "open", "open_then")
        self.assertEqual([tuple(row[name] for name in columns) for row in said["audits"]], [
            ("heron-2024-initial", 0, 1, 0, 0, 1, 0, 1),
            ("heron-2025-surveillance", 0, 0, 1, 0, 1, 0, 1),
            ("heron-2026-surveillance", 0, 1, 1, 1, 0, 3, 3)])
        self.assertEqual([x["finding"] for x in said["closed_since_previous"]],
                         ["heron-f-2025-1"])
        self.assertEqual((said["nonconformities_before"], said["nonconformities"], said["trend"]),
                         (0, 1, "MORE"))
        said = self.model("heron-cloud", "heron-2025-surveillance")["performance"]
        self.assertEqual([x["finding"] for x in said["closed_since_previous"]],
                         ["heron-f-2024-1"])
        self.assertEqual(said["trend"], "FEWER")
        self.assertIsNone(self.model("heron-cloud", "heron-2024-initial")["performance"]["trend"])

    def test_22_versions_of_the_statement(self):
        (both,) = self.model(*HERON)["soa"]["comparisons"]
        self.assertEqual(both["basis"], ["FIELDWORK", "PREVIOUS_AUDIT"])
        self.assertEqual((both["from_version"], both["to_version"], both["verdict"]),
                         ("2024.1", "2026.1", "MATERIAL"))
        self.assertEqual(both["counts"],
                         {"added": 25, "removed": 0, "applicability": 1, "edited": 2})
        self.assertEqual(
            {(x["standard"], x["control"], x["change"], x["material"]) for x in both["changes"]},
            set(self.rows("SELECT standard, control, change, material"
                          " FROM assay.soa_diff('heron-cloud', '2024.1', '2026.1')")))
        (edits,) = self.model(*QUILLON)["soa"]["comparisons"]
        self.assertEqual((edits["basis"], edits["verdict"]), (["PREVIOUS_AUDIT"], "EDITS_ONLY"))
        self.assertEqual([(x["control"], x["fields"]) for x in edits["changes"]],
                         [("A.5.30", ["implementation", "owner"]),
                          ("A.8.16", ["justification", "implementation"])])
        self.assertEqual(self.model("heron-cloud", "heron-2025-surveillance")["soa"],
                         {"comparisons": []})
        self.assertIn("nothing material changed, only edits", self.report(*QUILLON).decode())
        self.assertIn("something material changed", self.report(*HERON).decode())

    def test_23_review_in_the_standards_order(self):
        security, privacy = self.model(*HERON)["review"]["standards"]
        self.assertEqual([x["control"] for x in security["reviews"]],
                         ["4.3", "6.1.3", "9.2.1", "9.3.1", "10.2", "A.8.30"])
        self.assertEqual(len(security["not_reviewed"]), 30 - 5)
        self.assertEqual([x["control"] for x in privacy["reviews"]], ["A.3.1"])

    def test_24_management_system(self):
        said = self.model(*HERON)["management_system"]
        latest = {x["kind"]: x["record"] for x in said["latest"]}
        self.assertEqual(latest["RISK_ASSESSMENT"]["at"], "2026-04-15T00:00:00Z")
        self.assertEqual(latest["RISK_TREATMENT"]["next_due_at"], "2027-05-31T00:00:00Z")
        self.assertTrue(latest["MANAGEMENT_REVIEW"]["overdue"])
        self.assertEqual(said["internal_audit"]["latest"]["audit"], "heron-2026-internal")
        self.assertEqual([x["record"] for x in said["overdue"]["records"]],
                         ["heron-policy", "heron-management-review"])
        (indicator,) = said["indicators"]
        self.assertEqual((indicator["value"], indicator["value_before"], indicator["target"]),
                         (22.5, 31, 14))
        at = "2026-11-20T00:00:00Z"
        said = self.model(*HERON, f"--at={at}")["management_system"]
        self.assertEqual(
            {x["record"] for x in said["overdue"]["records"]},
            {row[0] for row in self.rows("SELECT record FROM assay.management_record"
                                         " WHERE programme = 'heron-cloud' AND next_due_at <= %s",
                                         at)})
        self.assertEqual(said["internal_audit"]["next"]["audit"], "heron-2027-internal")
        missed = self.model(*QUILLON)["management_system"]["overdue"]["internal_audits"]
        self.assertEqual([x["audit"] for x in missed], ["quillon-2026-internal"])

    def test_25_changes_since_the_previous_audit(self):
        said = self.model(*HERON)["changes"]
        whole = {(x["service"], x["environment"], x["change"])
                 for x in said["services"] if x["whole"]}
        self.assertEqual(whole, {("avocet-edge", "heron-public", "ADDED"),
                                 ("dunlin-search", "heron-public", "ADDED"),
                                 ("knot-telex", "heron-public", "RETIRED")})
        gone = {x["service"] for x in said["services"] if x["change"] == "ENVIRONMENT_GONE"}
        self.assertEqual(gone, {"tern-identity", "curlew-compute", "plover-objects",
                                "avocet-network"})
        self.assertEqual([(x["change"], x["environment"]) for x in said["environments"]],
                         [("DISCONTINUED", "heron-pilot")])
        self.assertEqual([(x["change"], x["location"]) for x in said["locations"]],
                         [("ADDED", "edge-oxter"), ("REMOVED", "pilot-shed")])
        self.assertEqual([(x["service"], x["membership"]) for x in said["pending"]],
                         [("plover-archive", "PENDING_AUDIT")])
        # before and after differ by just what is listed
        scope = ("SELECT service, environment, standard FROM assay.scope_at(%s)"
                 " WHERE membership = 'IN_SCOPE' AND service !~ '^quillon'")
        before = set(self.rows(scope, "2025-09-26T00:00:00Z"))
        after = set(self.rows(scope, REPORTED))
        listed = {(x["service"], x["environment"], standard)
                  for x in said["services"] for standard in x["standards"]}
        self.assertEqual(listed, before ^ after)
        self.assertFalse(self.model("heron-cloud", "heron-2024-initial")["changes"]["since"])

    def test_26_what_was_never_sampled_is_what_coverage_says(self):
        now = facts.instant(facts.now())
        for audit in (HERON, QUILLON):
            said = self.model(*audit, f"--at={now}")["sampling"]["cycle"]
            coverage = self.world.query(
                "SELECT * FROM assay.audit_coverage WHERE programme = %s", audit[0])

            def never(names, about, rows=coverage):
                """The view's rows about no more than that: those without a sample, and all."""
                found = {}
                for row in rows:
                    if {name for name in ("control", "service", "location") if row[name]} == about:
                        key = tuple(row[name] for name in names)
                        found[key] = found.get(key, False) or row["sampled_at"] is not None
                return ({key for key, sampled in found.items() if not sampled}, len(found))

            services = {(x["service"], x["environment"]) for x in said["services"]["never"]}
            self.assertEqual((services, said["services"]["total"]),
                             never(("service", "environment"), {"service"}))
            locations = {(x["location"],) for x in said["locations"]["never"]}
            self.assertEqual((locations, said["locations"]["total"]),
                             never(("location",), {"location"}))
            controls = {(x["standard"], y["control"])
                        for x in said["controls"] for y in x["never"]}
            self.assertEqual((controls, sum(x["total"] for x in said["controls"])),
                             never(("standard", "control"), {"control"}))

    def test_27_the_cycle_as_planned_and_done(self):
        def cycle(*arguments):
            return [(x["year"], x["kind"], x["state"], x["this"])
                    for x in self.model(*HERON, *arguments)["cycle"]["audits"]]

        done = [(2024, "INITIAL", "REPORTED", False), (2025, "SURVEILLANCE", "REPORTED", False),
                (2026, "SURVEILLANCE", "REPORTED", True)]
        self.assertEqual(cycle(), done)
        self.assertEqual(cycle("--at=2026-11-20T00:00:00Z"),
                         [*done, (2027, "RECERTIFICATION", "PLANNED", False)])
        self.assertEqual(cycle("--at=2026-09-10T00:00:00Z")[-1],
                         (2026, "SURVEILLANCE", "IN_PROGRESS", True))

    def test_28_totals_are_sqls(self):
        for audit, mark in ((HERON, "heron"), (QUILLON, "quillon")):
            model = self.model(*audit)
            totals = model["services"]["totals"]
            self.assertEqual(
                [(totals["services"], totals["entries"])],
                self.rows("SELECT count(DISTINCT service) AS services,"
                          " count(DISTINCT (service, environment)) AS entries"
                          " FROM assay.scope_at(%s) WHERE membership = 'IN_SCOPE'"
                          " AND environment LIKE %s", model["at"], f"{mark}%"))
            by_environment = dict(self.rows(
                "SELECT environment, count(DISTINCT service) FROM assay.scope_at(%s)"
                " WHERE membership = 'IN_SCOPE' GROUP BY 1", model["at"]))
            self.assertEqual(
                dict(zip((x["environment"] for x in model["services"]["environments"]),
                         totals["environments"])),
                {name: count for name, count in by_environment.items() if name.startswith(mark)})
            self.assertEqual(
                {x["kind"]: x["total"] for x in model["locations"]["kinds"]},
                dict(self.rows("SELECT kind, count(*) FROM assay.location"
                               " WHERE programme = %s AND in_scope GROUP BY 1", audit[0])))

    # -- a scope of hundreds, row for row ---------------------------------------------------------

    def test_30_hundreds_of_services_row_for_row(self):
        made, rows, notes, places = hundreds()
        self.world.assay("publish", stdin=facts.lines(made))
        self.world.await_caught_up()
        self.model("big", "big-1")
        page = Page(self.report("big", "big-1", "--format=html").decode())
        self.assertEqual(page.headings[0], ("h1", f"{TRICKY}: summary of audit big-1"))
        table = page.tables["Services by category and environment"]
        self.assertEqual(table[0], ["Service", "Big one", "Big two"])
        self.assertEqual(table[1:], rows)
        self.assertEqual([row[1] for row in page.tables["Footnotes"][1:]], notes)
        found = {}
        for section in ("Section 0", "Section 1"):
            for row in page.tables[f"Locations: {section}"][1:-1]:
                if len(row) == 1:
                    heading = row[0]
                else:
                    found.setdefault((section, heading), []).append(row)
        kinds = {"DATACENTER": "Data centre", "REGION": "Region", "EDGE": "Edge site"}
        self.assertEqual(found, {
            (section, f"{kinds[kind]}, {group}: {len(titles)}"): titles
            for (section, kind, group), titles in places.items()})
        self.assertEqual(page.tables["Locations in scope by section and kind"], [
            ["Section", "Region", "Data centre", "Edge site", "In all"],
            ["Section 0", "20", "20", "20", "60"], ["Section 1", "20", "20", "20", "60"],
            ["In all", "40", "40", "40", "120"]])
        self.assertEqual([row[0] for row in page.tables["On record, not in scope"][1:]], ["Left"])
        (pending,) = page.tables["On their way into scope"][1:]
        self.assertEqual(pending[0], "Pending")
        # the same in Markdown: what a fact says is not markup
        markdown = self.report("big", "big-1").decode()
        self.assertIn("| Offering 0 | – | std-big |\n", markdown)
        self.assertIn('| &lt;b&gt;Bold&lt;/b&gt; \\| "x" &amp; \\`y\\` \\[z\\](http\\://a) \\_u\\_'
                      " \\\\ 3 | – | Yes |\n", markdown)

    def test_31_nothing_empty_looks_good(self):
        self.world.assay("publish", stdin=facts.lines([
            facts.event(facts.LONG_AGO, programme={"programme": "bare", "title": "Bare"}),
            facts.event(facts.LONG_AGO, audit={
                "audit": "bare-1", "programme": "bare", "kind": "AUDIT_KIND_SPECIAL",
                "state": "AUDIT_STATE_PLANNED", "startsAt": "2026-02-01T00:00:00Z",
                "endsAt": "2026-02-02T00:00:00Z", "locations": ["nowhere"],
                "samples": [{"method": "talk"}], "soaVersion": "9", "fieldworkSoaVersion": "8",
                "reviews": [{"standard": "nope", "group": "g", "text": "t"}]}),
        ]))
        self.world.await_caught_up()
        self.model("bare", "bare-1")
        said = self.report("bare", "bare-1").decode()
        self.assertNotIn("Every ", said)
        self.assertIn("not on record: 8, 9", said)
        self.assertIn("No Statement of Applicability is in force.", said)
        self.assertIn("No clauses of it are on record.", said)
        self.assertIn("| Risk assessment | None on record |", said)
        Page(self.report("bare", "bare-1", "--format=html").decode())

    # -- what is known, and from when on ----------------------------------------------------------

    def test_40_what_was_known_then(self):
        (known,) = self.rows("SELECT max(known_at) FROM assay.commit")
        then = facts.instant(known[0])
        before = self.model(*HERON)
        late = facts.event(facts.LONG_AGO, finding={
            "finding": "heron-f-late", "programme": "heron-cloud", "standard": "iso-27001-2022",
            "control": "A.5.1", "service": "*", "environment": "*", "audit": HERON[1],
            "grade": "FINDING_GRADE_OFI", "state": "FINDING_STATE_OPEN", "title": "Came late"})
        self.world.assay("publish", stdin=facts.lines([late]))
        self.world.await_caught_up()
        after = self.model(*HERON)
        self.assertIn("heron-f-late",
                      [x["finding"] for x in after["recommendation"]["findings"]])
        as_known = self.model(*HERON, f"--known-at={then}")
        self.assertEqual(as_known.pop("known_at"), then)
        self.assertIsNone(before.pop("known_at"))
        self.assertEqual(as_known, before)

    def test_50_the_same_bytes_after_a_rebuild(self):
        asked = [(*audit, f"--format={form}", *at)
                 for audit in (HERON, QUILLON, ("big", "big-1"))
                 for form in ("markdown", "html", "json")
                 for at in ((), ("--at=2026-11-20T00:00:00Z",))]
        before = [self.report(*arguments) for arguments in asked]
        self.world.stop_aggregators()
        # a halted partition changes no byte, and nobody has to find out by accident
        halt = ("UPDATE record.partition SET halted = %s, reason = %s WHERE topic ="
                " (SELECT topic FROM record.topic WHERE name = 'assay.scope') AND partition = 2")
        self.world.query(halt, True, "the log was trimmed")
        done = self.world.assay("report", *asked[0])
        self.assertEqual(done.stdout, before[0])
        self.assertIn("halted: assay.scope 2 (the log was trimmed)", done.stderr.decode())
        self.world.query(halt, False, None)
        self.assertEqual(self.world.assay("report", *asked[0]).stderr, b"")
        self.world.assay("rebuild")
        self.assertEqual([self.report(*arguments) for arguments in asked], before)


if __name__ == "__main__":
    unittest.main()
