"""
Tests for L{twisted_chat.tap}.
"""

from __future__ import annotations

import os
import stat
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat import tap as module
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.net.limits import Limits
from twisted_chat.service import ChatService
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.stores.sqlite.store import SQLiteLog
from twisted_chat.tap import Options, buildService


class OptionsTests(SynchronousTestCase):
    """
    Tests for L{Options}.
    """

    def parse(self, *arguments: str) -> Options:
        """
        The options of a command line.
        """
        options = Options()
        options.parseOptions(arguments)
        return options

    def refusal(self, *arguments: str) -> str:
        """
        The sentence with which a command line is refused.
        """
        error = self.assertRaises(SystemExit, self.parse, *arguments)
        sentence = str(error.code)
        self.assertTrue(sentence.startswith("chatserver: "))
        self.assertNotIn("\n", sentence)
        return sentence

    def test_defaults(self) -> None:
        """Without options the server listens on port 5000 and keeps everything."""
        options = self.parse()
        self.assertEqual(options["port"], ["5000"])
        self.assertEqual((options["room"], options["history"]), ("#lobby", "chat.sqlite"))
        self.assertEqual((options["rate"], options["burst"]), (Limits.rate, Limits.burst))

    def test_ports(self) -> None:
        """Several ports and endpoints may be given, in a long and a short way."""
        options = self.parse("--port", "1", "-p", "unix:/run/chat", "--port=tcp:2")
        self.assertEqual(options["port"], ["1", "unix:/run/chat", "tcp:2"])

    def test_onlyTLS(self) -> None:
        """A server with TLS alone has no plain port."""
        self.assertEqual(self.parse("--tls", "5443")["port"], [])
        self.assertEqual(self.parse("--tls", "5443", "--port", "1")["port"], ["1"])

    def test_trusted(self) -> None:
        """Trusted networks may be given several times."""
        options = self.parse("--trusted", "10.1.2.3/8", "--trusted", "2001:db8::/32")
        networks = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]
        self.assertEqual(options["trusted"], networks)

    def test_room(self) -> None:
        """The lobby may be called otherwise."""
        self.assertEqual(self.parse("--room", "#welcome")["room"], "#welcome")

    def test_refused(self) -> None:
        """What cannot be is refused by one sentence that names it."""
        for arguments, named in (
            (("--port", "65536"), "65536"),
            (("--nothing",), "--nothing"),
            (("extra",), "arguments"),
            (("--rate", "fast"), "number"),
            (("--rate", "-1"), "--rate"),
            (("--rate", "nan"), "--rate"),
            (("--rate", "inf"), "--rate"),
            (("--burst", "0"), "--burst"),
            (("--burst", "1.5"), "number"),
            (("--backlog", "1001"), "--backlog"),
            (("--backlog", "-1"), "--backlog"),
            (("--trusted", "10.0.0.0/33"), "--trusted"),
            (("--room", "two words"), "--room"),
            (("--tls", "x"), "--tls"),
            (("--tls", "70000"), "70000"),
            (("--cert", "c.pem"), "--tls"),
            (("--tls", "1", "--key", "k.pem"), "--cert"),
            (("--motd", "/nowhere/motd"), "--motd"),
        ):
            self.assertIn(named, self.refusal(*arguments), arguments)

    def test_motd(self) -> None:
        """The message of the day is read at the start, bounded, and made fit to be shown."""
        path = Path(self.mktemp())
        path.write_bytes("Hello\r\nw\x1b[31m\u00f6rld\xff\n".encode() + b"\xff")
        self.assertEqual(
            self.parse("--motd", str(path))["motd"], "Hello\nw\ufffd[31m\u00f6rld\u00ff\n\ufffd"
        )
        path.write_bytes(b"x" * 100_000)
        self.assertEqual(len(self.parse("--motd", str(path))["motd"]), module.MAX_MOTD)


class BuildTests(SynchronousTestCase):
    """
    Tests for L{buildService}.
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

    def test_everywhere(self) -> None:
        """Without a host one port serves IPv6 and IPv4, with a long queue for a crowd."""
        self.build("--port", "5001")
        ((port, _, backlog, interface),) = self.reactor.tcpServers
        self.assertEqual((port, backlog, interface), (5001, 512, "::"))

    def test_host(self) -> None:
        """A host is listened on alone, be it of IPv4 or of IPv6."""
        self.build("--port", "5001", "--host", "127.0.0.1")
        self.build("--port", "5001", "--host", "::1")
        self.assertEqual([entry[3] for entry in self.reactor.tcpServers], ["127.0.0.1", "::1"])

    def test_endpoints(self) -> None:
        """Endpoints are taken in Twisted's words, beside numbers."""
        self.build("--port", "tcp:5002:interface=127.0.0.1", "--port", "5001")
        self.assertEqual([entry[0] for entry in self.reactor.tcpServers], [5002, 5001])

    def test_badEndpoint(self) -> None:
        """An endpoint that is none ends the start with a sentence."""
        for port in ("nonsense:1", "tcp:x", "tcp:", ""):
            options = self.options("--port", port)
            error = self.assertRaises(SystemExit, buildService, options, self.reactor)
            self.assertIn("--port", str(error.code))

    def test_monotonic(self) -> None:
        """No timer depends on the wall clock."""
        import time

        self.build()
        self.assertIs(self.reactor.seconds, time.monotonic)

    def test_umask(self) -> None:
        """What the server writes is nobody else's business."""
        self.build()
        path = Path(self.mktemp())
        path.touch()
        self.assertEqual(stat.S_IMODE(path.stat().st_mode) & 0o077, 0)

    def test_composition(self) -> None:
        """The options reach whom they are for."""
        service = self.build(
            "--room", "#hall", "--rate", "3", "--burst", "4", "--backlog", "5", "--port", "1"
        )
        (door,) = service._doors
        assert isinstance(door, ChatFactory)
        gate = door.gate
        self.assertIsInstance(service._store, MemoryLog)
        self.assertEqual(door.hub.lobby.name, "#hall")
        self.assertEqual((gate.limits.rate, gate.limits.burst), (3.0, 4))
        self.assertIs(gate.clock, self.reactor)
        self.assertGreater(gate.limits.maxConnections, 0)

    def test_history(self) -> None:
        """A history on disk is not opened before the service starts."""
        path = self.mktemp()
        service = self.build("--history", path)
        self.assertIsInstance(service._store, SQLiteLog)
        self.assertFalse(os.path.exists(path))

    def test_badKeep(self) -> None:
        """How much to keep must be something that can be kept, also where nothing is."""
        for history in (self.mktemp(), "memory"):
            options = self.options("--history", history, "--keep", "some")
            error = self.assertRaises(SystemExit, buildService, options, self.reactor)
            self.assertIn("--keep some", str(error.code))

    def test_tls(self) -> None:
        """For TLS a certificate is made and kept, and its fingerprint told."""
        directory = Path(self.mktemp())
        directory.mkdir()
        told: list[str] = []
        self.patch(sys, "stderr", _Writer(told))
        arguments = ("--tls", "5443", "--history", str(directory / "chat.sqlite"))
        self.build(*arguments)
        self.build(*arguments)
        self.assertRegex("".join(told), r"^TLS certificate: SHA256:[0-9A-F:]{95}\n")
        self.assertEqual(len(set("".join(told).splitlines())), 1)
        (kept,) = directory.iterdir()
        self.assertEqual(stat.S_IMODE(kept.stat().st_mode), 0o600)

    def test_missingCertificate(self) -> None:
        """A certificate that is not there ends the start with its path."""
        options = self.options("--tls", "5443", "--cert", "/nowhere/cert.pem")
        error = self.assertRaises(SystemExit, buildService, options, self.reactor)
        self.assertIn("/nowhere/cert.pem", str(error.code))


class _Writer:
    """
    A file that is a list.
    """

    def __init__(self, told: list[str]) -> None:
        self.write = told.append

    def flush(self) -> None:
        """Nothing waits."""
