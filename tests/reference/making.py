"""
making -- records in JSON, short to write: what the generator and the tests of the reference share.

An instant is given in days since 2026-01-01, in microseconds within (`day(3, -1)` is the last
microsecond of the second of January), so that the arithmetic of an expectation can be seen.
"""

import datetime
import uuid

from facts import DAY, EPOCH, text_of

START = (datetime.datetime(2026, 1, 1) - EPOCH).days * DAY

EVIDENCE = "assay.evidence"
SERVICES = "assay.services"
SCOPE = "assay.scope"
GOVERNANCE = "assay.governance"

HOME = {"controlTestResult": EVIDENCE, "serviceOnboarding": SERVICES, "scopeChange": SCOPE}


def day(days, micros=0):
    """An instant as text."""
    return text_of(at(days, micros))


def at(days, micros=0):
    """An instant as microseconds since 1970."""
    return START + round(days * DAY) + micros


def name(number):
    """A stable id: the greater the number, the greater the id."""
    return str(uuid.UUID(int=(0x2 << 62) | (0x5 << 76) | (number << 80)))


def record(number, days, kind, fact, topic=None, sequence=0, micros=0, source="tests", digest=None):
    """One record of an event whose id is name(number)."""
    event = {"id": name(number), "source": source, "occurredAt": day(days, micros),
             "actor": "someone", kind: fact}
    if sequence:
        event["sequence"] = str(sequence)
    line = {"topic": topic or HOME.get(kind, GOVERNANCE), "event": event}
    if digest:
        line["digest"] = digest
    return line


def query(days, micros=0):
    return {"query": day(days, micros)}


def result(outcome, service="mail", environment="public", check="c1", subject="", expires=None,
           tool=None):
    fact = {"service": service, "environment": environment, "check": check,
            "result": "RESULT_" + outcome, "method": "METHOD_TEST"}
    if subject:
        fact["subject"] = subject
    if expires is not None:
        fact["expiresAt"] = expires
    if tool:
        fact["tool"] = {"name": tool[0], "version": tool[1]}
    return fact


def onboarding(service="mail", owner="red", lifecycle="LIVE"):
    fact = {"service": service, "title": service.title(), "lifecycle": "LIFECYCLE_" + lifecycle}
    if owner:
        fact["owner"] = owner
    return fact


def scope(service="mail", environment="public", standard="std", membership="IN_SCOPE"):
    return {"service": service, "environment": environment, "standard": standard,
            "membership": "MEMBERSHIP_" + membership}


def programme(programme="p", environments=("public",), standards=("std",), discontinued=()):
    return {"programme": programme, "title": "Programme " + programme, "environments": [
        {"environment": e, "title": e.title(),
         "state": "ENVIRONMENT_STATE_" + ("DISCONTINUED" if e in discontinued else "LIVE")}
        for e in environments], "standards": list(standards)}


def standard(standard="std", controls=("1",), clauses=(), extends=(), until=None):
    fact = {"standard": standard, "title": "Standard " + standard, "controls": [
        {"control": c, "title": "Control " + c,
         "kind": "CONTROL_KIND_" + ("CLAUSE" if c in clauses else "CONTROL")}
        for c in (*controls, *clauses)]}
    if extends:
        fact["extends"] = list(extends)
    if until is not None:
        fact["certifiableUntil"] = until
    return fact


def mapping(check="c1", controls=(("std", "1"),), applies=(), required=True, ttl_days=None):
    fact = {"check": check, "title": "Check " + check,
            "controls": [{"standard": s, "control": c} for s, c in controls]}
    if applies:
        fact["appliesTo"] = [{"service": s, "environment": e} for s, e in applies]
    if required:
        fact["required"] = True
    if ttl_days is not None:
        fact["ttl"] = f"{round(ttl_days * 86_400)}s"
    return fact


def soa(entries, programme="p", version="1"):
    """entries: (standard, control, applicable, justification)"""
    return {"programme": programme, "version": version, "dated": day(0), "entries": [
        {"standard": s, "control": c, "justification": why,
         "implementation": "IMPLEMENTATION_IMPLEMENTED", **({"applicable": True} if yes else {})}
        for s, c, yes, why in entries]}


def inheritance(provider, service="mail", environment="public", standard="std", control="1",
                kind="FULL"):
    fact = {"service": service, "environment": environment, "standard": standard,
            "control": control, "kind": "INHERITANCE_KIND_" + kind}
    if provider:
        fact["providerService"], fact["providerEnvironment"] = provider
    return fact


def exception(exception="x1", programme="p", standard="std", control="1", service="mail",
              environment="public", check="*", subject="*", state="APPROVED", expires=None):
    fact = {"exception": exception, "programme": programme, "standard": standard,
            "control": control, "service": service, "environment": environment, "check": check,
            "subject": subject, "state": "EXCEPTION_STATE_" + state, "approver": "the board",
            "riskOwner": "an owner", "reason": "accepted"}
    if expires is not None:
        fact["expiresAt"] = expires
    return fact


def finding(finding="f1", programme="p", standard="std", control="1", service="mail",
            environment="public", grade="MAJOR_NC", state="OPEN", due=None):
    fact = {"finding": finding, "programme": programme, "standard": standard, "control": control,
            "service": service, "environment": environment, "grade": "FINDING_GRADE_" + grade,
            "state": "FINDING_STATE_" + state, "title": "Finding " + finding}
    if due is not None:
        fact["dueAt"] = due
    return fact


def audit(audit="a1", programme="p", kind="SURVEILLANCE", state="REPORTED", starts=None, ends=None,
          standards=("std",)):
    return {"audit": audit, "programme": programme, "kind": "AUDIT_KIND_" + kind,
            "state": "AUDIT_STATE_" + state, "startsAt": starts, "endsAt": ends,
            "auditor": "a body", "standards": list(standards)}


def certificate(decision="GRANTED", programme="p", standard="std", since=None, until=None,
                version="1", scope_as_of=None, number="N-1"):
    fact = {"programme": programme, "standard": standard, "number": number, "body": "a body",
            "decision": "CERTIFICATE_DECISION_" + decision, "initialAt": since,
            "validFrom": since, "validUntil": until, "soaVersion": version}
    if scope_as_of is not None:
        fact["scopeAsOf"] = scope_as_of
    return fact


def retraction(number, service=None):
    fact = {"eventId": name(number), "reason": "sent by mistake"}
    if service:
        fact["service"] = service
    return fact


def recall(tool=("scanner", "1"), service="*", state="IN_FORCE"):
    return {"tool": tool[0], "version": tool[1], "service": service,
            "state": "RECALL_STATE_" + state, "reason": "wrong results"}
