# -*- test-case-name: tests.wire.test_events -*-
"""
Tests for L{twisted_chat.wire.events}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.wire import events
from twisted_chat.wire.events import (
    ACCOUNTS,
    BANNED,
    CLOSED,
    CREATED,
    CREDENTIALS,
    HELD,
    JOINED,
    KINDS,
    LEFT,
    LOCKED,
    MODERATION,
    PRESENCE,
    PRIVATE,
    RECORDED,
    SAID,
    SERVER,
    SPOKEN,
    STATE,
    TOLD,
    UNREADABLE,
    Draft,
    Event,
    accountOf,
    admittedTo,
    asData,
    joinedData,
    lockedData,
    lockedFor,
    makeEvent,
    publicValues,
    published,
    withoutSecrets,
)


class LockedTests(SynchronousTestCase):
    """
    The data of a lock.
    """

    @given(
        st.sampled_from(("", "salt:hash")),
        st.integers(0, 2**53),
        st.frozensets(st.text("0123456789abcdef", min_size=1)),
    )
    def test_roundTrip(self, passwordHash: str, asOf: int, sids: frozenset[str]) -> None:
        """
        All of it is read again.
        """
        data = lockedData(passwordHash, asOf, sids)
        event = Event(9, 0.0, LOCKED, "#tea", "Ann", data=data)
        self.assertEqual(lockedFor(event), (passwordHash, asOf, sids))

    @given(st.text())
    def test_anything(self, data: str) -> None:
        """
        Whatever stands there, the hash ends at the first blank; what an earlier version wrote is
        the hash alone.
        """
        passwordHash, asOf, _ = lockedFor(Event(9, 0.0, LOCKED, "#tea", "Ann", data=data))
        self.assertEqual(passwordHash, data.split(" ", maxsplit=1)[0])
        self.assertGreaterEqual(asOf, 0)


class KindsTests(SynchronousTestCase):
    """
    The kinds of events, and the sorts of them.
    """

    def test_eachKindIsOfOneSort(self) -> None:
        """
        Every kind is spoken, presence, state, accounts or moderation, and none is of two sorts: the
        sort decides how long it is kept and who is shown it.
        """
        kinds = [
            value
            for name, value in vars(events).items()
            if name.isupper() and isinstance(value, str)
        ]
        sorts = [*SPOKEN, *PRESENCE, *STATE, *ACCOUNTS, *MODERATION]
        self.assertEqual(sorted(kinds), sorted([*sorts, UNREADABLE, PRIVATE, HELD, SERVER]))
        self.assertEqual(set(sorts), KINDS)

    def test_recorded(self) -> None:
        """
        Records are made of accounts, moderation and rooms, and never of messages or presence, which
        must cost nothing more.
        """
        self.assertEqual(RECORDED, ACCOUNTS | MODERATION | {CREATED, CLOSED})
        self.assertTrue(RECORDED.isdisjoint(SPOKEN | PRESENCE))

    def test_kindsAreWords(self) -> None:
        """
        A kind is one lower case word: it is the type of its object in the JSON dialect.
        """
        for kind in KINDS:
            self.assertRegex(kind, r"\A[a-z]+\Z")


class EventTests(SynchronousTestCase):
    """
    Events and drafts are plain values.
    """

    def test_eventIsADraftWithItsPlace(self) -> None:
        """
        An event is made of an id, a time and the fields of its draft, in their order.
        """
        draft = Draft(SAID, "#dev", "Ann", "Hi!", "", "5a", "k1")
        event = Event(7, 1.5, *draft)
        self.assertEqual(event[2:], draft)
        self.assertEqual(Event._fields[2:], Draft._fields)
        self.assertEqual((event.id, event.time, event.text, event.key), (7, 1.5, "Hi!", "k1"))

    def test_makeEvent(self) -> None:
        """
        An event is made of its id, its time and its draft.
        """
        draft = Draft(SAID, "#dev", "Ann", "Hi!", key="k1")
        event = makeEvent((7, 1.5, *draft))
        self.assertEqual(event, Event(7, 1.5, *draft))
        self.assertIsInstance(event, Event)

    def test_published(self) -> None:
        """
        The public values of a moderator's event are published, and no values of any other event.
        """
        data = asData({"what": "enter", "until": 0, "net": "192.0.2.1/32", "who": "5a"})
        event = Event(7, 1.5, BANNED, "#dev", "Ann", data=data)
        self.assertEqual(publicValues(published(event)), {"what": "enter", "until": 0})
        for data in ("", "hash", "[1]", "null", '{"net":1}'):
            self.assertEqual(published(event._replace(data=data)).data, "")
        self.assertEqual(published(event._replace(kind="locked")).data, "")

    def test_withoutSecrets(self) -> None:
        """
        A dialect gets an event without its value for machines.
        """
        event = Event(7, 1.5, "locked", "#dev", "Ann", data="hash")
        self.assertEqual(withoutSecrets(event), event._replace(data=""))
        for plain in (
            Event(7, 1.5, SAID, "#dev", "Ann", "Hi!"),
            Event(7, 1.5, SAID, "#dev", "Ann", "Hi!", data="Anna"),
        ):
            self.assertIs(withoutSecrets(plain), plain)

    def test_account(self) -> None:
        """
        Messages and arrivals keep the name of an account on their way to a dialect, and nothing
        else.
        """
        for kind, data, account, era in (
            (SAID, "Ann", "Ann", ""),
            (TOLD, "Ann", "Ann", ""),
            (SAID, "", "", ""),
            (JOINED, joinedData("", "Ann"), "Ann", ""),
            (JOINED, joinedData("12", "Ann"), "Ann", "12"),
            (JOINED, joinedData("12", ""), "", "12"),
            (JOINED, "", "", ""),
            (LEFT, "held", "", ""),
            (CREDENTIALS, "a secret", "", ""),
        ):
            event = Event(7, 1.5, kind, "#dev", "Ann", data=data)
            self.assertEqual(accountOf(event), account, data)
            shown = withoutSecrets(event)
            self.assertEqual((accountOf(shown), withoutSecrets(shown)), (account, shown), data)
            if kind == JOINED:
                self.assertEqual((admittedTo(event), admittedTo(shown)), (era, ""))
            elif kind not in SPOKEN:
                self.assertEqual(shown.data, "")
