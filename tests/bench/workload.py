"""workload -- what the benchmark's evidence is about, as the office and the platform publish it.

300 services in two environments, in scope of one standard of 174 controls, each with one required
check: 104,400 cells, one stream a cell. Variant subjects: one service, one environment, 200 checks,
which 5,000 hosts are tested by: a million streams. load.c makes the results, with the same names.
"""

import json

PROGRAMME_AT = "2026-01-01T00:00:00Z"
STANDARD = "bench-174"


def sizes(variant):
    """services, environments, checks"""
    return (1, 1, 200) if variant.startswith("subjects") else (300, 2, 174)


def streams(variant):
    """as load.c has them"""
    services, environments, checks = sizes(variant)
    subjects = {"subjects": 5000, "subjects-quick": 250}.get(variant, 1)
    return services * environments * checks * subjects


def service(number):
    return f"svc-{number:03d}-payments"


def environments(variant):
    return ["production", "staging"][: sizes(variant)[1]]


def check(number):
    return f"CC{number % 9}.{number % 7}-access-review-{number:03d}"


def _event(body, fields, at=PROGRAMME_AT):
    return {"source": "bench/office", "occurredAt": at, body: fields}


def mapping(number, at=PROGRAMME_AT, ttl="31536000s"):
    return _event(
        "checkMapping",
        {
            "check": check(number),
            "title": f"Check {number}",
            "controls": [{"standard": STANDARD, "control": f"C.{number + 1}"}],
            "required": True,
            "ttl": ttl,
        },
        at,
    )


def standard(controls, at=PROGRAMME_AT, title="Benchmark"):
    return _event(
        "standard",
        {
            "standard": STANDARD,
            "title": title,
            "edition": "1",
            "controls": [
                {"control": f"C.{number + 1}", "title": f"Control {number + 1}",
                 "kind": "CONTROL_KIND_CONTROL", "group": f"C.{number // 20}"}
                for number in range(controls)
            ],
        },
        at,
    )


def programme(variant):
    return _event(
        "programme",
        {
            "programme": "bench",
            "title": "Benchmark",
            "organisation": "Benchmark",
            "environments": [
                {"environment": environment, "title": environment.title(),
                 "state": "ENVIRONMENT_STATE_LIVE"}
                for environment in environments(variant)
            ],
            "standards": [STANDARD],
        },
    )


def soa(version, controls, out, at):
    """A Statement of Applicability in which the controls of `out` do not apply."""
    return _event(
        "statementOfApplicability",
        {
            "programme": "bench",
            "version": version,
            "dated": at,
            "entries": [
                {
                    "standard": STANDARD,
                    "control": f"C.{number + 1}",
                    "applicable": number not in out,
                    "justification": "no such thing here" if number in out else "needed",
                    "implementation": "IMPLEMENTATION_IMPLEMENTED",
                }
                for number in range(controls)
            ],
        },
        at,
    )


def events(variant):
    """Everything but results."""
    services, _, checks = sizes(variant)
    yield standard(checks)
    yield programme(variant)
    for number in range(checks):
        yield mapping(number)
    for number in range(services):
        yield _event(
            "serviceOnboarding",
            {"service": service(number), "title": f"Payments {number}", "category": "Payments",
             "position": number, "owner": "payments", "lifecycle": "LIFECYCLE_LIVE"},
        )
        for environment in environments(variant):
            yield _event(
                "scopeChange",
                {"service": service(number), "environment": environment, "standard": STANDARD,
                 "membership": "MEMBERSHIP_IN_SCOPE"},
            )


def lines(events):
    return "".join(json.dumps(event) + "\n" for event in events).encode()
