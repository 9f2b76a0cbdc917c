"""
Tests of the link across connections: what is sent again, what is shown once, and when it tries.
"""

from __future__ import annotations

from twisted.internet.error import ConnectionLost, ConnectionRefusedError
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import CONNECTED, PROMPT, WELCOME, Linked
from twisted_chat.client.link import HEARTBEAT_INTERVAL
from twisted_chat.client.outbox import MAX_WAITING_MESSAGES, OutboxFull
from twisted_chat.errors import BadCommand, ChatError


class TextTests(SynchronousTestCase):
    """
    The text dialect, which has no sessions.
    """

    def test_retry(self) -> None:
        """
        A message that was sent before a drop is in doubt, and one that was not is sent; C{resend}
        decides.
        """
        it = Linked("Ann", textOnly=True, retry=True)
        peer = it.enterText()
        it.link.say("sent")
        peer.closes(ConnectionLost())
        self.assertEqual(
            it.ui.took(),
            [("offline", "The connection to example port 5000 was lost.", 0.5, 1)],
        )
        it.link.say("typed meanwhile")
        it.clock.advance(0.5)
        peer = it.endpoint.accept()
        peer.sends(PROMPT + CONNECTED)
        self.assertEqual(it.ui.took(), [("entered", True)])
        self.assertEqual(peer.got(), b"Ann\r\ntyped meanwhile\r\n")
        self.assertEqual(it.link.resend(), 1)
        self.assertEqual(peer.got(), b"sent\r\n")

    def test_ownNameStillHeld(self) -> None:
        """A name that the client's own dead connection holds is tried again later."""
        it = Linked("Ann", textOnly=True, retry=True)
        it.enterText().closes()
        it.clock.advance(0.5)
        peer = it.endpoint.accept()
        peer.sends(PROMPT + b"! this name is taken\r\n" + PROMPT)
        self.assertEqual(it.ui.took()[-1], ("offline", "this name is taken", 1.0, 0))

    def test_renamed(self) -> None:
        """A later connection has the name that the user had last."""
        it = Linked("Ann", textOnly=True, retry=True)
        peer = it.enterText()
        it.link.say("/nick Anna")
        peer.sends(b"* You are now Anna\r\n")
        peer.closes()
        it.clock.advance(0.5)
        self.assertEqual(it.endpoint.accept().got(), b"Anna\r\n")

    def test_slowPerson(self) -> None:
        """A user who thinks about a name for longer than the server waits is connected again."""
        it = Linked("", textOnly=True)
        peer = it.endpoint.accept()
        it.ui.took()
        peer.sends(PROMPT)
        it.clock.advance(30)
        peer.sends(b"! no name came in time\r\n")
        peer.closes()
        self.assertEqual(it.ui.took(), [])
        it.link.enter("Ann")
        self.assertEqual(it.endpoint.accept().got(), b"Ann\r\n")


class JSONTests(SynchronousTestCase):
    """
    The JSON dialect, in which a session goes on.
    """

    def test_lostBehindACommand(self) -> None:
        """Lines that wait for a command are in doubt if the connection goes before its answer."""
        it = Linked("Ann", retry=True)
        peer = it.enterJSON()
        it.link.say("/join #dev")
        it.link.say("Hello, dev!")
        peer.closes()
        self.assertEqual(it.ui.took()[-1][-1], 1)
        it.clock.advance(1)
        peer = it.enterJSON(resumed=True)
        self.assertEqual(it.link.outbox.doubtful, 1)

    def test_resume(self) -> None:
        """The outbox follows the welcome after a drop, in order, before anything new."""
        it = Linked("Ann", retry=True)
        peer = it.enterJSON()
        it.link.say("one")
        it.link.say("two")
        peer.says(type="ok", key="k1", id=11, time=1.0)
        peer.closes()
        it.link.say("three")
        it.clock.advance(0.5)
        peer = it.endpoint.accept()
        self.assertEqual(
            peer.objects(),
            [{"type": "hello", "name": "Ann", "token": "T", "epoch": "E", "last": 11}],
        )
        peer.sends(PROMPT)
        peer.says(**{**WELCOME, "resumed": True, "last": 12, "missed": 1})
        it.link.say("four")
        self.assertEqual([o["text"] for o in peer.objects()], ["two", "three", "four"])
        self.assertEqual([o[0] for o in it.ui.took()], ["heard", "offline", "entered"])

    def test_ownMessageInTheReplay(self) -> None:
        """A message seen in the replay is confirmed as by its receipt, and once."""
        it = Linked("Ann", retry=True)
        peer = it.enterJSON()
        it.link.say("one")
        peer.closes()
        it.clock.advance(0.5)
        peer = it.enterJSON(resumed=True, last=11, missed=1)
        peer.says(type="said", id=11, time=1.0, room="#lobby", name="Ann", text="one", key="k1")
        peer.says(type="ok", key="k1", id=11, time=1.0)
        self.assertEqual(it.ui.took().count(("heard", "OK . .")), 1)

    def test_missedOnce(self) -> None:
        """An event that was seen before the drop is not shown again."""
        it = Linked("Ann", retry=True)
        peer = it.enterJSON()
        event = {"type": "said", "time": 1.0, "room": "#lobby", "name": "Bob"}
        peer.says(id=11, text="one", **event)
        peer.closes()
        it.clock.advance(0.5)
        it.ui.took()
        peer = it.endpoint.accept()
        peer.says(**{**WELCOME, "resumed": True, "last": 12, "missed": 2})
        peer.says(id=11, text="one", **event)
        peer.says(id=12, text="two", **event)
        self.assertEqual(it.ui.took(), [("entered", True), ("heard", "Bob :: two")])

    def test_dropDuringTheReplay(self) -> None:
        """Events that the replay did not bring are asked for again."""
        it = Linked("Ann", retry=True)
        it.enterJSON().closes()
        it.clock.advance(0.5)
        peer = it.enterJSON(resumed=True, last=20, missed=2)
        peer.says(type="said", id=15, time=1.0, room="#lobby", name="Bob", text="one")
        peer.closes()
        it.clock.advance(1)
        self.assertEqual(it.endpoint.accept().objects()[0]["last"], 15)

    def test_newSession(self) -> None:
        """Messages that were sent are in doubt if the server no longer knows the session."""
        it = Linked("Ann", retry=True)
        peer = it.enterJSON()
        it.link.say("sent")
        peer.closes()
        it.link.say("typed meanwhile")
        it.clock.advance(0.5)
        peer = it.endpoint.accept()
        peer.objects()
        peer.says(**{**WELCOME, "epoch": "F", "last": 3})
        self.assertEqual([o["text"] for o in peer.objects()], ["typed meanwhile"])
        self.assertEqual((it.link.outbox.doubtful, it.link.session.last), (1, 3))

    def test_outboxFull(self) -> None:
        """A bounded number of messages waits for a connection, and a command is refused."""
        it = Linked("Ann", retry=True)
        it.enterJSON().closes()
        for number in range(MAX_WAITING_MESSAGES):
            it.link.say(str(number))
        self.assertRaises(OutboxFull, it.link.say, "one more")
        self.assertRaises(BadCommand, it.link.say, "/names")
        it.clock.advance(0.5)
        peer = it.endpoint.accept()
        peer.got()
        peer.says(**{**WELCOME, "resumed": True})
        self.assertEqual(
            [o["text"] for o in peer.objects()], list(map(str, range(MAX_WAITING_MESSAGES)))
        )

    def test_backoff(self) -> None:
        """The delay doubles up to half a minute, and starts again after a good connection."""
        it = Linked("Ann", retry=True)
        it.enterJSON().closes()
        delays = [it.ui.took()[0][2]]
        for _ in range(7):
            it.clock.advance(delays[-1])
            it.endpoint.refuse(ConnectionRefusedError())
            delays.append(it.ui.took()[0][2])
        self.assertEqual(delays, [0.5, 1, 2, 4, 8, 16, 30, 30])
        it.clock.advance(30)
        peer = it.enterJSON(resumed=True)
        it.clock.advance(10)
        peer.closes()
        self.assertEqual(it.ui.took()[0][2], 0.5)

    def test_jitter(self) -> None:
        """The delay is a random part of its bound."""
        it = Linked("Ann", retry=True, jitter=lambda: 0.25)
        it.enterJSON().closes()
        self.assertEqual(it.ui.took()[0][2], 0.125)

    def test_firstAttempt(self) -> None:
        """The link tries an unreachable server once unless it is told to retry."""
        it = Linked("Ann", retry=True)
        it.endpoint.refuse(ConnectionRefusedError())
        self.assertEqual(it.ui.took(), [("ended", "unreachable")])
        it = Linked("Ann", retry=True, insist=True)
        it.endpoint.refuse(ConnectionRefusedError())
        self.assertEqual(it.ui.took()[0][0], "offline")

    def test_untrusted(self) -> None:
        """A server that the client itself refuses is not tried again."""
        it = Linked("Ann", retry=True, insist=True)
        it.endpoint.refuse(ChatError("The fingerprint has changed."))
        self.assertEqual(it.ui.took(), [("ended", "refused")])

    def test_leaveWhileOffline(self) -> None:
        """A user who leaves ends the wait for the next attempt, and is told what waits."""
        it = Linked("Ann", retry=True)
        it.enterJSON().closes()
        it.ui.took()
        it.link.say("one")
        it.link.leave()
        self.assertEqual(it.ui.took(), [("ended", "unconfirmed")])
        it.clock.advance(60)
        self.assertEqual((it.endpoint.attempts, it.clock.getDelayedCalls()), ([], []))

    def test_heartbeat(self) -> None:
        """The link asks after a silence, and a server that stays silent counts as lost."""
        it = Linked("Ann", retry=True)
        peer = it.enterJSON()
        it.clock.advance(HEARTBEAT_INTERVAL)
        (ping,) = peer.objects()
        peer.says(type="pong", key=ping["key"])
        it.clock.advance(HEARTBEAT_INTERVAL)
        self.assertEqual(len(peer.objects()), 1)
        self.assertEqual(it.ui.took(), [])
        it.clock.advance(HEARTBEAT_INTERVAL)
        self.assertEqual(
            it.ui.took()[0][:2], ("offline", "The server at example port 5000 does not answer.")
        )

    def test_pausedAcrossConnections(self) -> None:
        """A full output stops reading, from the next connection too."""
        it = Linked("Ann", retry=True)
        peer = it.enterJSON()
        it.link.pauseProducing()
        self.assertEqual(peer.transport.producerState, "paused")
        peer.closes()
        it.clock.advance(0.5)
        peer = it.endpoint.accept()
        self.assertEqual(peer.transport.producerState, "paused")
        it.link.resumeProducing()
        self.assertEqual(peer.transport.producerState, "producing")
