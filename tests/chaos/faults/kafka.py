"""kafka -- brokers are restarted and killed, leaders move, and all of them are gone."""

import os
import signal

from faults import Fault


class NodeDown(Fault):
    """One node is away for a while. Of a single one that is everything; of three the leaders of a
    third of the partitions move, and move back when it returns."""

    NEEDS = {"kafka"}
    SECONDS = (0, 3)
    SIGNAL = None

    @classmethod
    def draw(cls, chance, layout):
        return {"node": chance.randrange(layout.nodes)}

    def begin(self):
        self.parts.nodes[self.node].stop(self.SIGNAL)

    def end(self):
        self.parts.nodes[self.node].start()


class NodeStop(NodeDown):
    NAME = "broker-stop"
    SIGNAL = signal.SIGTERM


class NodeKill(NodeDown):
    NAME = "broker-kill"
    SIGNAL = signal.SIGKILL
    WEIGHT = 1.5


class NodeFrozen(NodeDown):
    """Does not answer, and its connections stay: what a long collection of garbage does."""

    NAME = "broker-frozen"
    SECONDS = (0.5, 4)

    def begin(self):
        os.kill(self.parts.nodes[self.node].pid(), signal.SIGSTOP)

    def end(self):
        os.kill(self.parts.nodes[self.node].pid(), signal.SIGCONT)


class AllGone(Fault):
    """Every node at once; all come back."""

    NAME = "brokers-gone"
    NEEDS = {"kafka"}
    NODES = (3,)
    SECONDS = (0, 2)
    WEIGHT = 0.5

    def begin(self):
        for node in self.parts.nodes:  # at once, so that none can hand over to another
            os.kill(node.pid(), signal.SIGKILL)
        self.parts.kafka.stop(signal.SIGKILL)

    def end(self):
        self.parts.kafka.start()


class OneAfterTheOther(Fault):
    """A rolling restart, as an upgrade does it."""

    NAME = "brokers-rolling"
    NEEDS = {"kafka"}
    NODES = (3,)
    SECONDS = (0, 0.1)
    WEIGHT = 0.5

    def begin(self):
        for node in self.parts.nodes:
            node.stop(signal.SIGTERM)
            node.start()

    def end(self):
        self.parts.kafka.start()


FAULTS = [NodeStop, NodeKill, NodeFrozen, AllGone, OneAfterTheOther]
