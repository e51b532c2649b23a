"""
moment -- what every cell and every posture is at one instant, rule by rule.

DESIGN.md section 3 from "Stream" to "Posture". A Moment knows one T and looks at the versions in
force then; nothing it says depends on another instant.
"""

import bisect
import collections

from certificates import Certificates
from facts import greatest, time_to_live

STATUSES = ["FAILED", "ERROR", "STALE", "NOT_TESTED", "EXCEPTED", "PASSED"]  # worst first
POSTURES = ["FAILING", "INCOMPLETE", "PASSING_WITH_EXCEPTIONS", "PASSING"]

# What a check of a cell looks like at T: readings are (event, reading), one a stream.
Check = collections.namedtuple("Check", "required readings")

# Why a cell has its status. `rule` is the number in DESIGN.md; where rule 4 took the cell's own
# side of a HYBRID it is that side's rule.
Verdict = collections.namedtuple("Verdict", "status rule deciding exception finding inherited_from",
                                 defaults=(None, None, None, None))

Inherited = collections.namedtuple("Inherited", "event provider kind")


class Moment:
    """All of section 3 at one T."""

    def __init__(self, history, at):
        self.history = history
        self.at = at
        self.facts = collections.defaultdict(dict)  # kind -> key -> version in force
        for (kind, key), versions in history.versions.items():
            past = bisect.bisect_right(versions, at, key=lambda version: version.occurred_at)
            if past:
                self.facts[kind][key] = versions[past - 1]
        self.observations = collections.defaultdict(list)  # of streams in the population
        for (service, environment, check, _), event in self.facts["controlTestResult"].items():
            if event.result != "RETIRED":
                self.observations[service, environment, check].append(event)
        self.mapped = collections.defaultdict(list)  # (standard, control) -> mappings
        for mapping in self.facts["checkMapping"].values():
            named = {(c.get("standard"), c.get("control")) for c in mapping.get("controls", [])}
            for control in named:
                self.mapped[control].append(mapping)
        self.verdicts = {}
        self.certificates = Certificates(self)

    # -- what is there

    def cells(self):
        """"one for each control ... of the standard in force, wherever a scope change in force
        names (service, environment, standard)" """
        return sorted((*scope, control) for scope in self.facts["scopeChange"]
                      for control in self.controls(scope[2]))

    def controls(self, standard):
        """{control: kind}"""
        version = self.facts["standard"].get((standard,))
        if version is None:
            return {}
        return {entry["control"]: entry["kind"].removeprefix("CONTROL_KIND_")
                for entry in version.get("controls", [])}

    def exists(self, cell):
        return (cell[:3]) in self.facts["scopeChange"] and cell[3] in self.controls(cell[2])

    def programme_of(self, environment):
        """The programme "whose version in force lists it (of several, the greatest ...)"."""
        return greatest(version for version in self.facts["programme"].values()
                        if self.listed(version, environment))

    @staticmethod
    def listed(programme, environment):
        for entry in programme.get("environments", []):
            if entry["environment"] == environment:
                return entry
        return None

    def programme_name(self, environment):
        programme = self.programme_of(environment)
        return programme.get("programme") if programme else None

    # -- streams and checks

    def reading(self, result, mapping):
        """What a stream's observation says under its check's mapping."""
        if result.result == "FAIL":  # "FAIL fails, fresh or not"
            return "fails"
        if result.result in ("NOT_CHECKED", "INFO"):
            return "not checked" if result.result == "NOT_CHECKED" else "neutral"
        expiry = result.occurred_at + time_to_live(mapping)
        if result.instant("expiresAt") is not None:
            expiry = min(expiry, result.instant("expiresAt"))
        if not self.at < expiry:  # "fresh means T < expiry"
            return "stale"
        return {"PASS": "passes", "ERROR": "errs", "UNKNOWN": "errs",
                "NOT_APPLICABLE": "neutral"}[result.result]

    def checks(self, cell):
        service, environment, standard, control = cell
        checks = []
        for mapping in self.mapped[standard, control]:
            scopes = mapping.get("appliesTo", [])
            if scopes and not any(scope.get("service") in (service, "*") and
                                  scope.get("environment") in (environment, "*")
                                  for scope in scopes):
                continue
            observed = self.observations[service, environment, mapping.get("check")]
            checks.append(Check(bool(mapping.get("required", False)),
                                [(event, self.reading(event, mapping)) for event in observed]))
        return checks

    @staticmethod
    def missing(check):
        """"no stream that passes, fails, errs or is stale, and where any ... is NOT_CHECKED" """
        readings = {reading for _, reading in check.readings}
        return (not readings & {"passes", "fails", "errs", "stale"}) or "not checked" in readings

    # -- a cell, rule by rule

    def verdict(self, cell):
        if cell not in self.verdicts:
            self.verdicts[cell] = self.first_match(cell)
        return self.verdicts[cell]

    def first_match(self, cell):
        for rule in (self.rule_1, self.rule_2, self.rule_3, self.rule_4):
            verdict = rule(cell)
            if verdict:
                return verdict
        return self.rules_5_to_10(cell)

    def out_of_scope(self, scope):
        """The events that put (service, environment, standard) out of scope."""
        service, environment, _ = scope
        events = []
        change = self.facts["scopeChange"].get(scope)
        if change and change.word("membership", "MEMBERSHIP_") == "REMOVED":
            events.append(change)
        onboarding = self.facts["serviceOnboarding"].get((service,))
        if onboarding and onboarding.word("lifecycle", "LIFECYCLE_") == "RETIRED":
            events.append(onboarding)
        programme = self.programme_of(environment)
        if programme:
            state = self.listed(programme, environment).get("state", "")
            if state.removeprefix("ENVIRONMENT_STATE_") == "DISCONTINUED":
                events.append(programme)
        return events

    def rule_1(self, cell):
        reasons = self.out_of_scope(cell[:3])
        return Verdict("OUT_OF_SCOPE", 1, greatest(reasons)) if reasons else None

    def rule_2(self, cell):
        """An open major nonconformity, or a minor one from its due_at on."""
        findings = []
        for finding in self.facts["finding"].values():
            grade = finding.word("grade", "FINDING_GRADE_")
            due = grade == "MAJOR_NC" or (grade == "MINOR_NC" and
                                          self.at >= finding.instant("dueAt"))
            if self.open(finding) and due and self.reaches(finding, cell):
                findings.append(finding)
        if not findings:
            return None
        deciding = greatest(findings)
        return Verdict("FAILED", 2, deciding, finding=deciding.get("finding"))

    @staticmethod
    def open(finding):
        return finding.word("state", "FINDING_STATE_") not in ("VERIFIED", "CLOSED")

    def reaches(self, event, cell):
        """Whether a finding or an exception speaks of the cell; both reach "only environments of
        their own programme"."""
        service, environment, standard, control = cell
        standards = (standard,) if event.kind == "finding" else (standard, "*")
        return (event.get("programme") == self.programme_name(environment) and
                event.get("standard") in standards and
                event.get("control") in (control, "*") and
                event.get("service") in (service, "*") and
                event.get("environment") in (environment, "*"))

    def rule_3(self, cell):
        """"Nothing else does this": a CONTROL that the SoA leaves out, with a justification."""
        _, environment, standard, control = cell
        if self.controls(standard)[control] != "CONTROL":
            return None
        soa = self.facts["statementOfApplicability"].get((self.programme_name(environment),))
        for entry in soa.get("entries", []) if soa else []:
            if (entry.get("standard"), entry.get("control")) == (standard, control):
                if not entry.get("applicable", False) and entry.get("justification", ""):
                    return Verdict("NOT_APPLICABLE", 3, soa)
        return None

    # -- rule 4

    def inheritance(self, cell):
        """The inheritance in force for a cell, or None."""
        service, environment, standard, control = cell
        for who, what in ((service, control), (service, "*"), ("*", control), ("*", "*")):
            event = self.facts["inheritance"].get((who, environment, standard, what))
            if event is None:
                continue
            kind = event.word("kind", "INHERITANCE_KIND_")
            if kind == "NONE":
                return None
            provider = (event.get("providerService"), event.get("providerEnvironment"),
                        standard, control)
            if provider != cell:  # "one whose provider is the cell itself is as if absent"
                return Inherited(event, provider, kind)
        return None

    def provider_followed(self, cell):
        """The provider of a cell that is there and reaches rule 4; else None."""
        if not self.exists(cell) or self.rule_1(cell) or self.rule_2(cell) or self.rule_3(cell):
            return None
        inherited = self.inheritance(cell)
        return inherited.provider if inherited else None

    def on_cycle(self, cell):
        seen = set()
        step = self.provider_followed(cell)
        while step is not None and step not in seen:
            if step == cell:
                return True
            seen.add(step)
            step = self.provider_followed(step)
        return False

    def counts_as_error(self, cell, provider):
        if self.on_cycle(cell) or not self.exists(provider):
            return True
        if self.programme_name(provider[1]) != self.programme_name(cell[1]):
            if not self.certificates.certified(provider[:3]):
                return True
        return self.verdict(provider).status in ("OUT_OF_SCOPE", "NOT_APPLICABLE")

    def rule_4(self, cell):
        inherited = self.inheritance(cell)
        if inherited is None:
            return None
        name = "/".join(inherited.provider[:2])
        if self.counts_as_error(cell, inherited.provider):
            theirs = Verdict("ERROR", 4, inherited.event)
        else:
            provider = self.verdict(inherited.provider)
            theirs = Verdict(provider.status, 4, provider.deciding)
        if inherited.kind == "HYBRID":
            own = self.rules_5_to_10(cell)
            if own.status != theirs.status:
                winner = min(own, theirs, key=lambda side: STATUSES.index(side.status))
            elif greatest([own.deciding, theirs.deciding]) is own.deciding:  # "alike, the greater"
                winner = own
            else:
                winner = theirs
            return winner._replace(inherited_from=name)
        return theirs._replace(inherited_from=name)

    # -- rules 5 to 10

    def covering(self, cell, failing):
        """The exceptions that cover a failing stream of a cell."""
        if self.controls(cell[2])[cell[3]] == "CLAUSE":
            return []
        return [exception for exception in self.facts["exception"].values()
                if exception.word("state", "EXCEPTION_STATE_") == "APPROVED"
                and self.at < exception.instant("expiresAt")
                and self.reaches(exception, cell)
                and exception.get("check") in (failing.get("check"), "*")
                and exception.get("subject") in (failing.get("subject"), "*")]

    def rules_5_to_10(self, cell):
        checks = self.checks(cell)
        required = [check for check in checks if check.required]

        def events(of, wanted):
            return [event for check in of for event, reading in check.readings
                    if reading == wanted]

        failing = events(checks, "fails")
        exceptions = {event: self.covering(cell, event) for event in failing}
        uncovered = [event for event in failing if not exceptions[event]]
        if uncovered:
            return Verdict("FAILED", 5, greatest(uncovered))
        if events(required, "errs"):
            return Verdict("ERROR", 6, greatest(events(required, "errs")))
        if events(required, "stale"):
            return Verdict("STALE", 7, greatest(events(required, "stale")))
        if not required or any(self.missing(check) for check in required):
            return Verdict("NOT_TESTED", 8)
        if failing:
            covering = [exception for several in exceptions.values() for exception in several]
            return Verdict("EXCEPTED", 9, greatest(failing + covering),
                           exception=greatest(covering).get("exception"))
        return Verdict("PASSED", 10, greatest(events(required, "passes")))

    # -- posture

    def tally(self, scope):
        return collections.Counter(self.verdict((*scope, control)).status
                                   for control in self.controls(scope[2]))

    def own_posture(self, scope):
        tally = self.tally(scope)
        if not tally:
            return "INCOMPLETE"
        for status in ("OUT_OF_SCOPE", "NOT_APPLICABLE"):
            if set(tally) == {status}:
                return status
        if tally["FAILED"]:
            return "FAILING"
        if tally["ERROR"] or tally["STALE"] or tally["NOT_TESTED"]:
            return "INCOMPLETE"
        return "PASSING_WITH_EXCEPTIONS" if tally["EXCEPTED"] else "PASSING"

    def bases(self, programme, standard):
        """The standards that a standard extends and a programme lists, in its order."""
        version = self.facts["standard"].get((standard,))
        listed = programme.get("standards", []) if programme else []
        return [base for base in (version.get("extends", []) if version else []) if base in listed]

    def all_bases(self, programme, standard):
        """"bases of bases included" """
        found, ahead = [], [standard]
        while ahead:
            for base in self.bases(programme, ahead.pop()):
                if base != standard and base not in found:
                    found.append(base)
                    ahead.append(base)
        return found

    def posture(self, scope):
        own = self.own_posture(scope)
        if own in ("OUT_OF_SCOPE", "NOT_APPLICABLE"):
            return own
        shown = [own]
        for base in self.all_bases(self.programme_of(scope[1]), scope[2]):
            there = (scope[0], scope[1], base)
            theirs = self.own_posture(there) if there in self.facts["scopeChange"] else "INCOMPLETE"
            if theirs != "NOT_APPLICABLE":
                shown.append("INCOMPLETE" if theirs == "OUT_OF_SCOPE" else theirs)
        return min(shown, key=POSTURES.index)
