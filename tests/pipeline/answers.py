"""answers -- what Assay answers, as values that can be compared between worlds; and a set of events
with everything in it that could come in another order."""

import random
import uuid
from datetime import datetime, timedelta, timezone

import facts

SERVICES = ["mail", "chat", "files", "calendar", "search"]
ENVIRONMENTS = ["prod", "test"]
CHECKS = ["backup", "patched", "logged", "locked", "trained"]
BEGIN = datetime(2026, 10, 1, tzinfo=timezone.utc)
DAYS = 40


def answers(world, instants):
    """Everything that must not depend on how the events came."""
    found = {}
    for at in instants:
        for relation in ("cell_status_at", "service_status_at", "scope_at"):
            rows = world.query(f"SELECT * FROM assay.{relation}(%s)", at)
            found[relation, at.isoformat()] = sorted(
                tuple(sorted((name, str(value)) for name, value in row.items())) for row in rows
            )
    found["change"] = sorted(
        tuple(str(value) for value in row.values())
        for row in world.query(
            "SELECT at, service, environment, standard, control, from_status, to_status, cause"
            " FROM assay.change"
        )
    )
    found["unmapped"] = sorted({
        (str(row["event"]), str(row["reason"]))
        for row in world.query("SELECT event, reason FROM assay.unmapped")
    })
    return found


def instants(count=8):
    """Instants over the whole of the time of events(), and one after all expiries."""
    step = timedelta(days=DAYS) / count
    return [BEGIN + step * number for number in range(1, count + 1)] + [
        BEGIN + timedelta(days=500)
    ]


def events(seed, results=300):
    """Every body that counts now: versions of governance, late results, several at one instant,
    expiries, retractions and recalls. The same seed gives the same events."""
    chance = random.Random(seed)
    made = []

    def moment():
        # whole hours: so that some fall together, and the order of facts has to tell them apart
        return BEGIN + timedelta(hours=chance.randrange(DAYS * 24))

    def add(event):
        event["id"] = str(uuid.UUID(int=chance.getrandbits(128), version=4))
        made.append(event)
        return event["id"]

    controls = [f"C.{number}" for number in range(1, 7)]
    add(facts.standard(controls[:4], at=BEGIN))
    add(facts.standard(controls, at=BEGIN + timedelta(days=15)))
    for check in CHECKS:
        for version in range(3):
            add(facts.mapping(
                check, chance.sample(controls, 2),
                at=BEGIN if version == 0 else moment(),
                required=chance.random() < 0.7,
                applies_to=chance.choice([(), [("*", "prod")], [("mail", "*"), ("chat", "test")]]),
                **chance.choice([{}, {"ttl": f"{chance.randrange(5, 20) * 86400}s"}]),
            ))
    for service in SERVICES:
        if service != "search":  # which nobody has onboarded
            add(facts.onboarding(service, at=BEGIN))
            if chance.random() < 0.5:
                add(facts.onboarding(service, at=moment(), lifecycle="RETIRED"))
        for environment in ENVIRONMENTS:
            add(facts.scope(service, at=BEGIN, environment=environment))
            add(facts.scope(service, at=moment(), environment=environment,
                            membership=chance.choice(["REMOVED", "PENDING_AUDIT", "IN_SCOPE"])))
    said = []
    for number in range(results):
        at = moment()
        service = chance.choice(SERVICES)
        said.append((service, add(facts.result(
            service, chance.choice(CHECKS),
            chance.choice(["PASS"] * 6 + ["FAIL", "ERROR", "UNKNOWN", "NOT_CHECKED", "INFO",
                                          "NOT_APPLICABLE", "RETIRED"]),
            at, environment=chance.choice(ENVIRONMENTS),
            subject=chance.choice(["host-1", "host-2", ""]),
            expires_at=at + timedelta(days=chance.randrange(1, 20))
            if chance.random() < 0.3 else None,
            tool=("scanner", chance.choice(["1.0", "1.1"])) if chance.random() < 0.3 else None,
            sequence=str(number % 3),
        ))))
    for service, event_id in chance.sample(said, results // 20):
        add(facts.retraction(event_id, moment(),
                             service=chance.choice([service, service, "mail", None])))
    add(facts.tool_recall("scanner", "1.0", moment(), service="chat"))
    add(facts.tool_recall("scanner", "1.1", BEGIN + timedelta(days=20)))
    add(facts.tool_recall("scanner", "1.1", BEGIN + timedelta(days=30), state="LIFTED"))
    return made
