"""parts -- the world that is disturbed: Apache Kafka of one node and of three, PostgreSQL, and
aggregators that are started again when they end.

The servers start once and serve many seeds; each seed has topics made anew and a database copied
from one that was migrated. What stands here for faults to use stays as it is:

    nodes         of the seed's cluster: .pid() .port .controller_port .directory .data .log
                  .stop(signal) .start(); start() only from a fault's begin() or end()
    postgresql    .pid() .port .data .log .stop(signal) .start(); .superuser(): a new connection;
                  .tampering: of its clock and its disk
    aggregators   supervisor.Supervisor: .running() .chosen(n) .resize(n); each .pid()
                  .send(signal) .killpoint .log .directory
    ways          how aggregators reach the others; set in Fault.prepare(), before any is started
"""

import signal

import confluent_kafka
import confluent_kafka.admin
import psycopg2

from world import PostgreSQL, World, await_condition

from brokers import Cluster
from faults.tampering import Tampering
from supervisor import Supervised, Supervisor

LOGIN = "aggregator"  # a role as in production: not a superuser, so that its limits hold
TEMPLATE = "assay"
SERVERS_SECONDS = 60


class Database(PostgreSQL):
    """PostgreSQL; `database` is the present seed's."""

    database = TEMPLATE

    def __init__(self, directory):
        super().__init__(directory, tied=True)
        self.tampering = None

    def make(self):
        super().make()
        self.tampering = self.tampering or Tampering(self.directory / "tampered")

    def launch(self, prefix, command, variables=None):
        super().launch(prefix, command, {**(variables or {}), **self.tampering.variables()})

    def uri(self, database=None, role=None):
        return super().uri(database or self.database, role)

    def superuser(self):
        """A new connection; waits while it recovers, but not where it is down."""

        def connected():
            try:
                connection = psycopg2.connect(self.uri(), connect_timeout=10)
            except psycopg2.OperationalError as why:
                if any(word in str(why) for word in ("recovery", "starting up", "not yet")):
                    return None
                raise
            connection.autocommit = True
            return connection

        return await_condition(connected, SERVERS_SECONDS, "PostgreSQL's recovery")


class Ways:
    """Between aggregators and servers. None: straight to them."""

    def __init__(self):
        self.prefix = []  # of an aggregator's command, such as: ip netns exec NAME
        self.brokers = None  # HOST:PORT,…
        self.database = None  # (host, port)
        self.flags = []  # further ones of every aggregator


class Parts(World):
    def __init__(self, directory):
        self.directory = directory
        self.directory.chmod(0o711)
        self.postgresql = Database(directory / "postgresql")
        self.clusters = {}
        self.kafka = None
        self.aggregators = None
        self.connection = None
        self.ways = Ways()
        self.seeds = 0
        try:
            self.postgresql.start()
            self.assay("migrate")
            self._make_login()
        except BaseException:
            self.close()
            raise

    def _make_login(self):
        password = self.postgresql.passwords.read_text().strip().rsplit(":", 1)[1]
        self.query(f"CREATE ROLE {LOGIN} LOGIN IN ROLE assay_aggregator PASSWORD '{password}'")
        self.passwords = self.directory / "pgpass"  # a port of something in between will do, too
        self.passwords.touch(mode=0o600)
        self.passwords.write_text(f"*:*:*:{LOGIN}:{password}\n")

    def close(self):
        self.end_seed()
        for cluster in self.clusters.values():
            cluster.stop(signal.SIGKILL)
        self.postgresql.stop(signal.SIGQUIT)

    @property
    def nodes(self):
        return self.kafka.nodes

    def environment(self):
        brokers = self.kafka.brokers if self.kafka else ""
        return {"ASSAY_BROKERS": brokers, "ASSAY_DATABASE": self.postgresql.uri()}

    # -- a seed -----------------------------------------------------------------------------------

    def begin_seed(self, layout, teams):
        """Fresh topics, a fresh database, no aggregator."""
        self.seeds += 1
        self.layout = layout
        self.ways = Ways()
        self.group = f"assay-{self.seeds}"
        self.folder = self.directory / f"seed-{self.seeds}"
        self.folder.mkdir()
        self.kafka = self.clusters.get(layout.nodes)
        if self.kafka is None:
            folder = self.directory / f"kafka-{layout.nodes}"
            self.kafka = self.clusters[layout.nodes] = Cluster(folder, layout.nodes)
        self.postgresql.start()
        self.kafka.start()
        self._make_topics(layout, teams)
        self._make_database()
        self.aggregators = Supervisor(self.folder, self._aggregator)

    def end_seed(self):
        if self.aggregators is not None:
            self.aggregators.close()
            self.aggregators = None
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def admin(self):
        return self._client(self.kafka.brokers)

    @staticmethod
    def _client(brokers):
        return confluent_kafka.admin.AdminClient({"bootstrap.servers": brokers, "log_level": 0})

    def _make_topics(self, layout, teams):
        admin = self.admin()
        self.kafka.await_led(admin)
        await_condition(lambda: self._delete_topics(admin), SERVERS_SECONDS, "deleting topics")
        self.assay("topics", "create", f"--partitions={layout.partitions}")
        for team in teams:
            self.assay("topics", "create", f"--team={team}", "--partitions=2")
        self.kafka.await_led(admin)

    def _delete_topics(self, admin):
        """Whether none is left, whichever node is asked."""
        try:
            topics = {name for node in self.nodes for name in
                      self._client(f"{node.host}:{node.port}").list_topics(timeout=10).topics
                      if name.startswith("assay.")}
            if not topics:
                return True
            for deleted in admin.delete_topics(list(topics), operation_timeout=10).values():
                deleted.result()
        except confluent_kafka.KafkaException:
            pass  # a cluster that has just started may not know its leaders yet
        return False

    def _make_database(self):
        before, name = self.postgresql.database, f"seed_{self.seeds}"
        self.postgresql.database = "postgres"
        if before != TEMPLATE:
            self.query(f"DROP DATABASE IF EXISTS {before} WITH (FORCE)")
        self.query(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        self.connection.close()
        self.connection = None
        self.postgresql.database = name

    # -- aggregators ------------------------------------------------------------------------------

    def _aggregator(self, directory):
        number = int(directory.name.rsplit("-", 1)[1])
        host, port = self.ways.database or ("127.0.0.1", self.postgresql.port)
        uri = (f"postgresql://{LOGIN}@{host}:{port}/{self.postgresql.database}"
               f"?passfile={self.passwords}&application_name={directory.name}")
        layout = self.layout
        flags = [
            f"--group={self.group}", f"--brokers={self.ways.brokers or self.kafka.brokers}",
            f"--database={uri}", "--memory=1",
            f"--lanes={1 + number % 2}",
            f"--batch-records={layout.batches[number % len(layout.batches)]}",
            "-X", f"session.timeout.ms={layout.session_ms}", "-X", "heartbeat.interval.ms=300",
            "-X", "reconnect.backoff.max.ms=500", "-X", "topic.metadata.refresh.interval.ms=2000",
            *self.ways.flags,
        ]
        environment = {"CHAOS_SESSION": layout.session_sql} if layout.session_sql else {}
        return Supervised(directory, self.ways.prefix, environment, flags)

    def await_recovered(self, ends, seconds):
        """Returns when everything up to the logs' ends is taken and evaluated. What halted ends the
        wait: the checker says so."""

        def recovered():
            try:
                rows = self.query(
                    "SELECT topic, partition, next_offset, evaluation_lag, halted, reason"
                    " FROM assay.completeness")
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                return False
            if any(row["halted"] for row in rows):
                return True
            taken = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
            return all(taken.get(at, 0) >= end for at, end in ends.items()) and not any(
                row["evaluation_lag"] for row in rows)

        await_condition(recovered, seconds, "recovering")
