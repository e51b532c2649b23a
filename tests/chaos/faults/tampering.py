"""tampering -- what a process is told of its clock, its disk and its peers (see tampered.c).

A Tampering is a file that the processes started with its variables() have mapped; setting an
attribute changes their world at once. It must outlive them.
"""

import mmap
import os
import shutil
import struct
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("ASSAY_BUILD", TOP / "build"))
LIBRARY = BUILD / "lib" / "tampered.so"

WORD = struct.Struct("=q")
CLOCK_NS, SYNC_MS, FULL, DETOURS = 0, 1, 2, 3  # words of `struct tampering`
MOST_DETOURS = 8


class Tampering:
    def __init__(self, path):
        self.path = Path(path)
        self.path.write_bytes(bytes(WORD.size * (DETOURS + 2 * MOST_DETOURS)))
        self.path.chmod(0o644)  # PostgreSQL runs as another user
        with open(self.path, "r+b") as file:
            self.words = mmap.mmap(file.fileno(), 0)
        self.detours = 0
        # Next to it: where it was built, below /root for one, that user may not look.
        self.preloaded = self.path.with_suffix(".so")
        shutil.copyfile(LIBRARY, self.preloaded)
        self.preloaded.chmod(0o755)

    def variables(self):
        """Of the environment of a process that is to be tampered with."""
        return {"LD_PRELOAD": str(self.preloaded), "ASSAY_TAMPERED": str(self.path)}

    def must_hold(self, pid):
        """That this process is in its hands: the loader only warns of what it cannot preload. None:
        it has just ended, and its successor will be."""
        if pid is not None and str(self.path) not in Path(f"/proc/{pid}/maps").read_text():
            raise AssertionError(f"process {pid} has not mapped {self.path}")

    def _set(self, word, value):
        WORD.pack_into(self.words, WORD.size * word, value)

    def clock(self, ahead_seconds):
        """The wall clock is so far ahead of the true one, or behind it. The monotonic one is not
        touched: no machine's is by setting its clock."""
        self._set(CLOCK_NS, int(ahead_seconds * 10**9))

    def slow_disk(self, sync_seconds):
        """Each fsync takes so much longer."""
        self._set(SYNC_MS, int(sync_seconds * 1000))

    def full_disk(self, full):
        """While it is full no file grows."""
        self._set(FULL, int(full))

    def detour(self, port, instead):
        """New connections to a loopback port go to another."""
        if self.detours == MOST_DETOURS:
            raise ValueError("no more detours")
        at = DETOURS + 2 * self.detours
        self._set(at + 1, instead)
        self._set(at, port)
        self.detours += 1
