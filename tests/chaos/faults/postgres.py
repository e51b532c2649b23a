"""postgres -- the database is restarted, crashes, ends sessions, refuses them, and makes them wait.

Everything here happens to real servers in the ways that administrators and kernels have.
"""

import contextlib
import os
import signal
import threading

import psycopg2

from faults import Fault
from parts import LOGIN

GONE = (psycopg2.OperationalError, psycopg2.InterfaceError)  # it went down, by another fault


class Down(Fault):
    """Down for a while, after whatever `number` stands for: fast, immediate, or killed."""

    NEEDS = {"postgresql"}
    SECONDS = (0, 2)
    SIGNAL = None

    def begin(self):
        self.parts.postgresql.stop(self.SIGNAL)

    def end(self):
        self.parts.postgresql.start()


class Restart(Down):
    NAME = "postgresql-restart"
    SIGNAL = signal.SIGINT


class Crash(Down):
    """Immediate: it recovers from its write-ahead log when it starts."""

    NAME = "postgresql-crash"
    SIGNAL = signal.SIGQUIT
    WEIGHT = 2


class KillBackend(Fault):
    """kill -9 of one backend: PostgreSQL then restarts all of them, as after a crash."""

    NAME = "postgresql-kill-backend"
    NEEDS = {"postgresql"}

    @classmethod
    def draw(cls, chance, layout):
        return {"which": chance.randrange(16)}

    def begin(self):
        pids = sessions(self.parts, "true")
        if not pids:
            self.happened = False
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pids[self.which % len(pids)], signal.SIGKILL)


def sessions(parts, condition):
    """Process ids of the aggregators' sessions; none where it is down."""
    try:
        with contextlib.closing(parts.postgresql.superuser()) as connection:
            cursor = connection.cursor()
            cursor.execute("SELECT pid FROM pg_stat_activity"
                           f" WHERE usename = '{LOGIN}' AND {condition}")
            return [pid for pid, in cursor.fetchall()]
    except GONE:
        return []


class Repeated(Fault):
    """Something that is done to sessions again and again, until it is over."""

    NEEDS = {"postgresql"}
    EVERY_SECONDS = 0.02
    STATEMENT = None

    def begin(self):
        self.over = threading.Event()
        self.hit = 0
        self.thread = threading.Thread(target=self._repeat, daemon=True)
        self.thread.start()

    def _repeat(self):
        with contextlib.suppress(*GONE), \
                contextlib.closing(self.parts.postgresql.superuser()) as connection:
            cursor = connection.cursor()
            while not self.over.wait(self.EVERY_SECONDS):
                cursor.execute(self.STATEMENT)
                self.hit += cursor.fetchone()[0]

    def end(self):
        self.over.set()
        self.thread.join()
        self.happened = self.hit > 0


class TerminateInCommit(Repeated):
    """Whoever is just committing loses its session: whether it counts, only PostgreSQL knows."""

    NAME = "terminate-in-commit"
    SECONDS = (1, 3)
    EVERY_SECONDS = 0.001
    WEIGHT = 2
    STATEMENT = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        f" WHERE usename = '{LOGIN}' AND query = 'COMMIT' AND state = 'active'")


class TerminateAtRandom(Repeated):
    NAME = "terminate"
    SECONDS = (0.2, 1.5)
    EVERY_SECONDS = 0.1
    STATEMENT = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        f" WHERE usename = '{LOGIN}' AND random() < 0.3")


class Cancel(Repeated):
    """Statements are cancelled, sessions stay: what a statement timeout does."""

    NAME = "cancel"
    SECONDS = (0.2, 1.5)
    EVERY_SECONDS = 0.03
    STATEMENT = (
        "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity"
        f" WHERE usename = '{LOGIN}' AND state = 'active' AND random() < 0.5")


class NoConnection(Fault):
    """The role may have no session more, or one only; those there are end."""

    NAME = "connection-limit"
    NEEDS = {"postgresql"}
    SECONDS = (0.5, 3)

    @classmethod
    def draw(cls, chance, layout):
        return {"limit": chance.choice([0, 0, 1])}

    def begin(self):
        with contextlib.closing(self.parts.postgresql.superuser()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"ALTER ROLE {LOGIN} CONNECTION LIMIT {self.limit}")
            cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                           f" WHERE usename = '{LOGIN}'")

    def end(self):
        with contextlib.closing(self.parts.postgresql.superuser()) as connection:
            connection.cursor().execute(f"ALTER ROLE {LOGIN} CONNECTION LIMIT -1")


class ReadOnly(Fault):
    """What a failover leaves for a moment: the database takes no writes."""

    NAME = "read-only"
    NEEDS = {"postgresql"}
    SECONDS = (0.3, 2)

    def begin(self):
        self._set("on")

    def end(self):
        self._set("off")

    def _set(self, value):
        with contextlib.closing(self.parts.postgresql.superuser()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"ALTER ROLE {LOGIN} SET default_transaction_read_only = {value}")
            cursor.execute("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                           f" WHERE usename = '{LOGIN}'")


class ForeignLock(Fault):
    """A session that is nobody's holds what batches need, and lets go after a while."""

    NAME = "foreign-lock"
    NEEDS = {"postgresql"}
    SECONDS = (0.5, 3)
    WEIGHT = 2
    LOCKS = {
        "position": "SELECT FROM record.commit_head FOR UPDATE",
        "partitions": "SELECT FROM record.partition FOR UPDATE",
        "services": "SELECT FROM record.service FOR UPDATE",
        "governance": "SELECT pg_advisory_xact_lock(hashtextextended('assay governance', 0))",
        "governance-shared":
            "SELECT pg_advisory_xact_lock_shared(hashtextextended('assay governance', 0))",
        "new-services": "SELECT pg_advisory_xact_lock(hashtextextended('assay services', 0))",
        "writers": "SELECT pg_advisory_xact_lock(hashtextextended('assay writers', 0))",
        "ledger": "LOCK TABLE record.ledger IN EXCLUSIVE MODE",
        "vacuum-like": "LOCK TABLE record.timeline IN SHARE UPDATE EXCLUSIVE MODE",
    }

    @classmethod
    def draw(cls, chance, layout):
        return {"what": chance.choice(sorted(cls.LOCKS))}

    def begin(self):
        self.connection = None
        self.connection = self.parts.postgresql.superuser()
        self.connection.autocommit = False
        cursor = self.connection.cursor()
        cursor.execute("SET lock_timeout = '3s'")
        try:
            cursor.execute(self.LOCKS[self.what])
        except (psycopg2.errors.LockNotAvailable, psycopg2.errors.DeadlockDetected):
            self.happened = False

    def end(self):
        if self.connection is not None:
            self.connection.close()


FAULTS = [Restart, Crash, KillBackend, TerminateInCommit, TerminateAtRandom, Cancel, NoConnection,
          ReadOnly, ForeignLock]
