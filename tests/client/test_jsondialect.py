"""
Tests for L{twisted_chat.client.jsondialect}; what both dialects promise is in
L{tests.client.test_dialect}, and all of it is exercised in L{tests.client.test_link}.
"""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import makeDialect
from twisted_chat.client.jsondialect import JSONClientDialect
from twisted_chat.wire.events import Event, publicValues


class ComposeTests(SynchronousTestCase):
    """
    Lines that are messages, and lines that are commands.
    """

    def test_replyToNobody(self) -> None:
        """A reply without a last sender goes to the server as a command."""
        self.assertIsNone(makeDialect(JSONClientDialect).compose("/r hi"))


class RemovedTests(SynchronousTestCase):
    """
    Messages that moderators remove.
    """

    def setUp(self) -> None:
        self.dialect = makeDialect(JSONClientDialect)
        self.dialect.receive(b'{"type":"welcome","name":"Ann","room":"#lobby","last":5}')

    def hears(self, **fields: object) -> list[Event | None]:
        """
        @return: the events of an object that comes in.
        """
        raw = json.dumps({"room": "#lobby", "name": "Bob", **fields}).encode()
        return [message.event for message in self.dialect.receive(raw)]

    def test_late(self) -> None:
        """A removal is shown though a newer event came before it, and other late events are not."""
        self.hears(type="said", id=9, text="x")
        self.assertEqual(len(self.hears(type="removed", id=8, of="Eve", ids=[3])), 1)
        self.assertEqual(self.hears(type="said", id=8, text="x"), [])

    def test_parts(self) -> None:
        """A removal that comes in parts is shown once, with the count of all."""
        first = self.hears(type="removed", id=8, of="Eve", ids=[1, 2], count=3, more=True)
        (event,) = self.hears(type="removed", id=8, of="Eve", ids=[3], count=3)
        self.assertEqual(first, [])
        assert event is not None
        self.assertEqual((publicValues(event)["count"], event.to), (3, "Eve"))


class PingTests(SynchronousTestCase):
    """
    The barrier behind commands.
    """

    def test_barrier(self) -> None:
        """Lines pass once the pong of the last command has come."""
        dialect = makeDialect(JSONClientDialect)
        dialect.receive(b'{"type":"welcome","name":"Ann","room":"#lobby"}')
        _, ping = map(json.loads, dialect.command("/join #dev").splitlines())
        other = json.loads(dialect.ping())
        dialect.receive(json.dumps({"type": "pong", "key": other["key"]}).encode())
        self.assertTrue(dialect.busy)
        dialect.receive(json.dumps({"type": "pong", "key": ping["key"]}).encode())
        self.assertFalse(dialect.busy)

    def test_foreignPong(self) -> None:
        """The pong of a program's own ping goes to the program."""
        dialect = makeDialect(JSONClientDialect)
        dialect.receive(b'{"type":"welcome","name":"Ann","room":"#lobby"}')
        self.assertEqual([h.kind for h in dialect.receive(b'{"type":"pong","key":"x"}')], ["pong"])


class LateTests(SynchronousTestCase):
    """
    Events whose ids are smaller than those of events before them.
    """

    def test_removal(self) -> None:
        """
        A removal that comes late is shown, and another event that came before is not shown twice.
        """
        dialect = makeDialect(JSONClientDialect)
        dialect.receive(b'{"type":"welcome","name":"Ann","room":"#lobby","last":10}')
        for kind, shown in (("said", 0), ("removed", 1), ("restored", 1)):
            line = {"type": kind, "id": 9, "room": "#lobby", "name": "Bob", "of": "Eve", "ids": [5]}
            self.assertEqual(len(dialect.receive(json.dumps(line).encode())), shown, kind)
