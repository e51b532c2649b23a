"""seed -- one seed from its schedule to its verdict, on parts that serve one after the other."""

import collections
import concurrent.futures
import contextlib
import pathlib
import shutil
import subprocess
import threading
import time
import traceback

from checker import Checker
from differential_histories import text_of
from differential_witness import Witness
from oracle import TEAMS, Oracle, Producers, read_log

RECOVERY_SECONDS = 60  # after the last fault has ended and everything was said


class Seed:
    """One seed's way through the parts."""

    def __init__(self, parts, schedule, faults, pool):
        self.parts = parts
        self.schedule = schedule
        self.faults = faults
        self.pool = pool  # threads that last: the kernel ends servers with whoever started them
        self.needed = collections.defaultdict(threading.Lock)
        self.recovery = None
        self.happened = []  # (when it began, its name), of those that had something to hit
        self.lines = []
        self.compared = 0
        self.digests = {}
        self.phases = {}
        self.phase_began = time.monotonic()

    def phase(self, name):
        """So long took what was done since the last one."""
        now = time.monotonic()
        self.phases[name] = round(now - self.phase_began, 2)
        self.phase_began = now

    def run(self):
        """Lines that say what differed; none: the seed has passed."""
        self.oracle = oracle = Oracle(self.schedule)
        self.parts.begin_seed(self.schedule.layout, TEAMS)
        for happening in self.schedule.happenings:
            self.faults[happening.fault].prepare(self.parts, happening.arguments)
        self.parts.aggregators.resize(self.schedule.layout.aggregators)
        self.phase("start")
        instants = [text_of(at) for told in oracle.told for at in told.instants(2)]
        witness = Witness(self.parts.postgresql.uri(), instants, self.schedule.seed)
        try:
            self.disturb(oracle)
            over = time.monotonic()
            self.parts.kafka.await_led(self.parts.admin())
            self.phase("disturb")
            ends = self.parts.ends()
            self.parts.await_recovered(ends, RECOVERY_SECONDS)
            self.recovery = round(time.monotonic() - over, 2)
        finally:
            witness.close()
        self.phase("recover")
        self.log = read_log(self.parts, ends)
        self.parts.aggregators.resize(0)  # each has to finish its batch, and to say so with 0
        for place, status, last in self.parts.aggregators.deaths:
            self.lines.append(f"{place} ended by itself with {status}: {last}")
        self.phase("end")
        checker = Checker(self.parts, oracle, self.log, witness)
        self.lines += checker.run()
        self.compared, self.digests = checker.compared, checker.digests
        self.phase("check")
        return self.lines

    def disturb(self, oracle):
        """Everything is said while everything happens."""
        self.began = time.monotonic()
        producers = Producers(self.parts, self.schedule, oracle)
        producers.start()
        happening = [self.pool.submit(self._happen, one) for one in self.schedule.happenings]
        concurrent.futures.wait(happening)  # also where one failed: none may reach the next seed
        producers.join()
        for one in happening:
            one.result()
        if producers.failure is not None:
            raise producers.failure

    def _happen(self, happening):
        pause = threading.Event()
        pause.wait(max(0, self.began + happening.at - time.monotonic()))
        fault = self.faults[happening.fault](self.parts, **happening.arguments)
        with contextlib.ExitStack() as alone:
            for part in sorted(fault.NEEDS):  # a fault may last longer than was planned
                alone.enter_context(self.needed[part])
            at = time.monotonic() - self.began
            try:
                fault.begin()
                pause.wait(happening.seconds)
            finally:
                fault.end()
        if fault.happened:
            self.happened.append((round(at, 2), happening.fault))


def keep(parts, seed, directory):
    """What a failure leaves to look at: logs, and the database as it was."""
    into = pathlib.Path(directory) / f"seed-{seed}"
    shutil.rmtree(into, ignore_errors=True)
    if not parts.seeds:
        return
    shutil.copytree(parts.folder, into)
    for node in parts.nodes:
        shutil.copy(node.log, into / f"kafka-{node.number}.log")
    shutil.copy(parts.postgresql.log, into / "postgresql.log")
    subprocess.run(["pg_dump", "-f", into / "database.sql", parts.postgresql.uri()], check=False)


def try_seed(parts, schedule, faults, pool, kept):
    began = time.monotonic()
    seed = Seed(parts, schedule, faults, pool)
    try:
        seed.run()
    except Exception:
        seed.lines.append(traceback.format_exc())
    if seed.lines and kept:
        keep(parts, schedule.seed, kept)
    parts.end_seed()
    return {
            "seed": schedule.seed, "passed": not seed.lines, "recovery": seed.recovery,
            "seconds": round(time.monotonic() - began, 2),
            "phases": seed.phases, "happened": sorted(seed.happened),
            "compared": seed.compared, "digests": seed.digests, "differs": seed.lines}
