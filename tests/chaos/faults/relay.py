"""relay -- a line between two parts, over loopback, that can fail in the ways lines do.

A Relay listens on a port of its own and passes bytes on to another. Told to, it lets nothing
pass in one direction or both while every connection stays up, which is what a partition, a
half-open connection and a peer that hangs look like from either end; passes them late; resets
what there is; turns away what comes. Bytes are never lost or changed within a connection: TCP
does not do that either.

Not netem: the kernels it has to run on lack sch_netem, or the privilege. What differs is that
the relay's kernel acknowledges what the relay has not passed on; for ends that find nobody
acknowledging, see tests/pipeline/silence.py.
"""

import contextlib
import socket
import struct
import threading

CHUNK = 65536
RESET = struct.pack("ii", 1, 0)  # linger for no time: closing sends RST, not FIN


class Relay:
    def __init__(self, to):
        self.to = to
        self.seconds = 0.0
        self.accepted = 0  # how often somebody connected
        self.turned_away = 0
        self.up = {"there": threading.Event(), "back": threading.Event()}
        self.refuses = False
        self.lock = threading.Lock()
        self.closed = threading.Event()
        self.open = set()
        self.heal()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def close(self):
        self.closed.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        self.heal()
        self.reset()

    def heal(self):
        """Everything passes, what was held up first."""
        self.seconds = 0.0
        self.refuses = False
        for way in self.up.values():
            way.set()

    def stall(self, *ways):
        """Nothing passes any more: "there", to the server, "back", or, not said, both."""
        for way in ways or self.up:
            self.up[way].clear()

    def delay(self, seconds):
        """Whatever passes is so much later, and no more than CHUNK passes in that time."""
        self.seconds = seconds

    def refuse(self):
        """Every connection is reset, and new ones at once."""
        self.refuses = True
        self.reset()

    def reset(self):
        """Every connection is reset; new ones are welcome."""
        with self.lock:
            for end in self.open:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    end.shutdown(socket.SHUT_RD)  # wakes who reads it
            self.open.clear()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with contextlib.ExitStack() as ends:
            ends.enter_context(client)
            if self.refuses:
                self.turned_away += 1
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                return
            try:
                server = ends.enter_context(socket.create_connection(("127.0.0.1", self.to)))
            except OSError:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                return
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.open |= {client, server}
            back = threading.Thread(
                target=self._copy, args=(server, client, self.up["back"]), daemon=True)
            back.start()
            self._copy(client, server, self.up["there"])
            back.join()
            with self.lock:
                self.open -= {client, server}

    def _copy(self, source, sink, up):
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                self.closed.wait(self.seconds)
                self._await(up, source)
                sink.sendall(data)
        self._await(up, source)  # nor does the end of a connection pass
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _await(self, up, source):
        while not up.wait(0.05):
            if source not in self.open:
                return  # reset while it was held up
