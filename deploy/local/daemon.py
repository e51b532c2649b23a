"""daemon -- a server process that outlives the command which started it, kept by its directory.

The directory holds `pid`: the process id and the instant it started (from /proc), so that a
number which has since gone to another process is never mistaken for ours, and never signalled.

Not a supervisor: nothing is restarted. Waiting is always for a condition, with a limit.
"""

import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path

POLL_SECONDS = 0.03
STOP_SECONDS = 30


class Failed(Exception):
    """What could not be done, as one line for a person."""


def await_condition(condition, seconds, what, give_up=lambda: None):
    """Returns the first true value of condition(). give_up() may raise, to end the wait sooner;
    Failed after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        give_up()
        if time.monotonic() > deadline:
            raise Failed(f"{what}: not within {seconds} s")
        time.sleep(POLL_SECONDS)


def free_ports(count, preferred=()):
    """So many loopback ports that nobody listens on now: the preferred ones where they are free,
    else some below the range from which the kernel gives ports to clients. Another process may
    still be faster: who binds must be ready to ask again."""
    preferred = list(preferred)
    ports = []
    while len(ports) < count:
        port = preferred.pop(0) if preferred else random.randint(15000, 29999)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def _started_at(pid):
    """When the process started, in the kernel's ticks; None where it does not run."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    after_name = stat.rsplit(")", 1)[1].split()
    return None if after_name[0] in "ZX" else after_name[19]


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # it went by itself, which is what was wanted


class Daemon:
    """start() is begin() and await_ready(): two daemons can begin before either is awaited.
    A `tied` one is stopped by the kernel when the process that started it ends in whatever way."""

    STOP = signal.SIGTERM  # what asks it to end in good order
    START_SECONDS = 60
    START_TRIES = 3  # another process may be faster on a port that was free
    NAME = "the server"

    def __init__(self, directory, tied=False):
        self.directory = Path(directory).resolve()
        self.tied = tied
        self.process = None  # where this object started it
        self.pid_file = self.directory / "pid"
        self.log = self.directory / "log"

    def pid(self):
        """The process id where ours runs, else None."""
        try:
            pid, started = self.pid_file.read_text().split()
        except (OSError, ValueError):
            return None
        return int(pid) if _started_at(pid) == started else None

    def begin(self):
        """Starts it, where it does not run, and does not wait until it serves."""
        if self.pid() is None:
            self.directory.mkdir(parents=True, exist_ok=True)
            self.make()
            self.launch_anew()

    def await_ready(self, give_up=lambda: None):
        """Returns when it serves. give_up() is called while waiting and may raise; then what was
        begun is still to be stopped."""
        for _ in range(self.START_TRIES):

            def ready_or_ended():
                if self.ready():
                    return "ready"
                return None if self.pid() is not None else "ended"

            what = f"starting {self.NAME}"
            if await_condition(ready_or_ended, self.START_SECONDS, what, give_up) == "ready":
                return
            self.launch_anew()
        raise Failed(f"{self.NAME} did not start: {self.log_tail()} ({self.log})")

    def start(self, give_up=lambda: None):
        self.begin()
        self.await_ready(give_up)

    def launch(self, prefix, command, variables=None):
        """Starts the command in a session of its own: a terminal's Ctrl-C does not reach it, and
        it goes only when it is stopped. Its output goes to `log`."""
        if self.tied:  # innermost: a change of user unties
            prefix = [*prefix, "setpriv", "--pdeathsig", self.STOP.name.removeprefix("SIG")]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**os.environ, **(variables or {})},
                start_new_session=True,
            )
        self.pid_file.write_text(f"{self.process.pid} {_started_at(self.process.pid)}\n")

    def stop(self, number=None):
        """Asks it to end and waits until it has; after STOP_SECONDS it is killed. Nothing to do
        where it does not run."""
        pid = self.pid()
        if pid is not None:
            _signal(pid, number or self.STOP)
            try:
                await_condition(lambda: self.pid() is None, STOP_SECONDS, "stopping")
            except Failed:
                _signal(pid, signal.SIGKILL)
                await_condition(lambda: self.pid() is None, STOP_SECONDS, f"killing {pid}")
        if self.process is not None:
            self.process.wait()  # it has ended; this fetches how
        self.pid_file.unlink(missing_ok=True)

    def log_tail(self):
        """The last line of the log that says something."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return ""
        return next((line for line in reversed(lines) if line.strip()), "")
