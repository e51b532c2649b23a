"""clock -- an aggregator's or PostgreSQL's is wrong by up to a year: it jumps there and back."""

from faults import Fault
from faults.between import between

YEAR = 366 * 24 * 3600


class WrongClock(Fault):
    NEEDS = {"clock"}
    SECONDS = (0.2, 4)

    @classmethod
    def draw(cls, chance, layout):
        size = chance.choice([2, 3600, 32 * 24 * 3600, YEAR])
        return {"ahead": chance.choice([-1, 1]) * size}

    def begin(self):
        self.tampering().clock(self.ahead)

    def end(self):
        self.tampering().clock(0)


class AggregatorClock(WrongClock):
    """Of all aggregators: nothing but complete_through ever looks at it, and that no further than
    PostgreSQL's."""

    NAME = "aggregator-clock"

    @classmethod
    def prepare(cls, parts, arguments):
        between(parts)

    def tampering(self):
        return between(self.parts).tampering


class PostgresqlClock(WrongClock):
    """The commit log must rise all the same; timeouts come too early, or late."""

    NAME = "postgresql-clock"

    def tampering(self):
        return self.parts.postgresql.tampering


FAULTS = [AggregatorClock, PostgresqlClock]
