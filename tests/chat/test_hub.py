# -*- test-case-name: tests.chat.test_hub -*-
"""
Tests for L{twisted_chat.chat.hub}.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import (
    NOW,
    Clerk,
    FakeClient,
    FaultyLog,
    enter,
    enterAll,
    makeHub,
    makeTurnHub,
)
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.chat.room import PRESENCE_LIMIT
from twisted_chat.errors import BadName, NameTaken, NoSuchUser
from twisted_chat.wire.events import (
    CLOSED,
    CREATED,
    FOREVER,
    INVITED,
    JOINED,
    LEFT,
    RENAMED,
    SAID,
    TOLD,
    Event,
    Place,
    Scope,
)
from twisted_chat.wire.jsonlines import JSON


class PeopleTests(SynchronousTestCase):
    """
    The people who are here, and their names.
    """

    def setUp(self) -> None:
        self.hub = makeHub()

    def test_enter(self) -> None:
        """
        A user who enters is welcomed, is among the users, and the others are told.
        """
        ann = enter(self.hub, "Ann")
        bob = enter(self.hub, "Bob")
        self.assertEqual(bob.lines, ["Connected... Start sending messages"])
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
        self.assertEqual(enter(self.hub, "Bob").lines[0], "Connected... Start sending messages")

    def test_lostConnection(self) -> None:
        """
        A user who loses the connection has left, and is told nothing more.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        bob.drops()
        ann.types("gone?")
        self.assertEqual((ann.lines, bob.lines), (["* Bob has left", "OK . ."], []))

    def test_namesThatLookAlike(self) -> None:
        """
        Nobody gets a name that another has, or that can be taken for it.
        """
        enter(self.hub, "Alexei")
        for name, words in (
            ("Alexei", "is taken"),
            ("ALEXEI", "looks like Alexei"),
            ("AIexei", "looks like Alexei"),
            ("Аlexei", ""),
        ):
            error = enter(self.hub, name).loginError
            assert isinstance(error, NameTaken | BadName), name
            self.assertIn(words, error.sentence)
        self.assertEqual(list(self.hub.users), ["Alexei"])

    def test_badName(self) -> None:
        """
        A name that nobody may have is refused before anybody hears of it.
        """
        for name in ("server", "two words", "", "#lobby", "*"):
            self.assertIsInstance(enter(self.hub, name).loginError, BadName)
        self.assertEqual(self.hub.users, {})
        self.assertEqual(self.hub.lastId, 0)

    def test_find(self) -> None:
        """
        People are found by their name in any case and Unicode form.
        """
        ann = enter(self.hub, "Ann")
        for name in ("Ann", "ann", "ANN", "Ａｎｎ"):
            self.assertIs(self.hub.state.roster.find(name), ann.user.member)
        with self.assertRaises(NoSuchUser):
            self.hub.state.roster.find("Bob")

    def test_findNobodyElse(self) -> None:
        """
        A name that only looks like somebody's finds nobody, and one letter off is a suggestion.
        """
        enterAll(self.hub, "Neil", "Bob", "том", "Ian")
        for name, words in (
            ("Nell", "did you mean Neil?"),
            ("NeiI", "did you mean Neil?"),
            ("B0b", "did you mean Bob?"),
            ("lan", "did you mean Ian?"),
            ("Tom", "/names tells who is"),
            ("x" * 4096, "/names tells who is here"),
        ):
            error = self.assertRaises(NoSuchUser, self.hub.state.roster.find, name)
            self.assertIn(words, error.sentence)

    def test_wordForAnother(self) -> None:
        """
        What is meant for one person is told to nobody whose name looks like theirs.
        """
        neil, bob = enterAll(self.hub, "Neil", "Bob")
        bob.types("/msg Nell Bill is fired", "/join #hr sesame", "/invite Nell", "/who Nell")
        self.assertEqual(neil.lines, [])
        refused = [line for line in bob.lines if line[:2] == "! "]
        self.assertEqual(refused, ["! nobody of this name is here: did you mean Neil?"] * 3)

    def test_togetherByTheirSpelling(self) -> None:
        """
        Names that a reader tells apart as they are written are here together.
        """
        names = ["Ella", "Elia", "Ian", "Lan", "Kai", "Kal", "Neil", "Nell"]
        enterAll(self.hub, *names)
        self.assertEqual(list(self.hub.users), names)
        self.assertIsInstance(enter(self.hub, "NeiI").loginError, NameTaken)

    def test_rename(self) -> None:
        """
        A new name is told to all, is found from then on, and the old one is free.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/nick Anna", "hello")
        self.assertEqual(bob.lines, ["* Ann is now Anna", "Anna :: hello"])
        self.assertEqual(ann.lines, ["* You are now Anna", "OK . ."])
        self.assertIs(self.hub.state.roster.find("Anna"), ann.user.member)
        self.assertIs(enter(self.hub, "Ann").user.member, self.hub.users["Ann"])

    def test_renameToAnother(self) -> None:
        """
        A name that looks like another's is refused, and one's own stays.
        """
        ann, _ = enterAll(self.hub, "Ann", "Bob")
        ann.types("/nick B0B", "/nick bob", "still Ann")
        self.assertEqual(ann.lines[1][:2] + ann.lines[2], "! OK . .")
        self.assertIs(self.hub.state.roster.find("Ann"), ann.user.member)

    def test_renameByCase(self) -> None:
        """
        One's own name in another case is no other's.
        """
        ann = enter(self.hub, "Ann")
        ann.types("/nick ANN")
        self.assertEqual(list(self.hub.users), ["ANN"])
        ann.types("/quit")
        self.assertEqual(self.hub.users, {})
        enter(self.hub, "Ann")

    def test_renameToTheSame(self) -> None:
        """
        Nobody is told of a name that stays, which is still its owner's.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/nick Ann")
        self.assertEqual(ann.lines, ["! you are called Ann already: choose another name"])
        self.assertEqual(bob.lines, [])
        self.assertIs(self.hub.state.roster.find("ann"), ann.user.member)

    def test_renamedThenGone(self) -> None:
        """
        A user takes a new name and leaves at once: the others are told both.
        """
        hub, turn = makeTurnHub()
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob")
        turn.end()
        ann.forget()
        bob.types("/nick Rob", "/quit")
        turn.end()
        self.assertEqual(ann.lines, ["* Bob is now Rob", "* Rob has left"])

    def test_nameIsFreeAtOnce(self) -> None:
        """
        A name is free as soon as its owner leaves, and the order of the two stays clear.
        """
        hub, turn = makeTurnHub()
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob")
        turn.end()
        ann.forget()
        bob.drops()
        other = enter(hub, "Bob")
        turn.end()
        self.assertEqual(sorted(ann.lines), ["* Bob has left", "* Bob is now connected"])
        self.assertIs(hub.state.roster.find("Bob"), other.user.member)

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
    What the operator reads.
    """

    def test_conversation(self) -> None:
        """
        The operator reads who comes, speaks in public and goes, each with the address.
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
        A turn of a room with 1,000 people costs each of them one put, whatever was said in it.
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
        What comes from several rooms and from direct messages in one turn is one put, too, in the
        order of the ids.
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
        The hub knows the newest id that people were shown.
        """
        hub, turn = makeTurnHub()
        enter(hub, "Ann").types("1", "2")
        self.assertEqual(hub.lastId, 0)
        turn.end()
        self.assertEqual(hub.lastId, 3)

    def test_settled(self) -> None:
        """
        A door that wants to know is told once that something of its client's was answered.
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


class PresenceTests(SynchronousTestCase):
    """
    Comings and goings, folded.
    """

    def setUp(self) -> None:
        self.hub, self.turn = makeTurnHub()

    def enterInOneTurn(self, *names: str) -> list[FakeClient]:
        """
        @return: clients of people who enter in the same turn.
        """
        clients = [enter(self.hub, name) for name in names]
        self.turn.end()
        return clients

    def test_folded(self) -> None:
        """
        All who come in one turn are one line, and so are all who go.
        """
        (ann,) = self.enterInOneTurn("Ann")
        ann.forget()
        others = self.enterInOneTurn("Bob", "Cem", "Dai", "Eve")
        self.assertEqual(ann.lines, ["* Bob, Cem and 2 more are now connected"])
        ann.forget()
        for other in others:
            other.drops()
        self.turn.end()
        self.assertEqual(ann.lines, ["* Bob, Cem and 2 more have left"])

    def test_newcomersHearOfEachOther(self) -> None:
        """
        Of two who come in one turn the first hears of the second, once, as if they had come one
        after the other.
        """
        ann, bob, cem = self.enterInOneTurn("Ann", "Bob", "Cem")
        connected = "Connected... Start sending messages"
        self.assertEqual(ann.lines, [connected, "* Bob and Cem are now connected"])
        self.assertEqual(bob.lines, [connected, "* Cem is now connected"])
        self.assertEqual(cem.lines, [connected])

    def test_leaversHearOfEachOther(self) -> None:
        """
        Of two who leave in one turn the second hears of the first, and neither of their own.
        """
        ann, bob, cem = self.enterInOneTurn("Ann", "Bob", "Cem")
        for person in (ann, bob, cem):
            person.forget()
        ann.types("/quit")
        bob.types("/quit")
        self.turn.end()
        self.assertEqual(ann.lines, ["* Goodbye"])
        self.assertEqual(bob.lines, ["* Ann has left", "* Goodbye"])
        self.assertEqual(cem.lines, ["* Ann and Bob have left"])

    def test_loginAndMessageInOneTurn(self) -> None:
        """
        A name and messages that come in one chunk are answered in their order; whoever comes
        later in the turn misses what was said before, as ever.
        """
        ann = enter(self.hub, "Ann")
        ann.types("one", "/names", "two")
        bob = enter(self.hub, "Bob")
        bob.types("three")
        self.turn.end()
        self.assertEqual(
            ann.lines,
            [
                "Connected... Start sending messages",
                "* Bob is now connected",
                "OK . .",
                "* 2 in #lobby: Ann, Bob",
                "OK . .",
                "Bob :: three",
            ],
        )
        self.assertEqual(bob.lines[0], "Connected... Start sending messages")
        self.assertEqual(bob.lines[-1], "OK . .")

    def test_nameAndCommandInOneTurn(self) -> None:
        """
        The answer of a command that came with the name stands behind the welcome.
        """
        ann = enter(self.hub, "Ann")
        ann.types("/names")
        self.turn.end()
        self.assertEqual(ann.lines, ["Connected... Start sending messages", "* 1 in #lobby: Ann"])

    def test_wholeStayInOneTurn(self) -> None:
        """
        A user who enters, speaks and leaves in one turn is answered all of it.
        """
        (ann,) = self.enterInOneTurn("Ann")
        ann.forget()
        bob = enter(self.hub, "Bob")
        bob.types("hello", "/quit", "never heard")
        self.turn.end()
        self.assertEqual(bob.lines, ["Connected... Start sending messages", "OK . .", "* Goodbye"])
        self.assertEqual(ann.lines, ["* Bob is now connected", "Bob :: hello", "* Bob has left"])
        self.assertEqual(len(self.hub.lobby), 1)

    def test_noneAboveTheLimit(self) -> None:
        """
        Above 200 people nobody is told who comes and goes; messages are heard as ever.
        """
        people = self.enterInOneTurn(*(f"user{n}" for n in range(PRESENCE_LIMIT + 1)))
        ann = people[0]
        ann.forget()
        bob, cem = self.enterInOneTurn("Bob", "Cem")
        bob.types("/nick Rob", "hello")
        cem.drops()
        self.turn.end()
        self.assertEqual(ann.lines, ["Rob :: hello"])

    def test_crowdInOneTurn(self) -> None:
        """
        Of a crowd that comes in one turn people are told as long as the room tells it.
        """
        (ann,) = self.enterInOneTurn("Ann")
        ann.forget()
        crowd = self.enterInOneTurn(*(f"user{n}" for n in range(500)))
        self.assertEqual(
            ann.lines, [f"* user0, user1 and {PRESENCE_LIMIT - 2} more are now connected"]
        )
        self.assertEqual(crowd[-1].lines, ["Connected... Start sending messages"])

    def test_smallRoomOfALargeChat(self) -> None:
        """
        Where the lobby is too large to tell who leaves or is renamed, one's smaller rooms tell it,
        once to each.
        """
        people = self.enterInOneTurn(*(f"user{n}" for n in range(PRESENCE_LIMIT)))
        ann, bob, cem = self.enterInOneTurn("Ann", "Bob", "Cem")
        for person in (ann, bob, cem):
            person.types("/join #a", "/join #b")
        self.turn.end()
        cem.types("/leave #a")
        self.turn.end()
        for person in (*people, ann, bob, cem):
            person.forget()
        bob.types("/nick Rob", "/quit")
        cem.types("/quit")
        self.turn.end()
        self.assertEqual(ann.lines[0], "* Bob is now Rob")
        rest = "\n".join(ann.lines[1:])
        self.assertEqual((rest.count("Rob"), rest.count("Cem")), (1, 1), rest)
        self.assertEqual(people[0].lines, [])

    def test_comeAndGoInOneTurn(self) -> None:
        """
        A user who comes and goes at once is told of, and stays nowhere.
        """
        (ann,) = self.enterInOneTurn("Ann")
        ann.forget()
        enter(self.hub, "Bob").drops()
        self.turn.end()
        self.assertEqual(ann.lines, ["* Bob is now connected", "* Bob has left"])
        self.assertEqual((len(self.hub.lobby), list(self.hub.users)), (1, ["Ann"]))

    def test_moversAndStrangers(self) -> None:
        """
        A user who left a room hears nothing of it that comes after, even in the same turn; one who
        comes hears nothing of before.
        """
        ann, bob, cem = self.enterInOneTurn("Ann", "Bob", "Cem")
        ann.types("/join #dev")
        self.turn.end()
        for person in (ann, bob, cem):
            person.forget()
        bob.types("/join #dev")
        ann.types("/leave #dev")
        cem.types("/join #dev")
        self.turn.end()
        self.assertEqual(ann.lines, ["* Bob has joined #dev", "* You are in #lobby (3 here)"])
        self.assertEqual(
            sorted(bob.lines),
            ["* Ann has left #dev", "* Cem has joined #dev", "* You are in #dev (2 here)"],
        )
        self.assertEqual(cem.lines, ["* You are in #dev (2 here)"])


class RefusedTests(SynchronousTestCase):
    """
    A disk that fails.
    """

    def setUp(self) -> None:
        self.log = FaultyLog(seconds=lambda: NOW)
        self.hub = makeHub(self.log)

    def test_message(self) -> None:
        """
        A message that is not stored is refused to its author alone, under its key.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob", dialect=JSON)
        self.log.fail()
        ann.asks("say", text="hello", key="k1")
        self.log.fault = None
        ann.asks("say", text="again", key="k2")
        error, ok = ann.objects
        self.assertEqual(
            (error["type"], error["code"], error["key"]), ("error", "not-stored", "k1")
        )
        self.assertEqual((ok["type"], ok["key"]), ("ok", "k2"))
        self.assertEqual([value["text"] for value in bob.objectsOf("said")], ["again"])

    def test_comingAndGoing(self) -> None:
        """
        People come and go though nothing can be stored; those who are here are not told.
        """
        (ann,) = enterAll(self.hub, "Ann")
        self.log.fail()
        bob = enter(self.hub, "Bob")
        bob.types("hello", "/names", "/quit")
        self.assertEqual(
            bob.lines,
            [
                "Connected... Start sending messages",
                "! the message was not stored: send it again later",
                "* 2 in #lobby: Ann, Bob",
                "* Goodbye",
            ],
        )
        self.assertEqual((ann.lines, list(self.hub.users)), ([], ["Ann"]))
        self.assertEqual(len(self.hub.lobby), 1)

    def test_heldAnswers(self) -> None:
        """
        What waits for an answer comes in its order also where the answer is a refusal, of
        whatever kind.
        """
        held: list[tuple[str, list[str]]] = [
            ("hello", ["! the message was not stored: send it again later"]),
            ("/nick Anna", ["! the message was not stored: send it again later"]),
            ("/join #dev", ["! the message was not stored: send it again later"]),
        ]
        for line, answers in held:
            hub, turn = makeTurnHub()
            ann = enter(hub, "Ann")
            turn.end()
            ann.forget()
            ann.types(line, "/who Bob")
            batch = [(draft, origin) for draft, origin in hub.log._taken]  # type: ignore[attr-defined]
            self.log.fail()
            assert self.log.fault is not None
            hub.refused(batch, self.log.fault)
            self.assertEqual(
                ann.lines, [*answers, "! nobody of this name is here: /names tells who is"]
            )

    def test_entersWithACommand(self) -> None:
        """
        A command that came with the name is answered although the coming cannot be stored.
        """
        hub, _ = makeTurnHub()
        ann = enter(hub, "Ann")
        ann.types("/names")
        self.log.fail()
        assert self.log.fault is not None
        hub.refused(hub.log._taken, self.log.fault)  # type: ignore[attr-defined]
        self.assertEqual(ann.lines, ["Connected... Start sending messages", "* 1 in #lobby: Ann"])

    def test_rooms(self) -> None:
        """
        Whatever of rooms and names cannot be stored is answered once, and changes nothing.
        """
        ann, bob = enterAll(self.hub, "Ann", "Bob")
        ann.types("/join #den", "/topic tests")
        bob.types("/join #den")
        before = self.hub.rooms["#den"].record
        for line in (
            "/join #dev",
            "/join #dev swordfish",
            "/leave",
            "/lock",
            "/lock swordfish",
            "/topic x",
            "/invite Ann",
            "/nick Anna",
            "/kick Bob",
        ):
            for person in (ann, bob):
                person.forget()
            asker = bob if "/invite" in line else ann
            bobs = bob.user.rooms
            if asker is bob:
                bob.types("/join #lobby")
                ann.types("/leave")
                bob.types("/join #den")
                before = self.hub.rooms["#den"].record
                bob.forget()
            self.log.fail()
            asker.types(line)
            self.log.fault = None
            self.assertEqual(
                asker.lines, ["! the message was not stored: send it again later"], line
            )
            self.assertEqual(self.hub.rooms["#den"].record, before)
            self.assertEqual(list(self.hub.rooms), ["#lobby", "#den"])
            self.assertEqual(list(self.hub.users), ["Ann", "Bob"])
            self.assertEqual(bob.user.rooms, bobs)
            if asker is bob:
                ann.types("/join #den")
                before = self.hub.rooms["#den"].record
        ann.types("/join #dev swordfish")
        self.assertEqual(ann.user.current.name, "#dev")

    def test_topic(self) -> None:
        """
        What is not stored does not change a room.
        """
        (ann,) = enterAll(self.hub, "Ann")
        self.log.fail()
        ann.types("/topic tests")
        self.assertEqual(ann.lines, ["! the message was not stored: send it again later"])
        self.assertEqual(self.hub.lobby.topic, "")

    def test_settled(self) -> None:
        """
        A door whose client's messages are refused may read on.
        """
        (ann,) = enterAll(self.hub, "Ann")
        before = ann.answeredCalls
        ann.user.waits = True
        self.log.fail()
        ann.types("hello")
        self.assertEqual((ann.answeredCalls, ann.user.unanswered), (before + 1, 0))


EVER = ((0, FOREVER),)
NAMES = ("Ann", "Bob", "Cem", "Dai")
ROOMS = ("#lobby", "#dev", "#den")

_OPERATIONS: dict[str, Callable[[str], dict[str, str]]] = {
    "say": lambda arg: {"type": "say", "text": "said"},
    "act": lambda arg: {"type": "act", "text": "acted"},
    "tell": lambda arg: {"type": "tell", "to": arg, "text": "told"},
    "join": lambda arg: {"type": "command", "line": "/join #dev"},
    "joinDen": lambda arg: {"type": "command", "line": "/join #den sesame"},
    "joinBare": lambda arg: {"type": "command", "line": "/join #den"},
    "leave": lambda arg: {"type": "command", "line": "/leave"},
    "leaveDev": lambda arg: {"type": "command", "line": "/leave #dev"},
    "nick": lambda arg: {"type": "command", "line": f"/nick {arg}{arg[-1]}"},
    "topic": lambda arg: {"type": "command", "line": f"/topic about {arg}"},
    "invite": lambda arg: {"type": "command", "line": f"/invite {arg}"},
    "lock": lambda arg: {"type": "command", "line": "/lock"},
    "unlock": lambda arg: {"type": "command", "line": "/unlock"},
    "names": lambda arg: {"type": "command", "line": "/names"},
}

steps = st.lists(
    st.tuples(
        st.sampled_from(range(len(NAMES))),
        st.sampled_from([*_OPERATIONS, "say", "tell", "join", "enter", "quit", "drop", "turn"]),
        st.sampled_from(NAMES),
    ),
    max_size=60,
)


class Model:
    """
    What each session must have heard, worked out of the log alone.

    @ivar heard: per session, the ids in the order in which they must have come.
    """

    def __init__(self, events: list[Event]) -> None:
        self.heard: dict[str, list[int]] = {}
        self._in: dict[str, set[str]] = {room: set() for room in ROOMS}
        self._sids: dict[str, str] = {}
        for event in events:
            self._take(event)

    def _take(self, event: Event) -> None:
        author, room = event.sid, event.room
        if event.kind in (JOINED, RENAMED):
            self._sids[event.to or event.name] = author
        present = self._in["#lobby"]
        if event.kind == JOINED and room == "#lobby":
            listeners = set(present)
            self.heard.setdefault(author, [])
        elif event.kind == TOLD:
            listeners = {author, room[1:]} & (present | {author})
        elif event.kind == RENAMED:
            listeners = set(present)
        elif event.kind == CREATED:
            listeners = {author}
        elif event.kind == CLOSED:
            # The end of a room that somebody has joined meanwhile is void, and nobody hears of it.
            listeners = set()
        else:
            listeners = self._in[room] | {author}
            guest = self._sids.get(event.to, "")
            if event.kind == INVITED and guest in present:
                listeners.add(guest)
        for sid in listeners:
            self.heard.setdefault(sid, []).append(event.id)
        if event.kind == JOINED:
            self._in[room].add(author)
        elif event.kind == LEFT:
            for place in ROOMS if room == "#lobby" else (room,):
                self._in[place].discard(author)


class ExactlyOnceTests(SynchronousTestCase):
    """
    Whatever people do, in whatever batches it is stored.
    """

    @settings(deadline=None, max_examples=150, derandomize=True)
    @given(steps)
    def test_everyListener(self, taken: list[tuple[int, str, str]]) -> None:
        """
        Everybody hears each event that they may see exactly once and in the order of the ids; every
        author gets one answer to each of their lines, in their order.
        """
        # Each look at the clock is an hour later: no name is held for long.
        hub, turn = makeTurnHub(backlog=0, monotonic=count(0.0, 3600.0).__next__)
        clients: dict[int, FakeClient] = {}
        everybody: list[FakeClient] = []
        dropped: set[FakeClient] = set()
        asked: dict[FakeClient, list[str]] = {}
        for number, (who, operation, arg) in enumerate(taken):
            client = clients.get(who)
            if operation == "turn":
                turn.end()
            elif client is None:
                if NAMES[who] in hub.users or any(
                    user.name.startswith(NAMES[who]) for user in hub.users.values()
                ):
                    continue
                client = enter(hub, NAMES[who], JSON)
                if number % 2:
                    turn.end()
                if client.loginError is None:
                    clients[who] = client
                    everybody.append(client)
                    asked[client] = []
            elif operation in ("quit", "drop"):
                del clients[who]
                if operation == "drop":
                    dropped.add(client)
                    client.drops()
                else:
                    client.asks("bye")
            elif operation != "enter":
                key = f"k{number}"
                fields = _OPERATIONS[operation](arg)
                client.asks(fields.pop("type"), key=key, **fields)
                if operation in ("say", "act", "tell", "names"):
                    asked[client].append(key)
        turn.end()
        everybody = [client for client in everybody if client.user is not None]

        scope = Scope(tuple(Place(room, EVER) for room in ROOMS), "")
        events = self.successResultOf(hub.log.after(scope, 0, 10_000))
        told = {
            event.id: event
            for client in everybody
            for event in self.successResultOf(hub.log.after(Scope((), client.user.sid), 0, 10_000))
        }
        model = Model(sorted([*events, *told.values()]))
        for client in everybody:
            heard = [value["id"] for value in client.objects if "id" in value]
            expected = model.heard[client.user.sid]
            if client in dropped:
                expected = expected[: len(heard)]
            self.assertEqual(heard, expected)
            keys = [value["key"] for value in client.objects if "key" in value]
            answered = [key for key in dict.fromkeys(keys) if key in asked[client]]
            if client in dropped:
                self.assertEqual(answered, asked[client][: len(answered)])
            else:
                self.assertEqual(answered, asked[client])
            if client.objects:
                self.assertEqual(client.objects[0]["type"], "welcome")
        self.assertEqual(
            set(hub.users.values()), {client.user.member for client in clients.values()}
        )
        self.assertEqual(set(hub.lobby), set(hub.users.values()))

    @settings(deadline=None, max_examples=100, derandomize=True)
    @given(steps)
    def test_textReceipts(self, taken: list[tuple[int, str, str]]) -> None:
        """
        In the text dialect each message has one receipt or refusal, in the order of the lines.
        """
        hub, turn = makeTurnHub(backlog=0)
        clients = [enter(hub, name) for name in NAMES]
        turn.end()
        wanted: dict[FakeClient, list[str]] = {client: [] for client in clients}
        for number, (who, operation, arg) in enumerate(taken):
            client = clients[who]
            if operation == "turn":
                turn.end()
            elif operation == "say":
                client.types("hello")
                wanted[client].append("OK . .")
            elif operation == "tell":
                client.types(f"/msg nobody{number} hello", f"/msg {client.user.name} hello")
                wanted[client] += ["! nobody of this name is here: /names tells who is", "OK . ."]
            elif operation in ("join", "leaveDev", "nick", "topic"):
                client.types(_OPERATIONS[operation](arg)["line"])
            elif operation == "names":
                client.types(f"/help who{number}")
                wanted[client].append("! there is no such command, and nothing was sent")
        turn.end()
        prefixes = ("OK . .", "! nobody of this name", "! there is no such command")
        for client in clients:
            answers = [line for line in client.lines if line.startswith(prefixes)]
            self.assertEqual(
                [line.split(": did")[0].split(": /help")[0] for line in answers], wanted[client]
            )


class ManyTests(SynchronousTestCase):
    """
    What the hub keeps is bounded by who is here.
    """

    def test_nothingIsLeft(self) -> None:
        """
        Of people who left nothing is kept but what the log keeps.
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
