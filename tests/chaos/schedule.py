"""schedule -- what one seed does: a pure function from a number to a timeline.

    schedule.py SEED…     prints timelines

The same seed gives the same schedule as long as the faults there are stay the same.
"""

import dataclasses
import random
import sys

LONGEST = 9.0  # seconds over which faults begin
SENDING = 9.0  # seconds over which producers send


@dataclasses.dataclass(frozen=True)
class Layout:
    """The parts of a seed."""

    nodes: int  # of Apache Kafka
    partitions: int  # of topics that have several
    aggregators: int  # at the beginning
    batches: tuple  # --batch-records of each, in turns
    session_ms: int  # of the consumer group
    session_sql: str  # said after each session's own settings; "": none


@dataclasses.dataclass(frozen=True)
class Happening:
    at: float
    seconds: float
    fault: str
    arguments: dict

    def __str__(self):
        given = " ".join(f"{name}={value}" for name, value in self.arguments.items())
        return f"{self.at:6.2f} s  for {self.seconds:4.2f} s  {self.fault} {given}".rstrip()


@dataclasses.dataclass(frozen=True)
class Schedule:
    seed: int
    layout: Layout
    histories: tuple  # (seed, profile, size): what producers tell
    poison: float  # this part of the records has a malformed one before it
    bursts: tuple  # (at, share): when producers send, and how much of everything
    happenings: tuple

    def __str__(self):
        lines = [f"seed {self.seed}: {self.layout}",
                 f"  histories {self.histories}, poison {self.poison}",
                 "  bursts " + " ".join(f"{at:.2f}:{share:.2f}" for at, share in self.bursts)]
        return "\n".join([*lines, *(f"  {happening}" for happening in self.happenings)])


def draw(seed, faults, only=()):
    """faults: {name: class}. only: of these names alone, where any is given."""
    chance = random.Random(f"chaos {seed}")
    layout = Layout(
        nodes=chance.choice([1, 1, 1, 3]),
        partitions=chance.choice([1, 3, 4]),
        aggregators=chance.choice([1, 2, 2, 3]),
        batches=tuple(chance.choice([1, 2, 5, 20, 1000]) for _ in range(3)),
        session_ms=chance.choice([1000, 1500, 3000]),
        session_sql=chance.choice(["", "SET lock_timeout = '400ms'"]),
    )
    histories = tuple(
        (seed * 10 + number, chance.choice(["full", "full", "evidence"]),
         chance.choice([None, None, 120]))
        for number in range(chance.choice([2, 3])))
    bursts = sorted(chance.uniform(0, SENDING) for _ in range(chance.choice([3, 12, 40])))
    weights = [chance.choice([1, 1, 2, 8]) for _ in bursts]
    return Schedule(
        seed, layout, histories, chance.choice([0.0, 0.02, 0.1, 0.5]),
        tuple((round(at, 3), weight / sum(weights)) for at, weight in zip(bursts, weights)),
        happenings(chance, layout, faults, only))


def happenings(chance, layout, faults, only):
    """Several, at random instants; what needs the same part follows one another."""
    possible = [fault for name, fault in sorted(faults.items())
                if layout.nodes in fault.NODES and (not only or name in only)]
    free = {}  # part -> when the last fault that needs it has ended
    found = []
    for _ in range(chance.randrange(3, 9) if possible else 0):
        (fault,) = chance.choices(possible, [fault.WEIGHT for fault in possible])
        seconds = round(chance.uniform(*fault.SECONDS), 3)
        at = max([chance.uniform(0.3, LONGEST), *(free.get(part, 0) for part in fault.NEEDS)])
        arguments = fault.draw(chance, layout)
        if at > LONGEST:
            continue  # no room for it any more
        free.update((part, at + seconds + 0.5) for part in fault.NEEDS)
        found.append(Happening(round(at, 3), seconds, fault.NAME, arguments))
    return tuple(sorted(found, key=lambda one: one.at))


def main():
    from faults import all_faults

    for seed in sys.argv[1:]:
        print(draw(int(seed), all_faults()))


if __name__ == "__main__":
    main()
