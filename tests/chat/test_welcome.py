# -*- test-case-name: tests.chat.test_welcome -*-
"""
Tests for L{twisted_chat.chat.welcome}: what a newcomer is shown.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import CONNECTED, FakeClient, enter, enterAll, makeHub, useZone
from tests.support.slowlogs import SlowLog
from twisted_chat.chat.welcome import BACKLOG
from twisted_chat.wire.jsonlines import JSON


class GreetingTests(SynchronousTestCase):
    """
    The first lines of a newcomer.
    """

    def setUp(self) -> None:
        useZone(self, "UTC0")

    def test_backlog(self) -> None:
        """
        A newcomer is shown the last messages of the lobby, and no comings and goings.
        """
        hub = makeHub()
        (ann,) = enterAll(hub, "Ann")
        ann.types(*(f"line {number}" for number in range(BACKLOG + 5)), "/me waves", "/nick Anna")
        enter(hub, "Bob").drops()
        cem = enter(hub, "Cem")
        self.assertEqual(cem.lines[0], CONNECTED)
        self.assertEqual(len(cem.lines), 1 + BACKLOG)
        self.assertTrue(cem.lines[1].endswith(" Ann :: line 6"))
        self.assertTrue(cem.lines[-1].endswith(" Ann waves"))
        self.assertNotIn("Bob", "".join(cem.lines))

    def test_backlogIsOfThisRoom(self) -> None:
        """
        The backlog of a room holds nothing of other rooms and no direct messages.
        """
        hub = makeHub()
        ann, _ = enterAll(hub, "Ann", "Bob")
        ann.types("/join #den sesame", "secret", "/msg Bob secret too")
        self.assertEqual(enter(hub, "Cem").lines, [CONNECTED])

    def test_noBacklog(self) -> None:
        """
        A hub without a backlog shows a newcomer nothing of before.
        """
        hub = makeHub(backlog=0)
        enter(hub, "Ann").types("hello")
        self.assertEqual(len(enter(hub, "Bob").lines), 1)

    def test_askedBacklog(self) -> None:
        """
        A program may ask for another number of old messages, each of which is marked as old.
        """
        hub = makeHub()
        (ann,) = enterAll(hub, "Ann")
        ann.types(*(f"line {number}" for number in range(30)))
        for count in (0, 2, 25):
            client = FakeClient(hub, JSON)
            client.asks("hello", name=f"bot{count}", backlog=count)
            old = client.objectsOf("said")
            self.assertEqual(
                (len(old), {v["old"] for v in old}), (count, {True} if count else set())
            )

    def test_motd(self) -> None:
        """
        The operator's words come after the welcome, before the backlog, in both dialects.
        """
        hub = makeHub(motd="Be kind.\nNo spam.")
        ann = enter(hub, "Ann")
        ann.types("hello")
        bob = enter(hub, "Bob")
        self.assertEqual(
            bob.lines[:3],
            [CONNECTED, "* Be kind.", "* No spam."],
        )
        self.assertTrue(bob.lines[3].endswith("Ann :: hello"))
        cem = enter(hub, "Cem", JSON)
        self.assertEqual(
            [value["type"] for value in cem.objects], ["welcome", "notice", "notice", "said"]
        )

    def test_program(self) -> None:
        """
        A program's first object tells its session's secret and where it stands.
        """
        hub = makeHub()
        ann = enter(hub, "Ann", JSON)
        (welcome,) = ann.objects
        self.assertEqual(welcome["epoch"], hub.log.epoch)
        self.assertEqual(welcome["last"], hub.lastId)
        self.assertEqual(len(welcome["token"]), 43)
        self.assertEqual((welcome["resumed"], welcome["missed"]), (False, 0))
        self.assertEqual(welcome["rooms"], [{"name": "#lobby", "topic": ""}])

    def test_heldBack(self) -> None:
        """
        Messages that come while the past is read follow it, once.
        """
        log = SlowLog()
        hub = makeHub(log)
        ann = enter(hub, "Ann")
        log.give()
        ann.types("before")
        bob = enter(hub, "Bob")
        ann.types("meanwhile")
        bob.types("mine")
        self.assertNotIn("meanwhile", "".join(bob.lines))
        log.give()
        ann.types("after")
        self.assertEqual(
            bob.lines,
            [
                CONNECTED,
                "* 14:33 Ann :: before",
                "Ann :: meanwhile",
                "OK . .",
                "Ann :: after",
            ],
        )

    def test_unreadable(self) -> None:
        """
        A user enters although the history cannot be read.
        """
        log = SlowLog()
        log.fault = OSError("disk")
        hub = makeHub(log)
        ann = enter(hub, "Ann")
        ann.types("hello", "/join #dev")
        self.assertEqual(
            ann.lines,
            [CONNECTED, "OK . .", "* You are in #dev (1 here)"],
        )
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 2)

    def test_goneMeanwhile(self) -> None:
        """
        A user who leaves while the past is read is nowhere afterwards.
        """
        log = SlowLog()
        hub = makeHub(log)
        ann = enter(hub, "Ann")
        ann.drops()
        log.give()
        self.assertEqual((hub.users, len(hub.lobby)), ({}, 0))
