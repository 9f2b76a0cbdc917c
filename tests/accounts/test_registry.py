# -*- test-case-name: tests.accounts.test_registry -*-
"""
Tests for L{twisted_chat.accounts.registry}.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.support.laws import Court
from twisted_chat.accounts.credentials import MAX_CREDENTIALS
from twisted_chat.accounts.ranks import LOBBY
from twisted_chat.accounts.registry import MAX_CODES, MAX_NAMES
from twisted_chat.errors import ChatError, NameTaken, NoSuchRoom, NotAllowed
from twisted_chat.text.confusables import looks
from twisted_chat.wire.events import CREDENTIALS, REGISTERED, SERVER


class CourtCase(SynchronousTestCase):
    """
    A law to which things happen.
    """

    def setUp(self) -> None:
        self.court = Court()
        self.paper = self.court.paper

    def void(
        self,
        act: Callable[..., Any],
        *arguments: Any,
        error: type[ChatError] = NotAllowed,
        **more: Any,
    ) -> None:
        """
        Check that something is void, and changes nothing.
        """
        before = self.paper.snapshot()
        self.assertRaises(error, act, *arguments, **more)
        self.assertEqual(self.paper.snapshot(), before)


class RegisteredTests(CourtCase):
    """
    Registration of an account.
    """

    def test_registered(self) -> None:
        """An account is the session that registered; its name and all lookalikes are owned."""
        self.court.registers("Neil")
        self.assertEqual(self.paper.get("account", "neil")["names"], ["Neil"])
        for look in looks("Neil"):
            self.assertEqual(self.paper.get("owned", look), {"who": "neil", "name": "Neil"})

    def test_firstWins(self) -> None:
        """The first in the log registers when two users ask for names that look the same."""
        self.court.registers("Neil")
        for name in ("Neil", "NeiI", "Nеil"):
            event = {"looks": sorted(looks(name))}
            self.void(self.court.does, REGISTERED, "x", SERVER, event, name=name, error=NameTaken)
        self.court.registers("Nell")

    def test_once(self) -> None:
        """A session registers once, even after its account has ended."""
        self.court.registers("Ann")
        data = {"looks": ["other"]}
        self.void(self.court.does, REGISTERED, "ann", SERVER, data, name="Other")
        self.court.unregisters("ann")
        self.void(self.court.does, REGISTERED, "ann", SERVER, data, name="Other")

    def test_nobody(self) -> None:
        """The server does not register, and a name without looks registers nothing."""
        self.void(self.court.does, REGISTERED, "", SERVER, {"looks": ["x"]})
        self.void(self.court.does, REGISTERED, "x", SERVER, {"looks": []})

    def test_policies(self) -> None:
        """No account is made without a code where one is needed."""
        self.court.registers("Ann")
        self.court.grants("", SERVER, "ann", "operator")
        self.court.sets("ann", SERVER, "registration", "invited")
        self.void(self.court.registers, "Bob")
        self.court.gives("ann", "c1", "register")
        self.court.registers("Bob", code="c1")
        self.court.gives("bob", "c2", "register")
        self.court.registers("Cid", code="c2")
        self.court.gives("bob", "c3", "register")
        self.court.sets("ann", SERVER, "registration", "operator")
        self.void(self.court.registers, "Dan", code="c3")
        self.court.gives("", "c4", "register")
        self.court.registers("Dan", code="c4")

    def test_lockdown(self) -> None:
        """A user registers during a lockdown with an operator's code alone."""
        self.court.sets("", SERVER, "lockdown", "register", 60)
        self.void(self.court.registers, "Ann")
        self.court.gives("", "c1", "register")
        self.court.registers("Ann", code="c1")
        self.court.now += 60
        self.court.registers("Bob")


class CodeTests(CourtCase):
    """
    Codes that work once.
    """

    def setUp(self) -> None:
        super().setUp()
        self.court.registers("Ann", "Bob")

    def test_once(self) -> None:
        """A code is used up once, and an unknown one is void."""
        self.court.gives("ann", "c1", "register")
        self.void(self.court.registers, "Cid", code="c2")
        self.court.registers("Cid", code="c1")
        self.void(self.court.registers, "Dan", code="c1")

    def test_voidKeepsTheCode(self) -> None:
        """A code that was given with a taken name can be used again."""
        self.court.gives("ann", "c1", "register")
        self.void(self.court.registers, "Ann", code="c1")
        self.court.registers("Cid", code="c1")

    def test_end(self) -> None:
        """A code is good until its end, by the time of the event that uses it."""
        self.court.gives("ann", "c1", "register", seconds=60)
        self.court.now += 60
        self.void(self.court.registers, "Cid", code="c1")

    def test_purpose(self) -> None:
        """A code is good for its purpose, and for the account that it was given out for."""
        self.court.gives("ann", "c1", "device", "ann")
        self.void(self.court.registers, "Cid", code="c1")
        self.void(self.court.proves, "bob", "phone", code="c1")
        self.court.proves("ann", "phone", code="c1")
        self.court.gives("ann", "c2", "register")
        self.void(self.court.proves, "ann", "phone", code="c2")

    def test_authors(self) -> None:
        """
        A guest gives out no codes, and a user none for another account; operators do, to recover
        it.
        """
        self.void(self.court.gives, "guest", "c1", "register")
        self.void(self.court.gives, "ann", "c1", "device", "bob")
        self.void(self.court.gives, "ann", "c1", "recover", "bob")
        self.void(self.court.gives, "", "c1", "device", "bob")
        self.void(self.court.gives, "", "c1", "recover", "nobody")
        self.court.gives("", "c1", "recover", "bob")
        self.court.proves("bob", "new", code="c1")

    def test_bounds(self) -> None:
        """An account has ten codes, counted for a day; a code has an end within 30 days."""
        for number in range(MAX_CODES):
            self.court.gives("ann", f"c{number}", "register")
        self.void(self.court.gives, "ann", "more", "register")
        self.court.gives("bob", "more", "register")
        self.court.now += 86_400
        self.court.gives("ann", "new", "register")
        self.assertIsNone(self.paper.get("code", "c0"))
        self.void(self.court.gives, "ann", "long", "register", seconds=31 * 86_400)
        self.void(self.court.gives, "ann", "endless", "register", seconds=-self.court.now)
        self.void(self.court.gives, "ann", "new", "register")

    def test_invitedCrowd(self) -> None:
        """A used code counts for a day, not until its own end."""
        for number in range(MAX_CODES):
            self.court.gives("ann", f"c{number}", "register", seconds=7 * 86_400)
            self.court.registers(f"G{number}", code=f"c{number}")
        self.court.now += 86_401
        self.court.gives("ann", "new", "register")


class CredentialsTests(CourtCase):
    """
    The credentials of accounts.
    """

    def setUp(self) -> None:
        super().setUp()
        self.court.registers("Ann")

    def test_replaced(self) -> None:
        """New credentials replace all former ones, and empty the event that these came with."""
        first = self.court.proves("ann", "laptop")
        self.court.proves("ann", "laptop", "phone")
        self.assertEqual(self.paper.blanked, [first])
        labels = [each["label"] for each in self.paper.get("credentials", "ann")["list"]]
        self.assertEqual(labels, ["laptop", "phone"])

    def test_replay(self) -> None:
        """A used code is used up in records that are made again, too."""
        self.court.gives("ann", "c1", "device", who="ann")
        used = self.court.proves("ann", "laptop", code="c1")
        self.court.proves("ann", "phone")
        self.assertEqual(json.loads(self.paper.left[used]), {"code": "c1"})
        again = Court()
        again.registers("Ann")
        again.gives("ann", "c1", "device", who="ann")
        again.does(CREDENTIALS, "ann", SERVER, self.paper.left[used])
        self.assertIsNone(again.paper.get("code", "c1"))
        self.assertIsNone(again.paper.get("credentials", "ann"))

    def test_bounds(self) -> None:
        """An account has one credential at least, and 16 at most."""
        self.void(self.court.proves, "ann")
        self.court.proves("ann", *(["x"] * MAX_CREDENTIALS))
        self.void(self.court.proves, "ann", *(["x"] * (MAX_CREDENTIALS + 1)))
        self.void(self.court.does, CREDENTIALS, "ann", SERVER, {"credentials": [{"label": 1}]})

    def test_guests(self) -> None:
        """A guest has no credentials."""
        self.void(self.court.proves, "guest", "laptop")


class NamedTests(CourtCase):
    """
    Further names.
    """

    def setUp(self) -> None:
        super().setUp()
        self.court.registers("Ann", "Bob")

    def test_taken(self) -> None:
        """A further name belongs to the account as the first does."""
        self.court.names("ann", "Nan")
        self.assertEqual(self.paper.get("account", "ann")["names"], ["Ann", "Nan"])
        self.void(self.court.names, "bob", "NAN", error=NameTaken)
        self.void(self.court.names, "ann", "Bob", error=NameTaken)

    def test_bound(self) -> None:
        """An account owns four names."""
        for number in range(MAX_NAMES - 1):
            self.court.names("ann", f"Nan{number + 2}")
        self.void(self.court.names, "ann", "Nan9")

    def test_givenBack(self) -> None:
        """
        A further name that was given back is free for others; the first name cannot be given back.
        """
        self.court.names("ann", "Nan")
        self.court.names("ann", "Nan", owned=False)
        self.court.names("bob", "Nan")
        self.void(self.court.names, "ann", "Ann", owned=False)
        self.void(self.court.names, "ann", "Nan", owned=False, error=ChatError)

    def test_guests(self) -> None:
        """A guest takes no further name."""
        self.void(self.court.names, "guest", "Guest")

    def test_others(self) -> None:
        """The names of an account are changed by itself and by operators alone."""
        self.court.names("ann", "Nan")
        self.void(self.court.names, "ann", "Nan", owned=False, by="bob")
        self.court.names("ann", "Nan", owned=False, by="")


class UnregisteredTests(CourtCase):
    """
    Accounts that end.
    """

    def setUp(self) -> None:
        super().setUp()
        self.court.registers("Ann")
        self.at = self.court.proves("ann", "laptop")
        self.court.unregisters("ann")

    def test_gone(self) -> None:
        """The credentials of an ended account are gone, and emptied in the log."""
        self.assertIsNone(self.paper.get("credentials", "ann"))
        self.assertEqual(self.paper.blanked, [self.at])
        self.void(self.court.proves, "ann", "laptop")
        self.void(self.court.unregisters, "ann")
        self.void(self.court.reads, "ann", LOBBY, 1)

    def test_burnt(self) -> None:
        """The names of an ended account stay taken until an operator frees them."""
        self.void(self.court.does, REGISTERED, "x", SERVER, {"looks": ["ann"]}, error=NameTaken)
        self.court.names("ann", "Ann", owned=False, by="")
        self.court.does(REGISTERED, "x", SERVER, {"looks": sorted(looks("Ann"))}, name="Ann")

    def test_byOperators(self) -> None:
        """An account is ended by itself or by an operator alone."""
        self.court.registers("Bob", "Cid")
        data = {"who": "bob"}
        self.void(self.court.does, "unregistered", "cid", SERVER, data)
        self.court.does("unregistered", "", SERVER, data)
        self.assertTrue(self.paper.get("account", "bob")["gone"])


class ReadTests(CourtCase):
    """
    The read marks of accounts.
    """

    def setUp(self) -> None:
        super().setUp()
        self.court.registers("Ann")
        self.dev = self.court.makes("ann")

    def test_rises(self) -> None:
        """A mark only rises."""
        for id, mark in ((2, 2), (1, 2), (3, 3)):
            self.court.reads("ann", self.dev, id)
            self.assertEqual(self.paper.get("mark", f"ann {self.dev}"), mark)
        self.assertIsNone(self.paper.get("mark", f"ann {LOBBY}"))

    def test_places(self) -> None:
        """Each room has a mark, and so have direct messages; an unknown place has none."""
        self.court.reads("ann", LOBBY, 1)
        self.court.reads("ann", "@", 1)
        self.void(self.court.reads, "ann", "77", 1, error=NoSuchRoom)

    def test_future(self) -> None:
        """A mark beyond the newest event is void, and so is a guest's."""
        self.void(self.court.reads, "ann", self.dev, 99)
        self.void(self.court.reads, "guest", self.dev, 1)
