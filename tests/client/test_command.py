"""
Tests of the command line.
"""

from __future__ import annotations

from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.command import Place, UsageError, makeEndpoint, parse


class ParseTests(SynchronousTestCase):
    """
    What the arguments mean.
    """

    def test_places(self) -> None:
        """A host and a port, or an endpoint string; options may stand anywhere."""
        for arguments, place in (
            (["localhost", "5000"], Place("localhost", 5000)),
            (["::1", "5000", "--name", "Ann"], Place("::1", 5000)),
            (["[::1]", "5000"], Place("::1", 5000)),
            (["--plain", "unix:/run/chat.sock"], Place(endpoint="unix:/run/chat.sock")),
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

    def test_mistakes(self) -> None:
        """A string or a fingerprint that is none is wrong usage."""
        for arguments in (
            ("nothing:x",),
            ("tcp:",),
            ("tcp:host",),
            ("tcp:host:port",),
            (":",),
            ("host", "1", "--fingerprint", "zz"),
        ):
            self.assertRaises(UsageError, self.make, *arguments)
