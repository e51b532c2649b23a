"""What erasing a name rests on: finding texts in a serialized event, replacing bytes by bytes; and
which months cannot leave."""

import unittest

import psycopg2.errors

from cluster import Database

NAME = b"Jane Doe"


def varint(number):
    low = bytes([number & 127 | (128 if number > 127 else 0)])
    return low + (varint(number >> 7) if number > 127 else b"")


def field(number, payload):
    """Of a protobuf message: text and messages by length, numbers as varints."""
    if isinstance(payload, int):
        return varint(number << 3) + varint(payload)
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def event(actor=b"", subject=b"", summary=b"", uri=b"", source=b"s", check=b"c"):
    body = b"".join([
        field(1, b"mail"), field(3, check), field(4, subject), field(5, 300), field(10, summary),
        field(9, field(1, uri)), varint(20 << 3 | 1) + bytes(8), varint(21 << 3 | 5) + bytes(4)])
    return field(2, source) + field(3, 1 << 40) + field(5, actor) + field(10, body)


class Erasing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Database()
        cls.addClassCleanup(cls.database.close)

    def texts(self, value):
        return {bytes(row["t"]) for row in self.database.query(
            "SELECT record.personal_texts(%s) AS t", value)}

    def times(self, value):
        return self.database.value("SELECT record.times_in(%s, %s)", NAME, value)

    def test_texts_about_people(self):
        value = event(b"actor", b"subject", b"s" * 300, b"uri")
        wanted = {b"actor", b"subject", b"s" * 300, b"uri"}
        self.assertEqual(self.texts(value), wanted)
        self.assertEqual(self.texts(b"\0\0\0\0\7\0" + value), wanted, "Confluent's framing")
        self.assertEqual(self.texts(b"\0\0\0\0\7\4\2\6" + value), wanted, "with an index of two")

    def test_a_name_that_is_no_text_about_people(self):
        straddling = field(9, b"ne Doe" + b"." * 91)  # its tag and length read "Ja"
        self.assertEqual(straddling[:8], NAME)
        for value in (event(source=NAME), event(check=NAME), event() + straddling):
            self.assertEqual(self.times(value), 1)
            self.assertFalse(any(NAME in text for text in self.texts(value)))

    def test_what_is_no_message(self):
        for value in (b"\x0a\x05abc", b"\x0a", b"\xff" * 12, b"\x0b", b"\x09abc", b"\x0a\xff"):
            with self.subTest(value=value), self.assertRaises(psycopg2.errors.DataCorrupted):
                self.database.query("SELECT record.wire_payloads(%s, 1)", value)

    def test_bytes_for_bytes(self):
        def overlaid(value, old, new):
            return bytes(self.database.value(
                "SELECT record.overlay_bytes(%s, %s, %s)", value, old, new))

        self.assertEqual(overlaid(b"xx1-x1", b"x1", b"1a"), b"x1a-1a", "once, and not over again")
        self.assertEqual(overlaid(b"aaaaa", b"aa", b"bc"), b"bcbca")
        self.assertEqual(overlaid(b"\0none\xff", b"name", b"1234"), b"\0none\xff")
        with self.assertRaises(psycopg2.errors.InvalidParameterValue):
            overlaid(b"abc", b"a", b"12")

    def test_what_is_no_month_to_detach(self):
        now = self.database.value("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM')")
        for month, why in ((now, "is not over"), ("2019_01", "has no table"),
                           ("2019_13", "is no month"), ("other", "is no month")):
            with self.subTest(month=month), self.assertRaisesRegex(psycopg2.Error, why):
                self.database.as_role("assay_owner", "SELECT record.detach_month(%s)", month)
        for statement in ("record.attach_month('2019_01')", "record.drop_month('2019_01', NULL)",
                          "record.drop_month('2019_01', sha256(''))"):
            with self.assertRaises(psycopg2.Error):
                self.database.as_role("assay_owner", f"SELECT {statement}")


if __name__ == "__main__":
    unittest.main()
