"""supervisor -- keeps so many aggregators running, as systemd would: who ends is started again.

All of them are started by one thread that lasts as long as the supervisor: the kernel ends a tied
process with the thread that started it. Faults only say what they want.
"""

import os
import signal
import threading
import time

from world import BUILD, Daemon, await_condition

from local.daemon import STOP_SECONDS

from killpoint import Killpoint

POLL_SECONDS = 0.03
NAME = "aggregator-"


class Supervised(Daemon):
    """One aggregator's place: its directory, its flags, and whoever runs there now."""

    NAME = "an aggregator"

    def __init__(self, directory, prefix, environment, flags):
        super().__init__(directory, tied=True)
        self.prefix = prefix
        self.flags = flags
        self.directory.mkdir(parents=True)
        self.killpoint = Killpoint(self.directory / "killpoint")
        self.environment = {**environment, **self.killpoint.environment()}

    def begin(self):
        self.launch(self.prefix, [BUILD / "bin" / "assay-aggregate", *self.flags],
                    self.environment)

    def send(self, number):
        pid = self.pid()
        if pid is not None:
            os.kill(pid, number)


class Supervisor:
    def __init__(self, directory, make):
        """make(directory): a Supervised, not begun."""
        self.directory = directory
        self.make = make
        self.places = []
        self.wanted = 0
        self.made = 0
        self.starts = 0
        self.deaths = []  # (place's name, exit status, last line of its log), nobody's doing
        self.failure = None
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def resize(self, count):
        """Returns when so many run; what is too many is asked to end, and has ended."""
        self.wanted = count
        await_condition(self.settled, 60, f"{count} aggregators", self._give_up)

    def settled(self):
        with self.lock:
            return len(self.places) == self.wanted and all(one.pid() for one in self.places)

    def running(self):
        """The places that have a process now."""
        with self.lock:
            return [one for one in self.places if one.pid() is not None]

    def chosen(self, number):
        """One of the running ones, by a number drawn beforehand; None where none runs."""
        running = self.running()
        return running[number % len(running)] if running else None

    def close(self, number=signal.SIGKILL):
        self.over.set()
        self.thread.join()
        for one in self.places:
            one.send(signal.SIGCONT)
            one.stop(number)

    def _give_up(self):
        if self.failure is not None:
            raise self.failure

    def _watch(self):
        while not self.over.wait(POLL_SECONDS):
            try:
                with self.lock:
                    self._tend()
            except Exception as why:  # told by whoever waits
                self.failure = why

    def _tend(self):
        while len(self.places) > self.wanted:
            one = self.places.pop()
            one.send(signal.SIGCONT)
            began = time.monotonic()
            one.stop()
            if time.monotonic() - began >= STOP_SECONDS:
                self.deaths.append((one.directory.name, "KILL", "TERM did not end it"))
            self._note(one)
        for one in self.places:
            if one.pid() is None:
                self._note(one)
                one.begin()
                self.starts += 1
        while len(self.places) < self.wanted:
            self.made += 1
            one = self.make(self.directory / f"{NAME}{self.made}")
            self.places.append(one)
            one.begin()
            self.starts += 1

    def _note(self, one):
        if one.process is None:
            return
        status = one.process.wait()
        if status in (0, -signal.SIGKILL):
            return  # nothing but a fault sends KILL, and no bug of its own does
        if status == -signal.SIGTERM and not one.log_tail():
            return  # asked to end before it could hear that
        self.deaths.append((one.directory.name, status, one.log_tail()))
