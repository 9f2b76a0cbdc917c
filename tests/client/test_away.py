"""
Tests of what the owner of an account is told about what waits for them.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.away import Absence, mentioning, whileAway
from twisted_chat.client.dialect import SessionState
from twisted_chat.client.messages import HISTORY, ServerMessage
from twisted_chat.client.reading import Reading
from twisted_chat.wire.events import ACTED, SAID, TOLD, Event


class AwayTests(SynchronousTestCase):
    """
    The sentence, and its counts.
    """

    def test_mentioning(self) -> None:
        """Unread messages of others with the name as a whole word count, by room."""
        events = [
            Event(11, 0.0, SAID, "#dev", "Bob", "hi ann!"),
            Event(12, 0.0, ACTED, "#dev", "Bob", "pokes Ann"),
            Event(13, 0.0, SAID, "#lobby", "Bob", "Ann?"),
            Event(9, 0.0, SAID, "#dev", "Bob", "Ann, read before"),
            Event(14, 0.0, SAID, "#dev", "Bob", "Anna"),
            Event(15, 0.0, SAID, "#dev", "Ann", "I am Ann"),
            Event(16, 0.0, SAID, "#unknown", "Bob", "Ann"),
            Event(17, 0.0, TOLD, "", "Bob", "Ann", "Ann"),
        ]
        stops = {"#dev": 10, "#lobby": 10, "": 10}
        self.assertEqual(mentioning(events, "Ann", stops.get), {"#dev": 2, "#lobby": 1})

    def test_order(self) -> None:
        """Direct messages and mentions come first."""
        told = whileAway({"#lobby": 31, "#dev": 7, "@": 2}, {"#lobby": 1, "#dev": 2})
        self.assertEqual(
            told,
            "While you were away: 2 messages for you alone; 3 mentions of you, in #dev, #lobby;"
            " unread in #lobby 31, #dev 7",
        )

    def test_one(self) -> None:
        """One message and one mention read in the singular."""
        self.assertEqual(whileAway({"@": 1}, {}), "While you were away: 1 message for you alone")
        self.assertEqual(
            whileAway({"#dev": 1}, {"#dev": 1}),
            "While you were away: 1 mention of you, in #dev; unread in #dev 1",
        )

    def test_nothing(self) -> None:
        """No sentence is told if nothing is unread."""
        self.assertEqual(whileAway({}, {}), "")

    def test_many(self) -> None:
        """Many rooms do not fill the screen."""
        told = whileAway({f"#{n:02}": 1 for n in range(30)}, {})
        self.assertIn("#09 1 and 20 more rooms", told)
        self.assertNotIn("#10", told)


class AbsenceTests(SynchronousTestCase):
    """
    The time from the welcome to the sentence.
    """

    def test_search(self) -> None:
        """The sentence is told once, when the last part of the search has come."""
        reading = Reading(Clock(), lambda room, id: None)
        reading.welcomed({"#dev": 10}, {"#dev": 2}, 20)
        absence = Absence(SessionState("Ann"), reading)
        self.assertEqual(absence.begin({"#dev": 2}), '"Ann"')

        def answer(id: int, more: bool) -> ServerMessage:
            event = Event(id, 0.0, SAID, "#dev", "Bob", "Ann!")
            return ServerMessage(HISTORY, events=(event,), more=more)

        self.assertEqual(absence.found(answer(11, True)), "")
        told = "While you were away: 2 mentions of you, in #dev; unread in #dev 2"
        self.assertEqual(absence.found(answer(12, False)), told)
        self.assertEqual(absence.found(answer(12, False)), "")

    def test_nothing(self) -> None:
        """A guest, or a user who has read everything, searches for nothing."""
        absence = Absence(SessionState("Ann"), Reading(Clock(), lambda room, id: None))
        self.assertEqual((absence.begin(None), absence.begin({})), ("", ""))
