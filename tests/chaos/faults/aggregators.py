"""aggregators -- they are killed at any moment and at every step, stopped and let go on, and become
many and few again."""

import signal

import psycopg2

from faults import Fault
from killpoint import STEPS
from world import Failed, await_condition

REACHED_SECONDS = 4


class Kill(Fault):
    """kill -9, at whatever it does just now; some of them, at once."""

    NAME = "kill"
    SECONDS = (0, 0.5)
    WEIGHT = 2

    @classmethod
    def draw(cls, chance, layout):
        return {"which": chance.randrange(8), "all_of_them": chance.random() < 0.3}

    def begin(self):
        running = self.parts.aggregators.running()
        chosen = self.parts.aggregators.chosen(self.which)
        for one in running if self.all_of_them else [chosen] if chosen else []:
            one.send(signal.SIGKILL)
        self.happened = bool(running)


class AtStep(Fault):
    """The signal comes at a named step of a batch, in one aggregator or in whichever gets there."""

    NEEDS = {"steps"}  # one at a time: each aggregator has one killpoint
    SECONDS = (0, 0.1)

    @classmethod
    def draw(cls, chance, layout):
        return {"step": chance.choice(sorted(STEPS)), "nth": chance.choice([1, 1, 1, 2]),
                "which": chance.randrange(8), "all_of_them": chance.random() < 0.5}

    def arm(self, number):
        """Those that were armed, when one of them has got there or all had their time."""
        aggregators = self.parts.aggregators
        chosen = aggregators.chosen(self.which)
        armed = aggregators.running() if self.all_of_them else [chosen] if chosen else []
        for one in armed:
            one.killpoint.arm(self.step, self.nth, number)
        try:
            await_condition(lambda: any(one.killpoint.fired() for one in armed), REACHED_SECONDS,
                            self.step)
        except Failed:
            self.happened = False
        return armed


class KillAtStep(AtStep):
    NAME = "kill-at-step"
    WEIGHT = 6

    def begin(self):
        self.armed = []
        self.armed = self.arm(signal.SIGKILL)

    def end(self):
        for one in self.armed:
            one.killpoint.disarm()


class Zombie(AtStep):
    """Stopped at a named step until its partitions are others', then let go on. What it held in
    PostgreSQL meanwhile is let go of as timeouts would, which are not waited for here. Mostly it is
    stopped where it holds nothing yet: there nothing but its fencing keeps it from writing."""

    NAME = "zombie"
    NEEDS = {"aggregators", "steps"}
    SECONDS = (2, 4.5)
    WEIGHT = 3
    HOLDING_NOTHING = ["before-begin", "before-advance", "before-lock"]

    @classmethod
    def draw(cls, chance, layout):
        drawn = super().draw(chance, layout)
        if chance.random() < 0.6:
            drawn.update(step=chance.choice(cls.HOLDING_NOTHING), all_of_them=False)
        return {**drawn, "session_ends": chance.random() < 0.3}

    def begin(self):
        self.armed = []
        if self.parts.layout.aggregators == 1:
            self.parts.aggregators.resize(2)  # who takes over
        self.armed = self.arm(signal.SIGSTOP)
        self.stopped = [one for one in self.armed if one.killpoint.fired()]
        if self.session_ends:
            try:
                with self.parts.postgresql.superuser() as connection:
                    connection.autocommit = True
                    for one in self.stopped:
                        connection.cursor().execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            " WHERE application_name = %s", (one.directory.name,))
            except psycopg2.OperationalError:
                pass  # it is down, and the session with it

    def end(self):
        for one in self.armed:
            one.killpoint.disarm()
            one.send(signal.SIGCONT)  # which is nothing to one that runs
        self.parts.aggregators.resize(self.parts.layout.aggregators)


class Stop(Fault):
    """SIGSTOP at any moment, for shorter or longer than the group waits."""

    NAME = "stop"
    NEEDS = {"aggregators"}
    SECONDS = (0.2, 4)

    @classmethod
    def draw(cls, chance, layout):
        return {"which": chance.randrange(8), "all_of_them": chance.random() < 0.3}

    def begin(self):
        self.stopped = []
        chosen = self.parts.aggregators.chosen(self.which)
        running = self.parts.aggregators.running()
        self.stopped = running if self.all_of_them else [chosen] if chosen else []
        for one in self.stopped:
            one.send(signal.SIGSTOP)
        self.happened = bool(self.stopped)

    def end(self):
        for one in self.stopped:
            one.send(signal.SIGCONT)


class Storm(Fault):
    """From few to many and back, faster than the group settles."""

    NAME = "storm"
    NEEDS = {"aggregators"}
    SECONDS = (0, 0.5)

    @classmethod
    def draw(cls, chance, layout):
        return {"counts": [chance.randrange(1, 6) for _ in range(chance.randrange(2, 6))]}

    def begin(self):
        for count in self.counts:
            self.parts.aggregators.resize(count)

    def end(self):
        self.parts.aggregators.resize(self.parts.layout.aggregators)


FAULTS = [Kill, KillAtStep, Zombie, Stop, Storm]
