"""demo -- what deploy/try shows of the two organisations that do not exist (deploy/data/demo).

Data alone: the standards they need, the audits that get a report, and the questions to ask, as
arguments of `assay` or as a statement for psql. What runs them is in trial.py.
"""

STANDARDS = ["iso-27001-2022", "iso-27018-2025"]

# (programme, audit). The beginning of the first one's report is printed.
AUDITS = [
    ("quillon-ledger", "quillon-2026-surveillance"),
    ("heron-cloud", "heron-2026-surveillance"),
]
REPORT_CHAPTERS = 1  # so many of them are its beginning
CHAPTER = "\n<a id="  # stands before each chapter of a report in Markdown

TITLE = "The demo: two organisations that do not exist"
INTRODUCTION = """\
Heron Harbour Cloud runs a cloud; Quillon Ledger keeps books on it and inherits controls from it.
Their story is told as of November 2026: with time, results go stale and due dates pass."""

# (heading, [question]); a question is a list, arguments of assay, or a text, a statement in SQL
# without double quotes, so that it can be shown as one would type it
QUESTIONS = [
    ("Services and environments, and the certificates", [
        ["status", f"--standard={standard}"] for standard in STANDARDS
    ]),
    ("Certificates, before the certification body's decisions of November and now", ["""\
SELECT programme, standard, before.state AS on_1_november, now.state AS now, now.soa_version,
       now.valid_until::date, now.surveillance_deadline::date, now.flags
FROM assay.certification now
LEFT JOIN assay.certification_at('2026-11-01') before USING (programme, standard)
ORDER BY 1, 2"""]),
    ("Statements of Applicability: what changed from one version to the next", ["""\
SELECT programme, earlier, later, standard, change, material, count(*) AS controls,
       array_to_string((array_agg(control ORDER BY length(control), control))[1:5], ' ') AS first
FROM (VALUES ('heron-cloud', '2024.1', '2026.1'),
             ('quillon-ledger', '1', '2')) AS statement (programme, earlier, later),
     assay.soa_diff(programme, earlier, later)
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, material DESC, 4, 5"""]),
    ("Exceptions in force", ["""\
SELECT exception, control, service, environment, subject, approver, expires_at::date, reason
FROM assay.exception
WHERE state = 'APPROVED' AND expires_at > now()
ORDER BY expires_at, exception"""]),
    ("Findings that are open", ["""\
SELECT finding, grade, state, standard, control, service, due_at::date, title
FROM assay.finding
WHERE state NOT IN ('VERIFIED', 'CLOSED')
ORDER BY due_at NULLS LAST, finding"""]),
    ("Inheritance: what builds on a service of Heron Harbour, and a status that rests on another", [
        ["impact", "dunlin-sql", "heron-public"],
        ["explain", "quillon-books", "quillon-cloud", "iso-27001-2022", "A.7.2"],
    ]),
]

# what to try next: {assay} is the path of the program, {now} the shell's word for the time
NEXT = """\
  {assay} explain curlew-functions heron-public iso-27001-2022 A.8.8
  {assay} forecast --days 90 quillon-portal
  echo '{{"source":"example/me","occurredAt":"{now}","toolRecall":{{"tool":"harbour-probe",\
"version":"4.2","service":"*","state":"RECALL_STATE_IN_FORCE","reason":"it miscounts"}}}}' |
    {assay} what-if -"""
