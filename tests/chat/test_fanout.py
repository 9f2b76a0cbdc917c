# -*- test-case-name: tests.chat.test_fanout -*-
"""
Tests for L{twisted_chat.chat.fanout}.
"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.support.audiences import LOBBY, CountingView, Listener, makeEvent
from twisted_chat.chat.audience import Audience
from twisted_chat.chat.fanout import FanOut
from twisted_chat.wire.events import CREATED, JOINED, LEFT
from twisted_chat.wire.textlines import TEXT


class FanOutTests(SynchronousTestCase):
    """
    The way of a batch to its listeners.
    """

    def setUp(self) -> None:
        self.puts: list[tuple[str, bytes]] = []
        self.ann, self.bob, self.cem, self.dai = (
            self.listener(name) for name in ("Ann", "Bob", "Cem", "Dai")
        )
        self.view = CountingView("")
        self.room = Audience()
        for listener in (self.ann, self.bob, self.cem):
            self.room.add(listener, self.view)

    def listener(self, name: str) -> Any:
        """
        @return: a listener whose puts are kept with those of the others.
        """
        return Listener(name, self.puts)

    def fanOut(self, *shown: tuple[int, Audience]) -> FanOut:
        """
        @return: a batch whose events have the ids 0, 1...
        """
        size = 1 + max((place for place, _ in shown), default=0)
        fan = FanOut(LOBBY, [makeEvent(place) for place in range(size)])
        for place, audience in shown:
            fan.show(place, audience)
        return fan

    def test_onePutEach(self) -> None:
        """
        A batch for one audience is rendered once and is one put for each listener, of the same
        object.
        """
        self.fanOut(*((place, self.room) for place in range(50))).send()
        self.assertEqual([name for name, _ in self.puts], ["Ann", "Bob", "Cem"])
        self.assertEqual(len({id(data) for _, data in self.puts}), 1)
        self.assertEqual(self.puts[0][1], "".join(f"{n}\n" for n in range(50)).encode())
        self.assertEqual(self.view.calls, 1)

    def test_authorsFirst(self) -> None:
        """
        Authors come first, with their answers in the places of their own lines.
        """
        fan = self.fanOut((0, self.room), (1, self.room), (2, self.room))
        fan.answer(1, self.cem, b"OK\n")
        fan.answer(2, self.bob, b"OK\n")
        fan.send()
        self.assertEqual(
            self.puts,
            [("Cem", b"0\nOK\n2\n"), ("Bob", b"0\n1\nOK\n"), ("Ann", b"0\n1\n2\n")],
        )

    def test_severalAnswers(self) -> None:
        """
        An author of several messages gets each answer in its place, one put in all.
        """
        fan = self.fanOut(*((place, self.room) for place in range(4)))
        fan.answer(0, self.ann, b"A\n")
        fan.answer(2, self.ann, b"B\nC\n")
        fan.send()
        self.assertEqual(self.puts[0], ("Ann", b"A\n1\nB\nC\n3\n"))
        self.assertEqual(len(self.puts), 3)

    def test_authorElsewhere(self) -> None:
        """
        An author who does not hear the room gets their answers alone.
        """
        fan = self.fanOut((0, self.room), (1, self.room))
        fan.answer(0, self.dai, b"A\n")
        fan.answer(1, self.dai, b"B\n")
        fan.send()
        self.assertEqual(self.puts[0], ("Dai", b"A\nB\n"))

    def test_nothingToPut(self) -> None:
        """
        No put is empty: neither an author without an answer nor a listener whose lines were folded
        away gets one.
        """
        for size in (1, 2):
            fan = FanOut(LOBBY, [makeEvent(place, CREATED) for place in range(size)])
            room = Audience()
            room.add(self.ann, TEXT.here)
            fan.answer(0, self.dai, b"")
            fan.show(0, room)
            fan.send()
        self.assertEqual(self.puts, [])

    def test_merged(self) -> None:
        """
        A listener of several audiences hears all of them in one put, in the order of the ids.
        """
        other = Audience()
        away = CountingView("other")
        for listener in (self.bob, self.dai):
            other.add(listener, away)
        self.fanOut((0, self.room), (1, other), (2, self.room), (3, other)).send()
        self.assertEqual(
            dict(self.puts),
            {
                "Ann": b"0\n2\n",
                "Bob": b"0\nother1\n2\nother3\n",
                "Cem": b"0\n2\n",
                "Dai": b"other1\nother3\n",
            },
        )
        self.assertEqual(len(self.puts), 4)
        self.assertEqual((self.view.calls, away.calls), (1, 1))

    def test_mergedSharesBytes(self) -> None:
        """
        Listeners who belong to the same audiences are given the same object.
        """
        other = Audience()
        for listener in (self.ann, self.bob):
            other.add(listener, self.view)
        self.fanOut((0, self.room), (1, other)).send()
        given = dict(self.puts)
        self.assertIs(given["Ann"], given["Bob"])
        self.assertEqual(given["Cem"], b"0\n")

    def test_mergedAuthors(self) -> None:
        """
        Authors who hear several audiences come first, and their answers stand in their own places.
        """
        other = Audience()
        other.add(self.dai, self.view)
        fan = self.fanOut((0, self.room), (1, other), (2, self.room))
        fan.answer(1, self.cem, b"OK\n")
        fan.send()
        self.assertEqual(self.puts[0], ("Cem", b"0\nOK\n2\n"))
        self.assertEqual(dict(self.puts)["Dai"], b"1\n")

    def test_sameEventTwice(self) -> None:
        """
        A listener who hears an event in two rooms is shown it once.
        """
        other = Audience()
        other.add(self.ann, CountingView("other"))
        other.add(self.dai, CountingView("other"))
        self.fanOut((0, self.room), (0, other), (1, self.room)).send()
        self.assertEqual(dict(self.puts)["Ann"], b"0\n1\n")
        self.assertEqual(dict(self.puts)["Dai"], b"other0\n")

    def test_foldedInTwoRooms(self) -> None:
        """
        A user who leaves two rooms at once is told of once where departures are folded.
        """
        first, second = Audience(), Audience()
        first.add(self.ann, TEXT.here)
        second.add(self.ann, TEXT.elsewhere)
        bob, cem = makeEvent(1, LEFT, name="Bob"), makeEvent(2, LEFT, name="Cem")
        fan = FanOut(LOBBY, [bob, cem])
        fan.show(0, first)
        fan.show(0, second)
        fan.show(1, second)
        fan.send()
        ((_, data),) = self.puts
        self.assertEqual(data.count(b"Bob"), 1)
        self.assertEqual(data.count(b"Cem"), 1)

    def test_apart(self) -> None:
        """
        Listeners who are told in another way are left out, in one audience and in several.
        """
        self.fanOut((0, self.room)).send({self.bob})
        other = Audience()
        other.add(self.bob, self.view)
        other.add(self.dai, self.view)
        self.fanOut((0, self.room), (1, other)).send({self.bob})
        self.assertEqual([name for name, _ in self.puts], ["Ann", "Cem", "Ann", "Cem", "Dai"])

    def test_views(self) -> None:
        """
        Listeners of one audience read it each in their own view.
        """
        self.room.add(self.cem, CountingView("away"))
        self.fanOut((0, self.room)).send()
        self.assertEqual(self.puts, [("Ann", b"0\n"), ("Bob", b"0\n"), ("Cem", b"away0\n")])

    def test_foldedAnswer(self) -> None:
        """
        An answer stands in the place of its own event where the lines of others are folded.
        """
        room = Audience()
        for listener in (self.ann, self.bob):
            room.add(listener, TEXT.here)
        came = [makeEvent(place, JOINED, name=name) for place, name in enumerate(("Cem", "Dai"))]
        fan = FanOut(LOBBY, [*came, makeEvent(2, name="Ann")])
        for place in range(3):
            fan.show(place, room)
        fan.answer(2, self.ann, b"OK . .\r\n")
        fan.send()
        both = b"* Cem and Dai are now connected\r\n"
        self.assertEqual(
            self.puts, [("Ann", both + b"OK . .\r\n"), ("Bob", both + b"Ann :: text\r\n")]
        )
