"""postgresql -- one PostgreSQL cluster on a free loopback port, with everything in its directory.

The directory holds `data`, `log`, `pid`, `port` and `pgpass`. Connections are over loopback TCP
and need the password in `pgpass`, made at random for this cluster, so that other users of the
machine cannot get in; the URI names that file and not the password. The cluster syncs to disk as
a real one does: what Assay promises about commits is tried on nothing less.

PostgreSQL does not run as root. Started by root it runs as the user `postgres`, which Debian's
package made. Where that user cannot enter the directory, as below /root, it gets the one Linux
capability that lets a process pass directories, and nothing else of root's.

The programs are those of Debian's package postgresql-15, or those of the folder that the
environment variable ASSAY_POSTGRESQL_BIN names: initdb and postgres of a newer one, with which
tests/long/newer tries Assay. A cluster's directory is of the version that made it.
"""

import os
import pwd
import secrets
import signal
import subprocess
import urllib.parse
from pathlib import Path

from local.daemon import Daemon, Failed, free_ports

BIN = Path(os.environ.get("ASSAY_POSTGRESQL_BIN", "/usr/lib/postgresql/15/bin")).absolute()
USER = "postgres"  # of the system, where root starts it, and the superuser of the cluster
DATABASE = "assay"

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
    NAME = "PostgreSQL"
    STOP = signal.SIGINT  # its fast shutdown: open sessions are ended, nothing is lost

    def __init__(self, directory, tied=False):
        super().__init__(directory, tied)
        self.data = self.directory / "data"
        self.port_file = self.directory / "port"
        self.passwords = self.directory / "pgpass"

    @property
    def port(self):
        return int(self.port_file.read_text())

    def uri(self, database=DATABASE, role=None):
        """For libpq; holds no secret. With a role, its sessions have that role's rights only."""
        passwords = urllib.parse.quote(str(self.passwords))
        limited = f"&options=-crole%3D{role}" if role else ""
        return (
            f"postgresql://{USER}@127.0.0.1:{self.port}/{database}?passfile={passwords}{limited}"
        )

    def make(self):
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()

    def launch_anew(self):
        before = [self.port] if self.port_file.exists() else []
        port = free_ports(1, before)[0]
        self.port_file.write_text(f"{port}\n")
        password = self.passwords.read_text().rsplit(":", 1)[1]
        _write_private(self.passwords, f"127.0.0.1:{port}:*:{USER}:{password}")
        self.launch(self._as_owner(), [BIN / "postgres", "-D", self.data, "-p", str(port)])

    def ready(self):
        # the line of postmaster.pid that says so is what pg_ctl waits for, too
        try:
            lock = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        if len(lock) < 8 or lock[0] != str(self.pid()):
            return False  # none yet, or one that a crash left
        return lock[3] == str(self.port) and lock[7].strip() == "ready"

    def await_ready(self, give_up=lambda: None):
        """Returns when it serves and has the database."""
        super().await_ready(give_up)
        if not self._psql(f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):
            self._psql(f"CREATE DATABASE {DATABASE}")

    def _make_cluster(self):
        if not (BIN / "initdb").exists():
            raise Failed(
                f"no initdb in {BIN}: Debian's package postgresql-15 is not installed, or"
                " ASSAY_POSTGRESQL_BIN names another folder"
            )
        password = secrets.token_hex(16)
        _write_private(self.passwords, f"127.0.0.1:0:*:{USER}:{password}\n")
        for_initdb = self.directory / "password"
        _write_private(for_initdb, password)
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
                [*way, "sh", "-c", 'cd "$1" && cd "$2"', "sh", self.data, BIN],
                stderr=subprocess.DEVNULL, cwd="/",
            )
            if enters.returncode == 0:
                return way
        raise Failed(
            f"the user {USER} cannot enter {self.data} or {BIN}, and PostgreSQL refuses root"
        )

    def _psql(self, statement):
        done = subprocess.run(
            ["psql", "-XAtq", "-d", self.uri("postgres"), "-c", statement],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode != 0:
            raise Failed(f"PostgreSQL: {done.stderr.strip()}")
        return done.stdout.strip()


def _write_private(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
