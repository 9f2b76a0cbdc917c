"""
Tests of the command line.
"""

from __future__ import annotations

import getpass
import os

from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client import command
from twisted_chat.client.command import (
    ServerAddress,
    UsageError,
    isPrivate,
    loginName,
    makeEndpoint,
    parse,
    readPassword,
)
from twisted_chat.console.process import USAGE


class ParseTests(SynchronousTestCase):
    """
    The meaning of the arguments.
    """

    def test_places(self) -> None:
        """A host and a port, or an endpoint string; options may stand anywhere."""
        for arguments, place in (
            (["localhost", "5000"], ServerAddress("localhost", 5000)),
            (["::1", "5000", "--name", "Ann"], ServerAddress("::1", 5000)),
            (["[::1]", "5000"], ServerAddress("::1", 5000)),
            (["fe80::1%eth0", "5000"], ServerAddress("fe80::1%eth0", 5000)),
            (["[fe80::1%25]", "5000"], ServerAddress("fe80::1%25", 5000)),
            (["--plain", "unix:/run/chat.sock"], ServerAddress(endpoint="unix:/run/chat.sock")),
        ):
            self.assertEqual(parse(arguments).place, place)

    def test_mistakes(self) -> None:
        """Each mistake is a sentence."""
        for arguments in (
            [],
            ["host"],
            ["host", "0"],
            ["host", "65536"],
            ["host", "-1"],
            ["host", "²"],
            ["host", "9" * 5000],
            ["", "5000"],
            ["a", "1", "b"],
            ["a", "1", "--nam", "x"],
            ["a", "1", "--name", " "],
            ["a", "1", "--name", "x\ny"],
            ["a", "1", "--send", ""],
            ["a", "1", "--json", "--send", "x"],
            ["a", "1", "--json", "--text"],
            ["unix:/x", "--tls"],
            ["a", "1", "--password-file", "x"],
        ):
            error = self.assertRaises(UsageError, parse, arguments)
            self.assertEqual(len(str(error).splitlines()), 1, arguments)

    def test_dashes(self) -> None:
        """A text to send may begin with a dash, wherever it stands."""
        for arguments in (
            ["a", "1", "--send", "-5 degrees"],
            ["-s", "-5 degrees", "a", "1"],
            ["a", "1", "--send=-5 degrees"],
        ):
            self.assertEqual(parse(arguments).send, "-5 degrees")
        self.assertEqual(parse(["a", "1", "--send", "--retry"]).send, "--retry")

    def test_fingerprint(self) -> None:
        """A fingerprint asks for TLS by itself."""
        self.assertTrue(parse(["a", "1", "--fingerprint", "AA"]).tls)
        self.assertFalse(parse(["a", "1"]).tls)


class PasswordTests(SynchronousTestCase):
    """
    A password out of a file, and where it may be sent.
    """

    def file(self, content: bytes) -> str:
        path: str = self.mktemp()
        with open(path, "wb") as file:
            file.write(content)
        return path

    def test_firstLine(self) -> None:
        """The first line counts, with or without an end."""
        for content in (b"sword fish\n", b" sword fish \r\nmore\n", b"sword fish"):
            self.assertEqual(readPassword(self.file(content)), "sword fish")

    def test_standardInput(self) -> None:
        """Only the first line of the standard input is taken."""
        ours, theirs = os.pipe()
        os.write(theirs, b"swordfish\nHello!\n")
        former = os.dup(0)
        try:
            os.dup2(ours, 0)
            self.assertEqual(readPassword("-"), "swordfish")
            self.assertEqual(os.read(0, 100), b"Hello!\n")
        finally:
            os.dup2(former, 0)
            for descriptor in (ours, theirs, former):
                os.close(descriptor)

    def test_mistakes(self) -> None:
        """A missing password is told, and nothing is begun."""
        for path in (self.mktemp(), self.file(b"\nx\n"), self.file(b"\xff"), os.curdir):
            error = self.assertRaises(UsageError, readPassword, path)
            self.assertNotIn("\n", str(error))

    def test_private(self) -> None:
        """TLS and this machine are private; the network is not."""
        for arguments, private in (
            (["example.org", "5000"], False),
            (["192.0.2.7", "5000"], False),
            (["tcp:127.0.0.1:5000"], False),
            (["example.org", "5000", "--tls"], True),
            (["localhost", "5000"], True),
            (["127.0.0.2", "5000"], True),
            (["::1", "5000"], True),
            (["unix:/run/chat.sock"], True),
        ):
            self.assertEqual(isPrivate(parse(arguments)), private, arguments)


class LoginNameTests(SynchronousTestCase):
    """
    The name under which a script says something.
    """

    def login(self, name: str) -> str:
        self.patch(getpass, "getuser", lambda: name)
        return loginName()

    def test_fits(self) -> None:
        """A login name leaves out the characters that no name of the chat may hold."""
        for login, name in (
            ("ann", "ann"),
            ("www-data", "www-data"),
            ("_apt", "apt"),
            ("CORP\\Ann Lee", "CORP_Ann_Lee"),
            ("a" * 40, "a" * 32),
            ("жук", "жук"),
        ):
            self.assertEqual(self.login(login), name)
        self.assertRaises(UsageError, self.login, "$")

    def test_none(self) -> None:
        """A user without an entry in the password file is told to give a name."""
        for error in (KeyError("getpwuid(): uid not found: 54321"), OSError("No username")):

            def getuser(error: Exception = error) -> str:
                raise error

            self.patch(getpass, "getuser", getuser)
            refused = self.assertRaises(UsageError, loginName)
            self.assertIn("--name", str(refused))

    def test_status(self) -> None:
        """A missing name is wrong usage, told in one sentence."""
        said: list[str] = []
        self.patch(command, "report", said.append)
        self.patch(command, "_run", lambda options: loginName())
        self.patch(getpass, "getuser", lambda: "")
        self.assertEqual((command.main(["a", "1", "--send", "x"]), len(said)), (USAGE, 1))


class EndpointTests(SynchronousTestCase):
    """
    Ways to the server.
    """

    def make(self, *arguments: str) -> object:
        return makeEndpoint(parse(arguments), MemoryReactorClock(), lambda sentence: None)

    def test_kinds(self) -> None:
        """Host and port try all addresses of the host; a string is what it says."""
        self.assertIsInstance(self.make("localhost", "5000"), HostnameEndpoint)
        self.assertIsInstance(self.make("unix:/run/chat.sock"), UNIXClientEndpoint)

    def test_zones(self) -> None:
        """An address of one link is connected to with its zone, over TLS too."""
        for host in ("fe80::1%eth0", "fe80::1%2", "[ff02::1%lo]"):
            for options in ((), ("--tls",)):
                reactor = MemoryReactorClock()
                pins = self.mktemp()
                parsed = parse([host, "5000", "--pins", pins, *options])
                endpoint = makeEndpoint(parsed, reactor, lambda sentence: None)
                endpoint.connect(Factory.forProtocol(Protocol)).addErrback(lambda failure: None)
                self.assertEqual(reactor.tcpClients[0][:2], (host.strip("[]"), 5000))

    def test_mistakes(self) -> None:
        """A malformed endpoint string or fingerprint is wrong usage."""
        for arguments in (
            ("nothing:x",),
            ("tcp:",),
            ("tcp:host",),
            ("tcp:host:port",),
            (":",),
            ("host", "1", "--fingerprint", "zz"),
        ):
            self.assertRaises(UsageError, self.make, *arguments)
