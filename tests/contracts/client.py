"""
What every client of the chat has to keep to: a mixin that runs the same tests for the connections
of the doors and for the doubles of the tests.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from twisted_chat.chat.interfaces import IClient, ICork


class ClientContract(SynchronousTestCase):
    """
    Tests for L{IClient} and L{ICork}.

    @ivar client: to be set by C{setUp}; has been sent nothing that C{received} tells of.
    """

    client: Any

    def received(self) -> bytes:
        """
        @return: what has arrived at the other end.
        """
        raise NotImplementedError

    def stopReading(self) -> None:
        """
        Have the other end read nothing more.
        """
        raise NotImplementedError

    def readOn(self) -> None:
        """
        Have the other end read everything.
        """
        raise NotImplementedError

    @property
    def isClosed(self) -> bool:
        """Whether nothing more will be sent."""
        raise NotImplementedError

    def test_interfaces(self) -> None:
        """A client provides L{IClient}, and its corks L{ICork}."""
        verifyObject(IClient, self.client)
        verifyObject(ICork, self.client.cork())
        self.assertEqual(self.client.address, f"{self.client.host}:51234")
        self.assertIsInstance(self.client.isTrusted, bool)
        self.assertIsInstance(self.client.isExposed, bool)

    def test_put(self) -> None:
        """Bytes that are put arrive in order."""
        self.client.put(b"1\r\n")
        self.client.put(b"2\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n")

    def test_reply(self) -> None:
        """Replies arrive in order with what is put, also while it is corked."""
        self.client.put(b"1\r\n")
        self.client.reply(b"2\r\n")
        cork = self.client.cork()
        self.client.reply(b"4\r\n")
        self.client.put(b"5\r\n")
        cork.release(b"3\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n3\r\n4\r\n5\r\n")

    def test_cork(self) -> None:
        """Bytes that are put while the client is corked follow those that release the cork."""
        cork = self.client.cork()
        self.client.put(b"2\r\n")
        self.client.put(b"3\r\n")
        self.assertEqual(self.received(), b"")
        cork.release(b"1\r\n")
        self.client.put(b"4\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n3\r\n4\r\n")

    def test_releaseNothing(self) -> None:
        """A cork may be released with nothing to say."""
        cork = self.client.cork()
        self.client.put(b"1\r\n")
        cork.release(b"")
        self.assertEqual(self.received(), b"1\r\n")

    def test_corksNest(self) -> None:
        """Output is held back until the last cork is released, whichever that is."""
        first, second, third = (self.client.cork() for _ in range(3))
        self.client.put(b"4\r\n")
        second.release(b"1\r\n")
        third.release(b"2\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n")
        first.release(b"3\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n3\r\n4\r\n")

    def test_releasedTwice(self) -> None:
        """A cork that is released once more lets go of nothing that another holds."""
        first, second = self.client.cork(), self.client.cork()
        self.client.put(b"4\r\n")
        first.release(b"1\r\n")
        first.release(b"2\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n")
        second.release(b"3\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n3\r\n4\r\n")

    def test_sendAhead(self) -> None:
        """A cork sends ahead of what is held back, and is told when there is room for more."""
        cork = self.client.cork()
        self.client.put(b"3\r\n")
        self.assertIs(self.successResultOf(cork.send(b"1\r\n")), None)
        self.assertEqual(self.received(), b"1\r\n")
        cork.release(b"2\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n3\r\n")

    def test_sendAheadWaits(self) -> None:
        """A cork is not told of room while the other end does not read."""
        cork = self.client.cork()
        self.stopReading()
        room = cork.send(b"1\r\n")
        self.assertNoResult(room)
        self.client.put(b"3\r\n")
        self.readOn()
        self.assertIs(self.successResultOf(room), None)
        cork.release(b"2\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n3\r\n")

    def test_discard(self) -> None:
        """Discarding throws away what all corks hold, and nothing is held back afterwards."""
        first, second = self.client.cork(), self.client.cork()
        self.client.put(b"lost\r\n")
        second.discard()
        self.client.put(b"1\r\n")
        self.assertEqual(self.received(), b"1\r\n")
        first.release(b"2\r\n")
        later = self.client.cork()
        self.client.put(b"4\r\n")
        first.release(b"")
        later.release(b"3\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n3\r\n4\r\n")

    def test_close(self) -> None:
        """The last lines come after all others, and nothing after them."""
        self.client.put(b"1\r\n")
        self.assertFalse(self.isClosed)
        self.client.close(b"2\r\n")
        self.client.put(b"late\r\n")
        self.client.reply(b"late\r\n")
        self.client.close(b"late\r\n")
        self.client.cork().release(b"late\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n")
        self.assertTrue(self.isClosed)

    def test_closeWithoutWords(self) -> None:
        """A close without last lines ends the connection."""
        self.client.close(b"")
        self.assertEqual((self.received(), self.isClosed), (b"", True))

    def test_closeWhileCorked(self) -> None:
        """
        The last lines wait for the last cork, and bytes that are put after the close are thrown
        away.
        """
        first, second = self.client.cork(), self.client.cork()
        self.client.put(b"3\r\n")
        self.client.close(b"4\r\n")
        self.client.put(b"late\r\n")
        first.release(b"1\r\n")
        self.assertEqual((self.received(), self.isClosed), (b"1\r\n", False))
        second.release(b"2\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n3\r\n4\r\n")
        self.assertTrue(self.isClosed)

    def test_closeAndDiscard(self) -> None:
        """Bytes that are discarded while held back do not come before the last lines, either."""
        for isFirst in (True, False):
            self.setUp()
            cork = self.client.cork()
            self.client.put(b"lost\r\n")
            if isFirst:
                self.client.close(b"1\r\n")
                cork.discard()
            else:
                cork.discard()
                self.client.close(b"1\r\n")
            self.assertEqual((self.received(), self.isClosed), (b"1\r\n", True))

    def test_answered(self) -> None:
        """A client may be told at any time that something was answered."""
        self.client.answered()
        self.client.close(b"bye\r\n")
        self.client.answered()
        self.assertEqual(self.received(), b"bye\r\n")

    def test_charge(self) -> None:
        """A client may be charged any number of lines at any time, also when it is closed."""
        self.client.charge(1)
        self.client.put(b"1\r\n")
        self.client.charge(10**9)
        self.client.put(b"2\r\n")
        self.assertEqual(self.received(), b"1\r\n2\r\n")
        self.client.close(b"")
        self.client.charge(1)

    def test_unreachable(self) -> None:
        """A client is reachable as long as nothing speaks against it."""
        self.assertIs(self.client.unreachable, False)
        self.client.put(b"1\r\n")
        self.assertIs(self.client.unreachable, False)
