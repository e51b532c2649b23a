"""Reads the golden bytes and JSON with the stock protobuf library, as a team without any code of
Assay's does: both implementations of the contract must say the same of them.

    foreign.py PROTO_DIR GOLDEN_DIR PROTOC
"""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import uuid

from google.protobuf import json_format

# proto/identity.c: what derived ids hang on.
NAMESPACE = uuid.UUID("2db719a6-7456-4e85-9ed5-eb0d183d0c9d")


def generate(protoc, proto_dir, into):
    protos = sorted(str(path) for path in proto_dir.glob("assay/v1/*.proto"))
    subprocess.run([protoc, "-I", proto_dir, "--python_out", into, *protos], check=True)
    sys.path.insert(0, into)
    from assay.v1 import event_pb2
    return event_pb2


def derived_id(event):
    nameless = type(event)()
    nameless.CopyFrom(event)
    nameless.ClearField("id")
    digest = hashlib.sha1(NAMESPACE.bytes + nameless.SerializeToString(deterministic=True))
    return str(uuid.UUID(bytes=digest.digest()[:16], version=5))


def differences(event_pb2, path):
    """What this event's bytes and JSON do not agree about."""
    expected = path.with_suffix(".bin").read_bytes()
    text = path.read_text(encoding="utf-8")
    event = event_pb2.Event.FromString(expected)
    if event.SerializeToString(deterministic=True) != expected:
        yield "other bytes when serialized"
    if json_format.Parse(text, event_pb2.Event()) != event:
        yield "the JSON is another event than the bytes"
    if json.loads(json_format.MessageToJson(event)) != json.loads(text):
        yield "other JSON when written"
    if path.name.endswith(".minimal.json") and derived_id(event) != event.id:
        yield f"the derived id is {derived_id(event)}"


def main():
    proto_dir, golden_dir = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    assert NAMESPACE.bytes == bytes(
        int(byte, 16) for byte in re.search(
            r"event_namespace\[16\] = \{([^}]*)\}",
            (proto_dir / "identity.c").read_text(encoding="utf-8")).group(1).split(","))
    with tempfile.TemporaryDirectory() as into:
        event_pb2 = generate(sys.argv[3], proto_dir, into)
        bodies = event_pb2.Event.DESCRIPTOR.oneofs_by_name["body"].fields
        paths = [golden_dir / f"{body.name}.{variant}.json"
                 for body in bodies for variant in ("full", "minimal")]
        found = [f"{path.name}: {what}" for path in paths
                 for what in differences(event_pb2, path)]
    print("\n".join(found) or f"{len(paths)} events alike")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
