# -*- test-case-name: tests.chat.test_hub -*-
"""
Tests for L{twisted_chat.chat.hub}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import (
    CONNECTED,
    NOW,
    Clerk,
    FakeClient,
    enter,
    enterAll,
    makeHub,
    makeTurnHub,
)
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.wire.events import JOINED, LEFT, RENAMED, SAID, TOLD, Event
from twisted_chat.wire.jsonlines import JSON


class PeopleTests(SynchronousTestCase):
    """
    Users who enter and leave.
    """

    def setUp(self) -> None:
        self.hub = makeHub()

    def test_enter(self) -> None:
        """
        A user who enters is welcomed, is among the users, and the others are told.
        """
        ann = enter(self.hub, "Ann")
        bob = enter(self.hub, "Bob")
        self.assertEqual(bob.lines, [CONNECTED])
        self.assertEqual(ann.lines[1:], ["* Bob is now connected"])
        self.assertEqual(self.hub.users, {"Ann": ann.user.member, "Bob": bob.user.member})

    def test_leave(self) -> None:
        """
        A user who leaves is said goodbye to, their name is free, and the others are told.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        bob.types("/quit")
        self.assertEqual(bob.lines, ["* Goodbye"])
        self.assertTrue(bob.closed)
        self.assertEqual(ann.lines, ["* Bob has left"])
        self.assertEqual(list(self.hub.users), ["Ann"])
        self.assertEqual(enter(self.hub, "Bob").lines[0], CONNECTED)

    def test_lostConnection(self) -> None:
        """
        A user who loses the connection has left, and is told nothing more.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        bob.drops()
        ann.types("gone?")
        self.assertEqual((ann.lines, bob.lines), (["* Bob has left", "OK . ."], []))

    def test_lobbyName(self) -> None:
        """
        The lobby is called what the operator says.
        """
        hub = makeHub(lobby="#entrance")
        ann = enter(hub, "Ann", JSON)
        self.assertEqual(ann.objects[0]["room"], "#entrance")
        enter(hub, "Bob").types("/leave")
        self.assertEqual([value["room"] for value in ann.objectsOf("joined")], ["#entrance"])


class AuditTests(SynchronousTestCase):
    """
    The operator's log.
    """

    def test_conversation(self) -> None:
        """
        The operator reads arrivals, public messages and departures, each with its address.
        """
        clerk = Clerk()
        hub = makeHub(audit=clerk)
        ann = FakeClient(hub, address="192.0.2.1:1001")
        ann.login(LoginRequest("Ann"))
        ann.types("Hello!", "/me waves", "/quit")
        self.assertEqual(
            clerk.entries,
            [
                ("Ann is now connected", "192.0.2.1:1001"),
                ("Ann", "Hello!", "192.0.2.1:1001"),
                ("Ann", "* waves", "192.0.2.1:1001"),
                ("Ann has left", "192.0.2.1:1001"),
            ],
        )

    def test_private(self) -> None:
        """
        The operator's log holds nothing of private rooms and direct messages.
        """
        clerk = Clerk()
        hub = makeHub(audit=clerk)
        ann, _ = enterAll(hub, "Ann", "Bob")
        ann.types("/join #den sesame", "secret", "/msg Bob secret")
        self.assertNotIn("secret", str(clerk.entries))
        self.assertEqual(ann.lines.count("OK . ."), 2)


class OrderTests(SynchronousTestCase):
    """
    One order for everybody, one put for each.
    """

    def test_onePutForAThousand(self) -> None:
        """
        A turn of a room with 1,000 members costs each of them one put, however much was said in it.
        """
        hub, turn = makeTurnHub()
        people = [enter(hub, f"user{number}") for number in range(1000)]
        turn.end()
        for person in people:
            person.forget()
        for person in people[:10]:
            person.types(*(f"message {number}" for number in range(30)))
        turn.end()
        self.assertEqual({len(person.puts) for person in people}, {1})
        self.assertEqual(len({id(person.puts[0]) for person in people[10:]}), 1)
        self.assertEqual([len(person.lines) for person in people], [300] * 1000)

    def test_onePutAcrossRooms(self) -> None:
        """
        Messages of several rooms and direct messages of one turn are one put, in the order of the
        ids.
        """
        hub, turn = makeTurnHub()
        ann, bob, cem = (enter(hub, name, JSON) for name in ("Ann", "Bob", "Cem"))
        turn.end()
        for person in (ann, bob, cem):
            person.asks("command", line="/join #dev")
            turn.end()
        for person in (ann, bob, cem):
            person.forget()
        for number in range(5):
            bob.asks("say", text=f"lobby {number}", room="#lobby")
            cem.asks("say", text=f"dev {number}", room="#dev")
            bob.asks("tell", to="Ann", text=f"psst {number}")
        turn.end()
        self.assertEqual([len(person.puts) for person in (ann, bob, cem)], [1, 1, 1])
        ids = [value["id"] for value in ann.objects]
        self.assertEqual((ids, len(ids)), (sorted(set(ids)), 15))
        self.assertEqual([value["id"] for value in bob.objects], ids)
        told = [value["id"] for value in ann.objectsOf("told")]
        self.assertEqual([value["id"] for value in cem.objects], [i for i in ids if i not in told])

    def test_receiptsStandInTheirPlaces(self) -> None:
        """
        An author's receipts stand where everybody else reads their messages.
        """
        hub, turn = makeTurnHub()
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob")
        turn.end()
        ann.forget()
        bob.forget()
        ann.types("1")
        bob.types("2")
        ann.types("3")
        turn.end()
        self.assertEqual(ann.lines, ["OK . .", "Bob :: 2", "OK . ."])
        self.assertEqual(bob.lines, ["Ann :: 1", "OK . .", "Ann :: 3"])

    def test_authorsFirst(self) -> None:
        """
        The author of a message is answered before anybody else hears it.
        """
        hub = makeHub()
        people = enterAll(hub, "Ann", "Bob", "Cem")
        order: list[str] = []
        for person in people:
            put = person.put

            def noted(data: bytes, name: str = person.user.name, put: object = put) -> None:
                order.append(name)

            person.user.put = noted
        people[2].types("hello")
        self.assertEqual(order, ["Cem", "Ann", "Bob"])

    def test_repeated(self) -> None:
        """
        A message sent again under its key is answered again with its first id, and nobody hears it
        twice.
        """
        hub = makeHub()
        ann, bob = enterAll(hub, "Ann", "Bob", dialect=JSON)
        ann.asks("say", text="hello", key="k1")
        ann.asks("say", text="hello", key="k1")
        bob.asks("say", text="mine", key="k1")
        first, second = ann.objectsOf("ok")
        self.assertEqual(first, second)
        self.assertEqual([value["text"] for value in bob.objectsOf("said")], ["hello"])
        self.assertEqual([value["text"] for value in ann.objectsOf("said")], ["mine"])

    def test_lastId(self) -> None:
        """
        The hub knows the newest id that users were shown.
        """
        hub, turn = makeTurnHub()
        enter(hub, "Ann").types("1", "2")
        self.assertEqual(hub.lastId, 0)
        turn.end()
        self.assertEqual(hub.lastId, 3)

    def test_settled(self) -> None:
        """
        A door that waits is told once that something of its client's was answered.
        """
        hub, turn = makeTurnHub()
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob")
        turn.end()
        ann.user.waits = bob.user.waits = True
        before = ann.answeredCalls, bob.answeredCalls
        ann.types("1", "2", "3")
        turn.end()
        self.assertEqual((ann.answeredCalls, bob.answeredCalls), (before[0] + 1, before[1]))

    def test_fromElsewhere(self) -> None:
        """
        Events that no author of this hub appended are shown like all others.
        """
        hub = makeHub()
        (ann,) = enterAll(hub, "Ann")
        hub.stored(
            [
                (Event(10, NOW, JOINED, "#lobby", "Zoe", sid="far"), None),
                (Event(11, NOW, SAID, "#lobby", "Zoe", "hello", sid="far"), None),
                (Event(12, NOW, TOLD, "@" + ann.user.sid, "Zoe", "psst", "Ann", "far"), None),
                (Event(13, NOW, RENAMED, "#lobby", "Zoe", "", "Zoé", "far"), None),
                (Event(14, NOW, LEFT, "#lobby", "Zoé", sid="far"), None),
            ]
        )
        self.assertEqual(
            ann.lines,
            [
                "* Zoe is now connected",
                "Zoe :: hello",
                "Zoe -> you :: psst",
                "* Zoe is now Zoé",
                "* Zoé has left",
            ],
        )


class ManyTests(SynchronousTestCase):
    """
    Nothing outlives the users who are here.
    """

    def test_nothingIsLeft(self) -> None:
        """
        The hub keeps nothing of users who left but what the log keeps.
        """
        hub = makeHub()
        for number in range(20):
            client = enter(hub, f"user{number}", JSON)
            client.asks("command", line=f"/join #room{number}")
            client.asks("bye")
        self.assertEqual((len(hub.users), len(hub.rooms), len(hub.lobby)), (0, 1, 0))
        self.assertEqual(
            (hub.state.roster._looks, len(hub.state.roster), set(hub.rooms._looks.values())),
            ({}, 0, {"#lobby"}),
        )
        self.assertEqual(hub._welcomer._expected, {})
