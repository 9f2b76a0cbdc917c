"""
Servers that are put together from a command line, on a reactor in memory.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.composition import Options, buildService
from twisted_chat.service import ChatService


class Building(SynchronousTestCase):
    """
    A server that is put together on a reactor in memory.
    """

    def setUp(self) -> None:
        self.reactor: Any = MemoryReactorClock()
        self.addCleanup(os.umask, os.umask(0o022))

    def options(self, *arguments: str) -> Options:
        """
        The options of a command line, with the history in memory unless it says otherwise.
        """
        options = Options()
        options.parseOptions(["--history", "memory", *arguments])
        return options

    def build(self, *arguments: str) -> ChatService:
        """
        The service of a command line, bound to fake ports.
        """
        service = buildService(self.options(*arguments), self.reactor)
        assert isinstance(service, ChatService)
        service.privilegedStartService()
        return service

    def refusal(self, *arguments: str) -> str:
        """
        @return: the sentence with which a command line is refused when the server is put together.
        """
        error = self.assertRaises(SystemExit, buildService, self.options(*arguments), self.reactor)
        return str(error.code)


class Reloading(Building):
    """
    A server that is put together from a file.
    """

    def setUp(self) -> None:
        super().setUp()
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.config = self.folder / "chat.toml"

    def start(self, text: str, *arguments: str) -> ChatService:
        """
        @return: a server with this file.
        """
        self.config.write_text(text)
        return self.build("--config", str(self.config), *arguments)

    def reload(self, service: ChatService, text: str) -> str:
        """
        @return: what comes of it to change the file.
        """
        self.config.write_text(text)
        assert service._reload is not None
        return str(service._reload())


class ListLog:
    """
    A log that is a list.
    """

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def warn(self, format: str, **values: object) -> None:
        """Keep a line."""
        self._lines.append(format.format(**values))


class ListFile:
    """
    A file that is a list.
    """

    def __init__(self, told: list[str]) -> None:
        self.write = told.append

    def flush(self) -> None:
        """Nothing waits."""
