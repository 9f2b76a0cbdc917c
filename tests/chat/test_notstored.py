# -*- test-case-name: tests.chat.test_notstored -*-
"""
Tests of a chat whose log stores nothing: what each author is told, and what stays as it was.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import (
    CONNECTED,
    NOW,
    FaultyLog,
    enter,
    enterAll,
    makeHub,
    makeTurnHub,
    newest,
    resume,
    useZone,
)
from twisted_chat.wire.jsonlines import JSON


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
        Users come and go though nothing can be stored; those who are here are not told.
        """
        (ann,) = enterAll(self.hub, "Ann")
        self.log.fail()
        bob = enter(self.hub, "Bob")
        bob.types("hello", "/names", "/quit")
        self.assertEqual(
            bob.lines,
            [
                CONNECTED,
                "! the message was not stored: send it again later",
                "* 2 in #lobby: Ann, Bob",
                "* Goodbye",
            ],
        )
        self.assertEqual((ann.lines, list(self.hub.users)), ([], ["Ann"]))
        self.assertEqual(len(self.hub.lobby), 1)

    def test_heldAnswers(self) -> None:
        """
        An answer that waits for another comes after it also where that one is a refusal, of
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
        self.assertEqual(ann.lines, [CONNECTED, "* 1 in #lobby: Ann"])

    def test_rooms(self) -> None:
        """
        A change of a room or a name that cannot be stored is answered once, and changes nothing.
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
        A topic that is not stored does not change the room.
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


class EnteringTests(SynchronousTestCase):
    """
    A user who enters while the disk fails.
    """

    def test_resume(self) -> None:
        """
        A user who comes back while nothing can be stored is told what they missed all the same.
        """
        log = FaultyLog(seconds=lambda: NOW)
        hub = makeHub(log)
        ann, bob = enter(hub, "Ann"), enter(hub, "Bob", JSON)
        last = newest(bob)
        bob.drops()
        ann.types("meanwhile")
        log.fail()
        again = resume(hub, bob.objects[0], last)
        log.fault = None
        ann.types("live")
        texts = [value["text"] for value in again.objectsOf("said")]
        self.assertEqual(texts, ["meanwhile", "live"])

    def test_text(self) -> None:
        """
        A newcomer is welcomed and shown the backlog while nothing can be stored.
        """
        useZone(self, "UTC0")
        log = FaultyLog(seconds=lambda: NOW)
        hub = makeHub(log)
        enter(hub, "Ann").types("before")
        log.fail()
        self.assertEqual(enter(hub, "Bob").lines, [CONNECTED, "* 14:33 Ann :: before"])
