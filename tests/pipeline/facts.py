"""facts -- events as JSON, put together from what a scenario cares about.

Instants are datetimes; everything left out takes a value that is valid and says nothing.
"""

import json
from datetime import datetime, timedelta, timezone

LONG_AGO = datetime(2026, 1, 1, tzinfo=timezone.utc)
STANDARD = "std-1"
ENVIRONMENT = "prod"


def instant(at):
    return at.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def now():
    return datetime.now(timezone.utc)


def ago(**parts):
    return now() - timedelta(**parts)


def event(at, source="test/scenario", **body):
    return {"source": source, "occurredAt": instant(at), **body}


def onboarding(service, at=LONG_AGO, title=None, lifecycle="LIVE", **more):
    return event(at, serviceOnboarding={
        "service": service, "title": title or service.title(),
        "lifecycle": f"LIFECYCLE_{lifecycle}", **more,
    })


def scope(service, at=LONG_AGO, environment=ENVIRONMENT, standard=STANDARD,
          membership="IN_SCOPE"):
    return event(at, scopeChange={
        "service": service, "environment": environment, "standard": standard,
        "membership": f"MEMBERSHIP_{membership}",
    })


def standard(controls, at=LONG_AGO, name=STANDARD, **more):
    return event(at, standard={
        "standard": name, "title": name.upper(), "edition": "1", **more,
        "controls": [
            {"control": control, "title": f"Control {control}", "kind": "CONTROL_KIND_CONTROL",
             "group": control.split(".")[0]}
            for control in controls
        ],
    })


def mapping(check, controls, at=LONG_AGO, required=True, applies_to=(), name=STANDARD, **more):
    return event(at, checkMapping={
        "check": check, "title": check,
        "controls": [{"standard": name, "control": control} for control in controls],
        "appliesTo": [
            {"service": service, "environment": environment}
            for service, environment in applies_to
        ],
        "required": required, **more,
    })


def result(service, check, outcome, at, environment=ENVIRONMENT, subject="host-1",
           expires_at=None, tool=None, source="test/scanner", **envelope):
    body = {
        "service": service, "environment": environment, "check": check, "subject": subject,
        "result": f"RESULT_{outcome}", "method": "METHOD_TEST",
    }
    if expires_at is not None:
        body["expiresAt"] = instant(expires_at)
    if tool is not None:
        body["tool"] = dict(zip(("name", "version"), tool))
    return {**event(at, source=source, controlTestResult=body), **envelope}


def retraction(event_id, at, service=None, reason="wrong host"):
    body = {"eventId": event_id, "reason": reason}
    if service is not None:
        body["service"] = service
    return event(at, retraction=body)


def tool_recall(tool, version, at, service="*", state="IN_FORCE"):
    return event(at, toolRecall={
        "tool": tool, "version": version, "service": service,
        "state": f"RECALL_STATE_{state}", "reason": "it missed cases",
    })


def lines(events):
    """What `assay publish` reads."""
    return "".join(json.dumps(made) + "\n" for made in events).encode()


def base(services, checks, environments=(ENVIRONMENT,), owner=None):
    """What evidence needs to count: each service onboarded and in scope of one standard, whose
    controls C.1, C.2, … each have one of the checks, required."""
    controls = [f"C.{number}" for number in range(1, len(checks) + 1)]
    made = [standard(controls)]
    made += [mapping(check, [control]) for check, control in zip(checks, controls)]
    for service in services:
        made.append(onboarding(service, **({"owner": owner} if owner else {})))
        made += [scope(service, environment=environment) for environment in environments]
    return made
