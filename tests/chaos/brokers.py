"""brokers -- Apache Kafka of one node or three, each broker and controller in one.

The nodes' ports stay what they are over restarts. Sessions and elections are short: what takes
half a minute in production has to happen many times in twenty seconds here.
"""

import os
from pathlib import Path

import confluent_kafka

from world import Kafka, await_condition

from local.daemon import free_ports

PROPERTIES = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{broker},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{advertised}
log.dirs={data}
num.partitions=3
auto.create.topics.enable=false
default.replication.factor={replicas}
min.insync.replicas={insync}
offsets.topic.num.partitions=1
offsets.topic.replication.factor={replicas}
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={insync}
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
message.max.bytes=8388608
replica.fetch.max.bytes=8388608
# a broker that was killed is missed, and taken back, after this
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
replica.lag.time.max.ms=3000
controller.quorum.election.timeout.ms=600
controller.quorum.fetch.timeout.ms=1000
controlled.shutdown.max.retries=1
"""


# Classes as the JVM has once loaded them, which halves what a start costs. Made where many seeds
# are to be run, used where it is; a JVM that it does not fit goes without.
ARCHIVE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "assay" / "kafka.jsa"
ARCHIVE_SECONDS = 300


class Node(Kafka):
    """One of them. `advertised` is the port that clients are told: another's where something
    stands in between."""

    def __init__(self, directory, number, cluster, ports, voters, host="127.0.0.1"):
        super().__init__(directory, tied=True, cluster=cluster)
        self.number = number
        self.port, self.controller_port = ports
        self.advertised = self.port
        self.voters = voters
        self.host = host
        self.NAME = f"Apache Kafka's node {number}"
        self.archives = False  # whether it writes ARCHIVE when it ends

    def _command(self, main_class, *arguments):
        java, *others = super()._command(main_class, *arguments)
        if main_class != "kafka.Kafka":
            return [java, *others]
        if self.archives:
            return [java, f"-XX:ArchiveClassesAtExit={ARCHIVE}", *others]
        flags = [f"-XX:SharedArchiveFile={ARCHIVE}"] if ARCHIVE.exists() else []
        return [java, *flags, *others]

    def _configure(self):
        count = self.voters.count("@")
        self.properties.write_text(PROPERTIES.format(
            number=self.number, voters=self.voters, host=self.host, broker=self.port,
            controller=self.controller_port, advertised=self.advertised, data=self.data,
            replicas=count, insync=count // 2 + 1))
        self.brokers_file.write_text(f"{self.host}:{self.port}\n")


def make_archive(directory):
    """Where there is none yet: a node starts, and writes it while it ends."""
    if ARCHIVE.exists():
        return
    ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(directory / "archiving", 1)
    node, = cluster.nodes
    node.archives = True
    try:
        cluster.start()
        node.process.terminate()
        await_condition(lambda: node.pid() is None, ARCHIVE_SECONDS, "writing the archive")
    finally:
        cluster.stop()


class Cluster:
    """All nodes; `nodes[i]` has .number, .pid(), .port, .controller_port, .directory, .data."""

    def __init__(self, directory, count):
        ports = free_ports(2 * count)
        pairs = list(zip(ports[::2], ports[1::2]))
        voters = ",".join(f"{number}@127.0.0.1:{controller}"
                          for number, (_, controller) in enumerate(pairs, 1))
        directory.mkdir()
        self.nodes = []
        for number, pair in enumerate(pairs, 1):
            cluster = self.nodes[0].cluster if self.nodes else None
            self.nodes.append(Node(directory / f"node-{number}", number, cluster, pair, voters))

    @property
    def brokers(self):
        """Where clients that nothing stands before find it."""
        return ",".join(f"{node.host}:{node.port}" for node in self.nodes)

    def start(self):
        """Whatever of it does not run; returns when all of it serves."""
        for node in self.nodes:
            node.begin()
        for node in self.nodes:
            node.await_ready()

    def stop(self, number=None):
        for node in self.nodes:
            node.stop(number)

    def await_led(self, client, seconds=60):
        """Until every node is there, and every partition has a leader and all its replicas, as an
        AdminClient sees it."""

        def led():
            try:
                seen = client.list_topics(timeout=5)
            except confluent_kafka.KafkaException:
                return False
            topics = seen.topics
            return len(seen.brokers) == len(self.nodes) and all(
                not topic.error and all(
                    not partition.error and partition.leader >= 0
                    and len(partition.isrs) == len(partition.replicas)
                    for partition in topic.partitions.values())
                for topic in topics.values())

        return await_condition(led, seconds, "leaders and replicas of every partition")
