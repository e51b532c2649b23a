"""kafka -- one Apache Kafka node (KRaft, broker and controller in one) on free loopback ports.

Everything it has is in its directory: `server.properties`, `data`, `log`, `pid`, `brokers`. A
second start with the same directory goes on with the same data, on other ports if it must.
Topics are not made by using them: `assay topics create` makes them.
"""

import base64
import os
import subprocess
import uuid
from pathlib import Path

from local.daemon import Daemon, Failed, await_condition, free_ports

START_SECONDS = 60
START_TRIES = 3
DEPLOY = Path(__file__).resolve().parent.parent

# The JVM of a node that is small and lives for minutes: what matters is how fast it is there.
JVM = ["-Xmx384m", "-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]

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
    def __init__(self, directory):
        super().__init__(Path(directory).resolve())
        self.properties = self.directory / "server.properties"
        self.brokers_file = self.directory / "brokers"

    @property
    def brokers(self):
        """HOST:PORT of the running node."""
        return self.brokers_file.read_text().strip()

    def start(self, give_up=lambda: None):
        """Starts it and returns when it serves; does nothing where it runs. give_up() is called
        while waiting and may raise; then what was started is still to be stopped."""
        if self.pid() is not None:
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "log4j.properties").write_text(LOGGING)
        for _ in range(START_TRIES):
            self._configure()
            if self._serves(give_up):
                return
        raise Failed(f"Apache Kafka did not start: {self.log_tail()} (see {self.log})")

    def _configure(self):
        broker, controller = free_ports(2)
        data = self.directory / "data"
        self.properties.write_text(
            PROPERTIES.format(broker=broker, controller=controller, data=data)
        )
        self.brokers_file.write_text(f"127.0.0.1:{broker}\n")
        if (data / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self._java(
            "kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", self.properties
        )

    def _serves(self, give_up):
        """Starts the process; true once it serves, false where it ended, as when another process
        was faster on its port."""
        self.log.write_bytes(b"")
        self.launch(self._command("kafka.Kafka", str(self.properties)))

        def ready_or_ended():
            if READY in self.log.read_text(errors="replace"):
                return "ready"
            return None if self.pid() is not None else "ended"

        return (
            await_condition(ready_or_ended, START_SECONDS, "starting Apache Kafka", give_up)
            == "ready"
        )

    def _command(self, main_class, *arguments):
        jars = subprocess.run(
            [DEPLOY / "kafka-jars"], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()
        log4j = f"-Dlog4j.configuration=file:{self.directory}/log4j.properties"
        return ["java", *JVM, log4j, "-cp", f"{jars}/*", main_class, *map(str, arguments)]

    def _java(self, main_class, *arguments):
        done = subprocess.run(
            self._command(main_class, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        if done.returncode != 0:
            raise Failed(f"{main_class} {arguments[0]}: {done.stdout.strip().splitlines()[-1:]}")
