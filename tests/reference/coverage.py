"""
coverage -- what histories exercise: which rules, postures, certificates, and ways of facts to meet.

A generator that cannot reach a rule makes a comparison that cannot fail there. So each rule, state,
flag and meeting has a name here, and it is counted over the questions of each history in how many
of the answers it occurred; compare.py fails where one never did. Whether an answer is right is not
asked here: what is named follows from the reference's own view of an instant.
"""

import collections
import itertools

from facts import History, instant, read_events, start_of_year, year_of
from moment import Moment
from unmapped import Unmapped

CELLS = {
    "evidence": [
        "1 removed", "1 retired", "1 discontinued", "5 FAILED", "6 ERROR", "7 STALE",
        "8 NOT_TESTED missing", "8 NOT_TESTED none required", "10 PASSED", "no programme",
        "several programmes", "NOT_CHECKED beside others", "fails beyond its time",
        "not required: fails", "not required: errs", "not required: stale", "RETIRED left",
        "neutral", "stale NOT_APPLICABLE", "until expires_at", "until ttl",
    ],
    "full": [
        "2 major", "2 minor", "2 would, not due", "2 would, not open", "2 would, other programme",
        "3 NOT_APPLICABLE", "3 would, a clause", "3 would, no justification", "4 FULL",
        "4 HYBRID own side", "4 HYBRID provider's", "4 HYBRID alike", "4 a chain", "4 by *",
        "4 provider on a cycle", "4 provider into a cycle", "4 provider absent",
        "4 provider out of scope", "4 provider not applicable", "4 provider not certified",
        "4 provider certified elsewhere", "4 not, NONE", "4 not, the cell itself",
        "4 FAILED", "4 STALE", "4 NOT_TESTED", "4 EXCEPTED", "4 PASSED",
        "5 partly covered", "5 would be 9, a clause", "5 would be 9, other programme",
        "5 would be 9, expired", "5 would be 9, not approved", "5 would be 9, other check",
        "5 would be 9, other subject", "6 covered", "7 covered", "8 covered",
        "9 EXCEPTED", "9 exception decides", "9 failing result decides", "9 several exceptions",
    ],
}

STANDINGS = {
    "evidence": ["FAILING", "INCOMPLETE", "OUT_OF_SCOPE", "PASSING", "no cells", "worse by a base",
                 "worse by a base's base", "a base without scope", "a base out of scope"],
    "full": ["NOT_APPLICABLE", "PASSING_WITH_EXCEPTIONS", "a base not applicable", "certified",
             "not certified, added later", "not certified, not IN_SCOPE",
             "not certified, out of scope"],
}

CERTIFICATIONS = {
    "evidence": ["NONE"],
    "full": ["CERTIFIED", "SUSPENDED", "EXPIRED", "WITHDRAWN", "a base's state",
             "EXPIRED by the standard", "SURVEILLANCE_OVERDUE", "SURVEILLANCE_DUE",
             "RECERTIFICATION_DUE", "SUSPENDED_OVER_6_MONTHS", "MAJOR_NC_OPEN", "SOA_DIFFERS",
             "deadline 12 months on", "deadline at a year's end", "deadline after an audit",
             "no deadline", "taken force later", "SUSPENDED again", "granted as an audit ends"],
}

MEETINGS = {
    "evidence": [
        "tie by sequence", "tie by result", "tie by id", "one id, two contents", "came twice",
        "came by two topics", "late", "retracted by the service's topic", "retracted by a team",
        "retracted by governance", "retracted by governance for a service", "retracted in vain",
        "team's result counts", "team's result of another's service",
        "team's result before onboarding", "recalled for all", "recalled for a service",
        "recall lifted",
    ],
    "full": ["office's fact retracted", "office's facts of one instant"],
}

UNMAPPED = {
    "evidence": ["controlTestResult: unknown_service", "controlTestResult: not_owner",
                 "controlTestResult: no_mapping", "controlTestResult: not_in_scope",
                 "controlTestResult: unknown_standard", "controlTestResult: unknown_control",
                 "scopeChange: unknown_standard", "checkMapping: unknown_standard",
                 "checkMapping: unknown_control", "retraction: unknown_event"],
    "full": ["exception: unknown_standard", "exception: unknown_control", "exception: clause",
             "finding: unknown_standard", "finding: unknown_control",
             "inheritance: unknown_standard", "inheritance: unknown_control",
             "statementOfApplicability: unknown_standard",
             "statementOfApplicability: unknown_control", "statementOfApplicability: clause",
             "statementOfApplicability: omitted"],
}

# What takes several unlikely things at once: hundreds of histories must reach it, tens may not.
RARE = {
    "NOT_CHECKED beside others", "stale NOT_APPLICABLE", "3 would, a clause", "4 a chain",
    "4 provider into a cycle", "4 provider out of scope", "4 provider not applicable",
    "4 provider certified elsewhere", "4 EXCEPTED", "4 NOT_TESTED", "5 would be 9, a clause",
    "5 would be 9, other subject", "6 covered", "8 covered", "worse by a base's base",
    "a base out of scope", "a base not applicable", "SUSPENDED again", "granted as an audit ends",
    "retracted by a team", "office's fact retracted", "recall lifted",
    "controlTestResult: unknown_standard",
    "exception: unknown_standard", "exception: unknown_control", "finding: unknown_standard",
    "finding: unknown_control", "inheritance: unknown_standard",
}

KINDS = {"cells": CELLS, "standings": STANDINGS, "certifications": CERTIFICATIONS,
         "questions": UNMAPPED, "histories": MEETINGS}


def named(kind, profile):
    """All that a profile is to exercise."""
    return KINDS[kind]["evidence"] + (KINDS[kind]["full"] if profile == "full" else [])


class Coverage:
    """How often what occurred; several can be added up."""

    def __init__(self):
        self.counts = {kind: collections.Counter() for kind in KINDS}
        self.totals = collections.Counter()
        self.histories = {kind: collections.Counter() for kind in KINDS}  # in which any had it

    def add(self, other):
        for kind in KINDS:
            self.counts[kind] += other.counts[kind]
            self.histories[kind] += other.histories[kind]
        self.totals += other.totals

    def note(self, kind, found):
        self.totals[kind] += 1
        self.counts[kind].update(set(found))

    def missing(self, profile):
        """What should have occurred in so many histories, and did not."""
        spared = RARE if self.totals["histories"] < 200 else ()
        return [f"{kind}: {name}" for kind in KINDS for name in named(kind, profile)
                if not self.counts[kind][name] and name not in spared]

    def table(self, profile):
        """Lines: name, its share of the answers, and of the histories."""
        for kind in KINDS:
            total = self.totals[kind]
            yield f"{total} {kind}"
            for name in named(kind, profile):
                share = 100 * self.counts[kind][name] / max(1, total)
                among = 100 * self.histories[kind][name] / max(1, self.totals["histories"])
                yield f"  {name:36} {share:6.2f} %   in {among:5.1f} % of the histories"


def of_history(lines):
    """The coverage of one history's questions."""
    found = Coverage()
    records = [line for line in lines if "event" in line]
    history = History(records)
    unmapped = Unmapped(records, history)
    kinds = {event.id: event.kind for event in unmapped.events}
    for at in sorted({instant(line["query"]) for line in lines if "query" in line}):
        moment = Moment(history, at)
        for cell in moment.cells():
            found.note("cells", of_cell(moment, cell))
        for scope in moment.facts["scopeChange"]:
            found.note("standings", of_standing(moment, scope))
        for pair in pairs(moment):
            found.note("certifications", of_certification(moment, *pair))
        found.note("questions", [f"{kinds[row.event]}: {row.reason}"
                                 for row in unmapped.at(moment)])
    found.note("histories", of_records(records, history))
    for kind in KINDS:
        found.histories[kind] = collections.Counter(dict.fromkeys(found.counts[kind], 1))
    return found


def pairs(moment):
    listed = {(p.get("programme"), s) for p in moment.facts["programme"].values()
              for s in p.get("standards", [])}
    return listed | {key for kind, key in moment.history.versions
                     if kind == "certificate" and moment.certificates.decisions(*key)}


# ---- cells -----------------------------------------------------------------------------------

def of_cell(moment, cell):
    verdict = moment.verdict(cell)
    programmes = [p for p in moment.facts["programme"].values() if moment.listed(p, cell[1])]
    if len(programmes) != 1:
        yield "several programmes" if programmes else "no programme"
    if verdict.rule == 1:
        for event in moment.out_of_scope(cell[:3]):
            yield {"scopeChange": "1 removed", "serviceOnboarding": "1 retired",
                   "programme": "1 discontinued"}[event.kind]
    elif verdict.rule == 2:
        yield {"MAJOR_NC": "2 major", "MINOR_NC": "2 minor"}[
            verdict.deciding.word("grade", "FINDING_GRADE_")]
    elif verdict.rule == 3:
        yield "3 NOT_APPLICABLE"
    else:
        yield from of_findings_in_vain(moment, cell)
        yield from of_statement_in_vain(moment, cell)
        yield from of_inheritance(moment, cell, verdict)
        yield from of_checks(moment, cell)


def of_findings_in_vain(moment, cell):
    programme = moment.programme_name(cell[1])
    for finding in moment.facts["finding"].values():
        grade = finding.word("grade", "FINDING_GRADE_")
        if grade not in ("MAJOR_NC", "MINOR_NC") or not all(
                finding.get(part) in (name, "*") for part, name in
                zip(("service", "environment", "standard", "control"), cell)):
            continue
        due = grade == "MAJOR_NC" or moment.at >= finding.instant("dueAt")
        if finding.get("programme") != programme:
            if due and moment.open(finding):
                yield "2 would, other programme"
        elif moment.open(finding):
            yield "2 would, not due"
        elif due:
            yield "2 would, not open"


def of_statement_in_vain(moment, cell):
    soa = moment.facts["statementOfApplicability"].get((moment.programme_name(cell[1]),))
    for entry in soa.get("entries", []) if soa else []:
        if (entry["standard"], entry["control"]) == cell[2:] and not entry.get("applicable"):
            yield "3 would, a clause" if entry["justification"] else "3 would, no justification"


def of_inheritance(moment, cell, verdict):
    inherited = moment.inheritance(cell)
    if inherited is None:
        for who, what in itertools.product((cell[0], "*"), (cell[3], "*")):
            event = moment.facts["inheritance"].get((who, cell[1], cell[2], what))
            if event and event.word("kind", "INHERITANCE_KIND_") == "NONE":
                yield "4 not, NONE"
            elif event:
                yield "4 not, the cell itself"
        return
    if "*" in inherited.event.key:
        yield "4 by *"
    provider = inherited.provider
    own = moment.rules_5_to_10(cell)
    if inherited.kind == "FULL":
        yield "4 FULL"
    elif verdict.rule != 4:
        yield "4 HYBRID own side"
    else:
        yield "4 HYBRID provider's"
    if moment.on_cycle(cell):
        yield "4 provider on a cycle"
    elif not moment.exists(provider):
        yield "4 provider absent"
    elif moment.verdict(provider).status == "OUT_OF_SCOPE":
        yield "4 provider out of scope"
    elif moment.verdict(provider).status == "NOT_APPLICABLE":
        yield "4 provider not applicable"
    else:
        foreign = moment.programme_name(provider[1]) != moment.programme_name(cell[1])
        certified = moment.certificates.certified(provider[:3])
        if foreign and not certified:
            yield "4 provider not certified"
            return
        if foreign:
            yield "4 provider certified elsewhere"
        if moment.on_cycle(provider):
            yield "4 provider into a cycle"
        elif moment.provider_followed(provider):
            yield "4 a chain"
        yield "4 " + moment.verdict(provider).status
        if inherited.kind == "HYBRID" and own.status == moment.verdict(provider).status:
            yield "4 HYBRID alike"


def of_checks(moment, cell):
    checks = moment.checks(cell)
    own = moment.rules_5_to_10(cell)
    names = {5: "5 FAILED", 6: "6 ERROR", 7: "7 STALE", 9: "9 EXCEPTED", 10: "10 PASSED",
             8: "8 NOT_TESTED missing" if any(c.required for c in checks)
                else "8 NOT_TESTED none required"}
    yield names[own.rule]
    failing = []
    for check in checks:
        for event, reading in check.readings:
            if reading == "fails":
                failing.append(event)
                if event.instant("expiresAt") and moment.at >= event.instant("expiresAt"):
                    yield "fails beyond its time"
            if reading in ("fails", "errs", "stale") and not check.required:
                yield "not required: " + reading
            if reading == "neutral":
                yield "neutral"
            if reading == "stale" and event.result == "NOT_APPLICABLE":
                yield "stale NOT_APPLICABLE"
            if reading == "stale" and check.required:
                at = event.instant("expiresAt")
                yield "until expires_at" if at and moment.at >= at else "until ttl"
            if reading == "not checked" and check.required and len(check.readings) > 1:
                yield "NOT_CHECKED beside others"
    mapped = {mapping.get("check") for mapping in moment.mapped[cell[2:]]}
    if any(key[:2] == cell[:2] and key[2] in mapped and event.result == "RETIRED"
           for key, event in moment.facts["controlTestResult"].items()):
        yield "RETIRED left"
    yield from of_exceptions(moment, cell, failing, own)


def of_exceptions(moment, cell, failing, own):
    covering = [moment.covering(cell, event) for event in failing]
    if own.rule == 5 and any(covering):
        yield "5 partly covered"
    elif own.rule in (6, 7, 8) and failing:
        yield f"{own.rule} covered"
    elif own.rule == 9:
        yield ("9 exception decides" if own.deciding.kind == "exception" else
               "9 failing result decides")
        if len({exception.key for several in covering for exception in several}) > 1:
            yield "9 several exceptions"
    for event, exception in itertools.product(
            (e for e, several in zip(failing, covering) if not several),
            moment.facts["exception"].values()):
        wrong = list(hindrances(moment, cell, event, exception))
        if len(wrong) == 1:
            yield "5 would be 9, " + wrong[0]


def hindrances(moment, cell, failing, exception):
    """Why an exception that names the cell does not cover a failing stream of it."""
    if not all(exception.get(part) in (name, "*") for part, name in
               zip(("service", "environment", "standard", "control"), cell)):
        yield "another cell"
    if moment.controls(cell[2])[cell[3]] == "CLAUSE":
        yield "a clause"
    if exception.get("programme") != moment.programme_name(cell[1]):
        yield "other programme"
    if exception.word("state", "EXCEPTION_STATE_") != "APPROVED":
        yield "not approved"
    if moment.at >= exception.instant("expiresAt"):
        yield "expired"
    if exception.get("check") not in (failing.get("check"), "*"):
        yield "other check"
    if exception.get("subject") not in (failing.get("subject"), "*"):
        yield "other subject"


# ---- standings and certifications ------------------------------------------------------------

def of_standing(moment, scope):
    posture, own = moment.posture(scope), moment.own_posture(scope)
    yield posture
    if not moment.controls(scope[2]):
        yield "no cells"
    programme = moment.programme_of(scope[1])
    direct = moment.bases(programme, scope[2])
    if own not in ("OUT_OF_SCOPE", "NOT_APPLICABLE"):
        for base in moment.all_bases(programme, scope[2]):
            there = (*scope[:2], base)
            scoped = there in moment.facts["scopeChange"]
            theirs = moment.own_posture(there) if scoped else None
            if posture != own and theirs == posture:
                yield "worse by a base" if base in direct else "worse by a base's base"
            if theirs in (None, "OUT_OF_SCOPE", "NOT_APPLICABLE"):
                yield {None: "a base without scope", "OUT_OF_SCOPE": "a base out of scope",
                       "NOT_APPLICABLE": "a base not applicable"}[theirs]
    if programme is None or \
            moment.certificates.state(programme.get("programme"), scope[2]) != "CERTIFIED":
        return
    change = moment.facts["scopeChange"][scope]
    if moment.certificates.certified(scope):
        yield "certified"
    elif moment.out_of_scope(scope):
        yield "not certified, out of scope"
    elif change.word("membership", "MEMBERSHIP_") != "IN_SCOPE":
        yield "not certified, not IN_SCOPE"
    else:
        yield "not certified, added later"


def of_certification(moment, programme, standard):
    certificates = moment.certificates
    state = certificates.state(programme, standard)
    decisions = certificates.decisions(programme, standard)
    yield state
    if not decisions:
        return
    decision = decisions[-1]
    if certificates.takes_force(decision) > decision.occurred_at:
        yield "taken force later"
    if state == "EXPIRED" and moment.at < decision.instant("validUntil"):
        yield "EXPIRED by the standard"
    if certificates.decided(decision) not in ("SUSPENDED", "WITHDRAWN") and \
            state not in ("CERTIFIED", "EXPIRED"):
        yield "a base's state"
    if state not in ("CERTIFIED", "SUSPENDED"):
        return
    if [certificates.decided(d) for d in decisions[-2:]] == ["SUSPENDED"] * 2:
        yield "SUSPENDED again"
    deadline = certificates.surveillance_deadline(programme, standard)
    yield from certificates.flags(programme, standard, deadline)
    if deadline is None:
        yield "no deadline"
        return
    granting = [d for d in decisions if certificates.decided(d) in ("GRANTED", "RENEWED")]
    ends = [a.instant("endsAt") for a in moment.facts["audit"].values()
            if a.instant("endsAt") <= moment.at and standard in a.get("standards")
            and a.get("programme") == programme and a.word("state", "AUDIT_STATE_") != "PLANNED"
            and a.word("kind", "AUDIT_KIND_") in ("SURVEILLANCE", "RECERTIFICATION")]
    yield ("deadline at a year's end" if deadline == start_of_year(year_of(deadline)) else
           "deadline 12 months on")
    if granting and certificates.takes_force(granting[-1]) in ends and \
            certificates.decided(granting[-1]) == "GRANTED":
        yield "granted as an audit ends"
    if not granting or any(end > certificates.takes_force(granting[-1]) for end in ends):
        yield "deadline after an audit"


# ---- records ---------------------------------------------------------------------------------

def of_records(records, history):
    yield from of_versions(history)
    events = read_events(records)
    ids = collections.Counter(event.id for event in events)
    if max(ids.values()) > 1:
        yield "one id, two contents"
    if any(len(event.topics) > 1 for event in events):
        yield "came by two topics"
    came = collections.Counter((record["topic"], record["event"]["id"]) for record in records)
    if max(came.values()) > max(ids.values()):
        yield "came twice"
    occurred = [instant(record["event"]["occurredAt"]) for record in records]
    if occurred != sorted(occurred):
        yield "late"
    yield from of_retractions(events, history)
    yield from of_results(events, history)


def of_versions(history):
    for (kind, _), versions in history.versions.items():
        for one, other in itertools.pairwise(versions):
            if one.occurred_at != other.occurred_at:
                continue
            if one.sequence != other.sequence:
                yield "tie by sequence"
            elif one.result != other.result:
                yield "tie by result"
            elif one.id != other.id:
                yield "tie by id"
            if kind in ("exception", "finding", "inheritance", "certificate",
                        "statementOfApplicability", "audit"):
                yield "office's facts of one instant"


def of_retractions(events, history):
    for event in (event for event in events if event.kind == "retraction"):
        for target in (t for t in events if t.id == event.get("eventId")):
            left = history.topics_left(target, [event])
            if left == target.topics or target.kind == "retraction":
                yield "retracted in vain"
                continue
            if target.kind in ("exception", "finding", "inheritance", "certificate"):
                yield "office's fact retracted"
            for topic in event.topics:
                if topic != "assay.governance":
                    yield ("retracted by the service's topic" if topic == "assay.evidence" else
                           "retracted by a team")
                else:
                    yield "retracted by governance" + (" for a service" if event.get("service")
                                                       else "")


def of_results(events, history):
    tools = collections.defaultdict(set)
    for event in (event for event in events if event.kind == "controlTestResult"):
        if event.get("tool"):
            tools[event.get("tool")["name"], event.get("tool")["version"]].add(event.get("service"))
        for topic in event.topics - {"assay.evidence"}:
            owner = history.in_force("serviceOnboarding", (event.get("service"),),
                                     event.occurred_at)
            yield ("team's result counts" if history.counts(event, topic) else
                   "team's result of another's service" if owner else
                   "team's result before onboarding")
    for (kind, key), versions in history.versions.items():
        if kind != "toolRecall" or not tools[key[:2]] & ({key[2]} if key[2] != "*" else
                                                         tools[key[:2]]):
            continue
        if versions[-1].word("state", "RECALL_STATE_") == "IN_FORCE":
            yield "recalled for all" if key[2] == "*" else "recalled for a service"
        elif any(v.word("state", "RECALL_STATE_") == "IN_FORCE" for v in versions):
            yield "recall lifted"
