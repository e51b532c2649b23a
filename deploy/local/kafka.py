"""kafka -- one Apache Kafka node (KRaft, broker and controller in one) on free loopback ports.

Everything it has is in its directory: `server.properties`, `data`, `log`, `pid`, `brokers`. A
second start with the same directory goes on with the same data, on the same ports where they are
still free.
Topics are not made by using them: `assay topics create` makes them.
"""

import base64
import re
import subprocess
import uuid
from pathlib import Path

from local.daemon import Daemon, Failed, free_ports

DEPLOY = Path(__file__).resolve().parent.parent

# The JVM of a node that is small and lives for minutes: what matters is how fast it is there, and
# that it writes nowhere but to its directory.
JVM = ["-Xmx384m", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
       "-XX:-UsePerfData"]

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker}
log.dirs={data}
num.partitions=4
auto.create.topics.enable=false
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
message.max.bytes=8388608
replica.fetch.max.bytes=8388608
"""

LOGGING = """\
log4j.rootLogger=INFO, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
"""

READY = "Kafka Server started"


class Kafka(Daemon):
    NAME = "Apache Kafka"
    FORMAT_FLAGS = ()  # further ones for the storage tool; a subclass may have some

    def __init__(self, directory, tied=False, cluster=None):
        """cluster: the id that a new one gets; None: one of its own."""
        super().__init__(directory, tied)
        self.cluster = cluster or base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self.properties = self.directory / "server.properties"
        self.brokers_file = self.directory / "brokers"
        self.data = self.directory / "data"

    @property
    def brokers(self):
        """HOST:PORT of the running node."""
        return self.brokers_file.read_text().strip()

    def make(self):
        (self.directory / "log4j.properties").write_text(LOGGING)
        (self.directory / "tmp").mkdir(exist_ok=True)
        if (self.data / "meta.properties").exists():
            return
        self._configure()
        formatted = subprocess.run(
            self._command(
                "kafka.tools.StorageTool",
                "format",
                f"--cluster-id={self.cluster}",
                f"--config={self.properties}",
                *self.FORMAT_FLAGS,
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if formatted.returncode != 0:
            raise Failed(f"formatting {self.data}: {formatted.stdout.strip()[-200:]}")

    def launch_anew(self):
        self._configure()
        self.log.write_bytes(b"")
        self.launch([], self._command("kafka.Kafka", str(self.properties)))

    def ready(self):
        return READY in self.log.read_text(errors="replace")

    def _configure(self):
        before = re.findall(r"(?m)^listeners=.*:(\d+),.*:(\d+)$", self._properties_before())
        broker, controller = free_ports(2, map(int, before[0] if before else ()))
        self.properties.write_text(
            PROPERTIES.format(broker=broker, controller=controller, data=self.data)
            + self.more_properties(broker, controller)
        )
        self.brokers_file.write_text(f"127.0.0.1:{broker}\n")

    def more_properties(self, broker, controller):
        """Lines for server.properties; what stands here wins over what stands above it."""
        return ""

    def _properties_before(self):
        try:
            return self.properties.read_text()
        except OSError:
            return ""

    def _command(self, main_class, *arguments):
        jars = subprocess.run(
            [DEPLOY / "kafka-jars"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
        places = [
            f"-Dlog4j.configuration=file:{self.directory}/log4j.properties",
            f"-Djava.io.tmpdir={self.directory}/tmp",
        ]
        return ["java", *JVM, *places, "-cp", f"{jars}/*", main_class, *arguments]
