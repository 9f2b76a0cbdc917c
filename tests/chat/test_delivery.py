# -*- test-case-name: tests.chat.test_delivery -*-
"""
Tests for L{twisted_chat.chat.delivery}: one failure takes nobody else with it.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from tests.support.helpers import FakeClient, enter, makeTurnHub
from twisted_chat.wire.events import SAID, TOLD, Draft, Event
from twisted_chat.wire.interfaces import IDialect, IView
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.textlines import TEXT, TextDialect

POISON = "poison"


@implementer(IView)
class FailingView:
    """
    A view that cannot render one text.
    """

    def events(self, events: Sequence[Event], lobby: str) -> list[bytes]:
        """See L{IView.events}."""
        if any(event.text == POISON for event in events):
            raise ValueError(POISON)
        return TEXT.here.events(events, lobby)


class FailingDialect(TextDialect):
    """
    The text dialect with such a view.
    """

    here = FailingView()  # type: ignore[assignment]


class FailingReceipts(TextDialect):
    """
    A text dialect that cannot make a receipt for one text.
    """

    def receipt(self, event: Event) -> bytes:
        """See L{IDialect.receipt}."""
        if event.text == POISON:
            raise ValueError(POISON)
        return super().receipt(event)


class IsolationTests(SynchronousTestCase):
    """
    A batch of three messages by three members, of which one fails.
    """

    def setUp(self) -> None:
        self.hub, self.turn = makeTurnHub()

    def enter(self, name: str, dialect: IDialect = TEXT) -> FakeClient:
        """
        @return: the client of somebody who is in.
        """
        client = enter(self.hub, name)
        client.dialect = dialect
        self.turn.end()
        return client

    def enterAll(self, dialect: IDialect = TEXT) -> list[FakeClient]:
        """
        @return: three clients who speak, and one who listens, in a dialect.
        """
        speakers = [self.enter(name) for name in ("Ann", "Bob", "Cem")]
        listener = self.enter("Dai", dialect)
        listener.user.look(self.hub.lobby)
        for client in (*speakers, listener):
            client.forget()
        return [*speakers, listener]

    def say(self, place: int, clients: list[FakeClient]) -> None:
        """
        Let each say something in one batch, the poison at the given place.
        """
        for number, client in enumerate(clients[:3]):
            client.types(POISON if number == place else f"text {number}")
        self.turn.end()

    def test_view(self) -> None:
        """
        A view that cannot render one event leaves it out: the others of the batch are shown and
        answered, the author is told, and other views show everything.
        """
        for place in range(3):
            self.setUp()
            clients = self.enterAll(FailingDialect())
            self.say(place, clients)
            for number, client in enumerate(clients[:3]):
                answers = [line for line in client.lines if line[:2] in ("OK", "! ")]
                self.assertEqual(len(answers), 1, client.lines)
                self.assertEqual(answers[0] == "OK . .", number != place)
                self.assertEqual(len(client.lines), 3)
            self.assertEqual(
                [line.partition(" :: ")[2] for line in clients[3].lines],
                [f"text {number}" for number in range(3) if number != place],
            )
            self.assertEqual(len(self.flushLoggedErrors()), 0)

    def test_listener(self) -> None:
        """
        A listener that raises takes no other listener with it.
        """
        for place in range(4):
            self.setUp()
            clients = self.enterAll()

            def fail(data: bytes) -> None:
                raise ValueError(POISON)

            clients[place].user.put = fail
            self.say(-1, clients)
            for number, client in enumerate(clients):
                if number != place:
                    self.assertEqual(len(client.lines), 3, (place, number))

    def test_author(self) -> None:
        """
        An author whose receipt cannot be made gets a refusal, and everybody else their answers.
        """
        for place in range(3):
            self.setUp()
            clients = self.enterAll()
            for client in clients[:3]:
                client.dialect = FailingReceipts()
            self.say(place, clients)
            for number, client in enumerate(clients[:3]):
                answers = [line for line in client.lines if line[:2] in ("OK", "! ")]
                self.assertEqual(len(answers), 1, client.lines)
                self.assertEqual(answers[0] == "OK . .", number != place)
                self.assertEqual(client.user.unanswered, 0)
            self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_keys(self) -> None:
        """
        The key of a command and the key of a message never collide.
        """
        ann = enter(self.hub, "Ann", JSON)
        bob = enter(self.hub, "Bob")
        self.turn.end()
        ann.asks("command", line="/join #den sesame", key="1")
        self.turn.end()
        ann.asks("say", text="hello", room="#lobby", key="1")
        self.turn.end()
        self.assertEqual([value["key"] for value in ann.objectsOf("ok")], ["1"])
        self.assertIn("Ann :: hello", bob.lines)

    def test_toldToSomebodyWhoLeft(self) -> None:
        """
        A direct message to a user who left before it was stored is refused, not acknowledged.
        """
        ann, bob = self.enter("Ann"), self.enter("Bob")
        ann.forget()
        bob.types("/quit")
        ann.user.append(self.told(ann, bob))
        self.turn.end()
        self.assertEqual(ann.lines, ["* Bob has left", "! Bob has just left: nobody was told"])

    def told(self, ann: FakeClient, bob: FakeClient) -> Draft:
        """
        @return: the draft of a direct message that was made while both were here.
        """
        return Draft(TOLD, "@" + bob.user.sid, "Ann", "psst", "Bob", ann.user.sid)

    def test_voidMessage(self) -> None:
        """
        An event of an unknown author is shown to nobody.
        """
        ann = self.enter("Ann")
        ann.forget()
        self.hub.stored([(Event(99, 0.0, SAID, "#lobby", "Eve", "boo", sid="nobody"), None)])
        self.assertEqual(ann.lines, [])
