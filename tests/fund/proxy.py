"""A TCP proxy before a server that cuts the connection after so many packets from the client."""

from __future__ import annotations

import contextlib
import socket
import threading


class Proxy:
    """Forwards to the server's local socket; from `arm(n)` on the n-th packet is not delivered.

    With `after` the packet is delivered and its answer is lost instead.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.left: int | None = None
        self.after = False
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, packets: int | None, *, after: bool = False) -> None:
        self.left, self.after = packets, after

    def close(self) -> None:
        """Take no further connection."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.target)
            except OSError:  # the server is gone, and so is who asked for it
                client.close()
                continue
            threading.Thread(target=self._forward, args=(client, server, True), daemon=True).start()
            threading.Thread(
                target=self._forward, args=(server, client, False), daemon=True
            ).start()

    def _forward(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if counted and self.left is not None and self._due(data):
                    self._cut(source, sink, data)
                    return
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _due(self, data: bytes) -> bool:
        assert self.left is not None
        self.left -= 1
        return self.left <= 0

    def _cut(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        self.left, self.cuts = None, self.cuts + 1
        client.shutdown(socket.SHUT_RDWR)
        if self.after:
            server.sendall(data)
            threading.Event().wait(0.05)  # the server works on it with nobody listening
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
