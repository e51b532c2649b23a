"""What changed in the contract since a release that breaks those who still speak it.

    evolution.py PROTO_DIR PROTOC

Compares the .proto files with every descriptor set in PROTO_DIR/released. Broken by it are a
message, field, enum or value that is gone, and a field that has another number, type, cardinality
or oneof. Names count as well: JSON carries them. What is added breaks nobody.
"""

import pathlib
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

PACKAGE = "assay.v1"


def describe(protoc, proto_dir):
    """The contract as it is now, as a FileDescriptorSet."""
    protos = sorted(str(path) for path in proto_dir.glob("assay/v1/*.proto"))
    with tempfile.NamedTemporaryFile(suffix=".binpb") as out:
        subprocess.run([protoc, "-I", proto_dir, "--include_imports",
                        f"--descriptor_set_out={out.name}", *protos], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())


def messages_and_enums(descriptors):
    """Full name -> descriptor of everything in the package, nested ones too."""
    messages, enums = {}, {}

    def enter(prefix, nested, nested_enums):
        for message in nested:
            name = f"{prefix}.{message.name}"
            messages[name] = message
            enter(name, message.nested_type, message.enum_type)
        for enum in nested_enums:
            enums[f"{prefix}.{enum.name}"] = enum

    for file in descriptors.file:
        if file.package == PACKAGE:
            enter(file.package, file.message_type, file.enum_type)
    return messages, enums


def shape(message, field):
    """What a reader of the field relies on, besides its name."""
    oneof = message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else None
    kinds = descriptor_pb2.FieldDescriptorProto
    return {
        "number": field.number,
        "type": field.type_name or kinds.Type.Name(field.type),
        "label": kinds.Label.Name(field.label),
        "oneof": oneof,
        "JSON name": field.json_name,
    }


def breaks_of_message(name, before, now):
    fields = {field.name: field for field in now.field}
    for field in before.field:
        if field.name not in fields:
            yield f"{name}.{field.name}: field removed"
            continue
        old, new = shape(before, field), shape(now, fields[field.name])
        for what in old:
            if old[what] != new[what]:
                yield f"{name}.{field.name}: {what} was {old[what]}, is {new[what]}"


def breaks_of_enum(name, before, now):
    values = {value.name: value.number for value in now.value}
    for value in before.value:
        if value.name not in values:
            yield f"{name}.{value.name}: value removed"
        elif values[value.name] != value.number:
            yield (f"{name}.{value.name}: number was {value.number}, "
                   f"is {values[value.name]}")


def breaks(before, now):
    """Each break, in words."""
    old_messages, old_enums = messages_and_enums(before)
    new_messages, new_enums = messages_and_enums(now)
    for name, message in old_messages.items():
        if name not in new_messages:
            yield f"{name}: message removed"
        else:
            yield from breaks_of_message(name, message, new_messages[name])
    for name, enum in old_enums.items():
        if name not in new_enums:
            yield f"{name}: enum removed"
        else:
            yield from breaks_of_enum(name, enum, new_enums[name])


def main():
    proto_dir, protoc = pathlib.Path(sys.argv[1]), sys.argv[2]
    now = describe(protoc, proto_dir)
    released = sorted((proto_dir / "released").glob("*.binpb"))
    assert released, "no released descriptors to compare with"
    found = []
    for path in released:
        before = descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes())
        assert messages_and_enums(before)[0], f"{path}: no message of {PACKAGE}"
        found += [f"since {path.stem}: {what}" for what in breaks(before, now)]
    print("\n".join(found) or f"nothing broken since {', '.join(path.stem for path in released)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
