"""faults -- what is done to the parts while they work, one kind a file.

A file here defines subclasses of Fault and names them in its list FAULTS; being there is all the
registration there is (other files are what faults share). A schedule draws which happen, when, for
how long and with what arguments; each then begins and ends in a thread of its own, while others
last.

    class Slow(Fault):
        NAME = "slow"                      # in schedules, on the command line, in counts
        NEEDS = {"kafka"}                  # what no other fault may touch meanwhile
        SECONDS = (0.5, 3)                 # how long it may last

        @classmethod
        def draw(cls, chance, layout):     # pure: JSON-able arguments out of a random.Random
            return {"node": chance.randrange(layout.nodes)}

        def begin(self): ...               # self.parts, self.node
        def end(self): ...                 # also after a begin() that raised: must undo it all

A fault only ever does what the world does: it never touches what the checker looks at.
"""

import importlib
import pkgutil


class Fault:
    NAME = None
    NEEDS = frozenset()  # of aggregators, steps, kafka, postgresql, network, disk, clock
    NODES = (1, 3)  # sizes of the Kafka cluster it makes sense with
    SECONDS = (0.5, 2.0)
    WEIGHT = 1.0  # how often it is drawn, next to others

    @classmethod
    def draw(cls, chance, layout):
        """Arguments, drawn from random.Random `chance`; `layout` is schedule.Layout."""
        return {}

    @classmethod
    def prepare(cls, parts, arguments):
        """Called before the first aggregator of a seed whose schedule has this fault starts: here
        a way may be put between the parts (parts.ways)."""

    def __init__(self, parts, **arguments):
        self.parts = parts
        self.happened = True  # begin() may say False: there was nothing to hit
        for name, value in arguments.items():
            setattr(self, name, value)

    def begin(self):
        raise NotImplementedError

    def end(self):
        """Undoes whatever begin() did; the parts must be able to recover from here on."""


def all_faults():
    """{name: class} of every kind there is."""
    found = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        for fault in getattr(importlib.import_module(f"{__name__}.{module}"), "FAULTS", []):
            assert fault.NAME and fault.NAME not in found, fault
            found[fault.NAME] = fault
    return found
