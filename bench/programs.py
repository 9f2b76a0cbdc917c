"""
A crowd of programs that speak the JSON dialect and keep their sessions, all in one loop: written
against docs/protocol.md alone.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

READ = 1 << 18
"""Bytes that are read at once."""


class Program:
    """
    One session that outlives its connections.

    @ivar name: its name.
    @ivar token: the secret of the session, once it has begun.
    @ivar epoch: the epoch of its ids.
    @ivar last: the last id that it has seen.
    @ivar heard: the ids of what others wrote, in the order in which they came.
    @ivar missed: how many events the last C{welcome} announced.
    @ivar gaps: how many ids it was told are missing.
    @ivar answered: how many of its questions about the past were answered.
    @ivar welcomedAt: when it was let in last; 0 before.
    @ivar heardAt: when the last line came.
    @ivar trouble: what was refused, or said at the end of the connection.
    """

    def __init__(self, name: str, token: str = "", epoch: str = "", last: int = 0) -> None:
        self.name = name
        self.token = token
        self.epoch = epoch
        self.last = last
        self.heard: list[int] = []
        self.missed = 0
        self.gaps = 0
        self.answered = 0
        self.welcomedAt = 0.0
        self.heardAt = 0.0
        self.trouble: list[str] = []

    @property
    def hello(self) -> bytes:
        """What it says first."""
        fields: dict[str, Any] = {"type": "hello", "name": self.name, "backlog": 0}
        if self.token:
            fields |= {"token": self.token, "epoch": self.epoch, "last": self.last}
        return json.dumps(fields).encode() + b"\n"

    def take(self, line: bytes, now: float) -> None:
        """Take note of a line of the server."""
        if line[:1] != b"{":
            return
        self.heardAt = now
        fields = json.loads(line)
        match fields["type"]:
            case "said" if "old" not in fields:
                self.heard.append(fields["id"])
                self.last = fields["id"]
            case "welcome":
                if self.token and not fields["resumed"]:
                    self.trouble.append("the session was not resumed")
                self.token, self.epoch = fields["token"], fields["epoch"]
                self.missed = fields["missed"]
                if not fields["resumed"]:
                    self.last = fields["last"]
                self.welcomedAt = now
            case "history":
                self.answered += "more" not in fields
            case "gap":
                self.gaps += fields["count"] or 0
            case "error" | "bye":
                self.trouble.append(fields["text"])


class Crowd:
    """
    The connections of programs.
    """

    def __init__(self, port: int, programs: Sequence[Program]) -> None:
        """
        @param port: the server's, on loopback.
        """
        self.programs = programs
        self._port = port
        self._poll = select.epoll()
        self._open: dict[int, tuple[socket.socket, Program]] = {}
        self._begun: dict[int, bytes] = {}

    @property
    def isAway(self) -> bool:
        """Whether no connection is left."""
        return not self._open

    def come(self) -> None:
        """
        Connect, all in the same instant, and say hello as soon as that is possible.
        """
        for program in self.programs:
            program.welcomedAt = 0.0
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex(("127.0.0.1", self._port))
            self._open[connection.fileno()] = connection, program
            self._poll.register(connection, select.EPOLLIN | select.EPOLLOUT)

    def send(self, program: Program, **fields: Any) -> None:
        """
        Let one program that is in send an object.
        """
        for connection, each in self._open.values():
            if each is program:
                connection.setblocking(True)
                connection.sendall(json.dumps(fields).encode() + b"\n")
                connection.setblocking(False)

    def wait(self, isDone: Callable[[], bool], seconds: float) -> bool:
        """
        Read until this is true, or so much time has passed.

        @return: whether it is.
        """
        deadline = time.monotonic() + seconds
        while not isDone():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.read(min(left, 0.1))
        return True

    def read(self, seconds: float) -> None:
        """
        Read what has come, or comes within this time.
        """
        for number, happened in self._poll.poll(seconds):
            connection, program = self._open[number]
            if happened & select.EPOLLOUT:
                with suppress(OSError):
                    connection.send(program.hello)
                self._poll.modify(connection, select.EPOLLIN)
            if happened & ~select.EPOLLOUT:
                self._read(number, connection, program)

    def _read(self, number: int, connection: socket.socket, program: Program) -> None:
        try:
            data = connection.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._begun.pop(number, None)
            del self._open[number]
            connection.close()
            return
        *lines, rest = (self._begun.pop(number, b"") + data).split(b"\n")
        if rest:
            self._begun[number] = rest
        now = time.monotonic()
        for line in lines:
            program.take(line, now)

    def close(self) -> None:
        """
        Close every connection without a word.
        """
        for connection, _ in self._open.values():
            connection.close()
        self._open.clear()
        self._begun.clear()
        self._poll.close()
        self._poll = select.epoll()
