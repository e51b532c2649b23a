"""Every malformed record there is, by a stock client: each a refusal with its bytes whole and the
right reason, its neighbours committed, no partition behind; and what an older version refused
counts, once replay has judged it again, as if it had never been refused."""

import hashlib
import os
import random
import subprocess
import unicodedata
import unittest
import uuid
from contextlib import closing

import facts
import psycopg2
import psycopg2.extras
from answers import answers, events, instants
from foreign_producer import generate_for
from rejects import read_headers, whole
from world import BUILD, TOP, Scenario

EVIDENCE = "assay.evidence"
PARTITION = 0  # all of them in one, so that each has neighbours
MEBIBYTE = 1 << 20
IN_A_ROW = 10_000
FUZZED = 1_500
GOLDEN = TOP / "tests" / "contract" / "golden" / "control_test_result.full.bin"
ANY = {"undecodable", "invalid", "wrong_topic", "key_mismatch", "future", None}


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, wire_type, payload):
    return varint(number << 3 | wire_type) + payload


def blob(number, payload):
    return field(number, 2, varint(len(payload)) + payload)


class Poison(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.event_pb2, cls.evidence_pb2 = generate_for(cls)
        cls.world.aggregate()
        cls.world.assay("topics", "create", "--team", "red")
        cls.world.assay("publish", stdin=facts.lines(facts.base(["mail"], ["chk"])))

    def good(self):
        event = self.event_pb2.Event(id=str(uuid.uuid4()), source="test/poison")
        event.occurred_at.FromDatetime(facts.ago(hours=1).replace(tzinfo=None))
        body = event.control_test_result
        body.service, body.environment, body.check = "mail", facts.ENVIRONMENT, "chk"
        body.subject = "host-1"
        body.result = self.evidence_pb2.RESULT_PASS
        body.method = self.evidence_pb2.METHOD_TEST
        return event.SerializeToString()

    # -- kinds of poison: (reasons, of which None is acceptance; key; value; headers) --------------

    def parses(self, value):
        """Whether the stock library takes it; where not, Assay may not either."""
        try:
            self.event_pb2.Event().ParseFromString(value)
        except Exception:  # DecodeError, and ValueError of some versions
            return False
        return True

    def truncated(self):
        golden = GOLDEN.read_bytes()
        service = self.event_pb2.Event.FromString(golden).control_test_result.service.encode()
        for size in range(len(golden)):
            cut = golden[:size]
            yield {"invalid"} if size and self.parses(cut) else {"undecodable"}, service, cut, None

    def fuzzed(self, chance):
        for _ in range(FUZZED):
            value = bytearray(self.good())
            for _ in range(chance.randint(1, 6)):
                at = chance.randrange(len(value))
                kind = chance.randrange(4)
                if kind == 0:
                    value[at] ^= 1 << chance.randrange(8)
                elif kind == 1:
                    value[at] = chance.choice([0, 0x7F, 0x80, 0xFF])
                elif kind == 2:
                    value[at:at] = chance.randbytes(chance.randint(1, 9))
                else:
                    del value[at:at + chance.randint(1, 9)]
            value = bytes(value)
            yield ANY if value and self.parses(value) else {"undecodable"}, b"mail", value, None
        for size in range(1, 200):  # none of these begins as framing does
            value = bytes([chance.randint(1, 255)]) + chance.randbytes(size)
            yield ANY - {None} if self.parses(value) else {"undecodable"}, b"mail", value, None

    def wrongly_typed(self):
        fine = self.good()
        yield {"undecodable"}, b"mail", field(1, 0, varint(7)) + fine, None  # id as a number
        yield {"undecodable"}, b"mail", field(3, 1, bytes(8)) + fine, None  # sequence, fixed
        yield {"undecodable"}, b"mail", blob(3, b"7") + fine, None  # sequence as text
        yield {"undecodable"}, b"mail", field(4, 5, bytes(4)) + fine, None  # occurred_at likewise
        for wire_type in (6, 7):  # there are none such
            yield {"undecodable"}, b"mail", fine + field(99, wire_type, b"\0"), None
        yield {"undecodable"}, b"mail", field(0, 0, b"\0") + fine, None  # no field is number 0
        yield {"undecodable"}, b"mail", fine + b"\xff" * 11, None  # a varint without end
        yield {"undecodable"}, b"mail", fine + field(99, 2, varint(1 << 62)), None  # too long
        # lengths in more bytes than a length has: protobuf-c takes five
        yield {"undecodable"}, b"mail", fine + field(99, 2, b"\x80" * 5 + b"\0"), None
        yield {"undecodable"}, b"mail", bytes.fromhex("182c1280808080808000"), None
        for result in (9, 99, 2**31 - 1, -1):
            event = self.event_pb2.Event.FromString(fine)
            event.control_test_result.result = result
            yield {"undecodable"}, b"mail", event.SerializeToString(), None

    def texts(self):
        fine = self.good()
        # as long as what they replace, so that the lengths around them stay right: NUL, no UTF-8,
        # broken off, overlong in two and three bytes, a surrogate, beyond U+10FFFF, of five bytes
        for bad in (b"host\0-", b"host-\xff", b"ho\xc3\xc3\xa9t", b"host-\xc3", b"h\xc0\x80st-",
                    b"h\xe0\x80\x80st", b"h\xed\xa0\x80st", b"\xf4\x90\x80\x80st",
                    b"\xf8\x88\x80\x80\x80s"):
            yield {"undecodable"}, b"mail", fine.replace(b"host-1", bad, 1), None

    def nested(self):
        fine = self.good()
        groups = 10_000
        yield ({"undecodable"}, b"mail", fine + field(99, 3, b"") * groups
               + field(99, 4, b"") * groups, None)
        yield {"undecodable"}, b"mail", fine + field(99, 3, b"") * groups, None
        inner = b""
        for _ in range(2_000):  # a body within itself is a body of unknown fields: bounded, kept
            inner = blob(99, inner)
        yield ANY, b"mail", fine + inner, None

    def giant(self):
        fine = self.good()
        room = MEBIBYTE - len(fine)
        padding = blob(99, bytes(room - len(blob(99, bytes(room))) + room))
        assert len(fine + padding) == MEBIBYTE
        yield {None}, b"mail", fine + padding, None
        yield {"too_large"}, b"mail", fine + padding + b"\0", None
        yield {"too_large"}, b"mail", b"\xff" * (2 * MEBIBYTE), None
        yield {"too_large"}, b"mail", fine + bytes(4 * MEBIBYTE - 4096 - len(fine)), None
        yield {"undecodable"}, b"mail", b"\x0a\0" * (MEBIBYTE // 2), None  # half a million ids
        yield {"undecodable"}, b"mail", field(99, 0, b"\0") * 300_000, None  # too many values

    def framed(self):
        fine = self.good()
        yield {None}, b"mail", b"\0\0\0\0\7\0" + fine, None
        for frame in (b"\0", b"\0\0\0\0\7", b"\0\0\0\0\7\0", b"\0\0\0\0\7\1", b"\0\0\0\0\7\xff\xff",
                      b"\0\0\0\0\7" + varint(2 * 4000), b"\0\0\0\0\7\2"):
            yield {"undecodable"}, b"mail", frame, None
        yield {"undecodable"}, b"mail", b"\0\0\0\0\7" + varint(2 * 4000) + fine, None
        yield {"undecodable"}, b"mail", b"\0\0\0\0\7\0" * 2 + fine, None  # framed twice
        yield {"undecodable"}, b"mail", b"\1" + fine, None

    def keyed(self):
        fine = self.good()
        for key in (None, b"", b"Mail", b"mail ", b"mail\0", b"\xff" * 70_000, b"mail|prod"):
            yield {"key_mismatch"}, key, fine, None
        yield {"undecodable"}, b"mail", b"", None
        yield {"undecodable"}, b"mail", None, None
        yield {"undecodable"}, None, None, None

    def headed(self):
        many = [(f"h-{number}", bytes([number % 256])) for number in range(500)]
        odd = [("ce_id", b"\0"), ("ce_id", b"\xff\xfe"), ("ce_id", None), ("", b""),
               ("ü" * 300, b"\x1b[2J"), ("\x1b]0;owned\7", b"\x9b1m"), ("\u202e", b"\xc2\x9b"),
               ("ce_type", b"assay.v1.scope_change"), ("content-type", b"text/html")]
        for headers in (many, odd, [("huge", b"\0" * (MEBIBYTE // 2))], [("n" * 60_000, None)]):
            yield {None}, b"mail", self.good(), headers
            yield {"undecodable"}, b"mail", b"\xff", headers

    def all(self):
        chance = random.Random(20261123)
        for kind in (self.truncated(), self.fuzzed(chance), self.wrongly_typed(), self.texts(),
                     self.nested(), self.giant(), self.framed(), self.keyed(), self.headed()):
            yield from kind
        for number in range(IN_A_ROW):
            yield {"undecodable"}, b"mail", b"\xff" + number.to_bytes(4, "big"), None

    # -- sending and finding again -----------------------------------------------------------------

    def produce(self, producer, topic, key, value, headers, partition=PARTITION):
        arguments = {} if headers is None else {"headers": headers}
        while True:
            try:
                producer.produce(topic, key=key, value=value, partition=partition, **arguments)
                return
            except BufferError:
                producer.poll(1)

    def test_1_each_is_refused_whole_and_its_neighbours_are_not(self):
        producer = self.world.producer(**{"message.max.bytes": 4 * MEBIBYTE})
        sent = []
        neighbours = []
        for number, poison in enumerate(self.all()):
            self.produce(producer, EVIDENCE, *poison[1:])
            sent.append(poison)
            if number % 10 == 0 and number < 4_000 or number % 1_000 == 0:
                neighbours.append(len(sent))
                value = self.good()
                self.produce(producer, EVIDENCE, b"mail", value, None)
                sent.append(({None}, b"mail", value, None))
        self.assertEqual(producer.flush(60), 0)
        self.world.await_caught_up()

        refused = {
            row["offset"]: row for row in self.world.query(
                'SELECT "offset", reason, detail, key, headers, sha256(value) AS digest,'
                " length(value) AS size FROM assay.reject WHERE topic = %s AND partition = %s",
                EVIDENCE, PARTITION)
        }
        accepted = {
            row["offset"]: row["digest"] for row in self.world.query(
                'SELECT "offset", sha256(value) AS digest FROM assay.event'
                " WHERE topic = %s AND partition = %s", EVIDENCE, PARTITION)
        }
        self.assertEqual(refused.keys() & accepted.keys(), set())
        self.assertEqual(refused.keys() | accepted.keys(), set(range(len(sent))))
        for offset, (reasons, key, value, headers) in enumerate(sent):
            row = refused.get(offset)
            reason = row["reason"] if row else None
            digest = None if value is None else hashlib.sha256(value).digest()
            with self.subTest(offset=offset, value=value and value[:40]):
                self.assertIn(reason, reasons, row and row["detail"])
                if row is None:
                    self.assertEqual(bytes(accepted[offset]), digest)
                    continue
                self.assertEqual(whole(row["digest"]), digest)
                self.assertEqual(whole(row["key"]), key)
                self.assertTrue(row["detail"].isprintable(), row["detail"])
                if headers is not None:
                    self.assertEqual(read_headers(row["headers"]), headers)
        for offset in neighbours:
            self.assertIn(offset, accepted)
        print(f"{len(sent)} records: {len(refused)} refused, {len(accepted)} accepted")

    def test_2_nothing_is_behind_and_status_is_told(self):
        for row in self.world.query("SELECT * FROM assay.completeness"):
            self.assertFalse(row["halted"], row)
            self.assertEqual(row["evaluation_lag"], 0)
        self.assertEqual(self.world.value("SELECT status FROM assay.cell_status"), "PASSED")

    def test_3_on_every_topic(self):
        topics = ["assay.governance", "assay.services", "assay.scope", "assay.evidence.red"]
        values = [None, b"", b"\xff", self.good()[:-2], b"\0\0\0\0\7\0", b"x" * (MEBIBYTE + 1)]
        producer = self.world.producer(**{"message.max.bytes": 4 * MEBIBYTE})
        for topic in topics:
            for value in values:
                self.produce(producer, topic, b"mail", value, None)
        self.assertEqual(producer.flush(60), 0)
        self.world.await_caught_up()
        rows = self.world.query(
            "SELECT topic, count(*) AS count FROM assay.reject WHERE topic <> %s GROUP BY 1",
            EVIDENCE)
        self.assertEqual({row["topic"]: row["count"] for row in rows},
                         {topic: len(values) for topic in topics})

    def test_4_shown_without_harm(self):
        for arguments in (["list"], ["list", "--json"]):
            shown = self.world.assay("rejects", *arguments).stdout.decode()
            self.assert_harmless(shown)
        for row in self.world.query(
                'SELECT "offset" FROM assay.reject WHERE topic = %s AND headers IS NOT NULL'
                " AND jsonb_array_length(headers) > 0", EVIDENCE):
            shown = self.world.assay("rejects", "show", EVIDENCE, str(PARTITION),
                                     str(row["offset"])).stdout.decode()
            self.assert_harmless(shown)

    def assert_harmless(self, shown):
        odd = {c for c in shown if c != "\n" and unicodedata.category(c) == "Cc"}
        self.assertEqual(odd, set())


class Database:
    """One more of the world's cluster, asked as the world's own is."""

    def __init__(self, world, name):
        world.query(f"CREATE DATABASE {name}")
        self.uri = world.postgresql.uri(name)
        self.connection = psycopg2.connect(
            self.uri, cursor_factory=psycopg2.extras.RealDictCursor)
        self.connection.autocommit = True

    def query(self, statement, *parameters):
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall()

    def close(self):
        self.connection.close()


class Mended(Scenario):
    maxDiff = 4000

    def run_program(self, program, uri, *arguments):
        done = subprocess.run(
            [BUILD / "bin" / program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **self.world.environment(), "ASSAY_DATABASE": uri}, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def test_replay_gives_the_state_it_should_have_been(self):
        chance = random.Random(5)
        sent = events(seed=5)
        long_ones = set()
        for event in sent:
            if "controlTestResult" in event and chance.random() < 0.4:
                event["controlTestResult"]["summary"] = "seen by two people, in the evening"
                long_ones.add(event["id"])
        self.world.assay("publish", stdin=facts.lines(sent))
        with closing(Database(self.world, "older")) as older, \
                closing(Database(self.world, "present")) as present:
            for database in (older, present):
                self.run_program("assay", database.uri, "migrate")
            self.run_program("tests/older_aggregate", older.uri, "--once", "--group=older")
            self.run_program("assay-aggregate", present.uri, "--once", "--group=present")
            rows = older.query("SELECT * FROM assay.reject")
            self.assertEqual(len(rows), len(long_ones))
            self.assertEqual({row["reason"] for row in rows}, {"invalid"})
            self.assertFalse(present.query("SELECT 1 FROM assay.reject"))
            wanted = answers(present, instants())
            self.assertNotEqual(answers(older, instants()), wanted)

            said = self.run_program("assay", older.uri, "rejects", "replay")
            self.assertIn(f"{len(long_ones)} accepted, 0 refused", said)
            self.assertFalse(older.query("SELECT 1 FROM assay.reject"))
            self.assertEqual(answers(older, instants()), wanted)
            # a second one finds nothing to judge, and a rebuild nothing to change
            self.assertIn("0 accepted", self.run_program("assay", older.uri, "rejects", "replay"))
            self.run_program("assay", older.uri, "rebuild")
            self.assertEqual(answers(older, instants()), wanted)


if __name__ == "__main__":
    unittest.main()
