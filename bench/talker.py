"""
A program that chats in the JSON dialect, keeps what is not acknowledged, and resumes: the peer that
the crash tests need, written against docs/protocol.md alone.
"""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import suppress
from typing import Any

LINE = 1 << 20
"""Longest line of the server that is read, in bytes."""


class Talker:
    """
    One session that outlives its connections.

    @ivar acked: ids of receipts, by key.
    @ivar heard: all events said by others, in the order in which they came: id, name and text.
    @ivar outbox: texts that are not acknowledged, by key.
    @ivar gaps: how often the server said that something is no longer kept.
    @ivar refused: errors that came for keys.
    @ivar welcomes: how often it was let in.
    """

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.port = port
        self.acked: dict[str, int] = {}
        self.heard: list[tuple[int, str, str]] = []
        self.outbox: dict[str, str] = {}
        self.gaps = 0
        self.refused: list[dict[str, Any]] = []
        self.welcomes = 0
        self.ready = asyncio.Event()
        self.moved = asyncio.Event()
        self._token = ""
        self._epoch = ""
        self._last = 0
        self._count = 0
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    def start(self) -> None:
        """Connect, and again whenever the connection is lost."""
        self._task = asyncio.ensure_future(self._live())

    async def stop(self) -> None:
        """Leave."""
        self._ended = True
        self.cut()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def cut(self) -> None:
        """Lose the connection without a word."""
        if self._writer is not None:
            self._writer.transport.abort()

    def say(self, text: str) -> str:
        """
        Say something, now or when there is a connection again.

        @return: its key.
        """
        self._count += 1
        key = f"k{self._count}"
        self.outbox[key] = text
        if self.ready.is_set():
            self._send({"type": "say", "key": key, "text": text})
        return key

    async def talk(self, count: int, window: int, width: int = 40) -> None:
        """Say many things, with at most so many unacknowledged at a time."""
        for number in range(count):
            while len(self.outbox) >= window:
                self.moved.clear()
                await self.moved.wait()
            self.say(f"{self.name} {number} ".ljust(width, "."))

    def _send(self, value: dict[str, Any]) -> None:
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(json.dumps(value).encode() + b"\n")

    async def _live(self) -> None:
        while not self._ended:
            with suppress(OSError, asyncio.IncompleteReadError, ValueError):
                await self._converse()
            self.ready.clear()
            self._writer = None
            await asyncio.sleep(random.uniform(0.01, 0.1))

    async def _converse(self) -> None:
        reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port, limit=LINE)
        hello: dict[str, Any] = {"type": "hello", "name": self.name, "backlog": 0}
        if self._token:
            hello |= {"token": self._token, "epoch": self._epoch, "last": self._last}
        self._send(hello)
        try:
            while line := await reader.readline():
                if line.startswith(b"{"):
                    self._take(json.loads(line))
        finally:
            self._writer.transport.abort()

    def _take(self, value: dict[str, Any]) -> None:
        kind = value["type"]
        if kind == "welcome":
            self._token, self._epoch = value["token"], value["epoch"]
            self.welcomes += 1
            if not value["resumed"]:
                self._last = value["last"]
            self.ready.set()
            for key, text in self.outbox.items():
                self._send({"type": "say", "key": key, "text": text})
        elif kind == "ok":
            self._answered(value)
        elif kind == "said":
            if value["name"] == self.name:
                self._answered(value)
            else:
                self.heard.append((value["id"], value["name"], value["text"]))
        elif kind == "gap":
            self.gaps += 1
        elif kind == "error" and "key" in value:
            self.refused.append(value)
        if "id" in value:
            self._last = max(self._last, value["id"])

    def _answered(self, value: dict[str, Any]) -> None:
        key = value.get("key")
        if key is not None:
            self.acked.setdefault(key, value["id"])
            self.outbox.pop(key, None)
            self.moved.set()
