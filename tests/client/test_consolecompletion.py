"""
Tests of the user interface in a terminal: completion.
"""

from __future__ import annotations

from tests.support.chatting import WELCOME, Peer
from tests.support.consoles import ConsoleUITestCase


class CompletionTests(ConsoleUITestCase):
    """
    Completion in a chat.
    """

    def asked(self, peer: Peer) -> dict[str, str]:
        """
        @return: the keys of the requests that the client made, by their types.
        """
        return {each["type"]: each["key"] for each in peer.objects() if "key" in each}

    def test_completion(self) -> None:
        """Commands of both sides, names and rooms are completed."""
        peer = self.inside()
        peer.says(type="said", id=11, time=1.0, room="#dev", name="Alexei", text="Hi!")
        for text, offered in (("/ign", "/ignore "), ("/ms", "/msg "), ("al", "Alexei: ")):
            self.assertIn(offered, self.ui.complete(text, len(text)))
        self.assertEqual(self.ui.complete("/join #d", 8), ["#dev "])

    def test_completesThePresent(self) -> None:
        """The client asks unseen for the names in each room that the user comes to."""
        peer = self.begin()
        peer.says(**WELCOME)
        asked = self.asked(peer)
        self.assertEqual(set(asked), {"commands", "names"})
        self.shown()
        names = [f"P{number:04}" for number in range(3000)]
        key, room = asked["names"], "#lobby"
        for part in (names[:2000], names[2000:]):
            more = {"more": True} if part[-1] != names[-1] else {}
            peer.says(type="names", room=room, names=part, key=key, **more)
        self.assertEqual(self.shown(), "")
        self.assertEqual(self.ui.complete("p2999", 5), ["P2999: "])
        self.assertEqual(len(self.ui.complete("", 0)), 3000)
        peer.says(type="left", id=11, time=1.0, room="#lobby", name="P2999")
        peer.says(type="joined", id=12, time=1.0, room="#lobby", name="Zoe")
        peer.says(type="renamed", id=13, time=1.0, room="#lobby", name="P0007", to="James")
        offered = [each for text in ("p2999", "zoe", "p0007", "ja") for each in self.offers(text)]
        self.assertEqual(offered, ["Zoe: ", "James: "])
        for _ in range(3):
            self.clock.advance(20)
            peer.says(type="pong")
        peer.got()
        self.offers("p")
        self.assertEqual(set(self.asked(peer)), {"names"})
        peer.says(type="room", room="#dev", topic="", names=2)
        asked = self.asked(peer)
        self.assertEqual(set(asked), {"names"})
        peer.says(type="names", room="#dev", names=["Ann", "Kim"], key=asked["names"])
        self.assertEqual(self.offers("k"), ["Kim: "])
        for _ in range(6):
            self.clock.advance(20)
            peer.says(type="pong")
        peer.got()
        self.offers("k")
        self.assertEqual(peer.got(), b"")

    def test_olderServer(self) -> None:
        """
        A server that does not know these requests is learnt from its events, and the user is told
        nothing.
        """
        peer = self.begin()
        peer.says(**WELCOME)
        asked = self.asked(peer)
        self.shown()
        for key in asked.values():
            peer.says(type="error", code="bad-object", text="there is no such type", key=key)
        self.assertEqual(self.shown(), "")
        self.comes(peer, 11, "Zoe")
        self.assertEqual(self.offers("z"), ["Zoe: "])
        self.assertEqual(self.offers("/m"), ["/me ", "/msg "])
        self.assertEqual(self.offers("/join"), [])

    def test_completesCommands(self) -> None:
        """The server's commands are completed as it lists them."""
        peer = self.begin()
        peer.says(**WELCOME)
        commands = [{"name": "away"}, {"name": "/kick", "usage": "NAME"}, {"name": ""}, "x", {}]
        peer.says(type="commands", commands=commands, key=self.asked(peer)["commands"])
        self.assertEqual(self.offers("/aw"), ["/away "])
        self.assertEqual(self.offers("/k"), ["/kick "])
        self.assertEqual(self.offers("/q"), ["/quit "])
        self.assertEqual(self.offers("/msg"), [])

    def test_completesRoomsOfBefore(self) -> None:
        """A room that the user left for another is still offered."""
        peer = self.inside()
        for room in ("#dev", "#lobby"):
            peer.says(type="room", room=room, topic="", names=1)
        self.assertEqual(self.ui.complete("/join #d", 8), ["#dev "])
