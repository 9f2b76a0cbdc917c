# -*- test-case-name: tests.chat.commands.test_returning -*-
"""
Tests for L{twisted_chat.chat.commands.rooms}: members who come back to a room.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import FakeClient, enter, makeHub, resume
from twisted_chat.chat.commands import rooms
from twisted_chat.wire.events import LOCKED, lockedFor
from twisted_chat.wire.jsonlines import JSON


class ReturnTests(SynchronousTestCase):
    """
    Sessions that come back to private rooms.
    """

    def setUp(self) -> None:
        self.hub = makeHub()
        self.ann, self.bob = (enter(self.hub, name, JSON) for name in ("Ann", "Bob"))

    def back(self, client: FakeClient) -> FakeClient:
        """
        @return: the client that goes on with a session, whose connection is lost.
        """
        if not client.closed:
            client.drops()
        last = max(value["id"] for value in client.objects if "id" in value)
        return resume(self.hub, client.objects[0], last)

    def roomsOf(self, client: FakeClient) -> list[str]:
        """
        @return: the rooms that the welcome names.
        """
        return [room["name"] for room in client.objects[0]["rooms"]]

    def test_memberComesBack(self) -> None:
        """
        A member of a private room comes back into it, by key or because they were in it when it was
        locked.
        """
        self.ann.asks("command", line="/join #den sesame")
        self.bob.asks("command", line="/join #den sesame")
        self.ann.asks("say", text="before")
        self.bob.drops()
        self.ann.asks("say", text="meanwhile")
        again = self.back(self.bob)
        self.assertEqual(self.roomsOf(again), ["#lobby", "#den"])
        self.assertEqual([v["text"] for v in again.objectsOf("said")], ["meanwhile"])

    def restart(self) -> None:
        """
        Start the server anew over what it has stored.
        """
        self.hub = makeHub(self.hub.log)  # type: ignore[arg-type]
        self.successResultOf(Deferred.fromCoroutine(self.hub.restore()))

    def test_memberComesBackAfterARestart(self) -> None:
        """
        A member of a private room comes back into it though the server was started anew.
        """
        self.ann.asks("command", line="/join #den")
        self.bob.asks("command", line="/join #den")
        self.ann.asks("command", line="/lock sesame")
        self.restart()
        again = self.back(self.bob)
        self.assertEqual(self.roomsOf(again), ["#lobby", "#den"])

    def test_lockNamesSoMany(self) -> None:
        """
        A lock names its members for a restart, but no more of them than fit into an event of a
        bounded size; all of them stay members.
        """
        self.patch(rooms, "LISTED", 1)
        self.ann.asks("command", line="/join #den")
        self.bob.asks("command", line="/join #den")
        self.ann.asks("command", line="/lock")
        record = self.successResultOf(self.hub.log.stateAfter(0, 100))
        [locked] = [event for event in record if event.kind == LOCKED]
        _, _, named = lockedFor(locked)
        self.assertEqual(len(named), 1)
        self.bob.drops()
        self.assertEqual(self.roomsOf(self.back(self.bob)), ["#lobby", "#den"])

    def test_ownerComesBackAfterARestart(self) -> None:
        """
        The owner of a private room is its owner though the server was started anew.
        """
        self.ann.asks("command", line="/join #den")
        self.ann.asks("command", line="/lock")
        self.restart()
        again = self.back(self.ann)
        again.asks("command", line="/unlock")
        self.assertFalse(self.hub.rooms["#den"].private)

    def test_passwordForAPublicRoom(self) -> None:
        """
        A user who names a password for an open room is told that it is open, and stays outside.
        """
        self.bob.asks("command", line="/join #den")
        self.bob.drops()
        self.ann.forget()
        self.ann.asks("command", line="/join #den sesame")
        self.ann.asks("say", text="secret")
        self.assertIn("is open to everybody", self.ann.objects[0]["text"])
        again = self.back(self.bob)
        self.assertEqual(self.roomsOf(again), ["#lobby", "#den"])
        self.assertEqual([v["room"] for v in again.objectsOf("said")], ["#lobby"])

    def test_strangerDoesNot(self) -> None:
        """
        A member of a former room of this name does not come into another, private one, and neither
        hears nor is shown anything of it.
        """
        self.bob.asks("command", line="/join #den")
        self.bob.asks("command", line="/leave")
        self.ann.asks("command", line="/join #den sesame")
        self.ann.asks("say", text="secret")
        again = self.back(self.bob)
        self.ann.asks("say", text="secret too")
        self.assertEqual(self.roomsOf(again), ["#lobby"])
        self.assertNotIn("secret", "".join(again.lines))

    def test_lockedMeanwhile(self) -> None:
        """
        A member who was away when a room was locked needs the password like everybody else.
        """
        self.ann.asks("command", line="/join #den")
        self.bob.asks("command", line="/join #den")
        self.bob.drops()
        self.ann.asks("command", line="/lock sesame")
        again = self.back(self.bob)
        self.assertEqual(self.roomsOf(again), ["#lobby"])
        again.asks("command", line="/join #den sesame")
        self.assertEqual(again.user.current.name, "#den")

    def test_unaddressedWordsStayUnsaid(self) -> None:
        """
        A user whose current room is shut is told so before a message of theirs goes elsewhere.
        """
        self.ann.asks("command", line="/join #den")
        self.bob.asks("command", line="/join #den")
        self.bob.drops()
        self.ann.asks("command", line="/lock sesame")
        again = self.back(self.bob)
        again.asks("say", text="for the den", key="k1")
        again.asks("say", text="for all", key="k2")
        self.assertIn("is not open to you any more", again.objectsOf("error")[0]["text"])
        self.assertEqual([value["key"] for value in again.objectsOf("ok")], ["k2"])

    def test_emptyPublicRoomWaits(self) -> None:
        """
        A public room that everybody was cut off from is there for their return, and still belongs
        to its owner.
        """
        self.bob.asks("command", line="/join #dev")
        again = self.back(self.bob)
        self.assertEqual(self.roomsOf(again), ["#lobby", "#dev"])
        again.asks("command", line="/lock")
        self.assertTrue(self.hub.rooms["#dev"].private)
