"""cluster -- one PostgreSQL cluster for all tests of this folder, and databases in it.

A database is a copy of one that assay-migrate made, so that each costs little. The cluster does
not sync to disk: what it holds is not to outlive the tests.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg2
import psycopg2.extras

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ASSAY_BUILD", TOP / "build")).resolve()
sys.path.insert(0, str(TOP / "deploy"))

from local.postgresql import PostgreSQL  # noqa: E402

psycopg2.extras.register_uuid()
PROGRAM_SECONDS = 60
MIGRATED = "migrated"
_server = None
_made = 0


@contextlib.contextmanager
def started():
    global _server
    directory = Path(tempfile.mkdtemp(prefix="assay-schema."))
    directory.chmod(0o711)
    server = PostgreSQL(directory / "postgresql", tied=True)
    try:
        server.directory.mkdir()
        server.make()
        with open(server.data / "postgresql.conf", "a") as configuration:
            configuration.write("fsync = off\nfull_page_writes = off\n")
        server.begin()
        server.await_ready()
        _server = server
        Database(MIGRATED).run("migrate")
        yield
    finally:
        server.stop(signal.SIGQUIT)
        shutil.rmtree(directory)


def _maintain(statement):
    connection = psycopg2.connect(_server.uri("postgres"))
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)


class Database:
    """By name, created where it is new; without a name a copy of the migrated one."""

    def __init__(self, name=None, options=""):
        global _made
        if name is None:
            _made += 1
            name = f"copy_{_made}"
            options = f"TEMPLATE {MIGRATED}"
        self.name = name
        self.connection = None
        _maintain(f'CREATE DATABASE "{name}" {options}')

    def uri(self, user=None, password=None):
        if user is None:
            return _server.uri(self.name)
        return f"postgresql://{user}:{password}@127.0.0.1:{_server.port}/{self.name}"

    def connect(self, role=None, dictionaries=True):
        """A further session, each statement its own transaction, acting as `role`."""
        factory = psycopg2.extras.RealDictCursor if dictionaries else None
        connection = psycopg2.connect(self.uri(), cursor_factory=factory)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET timezone = 'UTC'")
            if role is not None:
                cursor.execute(f"SET ROLE {role}")
        return connection

    def query(self, statement, *parameters):
        """As the superuser: the rows, as dictionaries."""
        if self.connection is None:
            self.connection = self.connect()
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement, *parameters):
        (row,) = self.query(statement, *parameters)
        (value,) = row.values()
        return value

    def as_role(self, role, statement, *parameters):
        with contextlib.closing(self.connect(role)) as connection, connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def start(self, name, *arguments, uri=None):
        """Begins assay-NAME; its output is piped."""
        return subprocess.Popen(
            [BUILD / "bin" / f"assay-{name}", *arguments],
            env={**os.environ, "ASSAY_DATABASE": uri or self.uri()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, name, *arguments, status=0, uri=None):
        """Runs assay-NAME to its end, which must have this status: (stdout, stderr)."""
        process = self.start(name, *arguments, uri=uri)
        out, err = process.communicate(timeout=PROGRAM_SECONDS)
        if process.returncode != status:
            raise AssertionError(
                f"assay-{name} {' '.join(arguments)}: exit status {process.returncode},"
                f" not {status}\n{out.decode()}{err.decode()}"
            )
        return out.decode(), err.decode()

    def close(self):
        """The database itself goes with the cluster."""
        if self.connection is not None:
            self.connection.close()
