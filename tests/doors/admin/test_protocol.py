"""
Tests for L{twisted_chat.doors.admin.protocol} and L{twisted_chat.doors.admin.requests}.
"""

from __future__ import annotations

from typing import Any

from tests.support.peers import Peer, TimedTestCase
from twisted_chat.doors.admin.factory import AdminDoor
from twisted_chat.errors import BadText


class RequestTests(TimedTestCase):
    """
    Requests of the operator, and their answers.
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
        """The server is well unless nothing can be stored."""
        self.assertEqual(self.ask("health")["text"], "all is well")
        self.patch(type(self.hub.log), "trouble", "the disk is full")
        answer = self.ask("health")
        self.assertEqual((answer["type"], answer["code"]), ("error", "not-ready"))
        self.assertEqual(answer["text"], "the disk is full")

    def test_names(self) -> None:
        """All users are listed, with their addresses and their rooms."""
        Peer(self.factory, "Ann").types("/join #dev")
        (ann,) = self.ask("names")["people"]
        self.assertEqual((ann["name"], ann["address"]), ("Ann", "192.0.2.7:51234"))
        self.assertEqual(ann["rooms"], ["#lobby", "#dev"])

    def test_command(self) -> None:
        """A moderator's command is carried out and its lines are told; any other is refused."""
        ann = Peer(self.factory, "Ann")
        ann.types("/register")
        ann.forget()
        told = "* server made Ann operator of this server"
        self.assertEqual(self.ask("command", line="grant Ann operator")["lines"], [told])
        self.assertEqual(ann.lines, [told])
        for line in ("join #dev", "/grant Ann operator", "", "quit"):
            self.assertEqual(self.ask("command", line=line)["code"], "bad-object")
        self.assertEqual(self.ask("command", line="grant Bob operator")["code"], "no-such-user")

    def test_code(self) -> None:
        """A code is told with how to use it."""
        answer = self.ask("code")
        self.assertEqual(
            answer["text"], f"within a day somebody can enter with: NAME {answer['code']}"
        )
        self.assertEqual(self.ask("code", name="Ann")["code"], "no-such-user")

    def test_rooms(self) -> None:
        """All rooms are listed, private ones as well; one is opened and closed."""
        Peer(self.factory, "Ann").types("/join #den swordfish", "/topic dragons")
        den = {"room": "#den", "members": 1, "private": True, "topic": "dragons"}
        self.assertEqual(self.ask("rooms")["rooms"][1], den)
        self.assertEqual(self.ask("open", room="#den")["text"], "#den is open to everybody")
        self.assertEqual(self.ask("close", room="#den")["text"], "#den is closed")
        self.assertEqual(len(self.ask("rooms")["rooms"]), 1)
        self.assertEqual(self.ask("close", room="#den", key="7")["code"], "no-such-room")

    def test_reload(self) -> None:
        """A reload is answered with its result."""
        self.assertEqual(self.ask("reload")["text"], "reloaded: nothing changed")
        self.assertEqual(self.ask("reload")["type"], "error")

    def test_withoutOptions(self) -> None:
        """A server that was not started with options has none to reload."""
        self.peer = Peer(AdminDoor(self.factory.gate), host="")
        self.assertEqual(self.ask("reload")["code"], "refused")

    def test_nonsense(self) -> None:
        """A line that is no request is refused, and the next one is taken."""
        self.peer.types("nonsense", "", '{"type":"sing"}', '{"type":5}')
        codes = [each["code"] for each in self.peer.objects]
        self.assertEqual(codes, ["bad-object"] * 3)
        self.assertEqual(self.ask("health")["type"], "health")
