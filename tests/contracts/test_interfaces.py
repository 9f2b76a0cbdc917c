# -*- test-case-name: tests.contracts.test_interfaces -*-
"""
Tests for the interfaces of all folders: all who promise an interface keep it.
"""

from __future__ import annotations

from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementedBy
from zope.interface.verify import verifyClass, verifyObject

from tests.support.helpers import FakeClient, FaultyLog, enter, makeHub
from twisted_chat.chat.hub import Hub
from twisted_chat.chat.interfaces import IClient
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.doors.lines.protocol import ChatProtocol
from twisted_chat.stores.interfaces import (
    IFollower,
    IHistory,
    ILog,
    IRecords,
    IRooms,
    ISessions,
    IStore,
)
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.stores.sqlite.store import SQLiteLog
from twisted_chat.wire.interfaces import IDialect, IView
from twisted_chat.wire.jsonlines import JSON, JSONDialect
from twisted_chat.wire.textlines import TEXT, TextDialect, TextView


class InterfacesTests(SynchronousTestCase):
    """
    The seams of the server.
    """

    def test_dialects(self) -> None:
        """
        Both dialects provide L{IDialect}, and the views they give provide theirs.
        """
        for cls in (TextDialect, JSONDialect):
            verifyClass(IDialect, cls)
        for dialect in (TEXT, JSON):
            verifyObject(IDialect, dialect)
            verifyObject(IView, dialect.here)
            verifyObject(IView, dialect.elsewhere)
        verifyClass(IView, TextView)

    def test_stores(self) -> None:
        """
        Each log is also a history and keeps sessions, so that the hub needs no second store.
        """
        for cls in (MemoryLog, SQLiteLog):
            for interface in (IStore, ILog, IHistory, IRecords, IRooms, ISessions):
                self.assertTrue(interface.implementedBy(cls), f"{cls} is no {interface}")
                verifyClass(interface, cls)
        verifyObject(IStore, MemoryLog())
        verifyObject(IStore, FaultyLog())

    def test_hub(self) -> None:
        """
        The hub follows its log.
        """
        verifyClass(IFollower, Hub)
        verifyObject(IFollower, makeHub())

    def test_clients(self) -> None:
        """
        A connection of the server provides L{IClient}, and so does the one of tests.
        """
        verifyClass(IClient, ChatProtocol)
        protocol = ChatFactory().buildProtocol(None)
        assert protocol is not None
        protocol.makeConnection(StringTransport())
        verifyObject(IClient, protocol)
        verifyObject(IClient, enter(makeHub(), "Ann"))
        self.assertIn(IClient, implementedBy(FakeClient))
