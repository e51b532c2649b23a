#!/usr/bin/python3
"""
reference -- the meaning once more, in the plainest way: facts and an instant in, answers out.

DESIGN.md section 3 as something that can be run. Every question is answered from the whole set of
facts, anew, at every instant: no index that has to be kept up, no state between two instants, no
order of arrival. It is slow and it is meant to be: what it says is read off the rules one by one,
so that the library, which is fast, can be held against it (compare.py).

It is not a judge of records: what it is given counts as accepted. Nor does it share a line or an
idea with consumers/posture; where the two differ, one of them misread the rules.

Input, JSON Lines: a record {"topic", "event"} with the event in proto3's JSON mapping ("partition",
"offset", "kafkaTimestamp" and "batch" may be there and mean nothing here), or a question
{"query": INSTANT}. "digest" is the SHA-256 of the record's value, in hex, which breaks the tie
between two contents of one id; without it the event's canonical JSON is hashed instead.

Output, JSON Lines, for each question: cells, standings, certifications, then what is unmapped,
each kind sorted.
"""

import argparse
import bisect
import json
import sys

from facts import DAY, History, instant, text_of
from moment import Moment
from unmapped import Unmapped


class Reference:
    def __init__(self, records, only_evidence=False):
        self.history = History(records, only_evidence)
        self.points = self.history.change_points()
        self.unmapped = None if only_evidence else Unmapped(records, self.history)
        self.statuses = []  # one {cell: status} for each change point
        for point in self.points:
            moment = Moment(self.history, point)
            self.statuses.append({cell: moment.verdict(cell).status for cell in moment.cells()})

    def bounds(self, cell, at):
        """(since, until) of the span of equal status around `at`, found by looking everywhere."""
        here = bisect.bisect_right(self.points, at) - 1
        status = self.statuses[here][cell]
        first = last = here
        while first > 0 and self.statuses[first - 1].get(cell) == status:
            first -= 1
        while last + 1 < len(self.points) and self.statuses[last + 1].get(cell) == status:
            last += 1
        until = self.points[last + 1] if last + 1 < len(self.points) else None
        return self.points[first], until

    def answer(self, at):
        moment = Moment(self.history, at)
        yield from (self.cell_line(moment, cell) for cell in moment.cells())
        yield from (self.standing_line(moment, s) for s in sorted(moment.facts["scopeChange"]))
        pairs = {key for kind, key in self.history.versions
                 if kind == "certificate" and moment.certificates.decisions(*key)}
        for programme in moment.facts["programme"].values():
            pairs.update((programme.get("programme"), standard)
                         for standard in programme.get("standards", []))
        yield from (self.certification_line(moment, *pair) for pair in sorted(pairs))
        rows = self.unmapped.at(moment) if self.unmapped else ()
        yield from ({"at": text_of(at), "unmapped": row._asdict()}
                    for row in sorted(rows, key=str))

    def cell_line(self, moment, cell):
        verdict = moment.verdict(cell)
        checks = moment.checks(cell)
        required = [check for check in checks if check.required]
        since, until = self.bounds(cell, moment.at)
        due_soon = (verdict.status == "PASSED" and until is not None
                    and until - moment.at <= 7 * DAY)
        return {
            "at": text_of(moment.at), "service": cell[0], "environment": cell[1],
            "standard": cell[2], "control": cell[3], "status": verdict.status,
            "since": text_of(since), "until": text_of(until),
            "stale": any(r == "stale" for check in required for _, r in check.readings),
            "checks": len(checks),
            "checksMissing": sum(moment.missing(check) for check in required),
            "decidingEvent": verdict.deciding.id if verdict.deciding else None,
            "inheritedFrom": verdict.inherited_from, "exception": verdict.exception,
            "finding": verdict.finding, "dueSoon": due_soon,
        }

    @staticmethod
    def standing_line(moment, scope):
        tally = moment.tally(scope)
        applicable = sum(tally.values()) - tally["OUT_OF_SCOPE"] - tally["NOT_APPLICABLE"]
        percent = None
        if applicable:
            hundredths = 10_000 * tally["PASSED"] // applicable
            percent = f"{hundredths // 100}.{hundredths % 100:02d}"
        programme = moment.programme_name(scope[1])
        return {
            "at": text_of(moment.at), "service": scope[0], "environment": scope[1],
            "standard": scope[2],
            "membership": moment.facts["scopeChange"][scope].word("membership", "MEMBERSHIP_"),
            "posture": moment.posture(scope), "passed": tally["PASSED"],
            "excepted": tally["EXCEPTED"], "failed": tally["FAILED"], "error": tally["ERROR"],
            "stale": tally["STALE"], "notTested": tally["NOT_TESTED"],
            "notApplicable": tally["NOT_APPLICABLE"], "applicable": applicable,
            "percent": percent,
            "certificateState":
                moment.certificates.state(programme, scope[2]) if programme else "NONE",
            "certified": moment.certificates.certified(scope),
        }

    @staticmethod
    def certification_line(moment, programme, standard):
        state = moment.certificates.state(programme, standard)
        decisions = moment.certificates.decisions(programme, standard)
        decision = decisions[-1] if decisions else None
        deadline, flags = None, []
        if state in ("CERTIFIED", "SUSPENDED"):
            deadline = moment.certificates.surveillance_deadline(programme, standard)
            flags = moment.certificates.flags(programme, standard, deadline)
        return {
            "at": text_of(moment.at), "programme": programme, "standard": standard,
            "number": decision.get("number") if decision else None,
            "body": decision.get("body") if decision else None, "state": state,
            "validFrom": text_of(decision.instant("validFrom")) if decision else None,
            "validUntil": text_of(decision.instant("validUntil")) if decision else None,
            "soaVersion": decision.get("soaVersion") if decision else None,
            "surveillanceDeadline": text_of(deadline), "flags": flags,
        }


def evaluate(lines, only_evidence=False):
    """Answers to all questions among `lines` (dicts), in the order of their instants."""
    records = [line for line in lines if "event" in line]
    reference = Reference(records, only_evidence)
    instants = sorted({instant(line["query"]) for line in lines if "query" in line})
    return [answer for at in instants for answer in reference.answer(at)]


def main():
    parser = argparse.ArgumentParser(description="Answers, by brute force, what DESIGN.md asks.")
    parser.add_argument("files", nargs="*", help="JSON Lines; none: standard input")
    parser.add_argument("--only-evidence", action="store_true",
                        help="leave statements of applicability, inheritance, exceptions, "
                             "findings, audits and certificates without effect")
    arguments = parser.parse_args()
    lines = []
    for name in arguments.files or ["/dev/stdin"]:
        with open(name, encoding="utf-8") as file:
            lines += [json.loads(line) for line in file if line.strip()]
    for answer in evaluate(lines, arguments.only_evidence):
        print(json.dumps(answer, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
