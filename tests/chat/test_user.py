# -*- test-case-name: tests.chat.test_user -*-
"""
Tests for L{twisted_chat.chat.user}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import NOW, enter, enterAll, makeHub, makeTurnHub
from twisted_chat.errors import BadText, NoSuchRoom, NoSuchUser
from twisted_chat.stores.session import hashToken
from twisted_chat.wire.events import ACTED
from twisted_chat.wire.jsonlines import JSON


class SpeakingTests(SynchronousTestCase):
    """
    Messages, as a door passes them on.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob = enterAll(self.hub, "Ann", "Bob")

    def test_say(self) -> None:
        """
        A message is heard by the others in the room and answered by a receipt.
        """
        self.ann.user.say("Hi!")
        self.assertEqual((self.ann.lines, self.bob.lines), (["OK . ."], ["Ann :: Hi!"]))

    def test_act(self) -> None:
        """
        An action is heard and answered like a message.
        """
        self.ann.user.say("waves", kind=ACTED)
        self.assertEqual((self.ann.lines, self.bob.lines), (["OK . ."], ["* Ann waves"]))

    def test_emptyText(self) -> None:
        """
        A text of which nothing is left is refused, and nothing is sent.
        """
        for speak in (
            lambda: self.ann.user.say(""),
            lambda: self.ann.user.say(" \t\u3000"),
            lambda: self.ann.user.say("", kind=ACTED),
            lambda: self.ann.user.tell("Bob", ""),
        ):
            with self.assertRaises(BadText):
                speak()
        self.assertEqual((self.ann.puts, self.bob.puts), ([], []))

    def test_otherRoom(self) -> None:
        """
        A message goes to the current room unless it names another, which its author must be in.
        """
        self.bob.types("/join #dev")
        self.ann.types("/join #dev")
        self.ann.forget()
        self.bob.forget()
        self.ann.user.say("here")
        self.ann.user.say("there", "#lobby")
        self.assertEqual(self.bob.lines, ["Ann :: here", "#lobby Ann :: there"])
        with self.assertRaises(NoSuchRoom):
            self.ann.user.say("nowhere", "#other")

    def test_tell(self) -> None:
        """
        A direct message is heard by its reader alone.
        """
        (cem,) = enterAll(self.hub, "Cem")
        self.ann.forget()
        self.bob.forget()
        self.ann.user.tell("bob", "psst")
        self.assertEqual(self.ann.lines, ["OK . ."])
        self.assertEqual(self.bob.lines, ["Ann -> you :: psst"])
        self.assertEqual(cem.lines, [])

    def test_tellNobody(self) -> None:
        """
        A direct message to nobody is refused.
        """
        with self.assertRaises(NoSuchUser):
            self.ann.user.tell("Cem", "psst")

    def test_tellOneself(self) -> None:
        """
        A direct message to its own author is answered once.
        """
        self.ann.user.tell("Ann", "note")
        self.assertEqual(self.ann.lines, ["OK . ."])

    def test_tellLastSender(self) -> None:
        """
        A reply goes to the last user who sent a direct message, whatever their name is by then.
        """
        with self.assertRaises(NoSuchUser):
            self.bob.user.tellLastSender("who?")
        self.ann.user.tell("Bob", "psst")
        self.ann.types("/nick Anna")
        self.ann.forget()
        self.bob.user.tellLastSender("yes?")
        self.assertEqual(self.ann.lines, ["Bob -> you :: yes?"])
        self.ann.drops()
        with self.assertRaises(NoSuchUser):
            self.bob.user.tellLastSender("still there?")

    def test_replyToSomebodyElse(self) -> None:
        """
        A reply that names its reader goes to nobody else who wrote meanwhile.
        """
        cem, ann = enter(self.hub, "Cem"), self.ann
        ann.user.tell("Bob", "psst")
        cem.user.tell("Bob", "hello")
        with self.assertRaises(NoSuchUser):
            self.bob.user.tellLastSender("for Ann", name="Ann")
        self.bob.user.tellLastSender("for Cem", name="cem")
        self.assertEqual(cem.lines[-1], "Bob -> you :: for Cem")

    def test_toldWhileLeaving(self) -> None:
        """
        A direct message that was stored before its reader left reaches them.
        """
        hub, turn = makeTurnHub()
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob")
        turn.end()
        ann.types("/msg Bob wait")
        bob.types("/quit")
        turn.end()
        self.assertEqual(bob.lines[1:], ["Ann -> you :: wait", "* Goodbye"])

    def test_quitTwice(self) -> None:
        """
        A user leaves only once.
        """
        self.ann.user.quit()
        self.ann.user.quit()
        self.assertEqual(self.bob.lines, ["* Ann has left"])


class AnswersTests(SynchronousTestCase):
    """
    Answers leave in the order of what they answer.
    """

    def setUp(self) -> None:
        self.hub, self.turn = makeTurnHub()
        self.ann, self.bob = enter(self.hub, "Ann"), enter(self.hub, "Bob")
        self.turn.end()
        self.ann.forget()
        self.bob.forget()

    def test_inOrder(self) -> None:
        """
        Receipts, refusals and the output of commands come in the order of their lines, with the
        messages of others where they stand in the log.
        """
        self.ann.types("/who Cem", "one", "/names", "/nosuch", "two", "/msg Cem psst", "three")
        self.bob.types("hello")
        self.ann.types("/me waves", "/topic")
        self.assertEqual(self.ann.lines, ["! nobody of this name is here: /names tells who is"])
        self.turn.end()
        self.assertEqual(
            [line[:30] for line in self.ann.lines[1:]],
            [
                "OK . .",
                "* 2 in #lobby: Ann, Bob",
                "! there is no such command, an",
                "OK . .",
                "! nobody of this name is here:",
                "OK . .",
                "Bob :: hello",
                "OK . .",
                "* #lobby is about nothing in p",
            ],
        )

    def test_atOnce(self) -> None:
        """
        A command is answered at once if nothing before it is unanswered.
        """
        self.ann.types("/names")
        self.assertEqual(self.ann.lines, ["* 2 in #lobby: Ann, Bob"])

    def test_acrossBatches(self) -> None:
        """
        An answer that waits for a later batch is not given with an earlier one.
        """
        self.ann.types("one")
        self.turn.end()
        self.ann.types("two", "/who Cem")
        self.assertEqual(self.ann.lines, ["OK . ."])
        self.turn.end()
        self.assertEqual(self.ann.lines[1:2], ["OK . ."])
        self.assertEqual(len(self.ann.lines), 3)

    def test_goodbyeIsLast(self) -> None:
        """
        A user who leaves while an answer waits gets it first, and nothing after the goodbye.
        """
        self.ann.types("one", "/names", "/quit")
        self.bob.types("after")
        self.turn.end()
        self.assertEqual(self.ann.lines, ["OK . .", "* 2 in #lobby: Ann, Bob", "* Goodbye"])

    def test_waiting(self) -> None:
        """
        A door can tell how much is unanswered.
        """
        self.ann.types("one", "two", "/names")
        self.assertEqual(self.ann.user.unanswered, 2)
        self.turn.end()
        self.assertEqual(self.ann.user.unanswered, 0)

    def test_whenAnswered(self) -> None:
        """
        A door can wait until everything asked for so far is answered and sent.
        """
        self.successResultOf(self.ann.user.whenAnswered())
        self.ann.types("one")
        heard: list[list[str]] = []
        self.ann.user.whenAnswered().addCallback(lambda _: heard.append(self.ann.lines))
        self.assertEqual(heard, [])
        self.turn.end()
        self.assertEqual(heard, [["OK . ."]])

    def test_renameBeforeMessages(self) -> None:
        """
        A message after a new name is heard under it, in the same turn too.
        """
        self.ann.types("one", "/nick Anna", "two")
        self.turn.end()
        self.assertEqual(self.bob.lines, ["Ann :: one", "* Ann is now Anna", "Anna :: two"])
        self.assertEqual(self.ann.lines, ["OK . .", "* You are now Anna", "OK . ."])

    def test_quitWhilePending(self) -> None:
        """
        A message is heard before its author, who left behind it, has left.
        """
        self.ann.types("last words")
        self.ann.drops()
        self.turn.end()
        self.assertEqual(self.bob.lines, ["Ann :: last words", "* Ann has left"])


class SessionTests(SynchronousTestCase):
    """
    Sessions, as they are kept for a return.
    """

    def setUp(self) -> None:
        self.hub = makeHub()

    def test_remembered(self) -> None:
        """
        A program's session keeps its name, its rooms and its current room, as they are now.
        """
        ann = enter(self.hub, "Ann", JSON)
        token = ann.objects[0]["token"]
        ann.asks("command", line="/join #dev")
        ann.asks("command", line="/join #ops")
        ann.asks("command", line="/nick Anna")
        ann.asks("command", line="/join #dev")
        session = self.successResultOf(self.hub.log.recall(hashToken(token)))
        assert session is not None
        self.assertEqual(session.sid, ann.user.sid)
        dev, ops = self.hub.rooms["#dev"].id, self.hub.rooms["#ops"].id
        self.assertEqual((session.name, session.current), ("Anna", dev))
        self.assertEqual((session.rooms, session.seen), ((dev, ops), NOW))
        ann.asks("command", line="/leave")
        session = self.successResultOf(self.hub.log.recall(hashToken(token)))
        assert session is not None
        self.assertEqual((session.rooms, session.current), ((ops,), 0))

    def test_notRemembered(self) -> None:
        """
        A user of the text dialect leaves no session: they have no token to come back with.
        """
        ann = enter(self.hub, "Ann")
        ann.types("/join #dev", "/nick Anna")
        self.assertIsNone(self.successResultOf(self.hub.log.recall("")))

    def test_directMessagesAreOfTwo(self) -> None:
        """
        A direct message can be read again by its author and its reader alone.
        """
        ann, bob, cem = (enter(self.hub, name, JSON) for name in ("Ann", "Bob", "Cem"))
        ann.asks("tell", to="Bob", text="psst")
        for person, count in ((ann, 1), (bob, 1), (cem, 0)):
            events = self.successResultOf(self.hub.log.after(person.user.scope, 0, 100))
            self.assertEqual(sum(event.text == "psst" for event in events), count)
