"""oracle -- the producers of a seed, and what they were told is kept.

They say generated histories of all bodies, in bursts, in an order drawn from the seed, with
duplicates, and with malformed records in between. Every acknowledgement is written down as
(topic, partition, offset, SHA-256 of the value). A record that was not acknowledged is said again,
as any producer would do: it may then be in the log twice, which must not matter.
"""

import collections
import hashlib
import random
import threading
import time

import confluent_kafka

from world import Failed, await_condition

from differential_histories import Told
from malformed import Malformed

TEAMS = ["red", "blue"]
FLUSH_SECONDS = 90

# What a client says of a topic that was made anew, until its nodes tell it of the new one.
UNKNOWN_YET = {confluent_kafka.KafkaError._UNKNOWN_PARTITION,
               confluent_kafka.KafkaError._UNKNOWN_TOPIC}

Item = collections.namedtuple("Item", "topic partition key value headers reason")


def digest(value):
    """Of a value that may be none at all, which is not the empty one."""
    return "none" if value is None else hashlib.sha256(value).hexdigest()


class Oracle:
    """What is going to be said, and what is known of it: pure but for `acknowledged`."""

    def __init__(self, schedule):
        chance = random.Random(f"oracle {schedule.seed}")
        self.told = [Told(seed, profile, size, days=None)
                     for seed, profile, size in schedule.histories]
        self.records = {}  # (topic, key, digest of value) -> (its history, its Record)
        self.reasons = {}  # (topic, digest of key, digest of value) -> why it is refused
        self.acknowledged = {}  # (topic, partition, offset) -> digest of value
        self.partitions = {"assay.governance": 1, "assay.evidence": schedule.layout.partitions,
                           "assay.services": schedule.layout.partitions,
                           "assay.scope": schedule.layout.partitions,
                           **{f"assay.evidence.{team}": 2 for team in TEAMS}}
        left = [collections.deque(one.records) for one in self.told]
        malformed = Malformed(chance)
        self.items = []
        while left:
            queue = chance.choice(left)
            record = queue.popleft()
            if not queue:
                left.remove(queue)
            # Any partition will do: so several aggregators come to write one service.
            partition = chance.randrange(self.partitions[record.topic])
            while chance.random() < schedule.poison:
                self._add_poison(malformed.made_of(record), partition, chance)
            self.items.append(Item(record.topic, partition, record.key.encode(), record.value,
                                   None, None))
        for told in self.told:
            for record in told.records:
                about = record.topic, record.key.encode(), digest(record.value)
                self.records[about] = told, record

    def _add_poison(self, made, partition, chance):
        key, value, headers, reason, topic = made
        self.reasons[topic, digest(key), digest(value)] = reason
        partition %= self.partitions[topic]
        item = Item(topic, partition, key, value, headers, reason)
        self.items.extend([item] * chance.choice([1, 1, 1, 30]))


class Producers(threading.Thread):
    """Sends all items in the schedule's bursts. join() it; `failure` says what went wrong."""

    def __init__(self, parts, schedule, oracle):
        super().__init__(daemon=True)
        self.parts = parts
        self.schedule = schedule
        self.oracle = oracle
        self.failure = None
        self.again = collections.deque()
        self.producer = parts.producer(**{
            "enable.idempotence": True, "acks": "all", "log_level": 0, "linger.ms": 1,
            "message.timeout.ms": 60000, "reconnect.backoff.max.ms": 500,
            "socket.timeout.ms": 5000, "message.max.bytes": 4000000,
        })

    def run(self):
        try:
            self._send_everything()
        except Exception as why:  # told by who looks at it
            self.failure = why

    def _send_everything(self):
        began = time.monotonic()
        left = collections.deque(self.oracle.items)
        for at, share in self.schedule.bursts:
            while time.monotonic() - began < at:
                self.producer.poll(0.01)
            for _ in range(round(share * len(self.oracle.items)) + 1):
                if left:
                    self._send(left.popleft())
        while left:
            self._send(left.popleft())
        deadline = time.monotonic() + FLUSH_SECONDS
        while self.producer.flush(0.5) > 0 or self.again:
            while self.again:
                self._send(self.again.popleft())
            if time.monotonic() > deadline:
                raise Failed(f"Kafka did not acknowledge everything in {FLUSH_SECONDS} s")

    def _send(self, item):
        def note(error, message):
            if error is not None:
                self.again.append(item)
                return
            at = message.topic(), message.partition(), message.offset()
            self.oracle.acknowledged[at] = digest(item.value)

        def produced():
            try:
                self.producer.produce(item.topic, key=item.key, value=item.value,
                                      headers=item.headers, partition=item.partition,
                                      on_delivery=note)
            except BufferError:
                self.producer.poll(0.1)
                return False
            except confluent_kafka.KafkaException as why:
                if why.args[0].code() not in UNKNOWN_YET:
                    raise
                self.producer.poll(0.1)
                return False
            return True

        await_condition(produced, FLUSH_SECONDS, "room for a record, or news of its topic")
        self.producer.poll(0)


def read_log(parts, ends):
    """Every record of the topics, up to their ends, as a stock consumer gets it."""
    consumer = confluent_kafka.Consumer({
        "bootstrap.servers": parts.kafka.brokers, "group.id": "checker", "log_level": 0,
        "enable.auto.commit": False, "auto.offset.reset": "error", "check.crcs": True})
    found, missing = [], {at for at, end in ends.items() if end > 0}
    try:
        consumer.assign([confluent_kafka.TopicPartition(topic, partition, 0)
                         for topic, partition in missing])
        deadline = time.monotonic() + 60
        while missing:
            if time.monotonic() > deadline:
                raise Failed(f"reading the logs back: {sorted(missing)} not within 60 s")
            for message in consumer.consume(1000, 0.2):
                if message.error():
                    continue
                found.append(message)
                at = message.topic(), message.partition()
                if message.offset() + 1 >= ends[at]:
                    missing.discard(at)
    finally:
        consumer.close()
    return found
