"""
unmapped -- what is kept and has no effect as of one instant, and why.

DESIGN.md sections 2 to 4 say what is shown in `unmapped`; the reasons' names and which of several
is told are consumers/posture/posture.h's. One record that counts is enough for its event.
"""

import collections

from facts import read_events

Row = collections.namedtuple("Row", "event environment check standard control reason",
                             defaults=(None,) * 6)


class Unmapped:
    """Of one history; the same records that it was made of."""

    def __init__(self, records, history):
        self.history = history
        self.events = read_events(records)
        retractions = [event for event in self.events if event.kind == "retraction"]
        self.left = [history.topics_left(event, retractions) for event in self.events]

    def at(self, moment):
        """{Row}"""
        in_force = {(event.id, event.digest)
                    for versions in moment.facts.values() for event in versions.values()}
        found = set()
        for event, topics in zip(self.events, self.left):
            if event.kind == "retraction":
                if event.occurred_at <= moment.at:
                    found.update(self.of_retraction(event))
            elif not topics:
                continue  # as if it had never been sent
            elif event.kind == "controlTestResult":
                reason = self.of_result(moment, event, topics, in_force)
                if reason:
                    found.add(Row(event.id, event.key[1], event.key[2], reason=reason))
            elif (event.id, event.digest) in in_force:
                found.update(of_fact(moment, event))
        return found

    def of_retraction(self, event):
        """An evidence topic's, of no result that it can reach; governance sees all there is."""
        for topic in event.topics - {"assay.governance"}:
            if not any(other.id == event.get("eventId") and other.kind == "controlTestResult"
                       and other.get("service") == event.get("service")
                       and (topic == "assay.evidence" or topic in other.topics)
                       for other in self.events):
                yield Row(event.id, reason="unknown_event")

    def of_result(self, moment, event, topics, in_force):
        """Why a result has no effect; None: it has one, or nobody would expect it to."""
        service, environment, check, _ = event.key
        if self.history.recalled(event):
            return None
        if not any(self.history.counts(event, topic) for topic in topics):
            if event.occurred_at > moment.at:
                return None
            owner = self.history.in_force("serviceOnboarding", (service,), event.occurred_at)
            return "not_owner" if owner else "unknown_service"
        if (event.id, event.digest) not in in_force:
            return None
        mapping = moment.facts["checkMapping"].get((check,))
        named = mapping.get("controls", []) if mapping and applies(mapping, event) else []
        scoped = [c for c in named
                  if (service, environment, c["standard"]) in moment.facts["scopeChange"]]
        known = [c for c in scoped if (c["standard"],) in moment.facts["standard"]]
        if any(c["control"] in moment.controls(c["standard"]) for c in known):
            return None
        if (service,) not in moment.facts["serviceOnboarding"]:
            return "unknown_service"
        return ("no_mapping" if not named else "not_in_scope" if not scoped else
                "unknown_standard" if not known else "unknown_control")


def applies(mapping, result):
    targets = mapping.get("appliesTo", [])
    return not targets or any(
        target["service"] in (result.get("service"), "*") and
        target["environment"] in (result.get("environment"), "*") for target in targets)


# ---- facts in force --------------------------------------------------------------------------

def of_fact(moment, event):
    """Rows of a version in force, other than a result."""
    if event.kind == "scopeChange":
        if event.key[2:] not in moment.facts["standard"]:
            yield Row(event.id, event.key[1], standard=event.key[2], reason="unknown_standard")
        return
    check = event.key[0] if event.kind == "checkMapping" else None
    for (standard, control), reason in in_vain(moment, event):
        yield Row(event.id, None, check, standard, control, reason)


def in_vain(moment, event):
    """((standard, control), reason) of what a fact of governance says of controls in vain."""
    if event.kind == "checkMapping":
        for named in event.get("controls", []):
            yield from unknown(moment, named["standard"], named["control"])
    elif event.kind == "inheritance":
        if event.word("kind", "INHERITANCE_KIND_") != "NONE":
            yield from unknown(moment, event.get("standard"), event.get("control"))
    elif event.kind == "finding":
        weighs = event.word("grade", "FINDING_GRADE_") in ("MAJOR_NC", "MINOR_NC")
        if weighs and moment.open(event):
            yield from unknown(moment, event.get("standard"), event.get("control"))
    elif event.kind == "exception":
        yield from of_exception(moment, event)
    elif event.kind == "statementOfApplicability":
        yield from of_statement(moment, event)


def unknown(moment, standard, control):
    if (standard,) not in moment.facts["standard"]:
        yield (standard, control), "unknown_standard"
    elif control != "*" and control not in moment.controls(standard):
        yield (standard, control), "unknown_control"


def clause(moment, standard, control):
    """What counts for controls only and names a clause: "exceptions and SoA entries have no effect
    on a CLAUSE, and show in `unmapped`" """
    if moment.controls(standard).get(control) == "CLAUSE":
        yield (standard, control), "clause"


def of_exception(moment, event):
    if (event.word("state", "EXCEPTION_STATE_") != "APPROVED"
            or moment.at >= event.instant("expiresAt")):
        return
    standard, control = event.get("standard"), event.get("control")
    if standard != "*":
        yield from unknown(moment, standard, control)
        yield from clause(moment, standard, control)
    elif control != "*":
        for (each,) in moment.facts["standard"]:
            yield from clause(moment, each, control)


def of_statement(moment, event):
    entries = {(entry["standard"], entry["control"]) for entry in event.get("entries", [])}
    for pair in entries:
        yield from unknown(moment, *pair)
        yield from clause(moment, *pair)
    programme = moment.facts["programme"].get((event.get("programme"),))
    for standard in programme.get("standards", []) if programme else []:
        for control, kind in moment.controls(standard).items():
            if kind == "CONTROL" and (standard, control) not in entries:
                yield (standard, control), "omitted"  # "as do controls that the SoA omits"
