"""
Tests for L{twisted_chat.doors.admin.protocol} and L{twisted_chat.doors.admin.requests}.
"""

from __future__ import annotations

from typing import Any

from tests.support.helpers import useZone
from tests.support.peers import Peer, TimedTestCase
from twisted_chat.doors.admin.factory import AdminDoor
from twisted_chat.errors import BadText


class RequestTests(TimedTestCase):
    """
    What the operator asks for, and gets.
    """

    def setUp(self) -> None:
        super().setUp()
        self.reloads: list[None] = []
        self.door = AdminDoor(self.factory.gate, (), [self.factory], self.reload)
        self.peer = Peer(self.door, host="")

    def reload(self) -> str:
        """Reload once, and never again."""
        if self.reloads:
            raise BadText("not reloaded, nothing was changed")
        self.reloads.append(None)
        return "reloaded: nothing changed"

    def ask(self, type: str, **fields: Any) -> dict[str, Any]:
        """
        @return: the answer.
        """
        self.peer.forget()
        self.peer.asks(type, **fields)
        (answer,) = self.peer.objects
        return answer

    def test_status(self) -> None:
        """The status has the counts."""
        Peer(self.factory, "Ann")
        answer = self.ask("status", key="k")
        self.assertEqual((answer["type"], answer["key"]), ("status", "k"))
        self.assertEqual((answer["people"], answer["rooms"]), (1, 1))
        self.assertEqual(answer["connections"], {"lines": 1, "admin": 1})
        self.assertEqual((answer["waiting"], answer["trouble"]), (0, ""))

    def test_health(self) -> None:
        """All is well unless nothing can be stored."""
        self.assertEqual(self.ask("health")["text"], "all is well")
        self.patch(type(self.hub.log), "trouble", "the disk is full")
        answer = self.ask("health")
        self.assertEqual((answer["type"], answer["code"]), ("error", "not-ready"))
        self.assertEqual(answer["text"], "the disk is full")

    def test_names(self) -> None:
        """Everybody is listed, with their address and their rooms."""
        Peer(self.factory, "Ann").types("/join #dev")
        (ann,) = self.ask("names")["people"]
        self.assertEqual((ann["name"], ann["address"]), ("Ann", "192.0.2.7:51234"))
        self.assertEqual(ann["rooms"], ["#lobby", "#dev"])

    def test_rooms(self) -> None:
        """All rooms are listed, private ones as well; one is opened and closed."""
        Peer(self.factory, "Ann").types("/join #den swordfish", "/topic dragons")
        den = {"room": "#den", "members": 1, "private": True, "topic": "dragons"}
        self.assertEqual(self.ask("rooms")["rooms"][1], den)
        self.assertEqual(self.ask("open", room="#den")["text"], "#den is open to everybody")
        self.assertEqual(self.ask("close", room="#den")["text"], "#den is closed")
        self.assertEqual(len(self.ask("rooms")["rooms"]), 1)
        self.assertEqual(self.ask("close", room="#den", key="7")["code"], "no-such-room")

    def does(self, line: str, room: str = "") -> list[str]:
        """
        @return: the lines that answer a command of moderators, or the sentence that refuses it.
        """
        answer = self.ask("do", line=line, **({"room": room} if room else {}))
        return list(answer["lines"]) if answer["type"] == "do" else [answer["text"]]

    def test_orders(self) -> None:
        """The server gives the commands of moderators, in a room or for all."""
        useZone(self, "UTC0")
        ann = Peer(self.factory, "Ann")
        ann.types("/register swordfish-99", "/join #dev")
        bob = Peer(self.factory, "Bob")
        bob.types("/join #dev", "one", "two")
        self.assertEqual(
            self.does("grant ann operator"), ["server made Ann operator of this server"]
        )
        self.assertEqual(self.does("slow 30s", "#dev"), ["server set slow mode (30s) in #dev"])
        removed = ["server removed 2 messages of Bob: spam"]
        self.assertEqual(self.does("remove Bob 1h spam", "#dev"), removed)
        first, second = self.does("ban 203.0.113.0/24 7d spam")
        self.assertRegex(first, "^server banned 203.0.113.0/24 from this server until .*: spam$")
        self.assertRegex(second, "^203.0.113.0/24 until .*: /unban [0-9]+ ends this$")
        self.assertEqual(len(self.does("bans")), 1)
        self.assertRegex(
            self.does("bans")[0], "203.0.113.0/24 is banned until .*, by server: spam$"
        )
        self.assertEqual(self.does("kick Bob", "#dev"), ["server removed Bob from #dev"])
        self.assertIn("* server removed Bob from #dev", bob.lines)
        self.assertIn("one", "".join(self.does("audit", "#dev")))
        self.assertEqual(len(self.does("audit 9")), 7)

    def test_ordersRefused(self) -> None:
        """What cannot be is refused with a sentence."""
        Peer(self.factory, "Ann")
        self.assertIn("one of kick, ban", self.does("sing")[0])
        self.assertIn("one of kick, ban", self.does("register secret-secret")[0])
        self.assertEqual(self.does("slow"), ["Usage: slow TIME|off"])
        self.assertIn("there is no room #none", self.does("slow 30s", "#none")[0])
        self.assertIn("Ann is not registered", self.does("grant Ann operator")[0])
        self.assertIn("from /8 on", self.does("ban 0.0.0.0/1")[0])

    def test_codes(self) -> None:
        """A code lets somebody in who has lost everything, or somebody new."""
        ann = Peer(self.factory, "Ann")
        ann.types("/register swordfish-99", "/quit")
        answer = self.ask("code", name="ann")
        self.assertEqual(answer["text"].partition(": ")[2], f"Ann {answer['code']}")
        for line in (f"Ann {answer['code']}", f"Newcomer {self.ask('code')['code']}"):
            peer = Peer(self.factory)
            peer.types(line)
            self.assertIn("Connected... Start sending messages", peer.lines)
        self.assertTrue(self.hub.state.law.ownerOf("Newcomer"))
        self.assertEqual(self.ask("code", name="Nobody")["code"], "no-such-user")

    def test_reload(self) -> None:
        """A reload is answered with what came of it."""
        self.assertEqual(self.ask("reload")["text"], "reloaded: nothing changed")
        self.assertEqual(self.ask("reload")["type"], "error")

    def test_withoutOptions(self) -> None:
        """A server that was not started with options has none to reload."""
        self.peer = Peer(AdminDoor(self.factory.gate), host="")
        self.assertEqual(self.ask("reload")["code"], "refused")

    def test_nonsense(self) -> None:
        """What is no request is refused, and the next one is taken."""
        self.peer.types("nonsense", "", '{"type":"sing"}', '{"type":5}')
        codes = [each["code"] for each in self.peer.objects]
        self.assertEqual(codes, ["bad-object"] * 3)
        self.assertEqual(self.ask("health")["type"], "health")
