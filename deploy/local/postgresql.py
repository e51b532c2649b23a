"""postgresql -- one PostgreSQL cluster on a free loopback port, with everything in its directory.

The directory holds `data`, `log`, `pid`, `port` and `pgpass`. Connections are over loopback TCP
and need the password in `pgpass`, made at random for this cluster, so that other users of the
machine cannot get in; the URI names that file and not the password. The cluster syncs to disk as
a real one does: what Assay promises about commits is tried on nothing less.

PostgreSQL does not run as root. Started by root it runs as the user `postgres`, which Debian's
package made. Where that user cannot enter the directory, as below /root, it gets the one Linux
capability that lets a process pass directories, and nothing else of root's.
"""

import os
import pwd
import secrets
import signal
import subprocess
import urllib.parse
from pathlib import Path

from local.daemon import Daemon, Failed, await_condition, free_ports

BIN = Path("/usr/lib/postgresql/15/bin")
USER = "postgres"  # of the system, where root starts it, and the superuser of the cluster
START_SECONDS = 60
START_TRIES = 3

CONFIGURATION = """\
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
password_encryption = 'scram-sha-256'
shared_buffers = 128MB
max_wal_size = 1GB
log_min_messages = warning
log_timezone = 'UTC'
timezone = 'UTC'
"""


class PostgreSQL(Daemon):
    def __init__(self, directory):
        super().__init__(Path(directory).resolve())
        self.data = self.directory / "data"
        self.port_file = self.directory / "port"
        self.passwords = self.directory / "pgpass"

    @property
    def port(self):
        return int(self.port_file.read_text())

    def uri(self, database="assay"):
        """For libpq; holds no secret."""
        passwords = urllib.parse.quote(str(self.passwords))
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}?passfile={passwords}"

    def start(self, database="assay", give_up=lambda: None):
        """Starts it, with a database of that name, and returns when it serves. give_up() is
        called while waiting and may raise; then what was started is still to be stopped."""
        if self.pid() is None:
            self.directory.mkdir(parents=True, exist_ok=True)
            if not (self.data / "PG_VERSION").exists():
                self._make_cluster()
            self._try_to_start(give_up)
        if not self._psql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{database}'"):
            self._psql("postgres", f'CREATE DATABASE "{database}"')

    def stop(self, number=signal.SIGINT):
        """SIGINT is PostgreSQL's fast shutdown: open sessions are ended, nothing is lost."""
        super().stop(number)

    def _try_to_start(self, give_up):
        for _ in range(START_TRIES):
            port = free_ports(1)[0]
            self.port_file.write_text(f"{port}\n")
            password = self.passwords.read_text().rsplit(":", 1)[1]
            self._write_private(self.passwords, f"127.0.0.1:{port}:*:{USER}:{password}")
            if self._serves(port, give_up):
                return
        raise Failed(f"PostgreSQL did not start: {self.log_tail()} (see {self.log})")

    def _serves(self, port, give_up):
        self.launch([*self._as_owner(), BIN / "postgres", "-D", self.data, "-p", str(port)])

        def ready_or_ended():
            # the line in postmaster.pid that says "ready" is what pg_ctl waits for, too
            lock = self._read(self.data / "postmaster.pid").splitlines()
            if len(lock) >= 8 and lock[3] == str(port) and lock[7].strip() == "ready":
                return "ready"
            return None if self.pid() is not None else "ended"

        return (
            await_condition(ready_or_ended, START_SECONDS, "starting PostgreSQL", give_up)
            == "ready"
        )

    def _make_cluster(self):
        if not (BIN / "initdb").exists():
            raise Failed("Debian's package postgresql-15 is not installed")
        password = secrets.token_hex(16)
        self._write_private(self.passwords, f"127.0.0.1:0:*:{USER}:{password}\n")
        for_initdb = self.directory / "password"
        self._write_private(for_initdb, password)
        self.data.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            owner = pwd.getpwnam(USER)
            for path in (self.data, for_initdb):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        made = subprocess.run(
            [
                *self._as_owner(),
                BIN / "initdb",
                f"--pgdata={self.data}",
                f"--username={USER}",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--auth=scram-sha-256",
                f"--pwfile={for_initdb}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
        )
        for_initdb.unlink()
        if made.returncode != 0:
            raise Failed(f"initdb: {(made.stdout.strip().splitlines() or [''])[-1]}")
        configuration = self.data / "postgresql.conf"
        configuration.write_text(configuration.read_text() + CONFIGURATION)

    def _as_owner(self):
        """The command prefix under which PostgreSQL's programs run."""
        if os.geteuid() != 0:
            return []
        become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups"]
        ways = [become]
        for capability in ("dac_read_search", "dac_override"):  # containers often lack the first
            ways.append(
                [*become, f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}"]
            )
        for way in ways:
            enters = subprocess.run(
                [*way, "sh", "-c", 'cd "$1"', "sh", self.data], stderr=subprocess.DEVNULL, cwd="/"
            )
            if enters.returncode == 0:
                return way
        raise Failed(f"the user {USER} cannot enter {self.data}, and PostgreSQL refuses root")

    def _psql(self, database, statement):
        done = subprocess.run(
            ["psql", "-XAtq", "-d", self.uri(database), "-c", statement],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode != 0:
            raise Failed(f"PostgreSQL: {done.stderr.strip()}")
        return done.stdout.strip()

    @staticmethod
    def _read(path):
        try:
            return path.read_text()
        except OSError:
            return ""

    @staticmethod
    def _write_private(path, text):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
