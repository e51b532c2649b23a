"""bounded -- the aggregator's memory stays under what its settings add up to, whatever comes: a
backlog, records as large as they may be, a million streams.

The limit, in MiB, follows from the settings and is not fitted to what was measured:
    memory (256)   services kept beside the last batch's
  +     64         queued.max.messages.kbytes: records received and not looked at yet
  +  2 * 256       the arenas of decoded events (batch.c), of a batch and the next
  +     16 * 8     batch-bytes: received, judged, and as rows on their way to PostgreSQL
  +     64         the program, its libraries and what malloc keeps
"""

import random
import sys
import unittest
import uuid
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "pipeline")]

import facts  # noqa: E402
from foreign_producer import generate_for  # noqa: E402
from world import Scenario  # noqa: E402

MEMORY = 256
LIMIT = MEMORY + 64 + 2 * 256 + 16 * 8 + 64
MEBIBYTE = 1 << 20
BACKLOG = 400_000
GIANTS = 1_500  # of a mebibyte each
STREAMS = 1_000_000
SERVICES = 100
SECONDS = 3000


def most_memory(pid):
    """VmHWM, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    raise AssertionError(f"process {pid} has no VmHWM")


class Bounded(Scenario):
    def setUp(self):
        self.event_pb2, self.evidence_pb2 = generate_for(type(self))
        self.producer = self.world.producer(**{
            "message.max.bytes": 4 * MEBIBYTE, "queue.buffering.max.kbytes": 256 * 1024,
            "queue.buffering.max.messages": 200_000, "linger.ms": 50,
        })

    def tearDown(self):
        self.world.stop_aggregators()

    def send(self, values):
        """Sends (service, value) and returns when all are in the log."""
        for service, value in values:
            while True:
                try:
                    self.producer.produce("assay.evidence", key=service, value=value)
                    break
                except BufferError:
                    self.producer.poll(0.05)
        self.assertEqual(self.producer.flush(300), 0)

    def result(self, at):
        event = self.event_pb2.Event(source="test/bounded")
        event.occurred_at.FromDatetime(at.replace(tzinfo=None))
        body = event.control_test_result
        body.environment, body.check = facts.ENVIRONMENT, "chk"
        body.result = self.evidence_pb2.RESULT_PASS
        body.method = self.evidence_pb2.METHOD_TEST
        return event

    def base(self, services):
        self.world.assay("publish", stdin=facts.lines(facts.base(services, ["chk"])))

    def take_all(self, what):
        """An aggregator takes it all; its memory at its most is under the limit."""
        aggregator = self.world.aggregate(f"--memory={MEMORY}")
        self.world.await_caught_up(SECONDS)
        used = most_memory(aggregator.pid())
        print(f"{what}: {used} MiB at most, limit {LIMIT}", flush=True)
        self.assertLessEqual(used, LIMIT, what)

    def distinct(self, count, services, subjects, seed):
        chance = random.Random(seed)
        event = self.result(facts.ago(hours=2))
        body = event.control_test_result
        begin = event.occurred_at.seconds
        for number in range(count):
            event.id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
            event.occurred_at.seconds = begin + number % 3600
            body.service = services[number % len(services)]
            body.subject = subjects(number)
            yield body.service, event.SerializeToString()

    def test_1_backlog(self):
        services = [f"backlog-{number}" for number in range(SERVICES)]
        self.base(services)
        self.send(self.distinct(BACKLOG, services, lambda number: f"host-{number // 100 % 20}", 1))
        self.take_all(f"{BACKLOG} records behind")

    def test_2_giants(self):
        self.base(["giant"])
        chance = random.Random(2)
        event = self.result(facts.ago(hours=1))
        event.control_test_result.service = "giant"

        def values():
            for number in range(GIANTS):
                event.id = str(uuid.UUID(int=chance.getrandbits(128), version=4))
                event.control_test_result.subject = f"host-{number % 10}"
                fine = event.SerializeToString()
                room = MEBIBYTE - len(fine) - 5  # an unknown field of two and three bytes of head
                yield "giant", fine + b"\x9a\x06" + bytes(
                    [room & 127 | 128, room >> 7 & 127 | 128, room >> 14]) + chance.randbytes(room)

        self.send(values())
        self.take_all(f"{GIANTS} records of 1 MiB")
        self.assertEqual(self.world.value("SELECT count(*) FROM assay.reject"), 0)

    def test_3_streams(self):
        services = [f"service-{number}" for number in range(SERVICES)]
        self.base(services)
        self.send(self.distinct(STREAMS, services, lambda number: f"host-{number}", 3))
        self.take_all(f"{STREAMS} streams")
        self.assertEqual(
            self.world.value("SELECT count(*) FROM record.stream WHERE service LIKE 'service-%%'"),
            STREAMS)


if __name__ == "__main__":
    unittest.main()
