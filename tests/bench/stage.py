"""stage -- where the benchmark's rows are measured: an Apache Kafka and a PostgreSQL of its own.

A Stage starts both on free loopback ports, with topics and no schema. Databases are made from
templates: what is to be there before a measurement is taken in once, and every repetition begins
with a copy of it. All of it is gone when the stage is closed, and the kernel ends the servers where
the benchmark itself is killed.

Not a place of figures: it starts, sends, waits and cleans up.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg2

import workload
from local.daemon import Failed, await_condition
from local.kafka import Kafka
from local.postgresql import PostgreSQL
from processes import Process

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ASSAY_BUILD", TOP / "build"))

NOTHING_TO_DO = """
SELECT NOT EXISTS (
    SELECT FROM record.environment e LEFT JOIN record.present p USING (service, environment)
    WHERE p.seq IS NULL OR EXISTS (
        SELECT FROM record.timeline t WHERE t.service = e.service
        AND t.environment = e.environment AND t.seq > p.seq))
"""

# Every partition is held, and its end has been looked at since.
LOOKED = "SELECT coalesce(bool_and(complete_through > %s), false) FROM assay.completeness"

PROGRAM_SECONDS = 900
CATCH_UP_SECONDS = 1800


class PatientKafka(Kafka):
    """A group that was empty waits for more members, as Kafka's own default is: the lanes of an
    aggregator, and several aggregators, begin as one group."""

    def more_properties(self, broker, controller):
        return "group.initial.rebalance.delay.ms=3000\n"


class SeasonedPostgreSQL(PostgreSQL):
    """Sized as for a small server, and as if it had run for a while: the segments of its WAL are
    there already. A new cluster fills each with zeros first, which a measured minute would pay."""

    SEGMENTS = 64  # of 16 MB: what min_wal_size keeps
    CONFIGURATION = "shared_buffers = 512MB\nmax_wal_size = 4GB\nmin_wal_size = 1GB\n"

    def make(self):
        new = not self.data.exists()
        super().make()
        if new:
            with open(self.data / "postgresql.conf", "a") as configuration:
                configuration.write(self.CONFIGURATION)

    def season(self, execute):
        for _ in range(self.SEGMENTS):
            execute("SELECT pg_logical_emit_message(false, 'segment', ''), pg_switch_wal()")
        execute("CHECKPOINT")  # those behind it are used again


class AccountingPostgreSQL(SeasonedPostgreSQL):
    """Keeps account of statements, which costs a little."""

    CONFIGURATION = (SeasonedPostgreSQL.CONFIGURATION
                     + "shared_preload_libraries = 'pg_stat_statements'\n"
                       "pg_stat_statements.track = all\n")


class Database:
    """One database of the stage's cluster."""

    def __init__(self, stage, name):
        self.stage = stage
        self.name = name
        self.connection = None

    def uri(self, role=None):
        return self.stage.postgresql.uri(self.name, role)

    def environment(self, role=None):
        return {"ASSAY_BROKERS": self.stage.kafka.brokers, "ASSAY_DATABASE": self.uri(role)}

    def query(self, statement, *parameters):
        """The rows, as tuples."""
        if self.connection is None:
            self.connection = psycopg2.connect(self.uri())
            self.connection.autocommit = True
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement, *parameters):
        ((value,),) = self.query(statement, *parameters)
        return value

    def psql(self, command):
        self.stage.run("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.uri(), "-c", command)

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def position(self):
        return self.value("SELECT coalesce(max(position), 0) FROM record.commit_log")

    def taken(self):
        """Records, of all partitions."""
        return self.value("SELECT coalesce(sum(next_offset), 0)::bigint FROM record.partition")

    def await_taken(self, upto, aggregators, meanwhile=lambda taken: None):
        """Returns when so many records are taken and every service is evaluated. `meanwhile` is
        called now and then with how many are."""

        def taken():
            count = self.taken()
            meanwhile(count)
            return count >= upto() and not self.value(
                "SELECT max(evaluation_lag) FROM assay.completeness"
            )

        self.await_condition(taken, aggregators)

    def await_condition(self, condition, aggregators):
        """Returns when it is true; Failed where an aggregator or a partition has stopped."""

        def give_up():
            for aggregator in aggregators:
                aggregator.must_run()
            halted = self.value("SELECT string_agg(reason, '; ') FROM record.partition"
                                " WHERE halted")
            if halted:
                raise Failed(f"a partition halted: {halted}")

        await_condition(condition, CATCH_UP_SECONDS, f"{self.name}: taking in", give_up)


class Stage:
    def __init__(self, variant, kafka=PatientKafka, statements=False):
        self.variant = variant
        self.directory = Path(tempfile.mkdtemp(prefix="assay-bench."))
        self.directory.chmod(0o711)  # PostgreSQL's own user passes through it
        self.kafka = kafka(self.directory / "kafka", tied=True)
        postgresql = AccountingPostgreSQL if statements else SeasonedPostgreSQL
        self.postgresql = postgresql(self.directory / "postgresql", tied=True)
        self.databases = {}
        self.processes = []
        self.sent = 0  # records in the topics
        self.results = 0  # of these, results after the fill
        try:
            self.kafka.begin()
            self.postgresql.begin()
            self.kafka.await_ready()
            self.postgresql.await_ready()
            self.postgresql.season(self._execute)
            self.run(BUILD / "bin" / "assay", "topics", "create", "--partitions=4",
                     environment={"ASSAY_BROKERS": self.kafka.brokers})
        except BaseException:
            self.close()
            raise

    def close(self):
        for process in self.processes:
            process.end(signal.SIGKILL)
        for database in self.databases.values():
            database.disconnect()
        self.kafka.stop(signal.SIGKILL)
        self.postgresql.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- programs ---------------------------------------------------------------------------------

    def run(self, *command, environment=None, stdin=b"", seconds=PROGRAM_SECONDS):
        """Runs a program to its end and returns what it printed."""
        done = subprocess.run(
            command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds,
            env={**os.environ, **(environment or {})},
        )
        if done.returncode != 0:
            raise Failed(f"{command[0]}: exit status {done.returncode}: "
                         f"{done.stderr.decode(errors='replace').strip()[-1000:]}")
        return done.stdout

    def start(self, *command, environment=None):
        """Starts a program, which runs until its end() or the stage's."""
        process = Process(command, {**os.environ, **(environment or {})},
                          self.directory / f"log-{len(self.processes)}")
        self.processes.append(process)
        return process

    def aggregate(self, database, count=1, flags=()):
        environment = database.environment("assay_aggregator")
        return [self.start(BUILD / "bin" / "assay-aggregate", *flags, environment=environment)
                for _ in range(count)]

    def serve(self, database):
        """Starts an aggregator, and returns once it holds every partition."""
        began = database.value("SELECT now()")
        aggregators = self.aggregate(database)
        database.await_condition(lambda: database.value(LOOKED, began), aggregators)
        return aggregators

    # -- what is sent -----------------------------------------------------------------------------

    def publish(self, events):
        lines = workload.lines(events)
        self.run(BUILD / "bin" / "assay", "publish", stdin=lines,
                 environment={"ASSAY_BROKERS": self.kafka.brokers})
        self.sent += lines.count(b"\n")

    def fill(self):
        self.run(BUILD / "bench" / "bench-load", self.kafka.brokers, self.variant, "fill")
        self.sent += workload.streams(self.variant)

    def load(self, count):
        """So many more results."""
        upto = self.results + count
        self.run(BUILD / "bench" / "bench-load", self.kafka.brokers, self.variant,
                 str(self.results), str(upto))
        self.results, self.sent = upto, self.sent + count

    def loading(self, count, rate):
        """Starts sending so many more results, so many a second. Once it has ended they count."""
        upto = self.results + count
        process = self.start(BUILD / "bench" / "bench-load", self.kafka.brokers, self.variant,
                             str(self.results), str(upto), str(rate))
        self.results, self.sent = upto, self.sent + count
        return process

    # -- databases --------------------------------------------------------------------------------

    def _execute(self, statement):
        with contextlib.closing(psycopg2.connect(self.postgresql.uri("postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)

    def database(self, name, template=None):
        """A new one: a copy of the template, or one with the schema and nothing else."""
        if template is not None:
            template.disconnect()
        source = "template0" if template is None else template.name
        self._execute(f"CREATE DATABASE {name} TEMPLATE {source}")
        database = self.databases[name] = Database(self, name)
        if template is None:
            self.run(BUILD / "bin" / "assay", "migrate", environment=database.environment())
        self._execute("CHECKPOINT")
        return database

    def drop(self, database):
        database.disconnect()
        del self.databases[database.name]
        self._execute(f"DROP DATABASE {database.name} WITH (FORCE)")

    def checkpoint(self):
        self._execute("CHECKPOINT")

    def take_in(self, database, flags=()):
        """Everything sent so far."""
        aggregators = self.aggregate(database, flags=flags)
        database.await_taken(lambda: self.sent, aggregators)
        for aggregator in aggregators:
            aggregator.end()

    def come_to_rest(self, database):
        """An aggregator has nothing left to do: the present is ready to be read."""
        aggregators = self.aggregate(database)
        database.await_condition(lambda: database.value(NOTHING_TO_DO), aggregators)
        for aggregator in aggregators:
            aggregator.end()

    def filled(self):
        """The template of most measurements: the office's events and one PASS of each stream are
        sent and taken in."""
        database = self.database("filled")
        self.publish(workload.events(self.variant))
        self.fill()
        self.take_in(database)
        database.query("VACUUM ANALYZE")
        database.disconnect()
        return database

    # -- what it runs on --------------------------------------------------------------------------

    def settings(self):
        database = Database(self, "postgres")
        rows = database.query(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name IN"
            " ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'wal_level',"
            "  'shared_buffers', 'max_wal_size', 'min_wal_size', 'wal_compression', 'work_mem',"
            "  'jit', 'autovacuum', 'shared_preload_libraries') ORDER BY 1"
        )
        database.disconnect()
        jar = next(Path(self.run(TOP / "deploy" / "kafka-jars").decode().strip())
                   .glob("kafka_2.13-*.jar"))
        properties = self.kafka.properties.read_text().splitlines()
        return {
            "postgresql": dict(rows),
            "kafka": {"version": jar.stem.removeprefix("kafka_2.13-"), "partitions": 4,
                      "nodes": 1, "heap": "-Xmx384m",
                      "flush": "as the system does" if not any("flush" in line
                                                              for line in properties) else "set"},
        }


def pause(process, seconds):
    """Lets so much time pass, unless the process ends sooner, which is wrong."""
    until = time.monotonic() + seconds

    def over():
        process.must_run()
        return time.monotonic() >= until

    await_condition(over, seconds + 60, "pacing")
