"""between -- what stands between a seed's aggregators and their servers, and between them and
their clock: made once a seed, by whichever fault asks for it first.

Aggregators think that they connect straight to their servers; tampered.c leads them to relays.
"""

import killpoint

from faults.relay import Relay
from faults.tampering import LIBRARY, Tampering


class Between:
    """tampering: of all aggregators; relays: "postgresql", "kafka-1", … to a Relay."""

    def __init__(self, parts):
        self.tampering = Tampering(parts.folder / "tampered")
        servers = {"postgresql": parts.postgresql, **{
            f"kafka-{number}": node for number, node in enumerate(parts.nodes, 1)}}
        self.relays = {}
        for name, server in servers.items():
            self.relays[name] = Relay(server.port)
            self.tampering.detour(server.port, self.relays[name].port)
        libraries = f"{LIBRARY}:{killpoint.LIBRARY}"
        variables = {**self.tampering.variables(), "LD_PRELOAD": libraries}
        parts.ways.prefix = [
            *parts.ways.prefix, "env", *(f"{name}={value}" for name, value in variables.items())]


def between(parts):
    if not hasattr(parts.ways, "between"):
        parts.ways.between = Between(parts)
    return parts.ways.between
