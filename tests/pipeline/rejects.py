"""Each reason for refusal, provoked from outside with a stock client: the neighbours are committed,
the refused bytes and headers come back whole, and replay judges them again."""

import base64
import json
import unittest
import uuid
from datetime import timedelta

import facts
from foreign_producer import generate_for
from world import Scenario

PARTITION = 0  # all of them in one, so that each has neighbours
MEBIBYTE = 1 << 20


class Rejects(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.event_pb2, cls.evidence_pb2 = generate_for(cls)
        cls.world.aggregate()
        cls.world.assay("publish", stdin=facts.lines(facts.base(["mail"], ["chk"])))

    def good(self, at=None):
        event = self.event_pb2.Event(id=str(uuid.uuid4()), source="test/pipeline")
        event.occurred_at.FromDatetime((at or facts.ago(hours=1)).replace(tzinfo=None))
        body = event.control_test_result
        body.service, body.environment, body.check = "mail", facts.ENVIRONMENT, "chk"
        body.subject = "host-1"
        body.result = self.evidence_pb2.RESULT_PASS
        body.method = self.evidence_pb2.METHOD_TEST
        return event

    def changed(self, change, **arguments):
        event = self.good(**arguments)
        change(event)
        return event.SerializeToString()

    def scope_change(self, at=None):
        event = self.event_pb2.Event(id=str(uuid.uuid4()), source="test/pipeline")
        event.occurred_at.FromDatetime((at or facts.ago(hours=1)).replace(tzinfo=None))
        body = event.scope_change
        body.service, body.environment, body.standard = "mail", facts.ENVIRONMENT, facts.STANDARD
        body.membership = 5
        return event.SerializeToString()

    def bad(self):
        """(reason, key, value) of records to be refused."""
        ahead = facts.now() + timedelta(minutes=10)
        fine = self.good().SerializeToString()

        def of(**fields):
            def change(event):
                for name, value in fields.items():
                    target = event if hasattr(type(event), name) else event.control_test_result
                    setattr(target, name, value)
            return change

        return [
            # the body's own field padded to a mebibyte and more
            ("too_large", b"mail", self.changed(of(summary="x" * (MEBIBYTE + 1)))),
            ("undecodable", b"mail", b""),
            ("undecodable", b"mail", None),
            ("undecodable", b"mail", b"\xff\xff\xff\xff"),
            ("undecodable", b"mail", fine[:-3]),
            ("undecodable", b"mail", b'{"id":"not protobuf"}'),
            ("undecodable", b"mail", fine.replace(b"test/pipeline", b"test/\xff\xfe\xfdeline")),
            ("undecodable", b"mail", fine.replace(b"host-1", b"host\x001")),
            ("undecodable", b"mail", self.changed(of(result=99))),
            ("invalid", b"mail", self.changed(of(source=""))),
            ("invalid", b"mail", self.changed(of(id=str(uuid.uuid4()).upper()))),
            ("invalid", b"mail", self.changed(of(check="no blanks here"))),
            ("invalid", b"mail", self.changed(of(result=0))),
            ("invalid", b"mail", self.changed(lambda event: event.ClearField("occurred_at"))),
            ("wrong_topic", b"mail", self.scope_change()),
            ("wrong_topic", b"other", self.scope_change(at=ahead)),  # the first reason counts
            ("key_mismatch", b"other", fine),
            ("key_mismatch", None, fine),
            ("key_mismatch", b"other", self.changed(of(), at=ahead)),
            ("future", b"mail", self.changed(of(), at=ahead)),
        ]

    def test_1_refused_whole_and_neighbours_committed(self):
        headers = [("ce_type", b"assay.v1.control_test_result"), ("odd", b"\x00\xff\xfe"),
                   ("odd", b""), ("none", None)]
        producer = self.world.producer(**{"message.max.bytes": 4 * MEBIBYTE})
        bad = self.bad()
        neighbours = []
        offset = 0
        sent = {}
        for reason, key, value in bad:
            neighbour = self.good()
            neighbours.append(neighbour.id)
            producer.produce("assay.evidence", key="mail", partition=PARTITION,
                             value=neighbour.SerializeToString())
            # a record without key or value is what the client sends for None
            producer.produce("assay.evidence", key=key, value=value, partition=PARTITION,
                             headers=headers)
            sent[offset + 1] = (reason, key, value)
            offset += 2
        last = self.good(at=facts.now() + timedelta(minutes=2))  # within what is let pass
        neighbours.append(last.id)
        producer.produce("assay.evidence", key="mail", partition=PARTITION,
                         value=last.SerializeToString())
        self.assertEqual(producer.flush(20), 0)
        self.world.await_caught_up()

        refused = self.world.query(
            'SELECT * FROM assay.reject WHERE topic = %s AND partition = %s ORDER BY "offset"',
            "assay.evidence", PARTITION,
        )
        self.assertEqual([row["offset"] for row in refused], list(sent))
        for row in refused:
            reason, key, value = sent[row["offset"]]
            with self.subTest(reason=reason, offset=row["offset"]):
                self.assertEqual(row["reason"], reason)
                self.assertTrue(row["detail"])
                self.assertEqual(whole(row["key"]), key)
                self.assertEqual(whole(row["value"]), value)
                self.assertEqual(read_headers(row["headers"]), headers)
                self.assertIsNone(row["replayed_at"])
        taken = self.world.query(
            "SELECT id FROM assay.event WHERE topic = 'assay.evidence' ORDER BY \"offset\""
        )
        self.assertEqual([str(row["id"]) for row in taken], neighbours)
        self.assertEqual(self.world.value("SELECT status FROM assay.cell_status"), "PASSED")

    def test_2_listed_and_shown(self):
        listed = self.world.assay("rejects", "list", "--json").stdout.decode()
        for reason in ("too_large", "undecodable", "invalid", "wrong_topic", "key_mismatch",
                       "future"):
            self.assertIn(reason, listed)
        (row,) = self.world.query(
            "SELECT \"offset\" FROM assay.reject WHERE reason = 'too_large'"
        )
        place = ["assay.evidence", str(PARTITION), str(row["offset"])]
        shown = self.world.assay("rejects", "show", *place).stdout.decode()
        self.assertIn("too_large", shown)
        value = self.world.assay("rejects", "show", "--value", *place).stdout
        self.assertGreater(len(value), MEBIBYTE)
        self.assertIn(b"test/pipeline", value)

    def test_3_replay_judges_again(self):
        before = self.world.query(
            'SELECT topic, partition, "offset", reason, value FROM assay.reject ORDER BY 1, 2, 3'
        )
        position = self.world.value("SELECT max(position) FROM assay.commit")
        self.world.assay("rejects", "replay", status=1)  # no: they are refused again
        after = self.world.query(
            'SELECT topic, partition, "offset", reason, value FROM assay.reject ORDER BY 1, 2, 3'
        )
        self.assertEqual(after, before, "they are as bad as they were")
        self.assertGreater(self.world.value("SELECT max(position) FROM assay.commit"), position)
        self.assertEqual(
            self.world.value("SELECT count(*) FROM assay.reject WHERE replayed_at IS NULL"), 0
        )


def whole(value):
    return None if value is None else bytes(value)


def read_headers(stored):
    """Kafka's headers back from the jsonb of assay.reject."""
    stored = json.loads(stored) if isinstance(stored, str) else stored
    return [
        (header["name"], base64.b64decode(header["base64"]) if "base64" in header
         else None if header["value"] is None else header["value"].encode())
        for header in stored
    ]


if __name__ == "__main__":
    unittest.main()
