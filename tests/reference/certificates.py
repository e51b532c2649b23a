"""
certificates -- what the certification body decided, as of one instant.

DESIGN.md section 3, "Certificate" and "certified". Only decisions make and unmake a certificate;
nothing here looks at a cell.
"""

from facts import DAY, months_after, start_of_year, year_of

FLAGS = ["SURVEILLANCE_OVERDUE", "SURVEILLANCE_DUE", "RECERTIFICATION_DUE",
         "SUSPENDED_OVER_6_MONTHS", "MAJOR_NC_OPEN", "SOA_DIFFERS"]


class Certificates:
    """The certificates of one Moment."""

    def __init__(self, moment):
        self.moment = moment
        self.at = moment.at

    def decisions(self, programme, standard):
        """The decisions on a certificate that have taken force, in the facts' order."""
        versions = self.moment.history.versions.get(("certificate", (programme, standard)), [])
        return [decision for decision in versions if self.takes_force(decision) <= self.at]

    @staticmethod
    def decided(decision):
        return decision.word("decision", "CERTIFICATE_DECISION_")

    def takes_force(self, decision):
        if self.decided(decision) in ("SUSPENDED", "WITHDRAWN"):
            return decision.occurred_at
        return max(decision.occurred_at, decision.instant("validFrom"))

    def state(self, programme, standard, asking=()):
        decisions = self.decisions(programme, standard)
        if not decisions:
            return "NONE"
        decision = decisions[-1]
        if self.decided(decision) == "WITHDRAWN":
            return "WITHDRAWN"
        version = self.moment.facts["standard"].get((standard,))
        ends = [decision.instant("validUntil"),
                version.instant("certifiableUntil") if version else None]
        if any(end is not None and self.at >= end for end in ends):
            return "EXPIRED"
        if self.decided(decision) == "SUSPENDED":
            return "SUSPENDED"
        for base in self.moment.bases(self.moment.facts["programme"].get((programme,)), standard):
            if base != standard and base not in asking:  # a circle of bases asks each once
                state = self.state(programme, base, (*asking, standard))
                if state != "CERTIFIED":
                    return state
        return "CERTIFIED"

    def surveillance_deadline(self, programme, standard):
        decisions = self.decisions(programme, standard)
        granting = [d for d in decisions if self.decided(d) in ("GRANTED", "RENEWED")]
        candidates = []  # (instant, is a GRANTED decision)
        if granting:
            last = granting[-1]
            candidates.append((self.takes_force(last), self.decided(last) == "GRANTED"))
        for audit in self.moment.facts["audit"].values():
            if (audit.get("programme") == programme and standard in audit.get("standards", [])
                    and audit.word("kind", "AUDIT_KIND_") in ("SURVEILLANCE", "RECERTIFICATION")
                    and audit.word("state", "AUDIT_STATE_") != "PLANNED"
                    and audit.instant("endsAt") <= self.at):
                candidates.append((audit.instant("endsAt"), False))
        if not candidates:
            return None
        base, granted = max(candidates)
        if year_of(base) + 1 >= year_of(decisions[-1].instant("validUntil")):
            return None
        return months_after(base, 12) if granted else start_of_year(year_of(base) + 2)

    def flags(self, programme, standard, deadline):
        decisions = self.decisions(programme, standard)
        decision = decisions[-1]
        run = []
        for earlier in reversed(decisions):
            if self.decided(earlier) != "SUSPENDED":
                break
            run.append(earlier)
        soa = self.moment.facts["statementOfApplicability"].get((programme,))
        major = [f for f in self.moment.facts["finding"].values() if self.moment.open(f)
                 and f.word("grade", "FINDING_GRADE_") == "MAJOR_NC"
                 and (f.get("programme"), f.get("standard")) == (programme, standard)]
        holds = {
            "SURVEILLANCE_OVERDUE": deadline is not None and self.at >= deadline,
            "SURVEILLANCE_DUE": deadline is not None
                                and deadline - 90 * DAY <= self.at < deadline,
            "RECERTIFICATION_DUE":
                self.at >= months_after(decision.instant("validUntil"), -6),
            "SUSPENDED_OVER_6_MONTHS":
                bool(run) and self.at >= months_after(self.takes_force(run[-1]), 6),
            "MAJOR_NC_OPEN": bool(major),
            "SOA_DIFFERS": (soa.get("version") if soa else "") != decision.get("soaVersion"),
        }
        return [flag for flag in FLAGS if holds[flag]]

    def scope_since(self, scope):
        """"the first instant of the unbroken span of equal membership" """
        past = {}  # occurred_at -> membership from then on: the greatest version of that instant
        for version in self.moment.history.versions[("scopeChange", scope)]:
            if version.occurred_at <= self.at:
                past[version.occurred_at] = version.get("membership")
        since = None
        for at in sorted(past, reverse=True):
            if past[at] != past[max(past)]:
                break
            since = at
        return since

    def certified(self, scope):
        change = self.moment.facts["scopeChange"].get(scope)
        programme = self.moment.programme_name(scope[1])
        if change is None or programme is None:
            return False
        if self.state(programme, scope[2]) != "CERTIFIED":
            return False
        if change.word("membership", "MEMBERSHIP_") != "IN_SCOPE":
            return False
        if self.moment.out_of_scope(scope):
            return False
        dating = [decision for decision in self.decisions(programme, scope[2])
                  if self.decided(decision) in ("GRANTED", "RENEWED", "EXPANDED", "REDUCED")]
        if not dating:
            return False
        scope_date = dating[-1].instant("scopeAsOf")
        if scope_date is None:
            scope_date = dating[-1].occurred_at
        return self.scope_since(scope) <= scope_date
