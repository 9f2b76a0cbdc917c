"""
Tests for L{twisted_chat.doors.lines.jsonrequests}: a hello that goes on with a session.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.doors.lines.support import RequestsTestCase
from tests.support.peers import Peer
from twisted_chat.chat.hub import Hub
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.net.limits import KIB, Limits
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.stores.session import Session


class SlowRecallLog(MemoryLog):
    """
    A log that reads sessions when the test says so.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Deferred[Session | None]] = []

    def recall(self, tokenHash: str) -> Deferred[Session | None]:
        """See L{twisted_chat.stores.interfaces.ISessions}."""
        self.asked.append(Deferred())
        return self.asked[-1]


class ResumeTests(RequestsTestCase):
    """
    A hello with a token.
    """

    def test_resume(self) -> None:
        """
        A resumed session gets what it missed, its own messages with their keys, and then new
        events.
        """
        first = self.program()
        token = first.objects[0]["token"]
        first.asks("say", text="mine", key="k1")
        last = first.objects[-1]["id"]
        first.asks("say", text="unseen", key="k2")
        first.drops()
        ann = Peer(self.factory, "Ann")
        ann.types("missed")
        second = self.program(token=token, last=last, epoch=self.hub.log.epoch)
        welcome, *missed = second.objects
        self.assertTrue(welcome["resumed"])
        self.assertEqual(welcome["missed"], len(missed))
        said = [(value["text"], value.get("key")) for value in missed if value["type"] == "said"]
        self.assertEqual(said, [("unseen", "k2"), ("missed", None)])
        answer = self.answer(second, "say", text="unseen", key="k2")
        self.assertEqual((answer["type"], answer["id"]), ("ok", missed[0]["id"]))

    def test_whileStillHere(self) -> None:
        """A token takes the session over from its own connection, in the middle of its life."""
        first = self.program()
        welcome = first.objects[0]
        for _ in range(2):
            second = self.program(
                token=welcome["token"], last=welcome["last"], epoch=welcome["epoch"]
            )
            self.assertTrue(second.objects[0]["resumed"])
            self.assertEqual(first.objects[-1]["type"], "bye")
            self.assertTrue(first.isClosed)
            first = second

    def test_muchMissed(self) -> None:
        """A session that is taken over may get more than a stranger may have waiting."""
        first = self.program()
        welcome = first.objects[0]
        Peer(self.factory, "Ann").types(*["x" * 1000] * 30)
        factory = ChatFactory(self.hub, limits=Limits(maxQueueBeforeLogin=KIB))
        second = Peer(factory)
        second.stopsReading()
        second.asks("hello", token=welcome["token"], last=0, epoch=welcome["epoch"])
        self.assertFalse(second.isAborted)
        second.readsAgain()
        self.assertEqual(len([v for v in second.objects if v["type"] == "said"]), 30)

    def test_waits(self) -> None:
        """No request is taken while a session is read, and then all are in order."""
        log = SlowRecallLog()
        peer = Peer(ChatFactory(Hub(log)))
        peer.asks("hello", name="Bot", token="x")
        peer.asks("hello", name="Other")
        peer.asks("say", text="hi", key="1")
        self.assertFalse(peer.isReadFrom)
        self.assertEqual(peer.objects, [])
        log.asked[0].callback(None)
        types = [value["type"] for value in peer.objects]
        self.assertEqual(types, ["welcome", "error", "ok"])
        self.assertEqual(len(log.asked), 1)
        self.assertTrue(peer.isReadFrom)

    def test_refusedAfterTheWait(self) -> None:
        """A name may be refused when the session is read, and another hello is taken."""
        log = SlowRecallLog()
        factory = ChatFactory(Hub(log))
        peer = Peer(factory)
        peer.asks("hello", name="Ann", token="x")
        Peer(factory, "Ann")
        log.asked[0].callback(None)
        self.assertEqual(peer.objects[-1]["code"], "name-taken")
        peer.asks("hello", name="Bot")
        self.assertEqual(peer.objects[-1]["type"], "welcome")

    def test_lostWhileWaiting(self) -> None:
        """A connection lost before its session is read logs nobody in, and takes nothing over."""
        log = SlowRecallLog()
        factory = ChatFactory(Hub(log))
        peer = Peer(factory)
        peer.asks("hello", name="Bot", token="x")
        peer.drops()
        log.asked[0].callback(Session("sid", "hash", "Bot"))
        self.assertEqual(factory.users, {})

    def test_tooLateWhileWaiting(self) -> None:
        """A login whose time is over when its session is read logs nobody in."""
        log, clock = SlowRecallLog(), Clock()
        factory = ChatFactory(Hub(log), clock)
        peer = Peer(factory)
        peer.asks("hello", name="Bot", token="x")
        clock.pump([0.5] * 62)
        log.asked[0].callback(None)
        self.assertEqual(factory.users, {})
        self.assertEqual(peer.objects[-1]["code"], "login-timeout")

    def test_unreadable(self) -> None:
        """A client whose session cannot be read is told so, and may try again."""
        log = SlowRecallLog()
        peer = Peer(ChatFactory(Hub(log)))
        peer.asks("hello", name="Bot", token="x")
        log.asked[0].errback(OSError("/var/lib/chat.sqlite: disk I/O error"))
        (answer,) = peer.objects
        self.assertEqual(answer["code"], "no-history")
        self.assertNotIn("sqlite", answer["text"])
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        peer.asks("hello", name="Bot")
        self.assertEqual(peer.objects[-1]["type"], "welcome")
