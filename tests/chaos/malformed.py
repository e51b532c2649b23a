"""malformed -- records that must be refused, each with the reason that must be named.

Every one is made of a good record, so that it comes where that one's neighbours are.
"""

import copy
import datetime

from google.protobuf import json_format

from differential_histories import messages

MIB = 1 << 20


class Malformed:
    def __init__(self, chance):
        self.chance = chance
        self.kinds = [
            self.tombstone, self.empty, self.noise, self.cut, self.unknown_enum, self.broken_text,
            self.zero_byte, self.nameless, self.other_topic, self.other_key, self.no_key,
            self.ahead, self.wrong_type, self.nested,
        ]

    def made_of(self, record):
        """(key, value, headers, reason, topic)"""
        kind = self.too_large if self.chance.random() < 0.002 else self.chance.choice(self.kinds)
        made = kind(record)
        while made is None:  # not every record can be spoilt in every way
            made = self.chance.choice(self.kinds)(record)
        value, reason, *more = made
        key, topic = more or (record.key.encode(), record.topic)
        headers = self.chance.choice([
            None, [("ce_type", b"\xff\x00\xfe")], [("", b""), ("x" * 300, None)],
            [("content-type", b"application/json")] * 20])
        return key, value, headers, reason, topic

    def event(self, record):
        """A copy of the record's event to spoil; its id is a new one, since it never counts."""
        event = copy.deepcopy(record.event)
        event["id"] = "00000000-0000-4000-8000-%012x" % self.chance.getrandbits(48)
        return json_format.ParseDict(event, messages().Event())

    @staticmethod
    def written(event):
        return event.SerializeToString(deterministic=True)

    def tombstone(self, _):
        return None, "undecodable"

    def empty(self, _):
        return b"", "undecodable"

    def noise(self, _):
        # 0xff begins no field that a parser could pass over
        return b"\xff" * 10 + self.chance.randbytes(self.chance.randrange(40)), "undecodable"

    def cut(self, record):
        return record.value[:-1], "undecodable"  # the body comes last, and has a length

    def wrong_type(self, _):
        return b"\x08\x01", "undecodable"  # field 1, the id, as a number

    def nested(self, _):
        return b"\x0b" * 200, "undecodable"  # groups within groups, none of which ends

    def unknown_enum(self, record):
        event = self.event(record)
        if event.WhichOneof("body") != "control_test_result":
            return None
        event.control_test_result.result = 99
        return self.written(event), "undecodable"

    def broken_text(self, record):
        event = self.event(record)
        event.actor = "ACTOR-HERE"
        return self.written(event).replace(b"ACTOR-HERE", b"ACTOR\xc3\x28ERE"), "undecodable"

    def zero_byte(self, record):
        event = self.event(record)
        event.actor = "ACTOR-HERE"
        return self.written(event).replace(b"ACTOR-HERE", b"ACTOR\x00HERE"), "undecodable"

    def nameless(self, record):
        event = self.event(record)
        event.source = ""
        return self.written(event), "invalid"

    def other_topic(self, record):
        to = "assay.scope" if record.topic == "assay.services" else "assay.services"
        if "scopeChange" in record.event or "serviceOnboarding" in record.event:
            to = "assay.evidence"
        return self.written(self.event(record)), "wrong_topic", record.key.encode(), to

    def other_key(self, record):
        value = self.written(self.event(record))
        return value, "key_mismatch", b"somebody-else", record.topic

    def no_key(self, record):
        return self.written(self.event(record)), "key_mismatch", None, record.topic

    def ahead(self, record):
        event = self.event(record)
        if event.WhichOneof("body") != "control_test_result":
            return None
        event.occurred_at.FromDatetime(
            datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=365))
        event.control_test_result.ClearField("expires_at")
        return self.written(event), "future"

    def too_large(self, _):
        return b"\x0a" * (MIB + 1), "too_large"
