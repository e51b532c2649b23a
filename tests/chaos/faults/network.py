"""network -- lines between aggregators and their servers hang, break, turn away and are slow."""

from faults import Fault
from faults.between import between


class OfALine(Fault):
    """To PostgreSQL, to one node of Apache Kafka, or to all there is."""

    NEEDS = {"network"}

    @classmethod
    def draw(cls, chance, layout):
        kafka = [f"kafka-{number}" for number in range(1, layout.nodes + 1)]
        return {"lines": chance.choice([["postgresql"], ["postgresql"], [chance.choice(kafka)],
                                        kafka, ["postgresql", *kafka]])}

    @classmethod
    def prepare(cls, parts, arguments):
        between(parts)

    def relays(self):
        return [between(self.parts).relays[name] for name in self.lines]

    def end(self):
        for relay in self.relays():
            relay.heal()


class Partition(OfALine):
    """Nothing passes, and nobody is told: beyond a session of the consumer group, or short of it.
    When it is over, what was held up arrives, or the connections turn out to be gone."""

    NAME = "partition"
    SECONDS = (0.5, 5)
    WEIGHT = 2

    @classmethod
    def draw(cls, chance, layout):
        return {**super().draw(chance, layout), "leaves_resets": chance.random() < 0.5,
                "ways": chance.choice([["there", "back"], ["there"], ["back"]])}

    def begin(self):
        for relay in self.relays():
            relay.stall(*self.ways)

    def end(self):
        if self.leaves_resets:
            for relay in self.relays():
                relay.reset()
        super().end()


class Refused(OfALine):
    """Every connection is reset, and new ones at once."""

    NAME = "refused"
    SECONDS = (0.2, 3)

    def begin(self):
        for relay in self.relays():
            relay.refuse()


class Reset(OfALine):
    """Every connection is reset; new ones find everything in order."""

    NAME = "reset"
    SECONDS = (0, 0.1)

    def begin(self):
        for relay in self.relays():
            relay.reset()


class Late(OfALine):
    """Whatever passes takes its time, in both directions."""

    NAME = "late"
    SECONDS = (1, 5)

    @classmethod
    def draw(cls, chance, layout):
        return {**super().draw(chance, layout), "delay": chance.choice([0.005, 0.03, 0.2])}

    def begin(self):
        for relay in self.relays():
            relay.delay(self.delay)


FAULTS = [Partition, Refused, Reset, Late]
