"""processes -- programs that run beside the measurement, and what processes cost.

CPU seconds are user and system time as the kernel counts them. A server's are those of the process,
of its living children, and of the children that have ended and that it has waited for; that
PostgreSQL's postmaster waits for all its children makes this complete.
"""

import os
import signal
import subprocess
from pathlib import Path

from local.daemon import Failed, await_condition

TICKS = os.sysconf("SC_CLK_TCK")
END_SECONDS = 60


def _stat(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None


def cpu_of_server(pid):
    """CPU seconds of a process and all its children, living or ended."""
    while True:
        own = _stat(pid)
        if own is None:
            raise Failed(f"the server with process id {pid} has ended")
        total = sum(map(int, own[11:15]))
        for name in os.listdir("/proc"):
            stat = _stat(name) if name.isdigit() else None
            if stat is not None and int(stat[1]) == pid:
                total += sum(map(int, stat[11:15]))
        if _stat(pid)[13:15] == own[13:15]:  # else a child has ended meanwhile
            return total / TICKS


class Process:
    """A program that has been started. The kernel ends it where the benchmark is killed."""

    def __init__(self, command, environment, log):
        self.command = Path(command[0]).name
        self.log = log
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, env=environment,
            )
        self.pid = self.process.pid
        self.cpu = 0.0  # seconds, once it has ended
        self.peak_kib = 0  # most memory it had resident, when last looked at

    def must_run(self):
        if self.process.poll() is not None:
            raise Failed(f"{self.command} ended: {self.said()[-500:]}")

    def said(self):
        return self.log.read_text(errors="replace").strip()

    def look(self):
        """Notes CPU and memory so far."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return
        stat = _stat(self.pid)
        peak = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        if stat and peak:
            self.cpu = sum(map(int, stat[11:13])) / TICKS
            self.peak_kib = int(peak[0].split()[1])

    def await_end(self, seconds):
        """Returns what it said once it has ended well."""
        await_condition(lambda: self.process.poll() is not None, seconds, f"{self.command}: ending")
        if self.process.returncode != 0:
            raise Failed(f"{self.command}: exit status {self.process.returncode}: {self.said()}")
        return self.said()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self, number=signal.SIGTERM):
        self.look()
        if self.process.poll() is None:
            self.process.send_signal(number)
            self.process.send_signal(signal.SIGCONT)
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
