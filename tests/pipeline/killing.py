"""killing -- while records come, aggregators are killed, stopped beyond their session and cut off
from PostgreSQL, and it and Apache Kafka crash: each record counts once, in one order, and the
answers stay the reference's.

    killing.py [KIND [DISTURBANCES SEED]]
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import unittest

import psycopg2

from world import BUILD, await_condition

from differential import Differential
from differential_histories import Told

APPLICATION = "application_name=aggregator-"


class Disturbed(Differential):
    """What the record must hold whatever happened; each aggregator's sessions have its name."""

    @classmethod
    def aggregate(cls, *flags, port=None):
        """One more aggregator; its number is world.started. `port`: PostgreSQL's, or a proxy's."""
        uri = cls.world.postgresql.uri(role="assay_aggregator")
        if port is not None:
            passwords = cls.world.postgresql.passwords
            anywhere = passwords.with_name("pgpass.anywhere")
            if not anywhere.exists():
                anywhere.touch(mode=0o600)
                host, _, rest = passwords.read_text().split(":", 2)
                anywhere.write_text(f"{host}:*:{rest}")
            uri = uri.replace(f":{cls.world.postgresql.port}/", f":{port}/")
            uri = uri.replace("pgpass", "pgpass.anywhere")
        number = cls.world.started + 1
        return cls.world.aggregate(f"--database={uri}&{APPLICATION}{number}", *flags)

    @classmethod
    def await_it(cls, condition, what):
        """As long as every aggregator runs, or is stopped."""
        return await_condition(condition, 60, what,
                               lambda: [one.must_run() for one in cls.world.aggregators])

    @classmethod
    def sessions(cls, aggregator, condition="true"):
        """The process ids of an aggregator's sessions in PostgreSQL."""
        name = aggregator.directory.name
        return [row["pid"] for row in cls.world.query(
            f"SELECT pid FROM pg_stat_activity WHERE application_name = %s AND {condition}", name)]

    @classmethod
    def terminate(cls, aggregator, condition="true"):
        for pid in cls.sessions(aggregator, condition):
            cls.world.query("SELECT pg_terminate_backend(%s, 10000)", pid)

    def test_7_each_record_once_and_in_one_order(self):
        ledger = {}
        for row in self.world.query(
            'SELECT t.name AS topic, l.partition, l.incarnation, l."offset"'
            " FROM record.ledger l JOIN record.topic t USING (topic)"
        ):
            ledger.setdefault((row["topic"], row["partition"]), []).append(row["offset"])
            self.assertEqual(row["incarnation"], 1)
        for at, end in self.world.ends().items():
            self.assertEqual(sorted(ledger.get(at, [])), list(range(end)), at)
        commits = self.world.query(
            "SELECT l.position, l.known_at, l.batch FROM record.commit_log l ORDER BY 1")
        self.assertEqual([row["position"] for row in commits], list(range(1, len(commits) + 1)))
        stamps = [row["known_at"] for row in commits]
        self.assertTrue(all(a < b for a, b in zip(stamps, stamps[1:])), "known_at does not rise")
        self.assertEqual(self.world.query(
            "SELECT * FROM (SELECT k.*, lag(k.next_offset, 1, 0::bigint) OVER (PARTITION BY"
            " topic, partition ORDER BY from_offset) AS before FROM record.commit_take k) k"
            " WHERE from_offset <> before OR batch NOT IN (SELECT batch FROM record.commit_log)"
        ), [])
        self.assertEqual(self.world.query(
            "SELECT * FROM assay.completeness WHERE evaluation_lag <> 0 OR halted"), [])


    @classmethod
    def before_the_last_step(cls, sending, count):
        """While this lasts, the sessions given hold a batch that has all but its position."""
        return cls.waiting_for("record.commit_head", "append_commit", sending, count)

    @classmethod
    @contextlib.contextmanager
    def waiting_for(cls, table, step, sending, count):
        """While this lasts, the sessions given wait for rows of a table, at a step of a batch."""
        with contextlib.closing(psycopg2.connect(cls.world.postgresql.uri())) as holding:
            with holding.cursor() as cursor:
                cursor.execute(f"SELECT FROM {table} FOR UPDATE")
            if not sending.send(count):
                yield []
                return
            waiting = f"wait_event_type = 'Lock' AND query LIKE '%%{step}%%'"
            yield cls.await_it(
                lambda: [pid for one in cls.world.aggregators
                         for pid in cls.sessions(one, waiting)], f"a batch at {step}")


class Violence(Disturbed, unittest.TestCase):
    """Whatever happens, at moments drawn from a number."""

    SEED, COUNT, CHUNKS = 1, 3, 10
    AGGREGATORS = []

    @classmethod
    def histories(cls):
        return [Told(seed, "full") for seed in range(cls.SEED, cls.SEED + cls.COUNT)] + [
            Told(cls.SEED + cls.COUNT, "full", size=25 * cls.CHUNKS, days=range(0, 320, 3),
                 late=0.2)]

    @classmethod
    def take_in(cls, sending):
        chance = sending.chance
        for _ in range(3):
            cls.one_more(chance)
        size = len(sending.order) // cls.CHUNKS + 1
        acts = [cls.kill, cls.kill_all, cls.stop_and_go_on, cls.terminate_all, cls.cancel_all,
                cls.crash_postgresql, cls.crash_kafka, cls.rebuild, cls.kill_rebuild]
        done = 0
        while sending.order:
            act = acts[done % len(acts)] if done < len(acts) else chance.choice(acts)
            done += 1
            before = cls.position()
            sending.send(size)
            # in the middle of it, mostly
            cls.await_position(before + chance.randrange(size))
            act(chance, sending)
            for aggregator in cls.world.aggregators:
                aggregator.must_run()

    @classmethod
    def one_more(cls, chance):
        """Small batches, so that there is a backlog and something always under way."""
        return cls.aggregate(f"--batch-records={chance.choice([1, 1, 2, 5, 1000])}", "--memory=1")

    @classmethod
    def position(cls):
        return cls.world.value("SELECT coalesce(max(position), 0) FROM assay.commit")

    @classmethod
    def await_position(cls, position):
        """Until so much is committed, or everything is taken."""
        taken = "SELECT coalesce(sum(next_offset), 0) FROM assay.completeness"
        end = sum(cls.world.ends().values())
        cls.await_it(lambda: cls.position() >= position or cls.world.value(taken) >= end,
                     f"position {position}")

    @classmethod
    def kill(cls, chance, _):
        victim = cls.world.aggregators.pop(chance.randrange(len(cls.world.aggregators)))
        victim.stop(signal.SIGKILL)
        cls.one_more(chance)

    @classmethod
    def kill_all(cls, chance, _):
        alive = len(cls.world.aggregators)
        cls.world.stop_aggregators(signal.SIGKILL)
        for _ in range(alive):
            cls.one_more(chance)

    @classmethod
    def stop_and_go_on(cls, chance, sending):
        """A zombie: stopped until the others have claimed everything, and then let go on."""
        zombie = cls.world.aggregators[chance.randrange(len(cls.world.aggregators))]
        zombie.process.send_signal(signal.SIGSTOP)
        epochs = cls.epochs()
        # What a stopped process holds in the middle of a transaction is let go of when timeouts
        # end its session; they are not waited for here.
        cls.await_it(
            lambda: cls.terminate(zombie, "wait_event IN ('ClientRead', 'ClientWrite')"
                                          " AND xact_start IS NOT NULL") or all(
                epoch > epochs.get(at, 0) for at, epoch in cls.epochs().items()),
            "the others' claims")
        sending.send(20)
        cls.await_position(cls.position() + 3)
        zombie.process.send_signal(signal.SIGCONT)

    @classmethod
    def epochs(cls):
        return {(row["topic"], row["partition"]): row["epoch"] for row in
                cls.world.query("SELECT topic, partition, epoch FROM record.partition")}

    @classmethod
    def terminate_all(cls, _, sending):
        for aggregator in cls.world.aggregators:
            cls.terminate(aggregator)
            sending.send(5)

    @classmethod
    def cancel_all(cls, _, sending):
        for aggregator in cls.world.aggregators:
            for pid in cls.sessions(aggregator):
                cls.world.query("SELECT pg_cancel_backend(%s)", pid)
            sending.send(5)

    @classmethod
    def crash_postgresql(cls, _, sending):
        cls.world.postgresql.stop(signal.SIGQUIT)
        sending.send(20)
        cls.world.postgresql.start()
        cls.world.connection = None

    @classmethod
    def crash_kafka(cls, _, sending):
        cls.world.kafka.stop(signal.SIGKILL)
        cls.world.kafka.start()
        sending.send(20)

    @classmethod
    def rebuild(cls, _, sending):
        """Beside the aggregators, which wait, and then find their caches outdated."""
        working = threading.Thread(target=cls.world.assay, args=("rebuild",))
        working.start()
        while working.is_alive():
            sending.send(5)
            working.join(0.1)

    @classmethod
    def kill_rebuild(cls, chance, sending):
        working = subprocess.Popen([BUILD / "bin" / "assay-rebuild"], stderr=subprocess.DEVNULL,
                                   env={**os.environ, **cls.world.environment()})
        sending.send(20)
        cls.await_it(lambda: working.poll() is not None or cls.world.query(
            "SELECT FROM pg_stat_activity WHERE application_name = 'assay-rebuild'"
            " AND xact_start < clock_timestamp() - %s * interval '10 ms'", chance.randrange(8)),
            "the middle of a rebuild")
        working.kill()
        working.wait()


class Zombie(Disturbed, unittest.TestCase):
    """Stopped in the middle of a batch, replaced, and let go on: it writes nothing, says so, and
    joins the group again."""

    SEED, COUNT = 70, 3
    AGGREGATORS = []
    FENCED = "the batch is dropped here"

    @classmethod
    def histories(cls):
        return [Told(seed, "full") for seed in range(cls.SEED, cls.SEED + cls.COUNT)]

    @classmethod
    def take_in(cls, sending):
        cls.zombie = cls.aggregate("--batch-records=10")
        sending.send(40)
        cls.world.await_caught_up()
        # The last step at which a batch waits to be told to go on: a position is taken together
        # with COMMIT, by whoever has been sent all the rest.
        with cls.waiting_for("record.service", "lock_services", sending, 40):
            cls.zombie.process.send_signal(signal.SIGSTOP)
        # Its session has the locks now, and nobody who would commit. In the end a timeout ends it.
        cls.await_it(lambda: cls.sessions(cls.zombie, "state = 'idle in transaction'"),
                     "the locks")
        cls.aggregate()
        cls.terminate(cls.zombie)
        sending.send(40)
        taken = "SELECT coalesce(sum(next_offset), 0) FROM assay.completeness"
        end = sum(cls.world.ends().values())
        cls.await_it(lambda: cls.world.value(taken) == end, "the other's work")
        cls.before = cls.world.value("SELECT count(*) FROM assay.commit")
        cls.zombie.process.send_signal(signal.SIGCONT)
        cls.await_it(lambda: cls.FENCED in cls.zombie.log.read_text(), "its coming back")
        cls.after = cls.world.value("SELECT count(*) FROM assay.commit")
        cls.await_it(
            lambda: "claimed" in cls.zombie.log.read_text().split(cls.FENCED, 1)[1], "a new claim")
        while sending.send(40):
            pass

    def test_8_it_wrote_nothing(self):
        self.assertEqual(self.after, self.before)


class Cuts(Disturbed, unittest.TestCase):
    """Batches fail at their last step. Then the line between PostgreSQL and aggregators is cut,
    also behind a COMMIT, whose answer is lost then: nobody knows whether it counts until
    PostgreSQL is asked."""

    SEED, COUNT = 50, 3
    AGGREGATORS = []

    @classmethod
    def histories(cls):
        return [Told(seed, "full") for seed in range(cls.SEED, cls.SEED + cls.COUNT)]

    @classmethod
    def take_in(cls, sending):
        cls.line = Line(cls.world.postgresql.port)
        cls.addClassCleanup(cls.line.close)
        cls.aggregate("--batch-records=4", port=cls.line.port)
        cls.aggregate("--batch-records=20", port=cls.line.port)
        for _ in range(6):  # the session stays, what was folded must not
            with cls.before_the_last_step(sending, 8) as waiting:
                for pid in waiting:
                    cls.world.query("SELECT pg_cancel_backend(%s)", pid)
        taken = "SELECT coalesce(sum(next_offset), 0) FROM assay.completeness"
        while sending.send(15):
            cls.line.cut_one()
            end = sum(cls.world.ends().values())
            cls.await_it(lambda: not cls.line.cutting() or cls.world.value(taken) == end,
                         "a cut, or the end")

    def test_8_lines_were_cut(self):
        self.assertGreater(self.line.answers_lost, 1)
        self.assertGreater(self.line.questions_lost, 1)


class Line:
    """Passes bytes on between clients and a port, and cuts connections at the COMMIT of a batch
    when told so: in turns before the question arrives, and before the answer does."""

    LEDGER = b"INTO record.ledger", b"COPY record.ledger"  # what only batches write
    COMMIT = re.compile(rb" COMMIT\x00.*S\x00\x00\x00\x04\Z", re.DOTALL)  # the end of a pipeline

    def __init__(self, to):
        self.to = to
        self.cuts = threading.Semaphore(0)  # so many are still to come
        self.answers_lost = self.questions_lost = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()

    def cut_one(self):
        self.cuts.release()

    def cutting(self):
        """Whether a cut is still to come."""
        if self.cuts.acquire(blocking=False):
            self.cuts.release()
            return True
        return False

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(("127.0.0.1", self.to)) as server:
            back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
            back.start()
            with contextlib.suppress(OSError):
                self._forward(client, server)
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_WR)  # PostgreSQL does first what it has read
            back.join()

    def _forward(self, client, server):
        writes = False
        while data := client.recv(65536):
            writes = writes or any(text in data for text in self.LEDGER)
            if not self.COMMIT.search(data):
                server.sendall(data)
                continue
            if not writes or not self.cuts.acquire(blocking=False):
                writes = False
                server.sendall(data)
                continue
            if self.questions_lost > self.answers_lost:
                self.answers_lost += 1
                client.shutdown(socket.SHUT_WR)  # no answer passes from here on
                server.sendall(data)
                server.shutdown(socket.SHUT_WR)
                return
            self.questions_lost += 1
            return

    @staticmethod
    def _copy(server, client):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                with contextlib.suppress(OSError):
                    client.sendall(data)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        Violence.CHUNKS, Violence.SEED = int(sys.argv[2]), int(sys.argv[3])
        del sys.argv[2:4]
    unittest.main()
