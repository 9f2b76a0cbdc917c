"""
Tests for L{twisted_chat.net.listener}.
"""

from __future__ import annotations

import errno
from typing import Any

from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory
from twisted.trial.unittest import SynchronousTestCase

from tests.support.transports import FakeEndpoint
from twisted_chat.net.listener import Listener


def refused(number: int) -> CannotListenError:
    """
    @return: what a port says that cannot be had.
    """
    return CannotListenError("", 5000, OSError(number, "refused"))


class ListenerTests(SynchronousTestCase):
    """
    Tests for L{Listener}.
    """

    def setUp(self) -> None:
        self.calls: list[str] = []
        self.spareCalls: list[str] = []

    def make(self, error: Exception | None = None, host: Any = None, spare: Any = None) -> Listener:
        """
        A listener on a fake port.
        """
        endpoint: Any = FakeEndpoint(self.calls, error, host)
        return Listener(endpoint, "port 5000", spare)

    def test_order(self) -> None:
        """A port is bound without taking connections, then takes them, then is given back."""
        listener = self.make()
        listener.bind(Factory())
        self.assertEqual(self.calls, ["listen", "wait"])
        listener.open()
        self.assertEqual(self.calls[2:], ["accept"])
        self.successResultOf(listener.close())
        self.assertEqual(self.calls[3:], ["close"])

    def test_closesLater(self) -> None:
        """A port that is given back later is waited for."""
        listener = self.make()
        listener.bind(Factory())
        closing: Deferred[None] = Deferred()
        self.patch(FakeEndpoint, "stopListening", lambda port: closing)
        closed = listener.close()
        self.assertNoResult(closed)
        closing.callback(None)
        self.successResultOf(closed)

    def test_portWithoutReading(self) -> None:
        """A port that cannot be told to wait takes connections at once."""
        self.patch(FakeEndpoint, "stopReading", None)
        self.patch(FakeEndpoint, "startReading", None)
        listener = self.make()
        listener.bind(Factory())
        listener.open()
        self.assertEqual(self.calls, ["listen"])

    def test_spare(self) -> None:
        """The spare endpoint is bound if the system lacks this kind of address."""
        listener = self.make(refused(errno.EAFNOSUPPORT), spare=FakeEndpoint(self.spareCalls))
        listener.bind(Factory())
        self.assertEqual((self.calls, self.spareCalls), (["listen"], ["listen", "wait"]))

    def test_refused(self) -> None:
        """A port that is in use, or forbidden, is not tried again elsewhere."""
        for number in (errno.EADDRINUSE, errno.EACCES):
            error = refused(number)
            listener = self.make(error, spare=FakeEndpoint(self.spareCalls))
            self.assertIs(self.assertRaises(CannotListenError, listener.bind, Factory()), error)
        self.assertEqual(self.spareCalls, [])

    def test_noSpare(self) -> None:
        """Every refusal counts without a spare; with one, only the spare's."""
        error, second = refused(errno.EAFNOSUPPORT), refused(errno.EADDRINUSE)
        for expected, spare in ((error, None), (second, FakeEndpoint(self.spareCalls, second))):
            listener = self.make(error, spare=spare)
            self.assertIs(self.assertRaises(CannotListenError, listener.bind, Factory()), expected)

    def test_lockFile(self) -> None:
        """A UNIX socket whose lock is taken is refused as any other port is."""
        missing = FileNotFoundError(errno.ENOENT, "No such file or directory")
        error = self.assertRaises(CannotListenError, self.make(missing).bind, Factory())
        self.assertIs(error.socketError, missing)

    def test_addresses(self) -> None:
        """The bound address is told; if it stands for every address, this machine's is."""
        for host in ("192.0.2.1", "0.0.0.0", "::"):
            listener = self.make(host=IPv4Address("TCP", host, 5001))
            listener.bind(Factory())
            self.assertEqual(listener.number, 5001)
            if host == "192.0.2.1":
                self.assertEqual(listener.addresses, [host])
            else:
                self.assertEqual(listener.addresses[0], "127.0.0.1")
                self.assertNotIn(host, listener.addresses)

    def test_noNumber(self) -> None:
        """A UNIX socket has no number."""
        listener = self.make(host=UNIXAddress("/run/chat"))
        listener.bind(Factory())
        self.assertIs(listener.number, None)
