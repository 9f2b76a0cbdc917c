"""
The door over files of every released version of the tables: nothing is lost to anybody.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tests.contracts.store import scopeOf
from tests.stores.sqlite import test_versions
from tests.support.histories import KEY, LAST_SEEN, TOKENS
from tests.support.peers import Peer
from twisted_chat.chat.hub import Hub
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.wire.events import PRESENCE


class Version1Tests(test_versions.VersionCase):
    """
    Users who come back to a server that has become newer.
    """

    def open(self) -> ChatFactory:
        """
        @return: the door of a server on this file.
        """
        hub = Hub(self.store, seconds=lambda: self.now)
        self.result(Deferred.fromCoroutine(hub.restore()))
        return ChatFactory(hub)

    def resume(self, factory: ChatFactory, name: str, last: int) -> Peer:
        """
        Resume a session.

        @param last: the last id that they have seen.
        """
        peer = Peer(factory)
        token = TOKENS[self.version][name]
        peer.asks("hello", token=token, epoch=self.epoch, last=last)
        self.settle()
        return peer

    def type(self, peer: Peer, line: str) -> list[str]:
        """
        @return: the lines that answer a typed line.
        """
        peer.forget()
        peer.types(line)
        self.settle()
        return peer.lines

    def test_resumes(self) -> None:
        """
        A resumed session is in the same rooms, and gets everything that it missed, once.
        """
        [last] = [event.id for event in self.events if event.text == LAST_SEEN]
        welcome, *missed = self.resume(self.open(), "Ann", last).objects
        self.assertEqual(
            {name: welcome[name] for name in ("type", "name", "resumed", "room", "rooms")},
            {
                "type": "welcome",
                "name": "Ann",
                "resumed": True,
                "room": "#den",
                "rooms": [
                    {"name": "#lobby", "topic": ""},
                    {"name": "#tea", "topic": "No tea"},
                    {"name": "#den", "topic": ""},
                ],
            },
        )
        scope = scopeOf("#lobby", "#tea", "#den", sid=self.sidOf("Ann"))
        # Comings and goings before the server was started again are not told any more.
        expected = [event for event in self.readable(scope, last) if event.kind not in PRESENCE]
        self.assertEqual(welcome["missed"], len(expected))
        # What follows is Ann's own coming into #tea and #den.
        self.assertEqual([v["type"] for v in missed[len(expected) :]], ["joined", "joined"])
        del missed[len(expected) :]
        self.assertEqual([value["id"] for value in missed], [event.id for event in expected])
        self.assertEqual(
            [value["text"] for value in missed if value["type"] == "said"],
            ["the kettle is empty", "tea, anybody?", "good night"],
        )

    def test_anotherRoomOfThatName(self) -> None:
        """
        A member of a private room comes back into it, but not into one that somebody else made
        under its name; its maker does.
        """
        factory = self.open()
        robert = self.resume(factory, "Robert", 0)
        self.assertEqual(robert.objects[0]["name"], "Robert")
        rooms = [room["name"] for room in robert.objects[0]["rooms"]]
        self.assertEqual(rooms, ["#lobby", "#tea", "#den"])
        self.assertNotIn("the plan is to work", [v.get("text") for v in robert.objects])
        dora = self.resume(factory, "Dora", 0)
        self.assertEqual(
            dora.objects[0]["rooms"],
            [{"name": "#lobby", "topic": ""}, {"name": "#plan", "topic": "Work"}],
        )

    def test_sentAgain(self) -> None:
        """
        A message that comes again under its key is answered by the event that it became.
        """
        ann = self.resume(self.open(), "Ann", self.events[-1].id)
        [first] = [event for event in self.events if event.key == "a1"]
        ann.forget()
        ann.asks("say", key="a1", text=first.text)
        self.settle()
        [answer] = ann.objects
        self.assertEqual((answer["type"], answer["id"]), ("ok", first.id))

    def test_keysAndTopics(self) -> None:
        """
        A newcomer finds the rooms as they were: with their topics, and closed to all but those who
        have the key.
        """
        eve = Peer(self.open(), "Eve")
        self.settle()
        self.assertRegex(self.type(eve, "/join #plan")[0], "^! #plan is private")
        self.assertRegex(self.type(eve, "/join #den wrong")[0], "^! #den is private")
        self.assertRegex(self.type(eve, f"/join #den {KEY}")[0], r"^\* You are in #den")
        self.assertRegex(self.type(eve, "/join #tea")[0], r"^\* You are in #tea .*: No tea$")


class Version2Tests(Version1Tests):
    """
    The same from files whose conditions are comparisons.
    """

    version = 2
