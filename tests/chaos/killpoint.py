"""killpoint -- the named steps of a batch, and how a test arms killpoint.c at one of them."""

import mmap
import os
import struct

from world import BUILD

LIBRARY = BUILD / "lib" / "libkillpoint.so"
IDLE, ARMED, FIRED = range(3)
BEFORE, SENT, AFTER = range(3)
SIZE = 256
FORMAT = "<IIII16s224s"

# The way of a batch, as at the top of consumers/store/commit.c, and what lies between batches. What
# is sent together is on its way with the last of it: before any of it is said, PostgreSQL has heard
# nothing of it, and when one is answered those behind it are being done.
STEPS = {
    "before-begin": ("query", BEFORE, "BEGIN"),
    "begun": ("query", AFTER, "BEGIN"),
    "named": ("query", AFTER, "record.batch_name"),
    "before-advance": ("query", BEFORE, "record.advance"),
    "advance-sent": ("query", SENT, "record.advance"),
    "advanced": ("query", AFTER, "record.advance"),
    "services-known": ("query", AFTER, "record.known_services"),
    "before-lock": ("query", BEFORE, "record.lock_services"),
    "lock-sent": ("query", SENT, "record.lock_services"),
    "services-locked": ("query", AFTER, "record.lock_services"),
    "governance-locked": ("query", AFTER, "record.lock_governance"),
    "before-ledger": ("query", BEFORE, "COPY record.ledger"),
    "before-row": ("query", BEFORE, "INSERT INTO record.ledger"),
    "row-sent": ("query", SENT, "INSERT INTO record.ledger"),
    "row-added": ("query", AFTER, "INSERT INTO record.ledger"),
    "ledger-open": ("query", AFTER, "COPY record.ledger"),
    "ledger-half": ("data", SENT, "COPY record.ledger"),
    "ledger-unended": ("end", BEFORE, "COPY record.ledger"),
    "ledger-sent": ("end", SENT, "COPY record.ledger"),
    "fact-half": ("data", SENT, "COPY record.fact"),
    "history-half": ("data", SENT, "COPY record.history"),
    "timeline-half": ("data", SENT, "COPY record.timeline"),
    "timeline-sent": ("end", SENT, "COPY record.timeline"),
    "standing-sent": ("end", SENT, "COPY record.standing"),
    "services-stored": ("query", AFTER, "record.store_services"),
    "services-skipped": ("query", AFTER, "record.skip_services"),
    "before-position": ("query", BEFORE, "record.append_commit"),
    "position-sent": ("query", SENT, "record.append_commit"),
    "before-commit": ("query", AFTER, "record.append_commit"),
    "commit-sent": ("query", SENT, "COMMIT"),
    "committed": ("query", AFTER, "COMMIT"),
    "before-rollback": ("query", BEFORE, "ROLLBACK"),
    "lagging-locked": ("query", AFTER, "record.lock_lagging"),
    "session-open": ("query", AFTER, "SET timezone"),
    "before-claim": ("query", BEFORE, "record.claim"),
    "claim-sent": ("query", SENT, "record.claim"),
    "claimed": ("query", AFTER, "record.claim"),
    "before-look": ("query", BEFORE, "record.look"),
    "look-sent": ("query", SENT, "record.look"),
}


class Killpoint:
    """The file that one aggregator's killpoint.c looks at; outlives the aggregator."""

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(SIZE))
        with open(path, "r+b") as file:
            self.mapped = mmap.mmap(file.fileno(), SIZE)

    def environment(self):
        assert LIBRARY.exists(), f"{LIBRARY} is not built"
        return {"CHAOS_KILLPOINT": str(self.path), "LD_PRELOAD": str(LIBRARY),
                # where a build has sanitizers, their own library must not have to come first
                "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def arm(self, step, nth, number):
        """The signal comes at the nth time that the step is reached from now on."""
        call, when, text = STEPS[step]
        self.disarm()
        self.mapped[4:SIZE] = struct.pack(FORMAT, 0, nth, number, when, call.encode(),
                                          text.encode())[4:]
        self.mapped[0:4] = struct.pack("<I", ARMED)

    def disarm(self):
        self.mapped[0:4] = struct.pack("<I", IDLE)

    def fired(self):
        return struct.unpack_from("<I", self.mapped)[0] == FIRED
