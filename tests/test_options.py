"""
Tests for L{twisted_chat.options}.
"""

from __future__ import annotations

import re
import sys
from ipaddress import ip_network
from pathlib import Path

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from tests.support.building import ListFile
from tests.support.processes import ROOT
from twisted_chat import __version__
from twisted_chat.net.limits import Limits
from twisted_chat.ops.config import APART, sample
from twisted_chat.options import MAX_MOTD, ServerOptions, settings


class OptionsTests(SynchronousTestCase):
    """
    Tests for L{ServerOptions}.
    """

    def parse(self, *arguments: str) -> ServerOptions:
        """
        The options of a command line.
        """
        options = ServerOptions()
        options.parse(arguments)
        return options

    def refusal(self, *arguments: str) -> str:
        """
        The sentence with which a command line is refused.
        """
        sentence = str(self.assertRaises(UsageError, self.parse, *arguments))
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

    def test_policies(self) -> None:
        """Guests enter and everybody registers, unless the operator says otherwise."""
        options = self.parse()
        self.assertEqual((options["guests"], options["registration"]), ("yes", "open"))
        for guests, registration in (("read-only", "invited"), ("no", "operator")):
            options = self.parse("--guests", guests, "--registration", registration)
            self.assertEqual((options["guests"], options["registration"]), (guests, registration))

    def test_refused(self) -> None:
        """What cannot be is refused by one sentence that names it."""
        for arguments, named in (
            (("--guests", "maybe"), "--guests"),
            (("--guests", ""), "yes, read-only"),
            (("--registration", "closed"), "--registration"),
            (("--registration", "OPEN"), "open, invited"),
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
            (("--forget-rooms", "0"), "--forget-rooms"),
            (("--forget-rooms", "36501"), "--forget-rooms"),
            (("--forget-rooms", "never"), "number"),
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
            (("--history", "chat.sqlite", "--keep", "some"), "--keep some"),
            (("--history", "memory", "--keep", "some"), "--keep some"),
        ):
            self.assertIn(named, self.refusal(*arguments), arguments)

    def test_version(self) -> None:
        """The version is the server's own, beside Twisted's."""
        told: list[str] = []
        self.patch(sys, "stdout", ListFile(told))
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
        self.assertEqual(len(self.parse("--motd", str(path))["motd"]), MAX_MOTD)


class ConfigTests(SynchronousTestCase):
    """
    Tests for C{--config}.
    """

    def setUp(self) -> None:
        self.path = self.mktemp()

    def parse(self, text: str, *arguments: str) -> ServerOptions:
        """
        The options of a file and a command line.
        """
        Path(self.path).write_text(text, "utf-8")
        options = ServerOptions()
        options.parse(["--config", self.path, *arguments])
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
            ('guests = "some"', "--guests"),
            ("guests = true", "--guests: write text"),
            ('registration = ""', "--registration"),
            ("[room]\nx = 1", "--room: write text"),
            ("x = " + "[" * 5000, "is no TOML"),
        ):
            error = self.assertRaises(UsageError, self.parse, f"# Ours\n{text}\n")
            self.assertIn(said.replace("FILE", self.path), str(error), text)

    def test_unreadable(self) -> None:
        """A file that is not there, or no text, is told with the reason."""
        error = self.assertRaises(UsageError, ServerOptions().parse, ["--config", "/nowhere/c"])
        self.assertIn("/nowhere/c cannot be read: No such file", str(error))
        Path(self.path).write_bytes(b"\xff")
        error = self.assertRaises(UsageError, ServerOptions().parse, ["--config", self.path])
        self.assertIn("no text in UTF-8", str(error))

    def test_blame(self) -> None:
        """What is wrong on the command line is not blamed on the file."""
        error = self.assertRaises(UsageError, self.parse, "rate = 5", "--backlog", "2000")
        self.assertNotIn(self.path, str(error))

    def test_sample(self) -> None:
        """The sample is that of the options as they are; uncommented, it says the defaults."""
        text = (ROOT / "contrib" / "chat.toml").read_text("utf-8")
        self.assertEqual(text, sample(settings(), "twistd -n --pidfile= chatserver"))
        lines = [line[1:] for line in text.splitlines() if re.match(r"#[a-z-]+ = ", line)]
        self.assertEqual(len(lines) + len(APART) - 2, len(settings()))
        options = self.parse("\n".join(line for line in lines if '"..."' not in line))
        defaults = ServerOptions()
        defaults.parse([])
        self.assertEqual({**options, "config": None}, dict(defaults))
