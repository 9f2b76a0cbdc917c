"""
Child processes for end-to-end tests: real servers, and plain sockets that talk to them.

Every wait is bounded, and no process outlives its test.
"""

from __future__ import annotations

import os
import re
import selectors
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""Where the project lies."""

PATIENCE = 30.0
"""Seconds after which a test gives up: far above what anything takes, on a busy machine, too."""

TWISTED = ("-m", "twisted", "--log-format", "text")
"""How Python starts a server in the foreground."""

TWISTD = ("-c", "from twisted.scripts.twistd import run; run()")
"""How it starts one as a daemon, or with C{-n} in the foreground."""


def freePort() -> int:
    """
    @return: a TCP port of the loopback address on which nobody listens.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """
    @return: what a child process needs to find this project, and not the user's settings.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TZ": "UTC", **(extra or {})}


class Child:
    """
    A process of which both outputs are one stream of lines.

    @ivar process: the process.
    @ivar output: what it has written so far.
    """

    def __init__(self, arguments: Sequence[str], folder: str) -> None:
        """
        @param arguments: for this Python.
        @param folder: where it works.
        """
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        self._pipe = self.process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._pipe, selectors.EVENT_READ)

    def waitFor(self, pattern: str) -> re.Match[str]:
        """
        Read until its output matches.

        @raise AssertionError: if it ends before that, or takes too long.
        """
        until = time.monotonic() + PATIENCE
        while True:
            found = re.search(pattern, self.output, re.MULTILINE)
            if found is not None:
                return found
            if not self._read(until):
                raise AssertionError(f"no {pattern!r} in:\n{self.output}")

    def wait(self) -> int:
        """
        Wait for its end, and read all of its output.

        @return: its exit status.
        """
        until = time.monotonic() + PATIENCE
        while self._read(until):
            pass
        return self.process.wait(max(0.1, until - time.monotonic()))

    def _read(self, until: float) -> bool:
        """
        @return: whether there may be more.
        """
        if not self._selector.select(max(0.0, until - time.monotonic())):
            return False
        data = os.read(self._pipe.fileno(), 1 << 16)
        self.output += data.decode()
        return bool(data)

    def signal(self, number: int) -> None:
        """
        Send it a signal.
        """
        self.process.send_signal(number)

    def close(self) -> None:
        """
        End it, if it has not ended.
        """
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._selector.close()
        self._pipe.close()


class Line:
    """
    A plain socket, used line by line, as with C{nc}.

    @ivar socket: the connection.
    """

    def __init__(self, connection: socket.socket) -> None:
        """
        @param connection: connected.
        """
        connection.settimeout(PATIENCE)
        self.socket = connection
        self._buffer = b""

    @classmethod
    def to(cls, port: int) -> Line:
        """
        Connect.
        """
        return cls(socket.create_connection(("127.0.0.1", port), PATIENCE))

    @classmethod
    def toTLS(cls, port: int) -> Line:
        """
        Connect through TLS, whoever answers.
        """
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return cls(context.wrap_socket(socket.create_connection(("127.0.0.1", port), PATIENCE)))

    @property
    def address(self) -> str:
        """
        How the server's log calls it.
        """
        host, port = self.socket.getsockname()[:2]
        return f"{host}:{port}"

    def send(self, *lines: str) -> None:
        """
        Send lines.
        """
        self.socket.sendall("".join(f"{line}\n" for line in lines).encode())

    def read(self, count: int = 1) -> list[str]:
        """
        @return: the next lines, as many.
        """
        return [self.readLine() for _ in range(count)]

    def readLine(self) -> str:
        """
        @return: the next line, without its end.
        @raise AssertionError: if the server closes before its end.
        """
        while b"\n" not in self._buffer:
            data = self.socket.recv(1 << 16)
            if not data:
                raise AssertionError(f"closed after {self._buffer!r}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        if not line.endswith(b"\r"):
            raise AssertionError(f"a line does not end in CR LF: {line!r}")
        return line[:-1].decode()

    def readAll(self) -> list[str]:
        """
        @return: all lines until the server closes.
        """
        chunks = [self._buffer]
        while chunks[-1] or len(chunks) == 1:
            chunks.append(self.socket.recv(1 << 16))
        self._buffer = b""
        *lines, rest = b"".join(chunks).decode().split("\r\n")
        if rest:
            raise AssertionError(f"half a line: {rest!r}")
        return lines

    def close(self) -> None:
        """
        Close it.
        """
        self.socket.close()
