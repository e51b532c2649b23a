"""The evolution check finds what it is for: each kind of break, made on purpose.

    test_evolution.py PROTO_DIR PROTOC
"""

import pathlib
import sys
import unittest

from google.protobuf import descriptor_pb2

import evolution


class Breaks(unittest.TestCase):
    released = None  # the contract as it is, set by main

    def after(self, change):
        now = descriptor_pb2.FileDescriptorSet()
        now.CopyFrom(self.released)
        messages, enums = evolution.messages_and_enums(now)
        change(messages, enums)
        return list(evolution.breaks(self.released, now))

    def test_nothing_changed(self):
        self.assertEqual(self.after(lambda messages, enums: None), [])

    def test_an_addition_breaks_nothing(self):
        def change(messages, enums):
            messages["assay.v1.Tool"].field.add(name="vendor", number=3, type=9, label=1)
            messages["assay.v1.Event"].nested_type.add(name="Novelty")
            enums["assay.v1.Result"].value.add(name="RESULT_NEW", number=99)
        self.assertEqual(self.after(change), [])

    def test_a_field_removed(self):
        self.assertEqual(
            self.after(lambda messages, enums: messages["assay.v1.Tool"].field.pop()),
            ["assay.v1.Tool.version: field removed"])

    def test_a_field_renumbered(self):
        def change(messages, enums):
            messages["assay.v1.Event"].field[0].number = 99
        self.assertEqual(self.after(change), ["assay.v1.Event.id: number was 1, is 99"])

    def test_a_field_retyped(self):
        def change(messages, enums):
            messages["assay.v1.Evidence"].field[3].type = 3
        self.assertEqual(self.after(change),
                         ["assay.v1.Evidence.size: type was TYPE_UINT64, is TYPE_INT64"])

    def test_a_field_of_another_message(self):
        def change(messages, enums):
            messages["assay.v1.Event"].field[3].type_name = ".google.protobuf.Duration"
        self.assertEqual(len(self.after(change)), 1)

    def test_a_field_made_a_list(self):
        def change(messages, enums):
            messages["assay.v1.Tool"].field[0].label = 3
        self.assertEqual(
            self.after(change),
            ["assay.v1.Tool.name: label was LABEL_OPTIONAL, is LABEL_REPEATED"])

    def test_a_body_taken_out_of_the_oneof(self):
        def change(messages, enums):
            messages["assay.v1.Event"].field[5].ClearField("oneof_index")
        self.assertEqual(len(self.after(change)), 1)

    def test_a_nested_message_removed(self):
        self.assertEqual(
            self.after(lambda messages, enums: messages["assay.v1.Standard"].nested_type.pop()),
            ["assay.v1.Standard.Control: message removed"])

    def test_an_enum_value_removed(self):
        self.assertEqual(
            self.after(lambda messages, enums: enums["assay.v1.Method"].value.pop()),
            ["assay.v1.Method.METHOD_INTERVIEW: value removed"])

    def test_an_enum_value_renumbered(self):
        def change(messages, enums):
            enums["assay.v1.Method"].value[1].number = 7
        self.assertEqual(self.after(change),
                         ["assay.v1.Method.METHOD_TEST: number was 1, is 7"])


if __name__ == "__main__":
    Breaks.released = evolution.describe(sys.argv[2], pathlib.Path(sys.argv[1]))
    unittest.main(argv=sys.argv[:1])
