"""A team without any of Assay's code: stock protobuf and Kafka clients, and the .proto files."""

import importlib
import statistics
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

import facts
from world import TOP, Scenario, await_condition


def generate(folder):
    protos = sorted((TOP / "proto" / "assay" / "v1").glob("*.proto"))
    subprocess.run(
        ["protoc", f"--proto_path={TOP / 'proto'}", f"--python_out={folder}", *protos], check=True
    )
    sys.path.insert(0, folder)
    return (importlib.import_module("assay.v1.event_pb2"),
            importlib.import_module("assay.v1.evidence_pb2"))


def generate_for(test):
    """The same, in a folder that goes with the test."""
    folder = tempfile.TemporaryDirectory()
    test.addClassCleanup(folder.cleanup)
    return generate(folder.name)


class ForeignProducer(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.event_pb2, cls.evidence_pb2 = generate_for(cls)
        cls.world.aggregate()
        checks = ["bare", "framed", "headed"]
        cls.world.assay("publish", stdin=facts.lines(facts.base(["mail"], checks)))

    def event(self, check):
        event = self.event_pb2.Event(id=str(uuid.uuid4()), source="another/pipeline", sequence=7)
        event.occurred_at.FromDatetime(facts.ago(hours=1).replace(tzinfo=None))
        body = event.control_test_result
        body.service, body.environment, body.check = "mail", facts.ENVIRONMENT, check
        body.subject = "Postfach Zürich 1"
        body.result = self.evidence_pb2.RESULT_PASS
        body.method = self.evidence_pb2.METHOD_TEST
        return event

    def test_1_three_ways_of_sending(self):
        bare, framed, headed = (self.event(check) for check in ("bare", "framed", "headed"))
        values = {
            bare.id: bare.SerializeToString(),
            # a Confluent serializer: magic byte, schema id, and 0 for the first message
            framed.id: b"\x00" + (4711).to_bytes(4, "big") + b"\x00" + framed.SerializeToString(),
            headed.id: headed.SerializeToString(),
        }
        producer = self.world.producer()
        for number, (event_id, value) in enumerate(values.items()):
            headers = [("traceparent", b"\xff\x00"), ("ce_type", b"whatever")]
            producer.produce("assay.evidence", key="mail", value=value, partition=number,
                             headers=headers if event_id == headed.id else None)
        self.assertEqual(producer.flush(10), 0)
        self.world.await_caught_up()

        self.assertEqual(self.world.query("SELECT * FROM assay.reject"), [])
        stored = {
            str(row["id"]): bytes(row["value"])
            for row in self.world.query(
                "SELECT id, value FROM assay.event WHERE topic = 'assay.evidence'"
            )
        }
        self.assertEqual(stored, values)
        cells = self.world.query("SELECT * FROM assay.cell_status ORDER BY control")
        self.assertEqual([cell["status"] for cell in cells], ["PASSED"] * 3)
        self.assertEqual([str(cell["deciding_event"]) for cell in cells], list(values))

    def test_2_a_single_event_is_visible_at_once(self):
        """Nothing waits for a batch to fill: milliseconds, of which a busy machine makes more."""
        producer = self.world.producer(**{"linger.ms": 0})
        waited = []
        for number in range(11):
            event = self.event("bare")
            event.control_test_result.result = (
                self.evidence_pb2.RESULT_FAIL, self.evidence_pb2.RESULT_PASS)[number % 2]
            event.occurred_at.FromDatetime(facts.now().replace(tzinfo=None))
            began = time.monotonic()
            producer.produce("assay.evidence", key="mail", value=event.SerializeToString())
            self.assertEqual(producer.flush(10), 0)
            await_condition(lambda: event.id == str(self.world.value(
                "SELECT deciding_event FROM assay.cell_status WHERE control = 'C.1'")),
                10, "the event")
            waited.append(time.monotonic() - began)
        self.assertLess(statistics.median(waited), 0.5, waited)


if __name__ == "__main__":
    unittest.main()
