"""
Tests for L{twisted_chat.net.sockets}.
"""

from __future__ import annotations

import select
import socket
import struct
import sys

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.support.transports import SocketTransport
from twisted_chat.net import sockets as module
from twisted_chat.net.sockets import (
    allArrived,
    hasUnread,
    isUnreachable,
    peerEnded,
    plainSend,
    prepare,
    raiseDescriptorLimit,
    tune,
    unacknowledged,
)


class FakeSocket:
    """
    A socket that remembers its options.
    """

    def __init__(self, refused: tuple[int, ...] = ()) -> None:
        self.options: dict[tuple[int, int], int] = {}
        self.refused = refused

    def setsockopt(self, level: int, option: int, value: int) -> None:
        """
        Remember an option, or refuse it as the kernel does.
        """
        if option in self.refused:
            raise OSError(92, "Protocol not available")
        self.options[level, option] = value

    def getsockopt(self, level: int, option: int) -> int:
        """
        An option that was not set is off.
        """
        return self.options.get((level, option), 0)


class FakeTransport:
    """
    A transport over a L{FakeSocket}.
    """

    def __init__(self, handle: object) -> None:
        self.handle = handle

    def getHandle(self) -> object:
        """
        The socket.
        """
        return self.handle


class Wrapping:
    """
    A transport inside another, as TLS is.
    """

    def __init__(self, transport: object) -> None:
        self.transport = transport

    def getHandle(self) -> object:
        """
        What TLS has for a handle.
        """
        raise AssertionError("not the socket")


class TuneTests(SynchronousTestCase):
    """
    Tests for L{tune}.
    """

    def test_options(self) -> None:
        """A socket sends at once, and gets keepalive and the time limit for unacknowledged data."""
        handle = FakeSocket()
        tune(FakeTransport(handle))
        self.assertEqual(handle.options[socket.SOL_SOCKET, socket.SO_KEEPALIVE], 1)
        for name, value in [
            ("TCP_NODELAY", 1),
            ("TCP_KEEPIDLE", 60),
            ("TCP_KEEPINTVL", 15),
            ("TCP_KEEPCNT", 4),
            ("TCP_USER_TIMEOUT", 60_000),
        ]:
            option = getattr(socket, name, None)
            if option is not None:
                self.assertEqual(handle.options[socket.IPPROTO_TCP, option], value)

    def test_insideTLS(self) -> None:
        """The socket is found below TLS."""
        handle = FakeSocket()
        tune(Wrapping(Wrapping(FakeTransport(handle))))
        self.assertTrue(handle.options)

    def test_missingOption(self) -> None:
        """An option that the kernel refuses does not keep the others away."""
        handle = FakeSocket(refused=(socket.SO_KEEPALIVE, socket.TCP_KEEPINTVL))
        tune(FakeTransport(handle))
        self.assertIn((socket.IPPROTO_TCP, socket.TCP_KEEPCNT), handle.options)

    def test_missingName(self) -> None:
        """An option that this system does not have is left out."""
        options = (("IPPROTO_TCP", "TCP_NO_SUCH_OPTION", 1), *module._OPTIONS[1:])
        self.patch(module, "_OPTIONS", options)
        handle = FakeSocket()
        tune(FakeTransport(handle))
        self.assertEqual(handle.options[socket.IPPROTO_TCP, socket.TCP_KEEPCNT], 4)

    def test_noTCP(self) -> None:
        """A UNIX socket and a transport without a socket are no error."""
        one, other = socket.socketpair()
        self.addCleanup(one.close)
        self.addCleanup(other.close)
        tune(FakeTransport(one))
        tune(StringTransport())
        tune(FakeTransport(None))

    def test_inherited(self) -> None:
        """The connections of a listening socket that was prepared need no options of their own."""
        self.patch(sys, "platform", "linux")
        handle = FakeSocket()
        tune(FakeTransport(handle))
        inherited = FakeSocket()
        inherited.options[socket.SOL_SOCKET, socket.SO_KEEPALIVE] = 1
        tune(FakeTransport(inherited))
        self.assertEqual(len(inherited.options), 1)

    def test_prepared(self) -> None:
        """The connections of a listening socket inherit its options on Linux."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        prepare(listening)
        client = socket.create_connection(listening.getsockname())
        self.addCleanup(client.close)
        accepted, _ = listening.accept()
        self.addCleanup(accepted.close)
        if sys.platform != "linux":
            tune(FakeTransport(accepted))
        self.assertTrue(accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        self.assertTrue(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        self.assertEqual(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT), 4)
        self.assertTrue(accepted.getsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE))

    def test_backlog(self) -> None:
        """A prepared socket lets as many connections wait as it was told."""
        if sys.platform != "linux":
            return
        listening = socket.create_server(("127.0.0.1", 0), backlog=1)
        self.addCleanup(listening.close)
        prepare(listening, 64)
        for _ in range(16):
            client = socket.create_connection(listening.getsockname(), timeout=0.5)
            self.addCleanup(client.close)

    def test_unread(self) -> None:
        """Unread bytes of a peer are seen; a transport without a socket has none."""
        transport = SocketTransport()
        self.addCleanup(transport.close)
        self.assertFalse(hasUnread(transport))
        transport.peer.send(b"Ann\n")
        self.assertTrue(hasUnread(transport))
        transport.handle.recv(100)
        self.assertFalse(hasUnread(transport))
        self.assertFalse(hasUnread(FakeTransport(None)))

    def test_notPrepared(self) -> None:
        """A port without a socket, and one that is closed, are no error."""
        prepare(object())
        listening = socket.create_server(("127.0.0.1", 0))
        listening.close()
        prepare(listening)

    def test_kernelKeepsThem(self) -> None:
        """The kernel of this machine takes the options of a TCP socket."""
        handle = socket.socket()
        self.addCleanup(handle.close)
        tune(FakeTransport(handle))
        self.assertTrue(handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))
        self.assertEqual(handle.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT), 4)


class SendTests(SynchronousTestCase):
    """
    Tests for L{plainSend} and L{allArrived}.
    """

    def setUp(self) -> None:
        self.transport = SocketTransport()
        self.addCleanup(self.transport.close)

    def test_unreachable(self) -> None:
        """A peer is unreachable when it was sent to for a while, and acknowledged nothing."""
        if sys.platform != "linux":
            return
        for tries, backoff, timeout, unacked, silence, expected in (
            (6, 6, 12.8, 1, 15_000, True),
            (10, 3, 2.0, 3, 15_000, True),
            (6, 6, 12.8, 1, 14_999, False),
            (6, 6, 12.8, 0, 60_000, False),
            (0, 0, 0.2, 1, 60_000, False),
            (1, 1, 0.4, 1, 60_000, False),
        ):
            info = struct.pack(
                "=2xBxB3xI12xI28xI", tries, backoff, int(timeout * 1e6), unacked, silence
            )

            class Handle:
                """A socket about which the kernel says this."""

                def getsockopt(
                    self, level: int, option: int, size: int, info: bytes = info
                ) -> bytes:
                    """See C{socket}."""
                    return info

            self.assertIs(isUnreachable(FakeTransport(Handle()), 15.0), expected)

    def test_reachable(self) -> None:
        """A peer that has taken everything is reachable, and so is one that only does not read."""
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        client = socket.create_connection(listening.getsockname())
        self.addCleanup(client.close)
        accepted, _ = listening.accept()
        self.addCleanup(accepted.close)
        accepted.setblocking(False)
        for data in (b"hello", b"x" * 10_000_000):
            accepted.send(data)
            self.assertFalse(isUnreachable(FakeTransport(accepted), 15.0))
        self.assertFalse(isUnreachable(FakeTransport(None), 15.0))
        self.assertFalse(isUnreachable(self.transport, 15.0))

    def test_peerEnded(self) -> None:
        """The end of a stream is seen behind unread bytes."""
        transport = SocketTransport()
        self.addCleanup(transport.close)
        transport.peer.send(b"unread")
        self.assertFalse(peerEnded(transport))
        transport.peer.shutdown(socket.SHUT_WR)
        self.assertEqual(peerEnded(transport), hasattr(select, "POLLRDHUP"))

    def test_peerEndedUnknown(self) -> None:
        """A stream counts as going on if nobody can tell."""
        transport = SocketTransport()
        transport.close()
        self.assertFalse(peerEnded(transport))
        self.assertFalse(peerEnded(StringTransport()))
        self.patch(select, "POLLRDHUP", None)
        self.assertFalse(peerEnded(transport))

    def test_plainSend(self) -> None:
        """Bytes written directly to a plain socket are on their way at once."""
        send = plainSend(self.transport)
        assert send is not None
        self.assertEqual(send(b"here"), 4)
        self.assertEqual(self.transport.peer.recv(100), b"here")

    def test_noPlainSocket(self) -> None:
        """Any other transport has no direct way."""
        for transport in (StringTransport(), FakeTransport(None), FakeTransport(FakeSocket())):
            self.assertIs(plainSend(transport), None)

    def test_allArrived(self) -> None:
        """The kernel tells whether the peer's system has everything."""
        self.assertTrue(allArrived(self.transport))
        self.transport.handle.send(b"here")
        self.assertFalse(allArrived(self.transport))
        self.transport.pump()
        self.assertTrue(allArrived(self.transport))

    def test_unacknowledged(self) -> None:
        """The kernel tells how much the peer's system has not taken, also from outside of TLS."""
        self.transport.handle.send(b"here")
        unsent = unacknowledged(self.transport)
        assert unsent is not None
        self.assertGreater(unsent, 0)
        self.transport.pump()
        self.assertEqual(unacknowledged(self.transport), 0)
        self.assertIs(unacknowledged(StringTransport()), None)

    def test_nobodyKnows(self) -> None:
        """A closed socket, or a system that cannot tell, never counts as having everything."""
        self.patch(module, "termios", None)
        self.assertFalse(allArrived(self.transport))
        self.transport.handle.close()
        self.assertFalse(allArrived(self.transport))


class RaiseDescriptorLimitTests(SynchronousTestCase):
    """
    Tests for L{raiseDescriptorLimit}.
    """

    def setUp(self) -> None:
        import resource

        self.asked: list[tuple[int, int]] = []
        self.resource = resource

    def limits(self, soft: int, hard: int, refuse: bool = False) -> None:
        """
        Let this process have these limits.
        """

        def setrlimit(which: int, limits: tuple[int, int]) -> None:
            self.asked.append(limits)
            if refuse:
                raise ValueError("not allowed to raise maximum limit")

        self.patch(self.resource, "getrlimit", lambda which: (soft, hard))
        self.patch(self.resource, "setrlimit", setrlimit)

    def test_raised(self) -> None:
        """The soft limit is raised to what is wanted."""
        self.limits(1024, 1_048_576)
        self.assertEqual(raiseDescriptorLimit(), 65_536)
        self.assertEqual(self.asked, [(65_536, 1_048_576)])

    def test_hardLimit(self) -> None:
        """The soft limit is not raised above the hard one."""
        self.limits(1024, 4096)
        self.assertEqual(raiseDescriptorLimit(), 4096)

    def test_noHardLimit(self) -> None:
        """The soft limit is raised as wanted if there is no hard limit."""
        self.limits(1024, self.resource.RLIM_INFINITY)
        self.assertEqual(raiseDescriptorLimit(2000), 2000)

    def test_neverLowered(self) -> None:
        """A limit that is high enough is left alone."""
        self.limits(100_000, 200_000)
        self.assertEqual(raiseDescriptorLimit(), 100_000)
        self.limits(self.resource.RLIM_INFINITY, self.resource.RLIM_INFINITY)
        self.assertEqual(raiseDescriptorLimit(), 65_536)
        self.assertEqual(self.asked, [])

    def test_refused(self) -> None:
        """A system that refuses leaves the limit as it is."""
        self.limits(256, self.resource.RLIM_INFINITY, refuse=True)
        self.assertEqual(raiseDescriptorLimit(), 256)
