"""secured -- Apache Kafka and PostgreSQL as an operator would secure them.

Kafka: TLS and SCRAM, and the KRaft authorizer, which allows only what an ACL allows; to fail at, a
listener in the clear, one with an expired certificate and one with another host's. PostgreSQL: TLS
and SCRAM, and nobody let in without both; what certificate it shows can be changed.

Whatever a program says is kept, beside the servers' logs, and all secrets are known: so a run can
be searched for them. What anybody may do is the scenario's business.
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg2
import psycopg2.extensions

from certificates import Authority
from world import BUILD, PROGRAM_SECONDS, TOP
from local.daemon import free_ports
from local.kafka import DEPLOY, Kafka
from local.postgresql import DATABASE, PostgreSQL

HOST = "127.0.0.1"
MECHANISM = "SCRAM-SHA-512"

# Kafka's users, as docs/security.md names them; the super user; and one without any right.
USERS = ("admin", "operator", "aggregator", "platform", "office", "pipelines", "team-mail",
         "team-chat", "stranger")
# PostgreSQL's roles that log in, beside its superuser.
ROLES = ("assay_aggregator", "assay_reader", "assay_auditor")

MORE_PROPERTIES = """\
listeners=PLAINTEXT://{host}:{plain},CONTROLLER://{host}:{controller},SECURED://{host}:{secured},\
EXPIRED://{host}:{expired},MISNAMED://{host}:{misnamed}
advertised.listeners=PLAINTEXT://{host}:{plain},SECURED://{host}:{secured},\
EXPIRED://{host}:{expired},MISNAMED://{host}:{misnamed}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:SSL,SECURED:SASL_SSL,\
EXPIRED:SASL_SSL,MISNAMED:SASL_SSL
inter.broker.listener.name=SECURED
sasl.enabled.mechanisms={mechanism}
sasl.mechanism.inter.broker.protocol={mechanism}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
ssl.keystore.type=PEM
ssl.keystore.location={node}
listener.name.controller.ssl.client.auth=required
listener.name.secured.ssl.client.auth=requested
listener.name.expired.ssl.keystore.type=PEM
listener.name.expired.ssl.keystore.location={node_expired}
listener.name.misnamed.ssl.keystore.type=PEM
listener.name.misnamed.ssl.keystore.location={node_misnamed}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:admin;User:CN=node
"""
JAAS = """\
listener.name.{listener}.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required \
username="admin" password="{password}";
"""


class SecuredKafka(Kafka):
    def __init__(self, directory, certificates, passwords):
        super().__init__(directory, tied=True)
        self.certificates = certificates
        self.passwords = passwords
        self.ports = {}
        self.FORMAT_FLAGS = [
            flag for user, password in passwords.items()
            for flag in ("--add-scram", f"{MECHANISM}=[name={user},password={password}]")
        ]

    def at(self, listener):
        return f"{HOST}:{self.ports[listener]}"

    def more_properties(self, broker, controller):
        names = ("secured", "expired", "misnamed")
        self.ports = dict(zip(names, free_ports(len(names))), plain=broker)
        settings = MORE_PROPERTIES.format(
            host=HOST, controller=controller, mechanism=MECHANISM, **self.ports,
            ca=self.certificates.ca.certificate, node=self.certificates.node.both,
            node_expired=self.certificates.expired.both,
            node_misnamed=self.certificates.misnamed.both,
        )
        return settings + "".join(
            JAAS.format(listener=name, password=self.passwords["admin"]) for name in names
        )


class SecuredPostgreSQL(PostgreSQL):
    """What it shows to clients can be changed while it runs: present()."""

    def __init__(self, directory, certificates, passwords):
        super().__init__(directory, tied=True)
        self.certificates = certificates
        self.role_passwords = passwords

    def make(self):
        super().make()
        (self.data / "pg_hba.conf").write_text(f"hostssl all all {HOST}/32 scram-sha-256\n")
        with open(self.data / "postgresql.conf", "a") as configuration:
            configuration.write(
                "ssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'\n"
                "log_connections = on\nssl = on\n"
            )
        self._put(self.certificates.node)

    def await_ready(self, give_up=lambda: None):
        super().await_ready(give_up)
        with contextlib.closing(self.connect()) as session, session.cursor() as cursor:
            for role, password in self.role_passwords.items():
                verifier = psycopg2.extensions.encrypt_password(
                    password, role, session, "scram-sha-256")  # so that its log has none
                cursor.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{verifier}'")

    def connect(self):
        session = psycopg2.connect(self.uri())
        session.autocommit = True
        return session

    def present(self, issued=None):
        """From now on it shows this certificate; None: it speaks no TLS."""
        if issued is not None:
            self._put(issued)
        configuration = self.data / "postgresql.conf"
        text = configuration.read_text()
        old, new = ("off", "on") if issued is not None else ("on", "off")
        configuration.write_text(text.replace(f"\nssl = {old}\n", f"\nssl = {new}\n"))
        os.kill(self.pid(), signal.SIGHUP)

    def arrivals(self):
        """How many connections have come in so far."""
        return self.log.read_text(errors="replace").count("connection received")

    def _put(self, issued):
        """Its files have to be its own user's, and no one else's."""
        owner = self.data.stat()
        for name, path in (("server.key", issued.key), ("server.pem", issued.certificate)):
            own = self.data / name
            own.touch(mode=0o600)
            own.write_text(path.read_text())
            os.chown(own, owner.st_uid, owner.st_gid)


class Certificates:
    """One authority that is trusted, one that is not, and what the first has issued."""

    def __init__(self, directory, key_password):
        self.ca = Authority(directory, "trusted")
        self.other_ca = Authority(directory, "untrusted")
        self.node = self.ca.issue("node", [HOST, "localhost"])
        self.expired = self.ca.issue("expired", [HOST, "localhost"], expired=True)
        self.misnamed = self.ca.issue("misnamed", ["elsewhere.example"])
        self.client = self.ca.issue("client", password=key_password)


class SecuredWorld:
    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="assay-secured."))
        self.directory.chmod(0o711)
        self.said = []  # by every program, in bytes
        self.key_password = secret("key")
        self.passwords = {user: secret(user) for user in USERS}
        self.role_passwords = {role: secret(role) for role in ROLES}
        self.certificates = Certificates(self.directory / "certificates", self.key_password)
        self.kafka = SecuredKafka(self.directory / "kafka", self.certificates, self.passwords)
        self.postgresql = SecuredPostgreSQL(
            self.directory / "postgresql", self.certificates, self.role_passwords)
        try:
            self.kafka.begin()
            self.postgresql.begin()
            self.kafka.await_ready()
            self.postgresql.await_ready()
        except BaseException:
            self.close()
            raise

    def close(self):
        self.kafka.stop(signal.SIGKILL)
        self.postgresql.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory)

    def secrets(self):
        return [self.key_password, *self.passwords.values(), *self.role_passwords.values()]

    # -- how programs are told --------------------------------------------------------------------

    def login(self, user, listener="secured", **changes):
        """The variables for Kafka as that user; None takes a property away."""
        properties = {
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": self.certificates.ca.certificate,
            "sasl.mechanism": MECHANISM,
            "sasl.username": user,
            "sasl.password": self.passwords.get(user, self.passwords["stranger"]),
            **{name.replace("_", "."): value for name, value in changes.items()},
        }
        return {
            "ASSAY_BROKERS": self.kafka.at(listener),
            "ASSAY_PROPERTIES": "\n".join(
                f"{name}={value}" for name, value in properties.items() if value is not None),
        }

    def database(self, role, **changes):
        """The variables for PostgreSQL as that role."""
        return {
            "PGHOST": HOST, "PGPORT": str(self.postgresql.port), "PGDATABASE": DATABASE,
            "PGUSER": role, "PGPASSWORD": self.role_passwords.get(role, ""),
            "PGSSLMODE": "verify-full", "PGSSLROOTCERT": str(self.certificates.ca.certificate),
            **changes,
        }

    # -- running them -----------------------------------------------------------------------------

    def start(self, *command, environment, log):
        """Begins a program; what it says goes to the file `log`."""
        with open(log, "wb") as output:
            return subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *map(str, command)], stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, env=self._surroundings(environment))

    def run(self, *command, environment, stdin=b""):
        """Runs a program to its end."""
        done = subprocess.run(
            [*map(str, command)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=self._surroundings(environment), timeout=PROGRAM_SECONDS)
        self.said += [done.stdout, done.stderr]
        return done

    def assay(self, *arguments, environment, stdin=b""):
        return self.run(BUILD / "bin" / "assay", *arguments, environment=environment, stdin=stdin)

    def _surroundings(self, environment):
        """Nothing of whoever runs the test, who may have logins of his own."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.directory), **environment}

    def kafka_acls(self, commands):
        """Runs lines that begin with kafka-acls.sh, all at once."""
        settings = self.directory / "admin.properties"
        settings.write_text(
            f"security.protocol=SASL_SSL\nsasl.mechanism={MECHANISM}\nssl.truststore.type=PEM\n"
            f"ssl.truststore.location={self.certificates.ca.certificate}\n"
            "sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required"
            f" username=\"admin\" password=\"{self.passwords['admin']}\";\n")
        jars = subprocess.run(
            [DEPLOY / "kafka-jars"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        java = ["java", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData", "-cp", f"{jars}/*", "kafka.admin.AclCommand"]
        running = []
        for command in commands:
            words = [
                {"$BROKERS": self.kafka.at("secured"), "admin.properties": settings}.get(word, word)
                for word in command.split()[1:]
            ]
            running.append(subprocess.Popen(
                [*java, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT))
        for process in running:
            output = process.communicate(timeout=PROGRAM_SECONDS)[0].decode()
            if process.returncode != 0 or "Error while" in output:
                raise AssertionError(f"kafka-acls.sh: {output}")

    def emitter_example(self):
        """The program a team would write: built against the library of this build."""
        program = self.directory / "example"
        library = BUILD / "lib"
        emitter = TOP / "producers" / "emitter"
        subprocess.run(
            ["cc", emitter / "example.c", "-o", program, f"-I{emitter}", f"-L{library}",
             "-lassay-emitter", f"-Wl,-rpath,{library}"], check=True)
        return program


def secret(whose):
    """Of no other text a part, so that finding it is proof."""
    return f"s3cret.{whose}.{secrets.token_hex(8)}"
