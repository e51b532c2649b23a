"""world -- what a scenario runs in: real PostgreSQL, real Apache Kafka, the built programs.

A World is made with topics and schema and without an aggregator. It and all it starts are gone
when it is closed, and the kernel ends its servers where the test process itself is killed.
Nothing in it knows what Assay ought to answer: that is the scenarios' part.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import confluent_kafka
import psycopg2
import psycopg2.extras

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ASSAY_BUILD", TOP / "build"))
sys.path.insert(0, str(TOP / "deploy"))

from local.daemon import Daemon, Failed, await_condition  # noqa: E402
from local.kafka import Kafka  # noqa: E402
from local.postgresql import PostgreSQL  # noqa: E402

CATCH_UP_SECONDS = 180
PROGRAM_SECONDS = 120


class Aggregator(Daemon):
    NAME = "an aggregator"

    def __init__(self, directory, environment, flags):
        super().__init__(directory, tied=True)
        self.environment = environment
        self.flags = flags

    def begin(self):
        self.directory.mkdir(exist_ok=True)
        self.launch([], [BUILD / "bin" / "assay-aggregate", *self.flags], self.environment)

    def must_run(self):
        if self.pid() is None:
            raise Failed(f"an aggregator ended: {self.log_tail()}")


class World:
    def __init__(self, partitions=4):
        self.directory = Path(tempfile.mkdtemp(prefix="assay-world."))
        self.directory.chmod(0o711)
        self.kafka = Kafka(self.directory / "kafka", tied=True)
        self.postgresql = PostgreSQL(self.directory / "postgresql", tied=True)
        self.aggregators = []
        self.started = 0
        self.connection = None
        try:
            self.kafka.begin()
            self.postgresql.begin()
            self.kafka.await_ready()
            self.postgresql.await_ready()
            self.assay("topics", "create", f"--partitions={partitions}")
            self.assay("migrate")
        except BaseException:
            self.close()
            raise

    def close(self):
        if self.connection is not None:
            self.connection.close()
        for aggregator in self.aggregators:
            aggregator.stop(signal.SIGKILL)
        self.kafka.stop(signal.SIGKILL)
        self.postgresql.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory)

    # -- programs ---------------------------------------------------------------------------------

    def environment(self):
        return {"ASSAY_BROKERS": self.kafka.brokers, "ASSAY_DATABASE": self.postgresql.uri()}

    def assay(self, *arguments, stdin=b"", status=0):
        """Runs `assay …` to its end; the exit status has to be the given one."""
        done = subprocess.run(
            [BUILD / "bin" / "assay", *arguments],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **self.environment()},
            timeout=PROGRAM_SECONDS,
        )
        if done.returncode != status:
            raise AssertionError(
                f"assay {' '.join(map(str, arguments))}: exit status {done.returncode},"
                f" not {status}\n{done.stdout.decode()[-2000:]}{done.stderr.decode()}"
            )
        return done

    def aggregate(self, *flags):
        """Starts one more aggregator."""
        self.started += 1
        directory = self.directory / f"aggregator-{self.started}"
        # after a kill the others have to notice sooner than they would in production
        notice = ("-X", "session.timeout.ms=3000", "-X", "heartbeat.interval.ms=500")
        environment = {
            **self.environment(), "ASSAY_DATABASE": self.postgresql.uri(role="assay_aggregator")
        }
        aggregator = Aggregator(directory, environment, (*notice, *flags))
        self.aggregators.append(aggregator)
        aggregator.begin()
        return aggregator

    def stop_aggregators(self, number=signal.SIGTERM):
        for aggregator in self.aggregators:
            aggregator.stop(number)
        self.aggregators.clear()

    # -- Kafka ------------------------------------------------------------------------------------

    def producer(self, **settings):
        """A stock client, which knows nothing of Assay."""
        return confluent_kafka.Producer({"bootstrap.servers": self.kafka.brokers, **settings})

    def ends(self):
        """The log's end of each partition of Assay's topics: {(topic, partition): offset}."""
        consumer = confluent_kafka.Consumer(
            {"bootstrap.servers": self.kafka.brokers, "group.id": "ends"}
        )

        def read():
            # the leaders of a topic just made are not known at once
            with contextlib.suppress(confluent_kafka.KafkaException):
                topics = consumer.list_topics(timeout=10).topics
                return {
                    (topic, partition): consumer.get_watermark_offsets(
                        confluent_kafka.TopicPartition(topic, partition), timeout=10
                    )[1]
                    for topic in topics if topic.startswith("assay.")
                    for partition in topics[topic].partitions
                }
            return None

        try:
            return await_condition(read, 30, "reading the logs' ends")
        finally:
            consumer.close()

    # -- PostgreSQL -------------------------------------------------------------------------------

    def query(self, statement, *parameters):
        """The rows, as dictionaries."""
        if self.connection is None or self.connection.closed:
            self.connection = psycopg2.connect(
                self.postgresql.uri(), cursor_factory=psycopg2.extras.RealDictCursor
            )
            self.connection.autocommit = True
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement, *parameters):
        """The only value of the only row."""
        (row,) = self.query(statement, *parameters)
        (value,) = row.values()
        return value

    def await_caught_up(self, seconds=CATCH_UP_SECONDS):
        """Returns when everything in the topics is in the ledger and every service is evaluated
        to the last commit."""
        ends = self.ends()
        if not self.aggregators:
            raise AssertionError("no aggregator runs")

        def caught_up():
            with contextlib.suppress(psycopg2.OperationalError):  # while it restarts
                rows = self.query(
                    "SELECT topic, partition, next_offset, evaluation_lag, halted, reason"
                    " FROM assay.completeness"
                )
                halted = [row for row in rows if row["halted"]]
                if halted:
                    raise AssertionError(f"halted: {halted}")
                taken = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
                return all(taken.get(at, 0) >= end for at, end in ends.items()) and not any(
                    row["evaluation_lag"] for row in rows
                )
            return False

        def give_up():
            for aggregator in self.aggregators:
                aggregator.must_run()

        await_condition(caught_up, seconds, "taking in what was published", give_up)


class Scenario(unittest.TestCase):
    """Tests over one world, in the order of their names; what one publishes the next ones see."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
