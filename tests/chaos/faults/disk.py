"""disk -- PostgreSQL's is full, or slow.

By what PostgreSQL's calls are told (tampered.c), so that it needs neither a privilege nor a file
system of its own; tests/pipeline/full_disk.py does it with one that is really full.
"""

from faults import Fault


class SlowDisk(Fault):
    """Each fsync takes so much longer, of checkpoints too."""

    NAME = "slow-disk"
    NEEDS = {"disk"}
    SECONDS = (1, 5)

    @classmethod
    def draw(cls, chance, layout):
        return {"sync": chance.choice([0.02, 0.1, 0.5])}

    def begin(self):
        postgresql = self.parts.postgresql
        postgresql.tampering.must_hold(postgresql.pid())
        postgresql.tampering.slow_disk(self.sync)

    def end(self):
        self.parts.postgresql.tampering.slow_disk(0)


class FullDisk(Fault):
    """No file of PostgreSQL's grows. It refuses what needs room, and where that was its log of
    changes it ends; then somebody makes room and starts it again."""

    NAME = "full-disk"
    NEEDS = {"disk", "postgresql"}
    SECONDS = (0.5, 4)

    def begin(self):
        postgresql = self.parts.postgresql
        postgresql.tampering.must_hold(postgresql.pid())
        postgresql.tampering.full_disk(True)

    def end(self):
        self.parts.postgresql.tampering.full_disk(False)
        self.parts.postgresql.start()


FAULTS = [SlowDisk, FullDisk]
