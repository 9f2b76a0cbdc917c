"""
Tests for L{twisted_chat.tap}.
"""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from twisted.application.service import Application
from twisted.internet.address import IPv4Address
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import ILogObserver
from twisted.trial.unittest import SynchronousTestCase

from tests.support.peers import Peer
from tests.support.processes import ROOT
from twisted_chat import __version__
from twisted_chat import tap as module
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.errors import ChatError
from twisted_chat.net.certificates import keptCertificate
from twisted_chat.net.limits import Limits
from twisted_chat.net.proxy import ProxyHead
from twisted_chat.ops.config import APART, sample
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

    def test_proxy(self) -> None:
        """Networks of proxies may be given several times, and must be some."""
        options = self.parse("--proxy", "10.1.2.3", "--proxy", "2001:db8::/32")
        self.assertEqual(options["proxy"], [ip_network("10.1.2.3"), ip_network("2001:db8::/32")])
        self.assertIn("--proxy proxy.local: write a network", self.refusal("--proxy=proxy.local"))

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
            (("--history", ""), "--history: name a file"),
            (("--log-file", ""), "--log-file: name a file"),
            (("--history=",), "--history: name a file"),
        ):
            self.assertIn(named, self.refusal(*arguments), arguments)

    def test_version(self) -> None:
        """The version is the server's own, beside Twisted's."""
        told: list[str] = []
        self.patch(sys, "stdout", _Writer(told))
        error = self.assertRaises(SystemExit, self.parse, "--version")
        self.assertEqual(error.code, 0)
        self.assertRegex(
            "".join(told), rf"^twisted_chat {re.escape(__version__)} \(Twisted .*\)\n$"
        )

    def test_motd(self) -> None:
        """The message of the day is read at the start, bounded, and made fit to be shown."""
        path = Path(self.mktemp())
        path.write_bytes("Hello\r\nw\x1b[31m\u00f6rld\xff\n".encode() + b"\xff")
        self.assertEqual(
            self.parse("--motd", str(path))["motd"], "Hello\nw\ufffd[31m\u00f6rld\u00ff\n\ufffd"
        )
        path.write_bytes(b"x" * 100_000)
        self.assertEqual(len(self.parse("--motd", str(path))["motd"]), module.MAX_MOTD)


class ConfigTests(SynchronousTestCase):
    """
    Tests for C{--config} and C{--check}.
    """

    def setUp(self) -> None:
        self.path = self.mktemp()

    def parse(self, text: str, *arguments: str) -> Options:
        """
        The options of a file and a command line.
        """
        Path(self.path).write_text(text, "utf-8")
        options = Options()
        options.parseOptions(["--config", self.path, *arguments])
        return options

    def test_order(self) -> None:
        """The command line goes over the file, the file over the defaults."""
        options = self.parse('rate = 5\nburst = 7\nroom = "#hall"\n', "--burst", "8")
        self.assertEqual((options["rate"], options["burst"], options["backlog"]), (5.0, 8, 20))
        self.assertEqual(options["room"], "#hall")

    def test_kinds(self) -> None:
        """There are numbers, texts, flags, and lists, of which one item need not be a list."""
        options = self.parse(
            'port = [5001, "tcp:5002"]\ntrusted = "10.0.0.0/8"\nno-transcript = true\ntls = 5003'
        )
        self.assertEqual(options["port"], ["5001", "tcp:5002"])
        self.assertEqual(options["trusted"], [ip_network("10.0.0.0/8")])
        self.assertEqual((options["no-transcript"], options["tls"]), (1, "5003"))
        self.assertFalse(self.parse("no-transcript = false")["no-transcript"])

    def test_repeatable(self) -> None:
        """What may be repeated is taken from the command line alone if it is there."""
        self.assertEqual(self.parse("port = [1, 2]", "-p", "3")["port"], ["3"])

    def test_refused(self) -> None:
        """What is wrong is told with the sentence for an option, and with the line."""
        for text, said in (
            ('rate = "fast"', "--rate: write a number, such as 10 or 0.5 (FILE, line 2)"),
            ("nothing = 1", "option --nothing not recognized (FILE, line 2)"),
            ("rate", "line 2"),
            ("burst = true", "--burst: write a number (FILE, line 2)"),
            ("no-transcript = 1", "--no-transcript: write true or false (FILE, line 2)"),
            ("port = [[1]]", "--port: write a list of texts"),
            ("room = 1.5", "--room: write text"),
            ('room = "a\\u0000b"', "--room: write text"),
            ("backlog = 2000", "--backlog goes from 0 to 1000 (FILE, line 2)"),
            ('trusted = ["10.0.0.0/33"]', "2001:db8::/32 (FILE, line 2)"),
            ("check = true", "option --check belongs on the command line (FILE, line 2)"),
            ('keep = "some"', "--keep some"),
            ("[room]\nx = 1", "--room: write text"),
            ("x = " + "[" * 5000, "is no TOML"),
        ):
            error = self.assertRaises(SystemExit, self.parse, f"# Ours\n{text}\n")
            self.assertIn(said.replace("FILE", self.path), str(error.code), text)

    def test_unreadable(self) -> None:
        """A file that is not there, or no text, is told with the reason."""
        error = self.assertRaises(SystemExit, Options().parseOptions, ["--config", "/nowhere/c"])
        self.assertIn("/nowhere/c cannot be read: No such file", str(error.code))
        Path(self.path).write_bytes(b"\xff")
        error = self.assertRaises(SystemExit, Options().parseOptions, ["--config", self.path])
        self.assertIn("no text in UTF-8", str(error.code))

    def test_blame(self) -> None:
        """What is wrong on the command line is not blamed on the file."""
        error = self.assertRaises(SystemExit, self.parse, "rate = 5", "--backlog", "2000")
        self.assertNotIn(self.path, str(error.code))

    def check(self, *arguments: str) -> str:
        """
        @return: what a check says.
        """
        said: list[str] = []
        self.patch(sys, "stdout", _Writer(said))
        error = self.assertRaises(SystemExit, Options().parseOptions, ["--check", *arguments])
        return "".join(said) if error.code == 0 else str(error.code)

    def test_check(self) -> None:
        """A check says what would be done, that all is well, and makes nothing."""
        path = self.mktemp()
        said = self.check("--history", path, "--tls", "5001")
        self.assertIn("the server makes a new history", said)
        self.assertTrue(said.endswith("chatserver: all is well\n"))
        self.assertFalse(os.path.exists(path) or os.path.exists("server.pem"))

    def test_checkRefused(self) -> None:
        """A check finds what the start would find."""
        Path(self.path).write_text("no database")
        for arguments, said in (
            (("--history", self.path), "chat history"),
            (("--history", "/nowhere/chat.sqlite"), "let this user write /nowhere"),
            (("--port", "nonsense:1"), "--port nonsense:1"),
            (("--history", "memory", "--tls", "1", "--cert", self.path), "no certificate"),
        ):
            self.assertIn(said, self.check(*arguments), arguments)

    def test_sample(self) -> None:
        """The sample is that of the options as they are; uncommented, it says the defaults."""
        text = (ROOT / "contrib" / "chat.toml").read_text("utf-8")
        self.assertEqual(text, sample(module.settings(), "twistd -n chatserver"))
        lines = [line[1:] for line in text.splitlines() if re.match(r"#[a-z-]+ = ", line)]
        self.assertEqual(len(lines) + len(APART) - 2, len(module.settings()))
        options = self.parse("\n".join(line for line in lines if '"..."' not in line))
        defaults = Options()
        defaults.parseOptions([])
        self.assertEqual({**options, "config": None}, dict(defaults))


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


class BuildTests(Building):
    """
    Tests for L{buildService}.
    """

    def test_everywhere(self) -> None:
        """Without a host one port serves IPv6 and IPv4, with a long queue for a crowd."""
        self.build("--port", "5001")
        ((port, _, backlog, interface),) = self.reactor.tcpServers
        self.assertEqual((port, backlog, interface), (5001, 4096, "::"))

    def test_host(self) -> None:
        """A host is listened on alone, be it of IPv4 or of IPv6."""
        self.build("--port", "5001", "--host", "127.0.0.1")
        self.build("--port", "5001", "--host", "::1")
        self.assertEqual([entry[3] for entry in self.reactor.tcpServers], ["127.0.0.1", "::1"])

    def test_endpoints(self) -> None:
        """Endpoints are taken in Twisted's words, beside numbers."""
        self.build("--port", "tcp:5002:interface=127.0.0.1", "--port", "5001")
        self.assertEqual([entry[0] for entry in self.reactor.tcpServers], [5002, 5001])

    def test_proxied(self) -> None:
        """With a network of proxies every port awaits their header, and without none does."""
        self.build("--port", "5002")
        self.build("--port", "5001", "--port", "tcp:5003", "--proxy", "10.0.0.0/8")
        direct, *behind = [entry[1] for entry in self.reactor.tcpServers]
        address = IPv4Address("TCP", "10.0.0.1", 1)
        self.assertNotIsInstance(direct.buildProtocol(address), ProxyHead)
        for factory in behind:
            self.assertIsInstance(factory.buildProtocol(address), ProxyHead)

    def test_haproxy(self) -> None:
        """Twisted's own endpoint, which is asked too early, is refused with what to write."""
        options = self.options("--port", "haproxy:tcp:5000")
        error = self.assertRaises(SystemExit, buildService, options, self.reactor)
        self.assertIn("by --proxy", str(error.code))

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

    def test_fewDescriptors(self) -> None:
        """A server that may open few files serves few people, and says so in the log."""
        for descriptors, count, isTold in ((64, 32, True), (200, 136, True), (1024, 960, False)):
            logged: list[str] = []
            self.patch(module, "raiseDescriptorLimit", lambda n=descriptors: n)
            self.patch(module, "_log", _Log(logged))
            (door,) = self.build()._doors
            assert isinstance(door, ChatFactory)
            self.assertEqual(door.gate.limits.maxConnections, count)
            said = f"no more than {count} people can be here at once, since the system lets this"
            said += f" process open {descriptors} files: raise its limit (ulimit -n, LimitNOFILE)"
            self.assertEqual(logged, [said] if isTold else [])

    def test_history(self) -> None:
        """A history on disk is not opened before the service starts."""
        path = self.mktemp()
        service = self.build("--history", path)
        self.assertIsInstance(service._store, SQLiteLog)
        self.assertFalse(os.path.exists(path))

    def test_logFile(self) -> None:
        """The log file is what the application logs to, as twistd takes it."""
        path = Path(self.mktemp())
        application = Application("chat")
        self.build("--log-file", str(path)).setServiceParent(application)
        observer = ILogObserver(application)
        event = {"log_format": "hello {name}", "name": "\u0410", "log_time": 0.0}
        observer(event)
        self.assertIn("hello \u0410", path.read_text("utf-8"))

    def test_badLogFile(self) -> None:
        """A log file that cannot be written ends the start with a sentence."""
        options = self.options("--log-file", "/nowhere/chat.log")
        error = self.assertRaises(SystemExit, buildService, options, self.reactor)
        self.assertIn("--log-file /nowhere/chat.log: No such file", str(error.code))

    def test_badKeep(self) -> None:
        """How much to keep must be something that can be kept, also where nothing is."""
        for history in (self.mktemp(), "memory"):
            arguments = ("--history", history, "--keep", "some")
            error = self.assertRaises(SystemExit, self.options, *arguments)
            self.assertIn("--keep some", str(error.code))

    def test_metrics(self) -> None:
        """Figures are told to this machine alone, or where an endpoint says."""
        self.build("--port", "5001", "--metrics", "9105")
        self.build("--port", "5001", "--metrics", "tcp:9106:interface=10.0.0.5")
        ports = {entry[0]: entry[3] for entry in self.reactor.tcpServers}
        self.assertEqual((ports[9105], ports[9106]), ("127.0.0.1", "10.0.0.5"))
        options = self.options("--metrics", "nonsense:1")
        error = self.assertRaises(SystemExit, buildService, options, self.reactor)
        self.assertIn("--metrics nonsense:1", str(error.code))

    def test_admin(self) -> None:
        """The operator's socket is beside the history, or where they say, and theirs alone."""
        self.build()
        self.assertEqual(self.reactor.unixServers, [])
        self.build("--history", "chat.sqlite")
        self.build("--admin", "here")
        found = [(entry[0], entry[3]) for entry in self.reactor.unixServers]
        self.assertEqual(found, [("chat.sqlite-admin", 0o600), ("here", 0o600)])

    def test_longPath(self) -> None:
        """Where the path is too long for a socket the server goes without, and says so."""
        told: list[str] = []
        self.patch(module, "_log", _Log(told))
        self.build("--history", "x" * 100)
        self.assertEqual(self.reactor.unixServers, [])
        self.assertIn("--admin PATH", told[0])

    def test_logJSON(self) -> None:
        """The log may be objects, in a file or on standard output."""
        path = Path(self.mktemp())
        application = Application("chat")
        self.build("--log-json", "--log-file", str(path)).setServiceParent(application)
        event: Any = {"log_format": "hello", "log_time": 0.0}
        ILogObserver(application)(event)
        self.assertEqual(json.loads(path.read_text())["text"], "hello")
        said: list[str] = []
        self.patch(sys, "stdout", _Writer(said))
        application = Application("chat")
        self.build("--log-json").setServiceParent(application)
        ILogObserver(application)(event)
        self.assertEqual(json.loads("".join(said))["time"], "1970-01-01T00:00:00.000+00:00")

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


class ReloadTests(Building):
    """
    Tests for the reload of a server that is put together here.
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

    def test_changes(self) -> None:
        """Limits and networks hold at once, for those who are here as well."""
        service = self.start("rate = 5", "--port", "1")
        door: Any = service._doors[0]
        peer = Peer(door, "Ann", host="127.0.0.1")
        said = self.reload(service, 'rate = 0\ntrusted = "10.0.0.0/8"\nno-transcript = true')
        self.assertEqual(said, "reloaded: --rate, --trusted, --no-transcript changed")
        self.assertEqual(door.gate.limits.rate, 0)
        self.assertIs(peer.protocol._receiving.bucket, None)
        self.assertFalse(service._auditLog.wantsMessages)
        for _ in range(40):
            Peer(door, host="10.0.0.1")
        self.assertEqual(door.gate.admission.connections, 41)
        self.assertEqual(self.reload(service, self.config.read_text()), "reloaded: nothing changed")

    def test_motd(self) -> None:
        """The file of the message of the day is read once more."""
        motd = self.folder / "motd"
        motd.write_text("one")
        service = self.start(f'motd = "{motd}"', "--port", "1")
        motd.write_text("two")
        self.assertIn("--motd", self.reload(service, self.config.read_text()))
        peer = Peer(service._doors[0], host="127.0.0.1")  # type: ignore[arg-type]
        peer.types("Ann")
        self.reactor.advance(0)
        self.assertIn("* two", peer.lines)

    def test_restart(self) -> None:
        """What only a start can change is named each time, until then."""
        service = self.start("", "--port", "1")
        for _ in range(2):
            self.assertEqual(
                self.reload(service, 'room = "#hall"\nkeep = "30d"\nrate = 3').split("; ")[-1],
                "--keep, --room will change at the next start",
            )

    def test_badFile(self) -> None:
        """A file with anything wrong in it changes nothing, and the line is told."""
        service = self.start("rate = 5")
        for text, said in (
            ("rate = 3\nbacklog = 2000", "line 2"),
            ("rate = 3\nnothing = 1", "line 2"),
            ('rate = 3\nport = "nonsense:1"', "nonsense:1"),
        ):
            error = self.assertRaises(ChatError, self.reload, service, text)
            self.assertRegex(str(error), f"^not reloaded, nothing was changed: .*{said}")
        self.assertEqual(service._doors[0].gate.limits.rate, 5)  # type: ignore[attr-defined]

    def test_certificate(self) -> None:
        """New connections get a renewed certificate; a bad one changes nothing."""
        self.patch(sys, "stderr", _Writer([]))
        path = self.folder / "cert.pem"
        os.rename(keptCertificate(str(self.folder)), path)
        service = self.start(f'tls = 5443\ncert = "{path}"')
        text = self.config.read_text()
        endpoint: Any = service._doors[0]._listeners[0]._endpoint  # type: ignore[attr-defined]
        identity = endpoint._context
        before = identity.context
        self.assertEqual(self.reload(service, text), "reloaded: nothing changed")
        path.write_text("nonsense")
        self.assertRaises(ChatError, self.reload, service, text)
        self.assertIs(identity.context, before)
        os.rename(keptCertificate(str(self.folder)), path)
        self.assertEqual(self.reload(service, text), "reloaded: --cert, --key changed")
        self.assertIsNot(identity.context, before)


class _Log:
    """
    A log that is a list.
    """

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def warn(self, format: str, **values: object) -> None:
        """Keep a line."""
        self._lines.append(format.format(**values))


class _Writer:
    """
    A file that is a list.
    """

    def __init__(self, told: list[str]) -> None:
        self.write = told.append

    def flush(self) -> None:
        """Nothing waits."""
