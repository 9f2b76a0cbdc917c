"""
Tests of what the user has read, here and elsewhere.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.reading import READ_SECONDS, TELL_SECONDS, Reading

quick = settings(deadline=None, max_examples=200, derandomize=True, database=None)


class ReadingTests(SynchronousTestCase):
    """
    One user's read marks, and what the server is told.
    """

    def setUp(self) -> None:
        self.clock, self.isSeen = Clock(), True
        self.told: list[tuple[str, int]] = []
        self.reading = Reading(self.clock, self.tell, lambda: self.isSeen)

    def tell(self, room: str, id: int) -> None:
        self.told.append((room, id))

    def took(self) -> list[tuple[str, int]]:
        told, self.told = self.told, []
        return told

    def enter(self, **unread: int) -> None:
        """
        The owner of an account enters, who has read up to 10.
        """
        counts = {f"#{room}": count for room, count in unread.items()}
        self.reading.welcomed({"#lobby": 10, "#dev": 10, "@": 10}, counts, 20)

    def test_told(self) -> None:
        """A message that was on the screen for a second is reported, the newest of each room."""
        self.enter()
        for room, id in (("#lobby", 21), ("#lobby", 22), ("@", 23)):
            self.reading.shown(room, id)
        self.clock.advance(READ_SECONDS / 2)
        self.assertEqual(self.took(), [])
        self.clock.advance(READ_SECONDS / 2)
        self.assertEqual(self.took(), [("#lobby", 22), ("@", 23)])
        self.clock.advance(10 * TELL_SECONDS)
        self.assertEqual(self.took(), [])

    def test_rarely(self) -> None:
        """A report is sent at most once in five seconds."""
        self.enter()
        times = 0
        for id in range(21, 121):
            self.reading.shown("#lobby", id)
            self.clock.advance(0.5)
            times += len(self.took())
        self.assertTrue(8 <= times <= 50 / TELL_SECONDS + 1, times)

    def test_onlyRises(self) -> None:
        """A mark that the server already knows is not reported."""
        self.enter()
        self.reading.shown("#lobby", 10)
        self.reading.shown("#lobby", 9)
        self.reading.shown("#lobby", 21)
        self.reading.readElsewhere("#lobby", 22)
        self.reading.flush()
        self.assertEqual(self.took(), [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_leaving(self) -> None:
        """
        A user who goes to another room reports at once, and keeps the place where they stopped.
        """
        self.enter()
        self.reading.shown("#lobby", 21)
        self.reading.left("#lobby")
        self.assertEqual(self.took(), [("#lobby", 21)])
        self.assertEqual(self.reading.stopped("#lobby"), 21)

    def test_unseen(self) -> None:
        """A message that is on no screen counts as unread until it is shown or the user leaves."""
        self.enter()
        self.isSeen = False
        self.reading.shown("#lobby", 21)
        self.clock.pump([TELL_SECONDS] * 4)
        self.assertEqual(self.took(), [])
        self.isSeen = True
        self.clock.advance(TELL_SECONDS)
        self.assertEqual(self.took(), [("#lobby", 21)])

    def test_guest(self) -> None:
        """A guest has no marks, and gets them with an account."""
        self.reading.welcomed(None, None, 20)
        self.reading.shown("#lobby", 21)
        self.reading.flush()
        self.assertEqual((self.took(), self.clock.getDelayedCalls()), ([], []))
        self.reading.shown("#lobby", 22)
        self.reading.registered()
        self.clock.advance(READ_SECONDS)
        self.assertEqual(self.took(), [("#lobby", 22)])

    def test_connectionLost(self) -> None:
        """A mark that was not sent before a connection ended is sent over the next."""
        self.enter()
        self.reading.shown("#lobby", 21)
        self.reading.stop()
        self.clock.advance(TELL_SECONDS)
        self.assertEqual(self.took(), [])
        self.enter()
        self.clock.advance(TELL_SECONDS)
        self.assertEqual(self.took(), [("#lobby", 21)])

    def test_counts(self) -> None:
        """Messages from before the client entered are counted together with those that come now."""
        self.enter(dev=3)
        self.reading.came("#dev", 21)
        self.reading.came("#ops", 22)
        self.assertEqual(self.reading.counts, {"#dev": 4, "#ops": 1})
        self.reading.looked("#dev")
        self.assertEqual(self.reading.counts, {"#ops": 1})
        self.clock.advance(READ_SECONDS)
        self.assertEqual(self.took(), [("#dev", 21)])

    def test_newRoom(self) -> None:
        """A room without a mark counts as read up to now when the user comes to it."""
        self.enter()
        for room in ("#ops", "#dev"):
            self.reading.looked(room, 20)
        self.clock.advance(READ_SECONDS)
        self.assertEqual(self.took(), [("#ops", 20)])

    def test_replay(self) -> None:
        """A replayed message is counted once, and not at all if another device has read it."""
        self.enter(dev=2)
        for id in (9, 10, 11, 12):
            self.reading.came("#dev", id)
        self.assertEqual(self.reading.counts, {"#dev": 2})
        self.assertEqual(self.reading.missed("#dev"), 0)

    def test_elsewhere(self) -> None:
        """Messages that another device has read are no longer unread here."""
        self.enter(dev=3)
        for id in (21, 22, 23):
            self.reading.came("#dev", id)
        self.reading.readElsewhere("#dev", 22)
        self.assertEqual(self.reading.counts, {"#dev": 1})
        self.assertEqual(self.reading.stopped("#dev"), 22)
        self.reading.readElsewhere("#dev", 23)
        self.assertEqual(self.reading.counts, {})

    def test_elsewhereBefore(self) -> None:
        """The count is unknown if another device has read only a part of what came before."""
        self.enter(dev=3)
        self.reading.readElsewhere("#dev", 15)
        self.assertEqual(self.reading.missed("#dev"), 3)
        self.reading.readElsewhere("#dev", 20)
        self.assertEqual(self.reading.counts, {})

    def test_cameBack(self) -> None:
        """A message that was shown before a drop is not missed after it, and is counted once."""
        self.enter(dev=2)
        for id in (21, 22):
            self.reading.came("#dev", id)
        self.reading.welcomed({"#dev": 10}, {"#dev": 5}, 30)
        self.assertEqual((self.reading.counts, self.reading.missed("#dev")), ({"#dev": 5}, 3))
        self.reading.welcomed({"#dev": 21}, {"#dev": 1}, 30)
        self.assertEqual((self.reading.counts, self.reading.missed("#dev")), ({"#dev": 1}, 0))

    def test_text(self) -> None:
        """Messages without ids are counted, too."""
        for _ in range(2):
            self.reading.came("#dev", 0)
        self.assertEqual(self.reading.counts, {"#dev": 2})

    def test_bounded(self) -> None:
        """Neither many rooms nor many messages fill the memory."""
        for number in range(2000):
            self.reading.came(f"#{number}", number)
            self.reading.came("#0", number)
        self.assertEqual(len(self.reading.counts), 500)
        self.assertEqual(self.reading.counts["#0"], 1000)

    @quick
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["shown", "came", "readElsewhere", "looked", "left", "advance"]),
                st.sampled_from(["#lobby", "#dev"]),
                st.integers(1, 40),
            ),
            max_size=40,
        )
    )
    def test_marksRise(self, steps: list[tuple[str, str, int]]) -> None:
        """Reported marks of a room only rise, and no count is negative, whatever happens."""
        self.setUp()
        self.enter(dev=2)
        for step, room, id in steps:
            if step == "advance":
                self.clock.advance(id)
            elif step in ("looked", "left"):
                getattr(self.reading, step)(room)
            else:
                getattr(self.reading, step)(room, id)
            self.assertTrue(all(count > 0 for count in self.reading.counts.values()))
        for room in ("#lobby", "#dev"):
            ids = [id for told, id in self.told if told == room]
            self.assertEqual(ids, sorted(set(ids)))
            self.assertTrue(all(id > 10 for id in ids))
