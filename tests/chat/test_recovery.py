# -*- test-case-name: tests.chat.test_recovery -*-
"""
What a server makes again of the log after one that ended without a word.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tests.chat.test_privacy import FragileLog
from tests.stores.sqlite.storecase import SQLiteCase
from tests.support.helpers import NOW, FakeClient, Turn, enter, makeHub, resume
from twisted_chat.accounts.rules import project
from twisted_chat.chat.hub import Hub
from twisted_chat.chat.recovery import Moves
from twisted_chat.chat.room import OPEN, Era, Room
from twisted_chat.wire.events import CLOSED, JOINED, LEFT, LOCKED, UNLOCKED, Draft, Event
from twisted_chat.wire.jsonlines import JSON


class Crashing:
    """
    A server on a disk that holds nothing but what one commit after the other put there.

    @ivar hub: the present server's.
    """

    def __init__(self) -> None:
        self.turn = Turn()
        self.log = FragileLog(self.turn.later, lambda: NOW, projection=project)
        self.hub: Hub
        self.start()

    def start(self, lobby: str = "#lobby") -> None:
        """Start a server."""
        self.hub = makeHub(self.log, lobby=lobby)
        assert Deferred.fromCoroutine(self.hub.restore()).called

    def enter(self, *names: str) -> list[FakeClient]:
        """Log people in, who can all come back."""
        clients = [enter(self.hub, name, JSON) for name in names]
        self.turn.end()
        return clients

    def do(self, client: FakeClient, *lines: str) -> None:
        """Do commands, one batch each."""
        for line in lines:
            client.asks("command", line=line)
            self.turn.end()

    def append(self, *drafts: Draft) -> None:
        """Put drafts into the log, in one batch that nobody hears of before the end."""
        for draft in drafts:
            self.log.append(draft, None)
        self.log.follow(None)  # type: ignore[arg-type]
        self.turn.end()

    def crash(self, lobby: str = "#lobby") -> None:
        """End at this moment, and start anew."""
        self.log.crash()
        self.start(lobby)

    def resume(self, client: FakeClient) -> FakeClient:
        """Come back."""
        again = resume(self.hub, client.objects[0], 0)
        self.turn.end()
        return again

    def roomsOf(self, client: FakeClient) -> list[str]:
        """Come back, and see into which rooms."""
        return [room.name for room in self.resume(client).user.rooms]

    def history(self, client: FakeClient, room: str) -> list[str]:
        """Read what was said in a room."""
        client.asks("history", room=room, count=1000)
        self.turn.end()
        return [event["text"] for event in client.objects[-1]["events"]]


class RightsTests(SynchronousTestCase):
    """
    Rights that were not stored.
    """

    def setUp(self) -> None:
        self.server = Crashing()

    def test_locked(self) -> None:
        """
        Everybody who was in a room when it was locked is a member after the server ended at once,
        and those who had left are not.
        """
        server = self.server
        ann, bob, cem, dan = server.enter("Ann", "Bob", "Cem", "Dan")
        for client in (ann, bob, cem, dan):
            server.do(client, "/join #plans")
        server.do(cem, "/leave")
        dan.drops()
        server.turn.end()
        server.do(ann, "/lock")
        server.crash()
        rooms = [server.roomsOf(client) for client in (ann, bob, cem, dan)]
        self.assertEqual(rooms, [["#lobby", "#plans"]] * 2 + [["#lobby"]] * 2)

    def test_lockedWhileSomebodyCameAndWent(self) -> None:
        """
        The order of the log decides who was there, also among what came in the same batch.
        """
        server = self.server
        ann, bob, cem, dan = server.enter("Ann", "Bob", "Cem", "Dan")
        for client in (ann, bob, dan):
            server.do(client, "/join #plans")
        cem.asks("command", line="/join #plans")
        bob.asks("command", line="/leave")
        dan.drops()
        ann.asks("command", line="/lock")
        server.turn.end()
        server.crash()
        rooms = [server.roomsOf(client) for client in (ann, bob, cem, dan)]
        self.assertEqual(
            rooms, [["#lobby", "#plans"], ["#lobby"], ["#lobby", "#plans"], ["#lobby"]]
        )

    def test_joinedAndSpoken(self) -> None:
        """
        A member who joined in the last batch reads what was said in it, also once the room is open.
        """
        server = self.server
        ann, bob = server.enter("Ann", "Bob")
        server.do(ann, "/join #plans sesame1")
        bob.asks("command", line="/join #plans sesame1")
        ann.asks("say", text="secret", room="#plans")
        server.turn.end()
        server.crash()
        bob = server.resume(bob)
        server.do(server.resume(ann), "/unlock")
        self.assertEqual(server.history(bob, "#plans"), ["secret"])

    def test_leftLater(self) -> None:
        """
        A member reads everything up to the event by which they left, and nothing after it.
        """
        server = self.server
        ann, bob = server.enter("Ann", "Bob")
        for client in (ann, bob):
            server.do(client, "/join #plans sesame1")
        ann.asks("say", text="before", room="#plans")
        bob.asks("command", line="/leave")
        ann.asks("say", text="after", room="#plans")
        server.turn.end()
        server.crash()
        server.do(server.resume(ann), "/unlock")
        bob = server.resume(bob)
        server.do(bob, "/join #plans")
        self.assertEqual(server.history(bob, "#plans"), ["before"])

    def test_lateJoin(self) -> None:
        """
        An event by which somebody joins a public room, and which a lock came before, gives no right
        at a start either; nor does one of somebody who had left the chat.
        """
        for isGone in (False, True):
            server = Crashing()
            ann, bob = server.enter("Ann", "Bob")
            server.do(ann, "/join #plans")
            room, sid = server.hub.rooms["#plans"], bob.user.sid
            joined = Draft(JOINED, "#plans", "Bob", sid=sid, data=str(room.era.start))
            if isGone:
                server.append(Draft(LEFT, "#lobby", "Bob", sid=sid), joined)
            else:
                server.append(Draft(LOCKED, "#plans", "Ann", sid=ann.user.sid), joined)
            server.crash()
            self.assertEqual(server.roomsOf(bob), ["#lobby"])

    def test_openRoom(self) -> None:
        """
        Members of an open room are back in it, too, and it is not taken for an empty one.
        """
        server = self.server
        ann, bob = server.enter("Ann", "Bob")
        server.do(ann, "/join #tea", "/topic tea", "/leave")
        server.do(bob, "/join #tea")
        server.crash()
        self.assertEqual(server.hub.rooms["#tea"].emptyAt, NOW)
        self.assertEqual(server.roomsOf(bob), ["#lobby", "#tea"])

    def test_whereTheySpoke(self) -> None:
        """
        Nobody says in the lobby what was for the room that they had just joined: a guest speaks
        there again, and each device of an account is told once that it does not.
        """
        server = self.server
        ann, bob = server.enter("Ann", "Bob")
        server.do(bob, "/register")
        for client in (ann, bob):
            server.do(client, "/join #plans sesame1")
            server.crash()
            again = server.resume(client)
            again.asks("say", text="secret")
            server.turn.end()
            self.assertNotIn("secret", server.history(again, "#lobby"))
            self.assertEqual(again.user.current.name, "#plans" if client is ann else "#lobby")
            self.assertEqual(len(again.objectsOf("error")), 0 if client is ann else 1)
            server.do(server.resume(ann), "/names")


class RoomTests(SynchronousTestCase):
    """
    Rooms that were not stored.
    """

    def setUp(self) -> None:
        self.server = Crashing()

    def test_lobbyOfThatName(self) -> None:
        """
        What happened in a room of old happens to no lobby that has its name now, and what happened
        in the lobby to no room; the room is there again when its name is free.
        """
        server = self.server
        (ann,) = server.enter("Ann")
        server.do(ann, "/join #plans sesame1", "/topic secret")
        server.crash("#plans")
        lobby = server.hub.lobby
        self.assertEqual((lobby.name, lobby.topic, lobby.private), ("#plans", "", False))
        ann = server.resume(ann)
        server.do(ann, "/topic tea for all")
        server.crash()
        room = server.hub.rooms["#plans"]
        self.assertEqual((room.topic, room.private), ("secret", True))
        ann = server.resume(ann)
        server.do(ann, "/join #plans")
        self.assertIs(ann.user.current, room)

    def test_openedByNobodyThere(self) -> None:
        """
        A room that was opened by somebody who had left it just before is private still, and an
        invitation of theirs is none.
        """
        server = self.server
        ann, bob = server.enter("Ann", "Bob")
        server.do(ann, "/join #plans sesame1")
        room, sid = server.hub.rooms["#plans"], ann.user.sid
        invited = f"{bob.user.sid} {room.era.start}"
        server.append(
            Draft(LEFT, "#plans", "Ann", sid=sid),
            Draft(UNLOCKED, "#plans", "Ann", sid=sid),
            Draft("invited", "#plans", "Ann", "", "Bob", sid, data=invited),
        )
        server.crash()
        self.assertTrue(server.hub.rooms["#plans"].private)
        self.assertEqual(server.hub.rooms["#plans"].invited, set())

    def test_closedTooLate(self) -> None:
        """
        A room that somebody joined before its end is not closed.
        """
        for isLate, names in ((True, ["#lobby", "#plans"]), (False, ["#lobby"])):
            server = Crashing()
            (ann,) = server.enter("Ann")
            server.do(ann, "/join #plans", "/topic tea", "/leave")
            room = server.hub.rooms["#plans"]
            joined = Draft(JOINED, "#plans", "Ann", sid=ann.user.sid, data=str(room.era.start))
            closed = Draft(CLOSED, "#plans", "", data=str(room.id))
            server.append(*([joined, closed] if isLate else [closed, joined]))
            server.crash()
            self.assertEqual(list(server.hub.rooms), names)
            self.assertEqual(server.roomsOf(ann), names)

    def test_again(self) -> None:
        """
        A server that ends while it makes them again changes nothing: the next one does the same.
        """
        server = self.server
        ann, bob = server.enter("Ann", "Bob")
        server.do(ann, "/join #plans")
        server.do(bob, "/join #plans")
        server.do(ann, "/lock")
        for _ in range(3):
            server.crash()
        self.assertEqual(server.roomsOf(bob), ["#lobby", "#plans"])


class MovesTests(SynchronousTestCase):
    """
    Comings and goings.
    """

    def test_isIn(self) -> None:
        """
        The last move after an id decides; without one, what was so then.
        """
        moves = Moves("#lobby")
        room = Room(1, "#tea", "", [Era(1)])
        for id, kind, name in (
            (2, JOINED, "#tea"),
            (4, LEFT, "#lobby"),
            (6, JOINED, "#lobby"),
            (7, JOINED, "#tea"),
            (9, LEFT, "#tea"),
        ):
            moves.note(Event(id, NOW, kind, name, "Ann", sid="a1"))
            found = [moves.isIn("a1", room, since, True) for since in (0, 4, 8)]
            expected = {
                2: [True, True, True],
                4: [False, True, True],
                6: [False, True, True],
                7: [True, True, True],
                9: [False, False, False],
            }
            self.assertEqual(found, expected[id], id)
        self.assertFalse(moves.isIn("b2", room, 0, False))
        self.assertEqual(moves.joinersOf(room), ["a1"])
        self.assertEqual(moves.joinersOf(Room(8, "#tea", "", [Era(8)])), [])


class FileTests(SQLiteCase):
    """
    The same with a real file, as it is when the server ends.
    """

    projection = staticmethod(project)

    def hub(self) -> Hub:
        """Start a server."""
        hub = makeHub(self.store)  # type: ignore[arg-type]
        self.result(Deferred.fromCoroutine(hub.restore()))
        return hub

    def enter(self, hub: Hub, name: str) -> FakeClient:
        """Log somebody in."""
        client = enter(hub, name, JSON)
        self.settle()
        return client

    def do(self, client: FakeClient, line: str) -> None:
        """Do a command, up to its answer and no longer."""
        client.asks("command", line=line)
        self.settle()
        self.assertEqual(client.objectsOf("error"), [])

    def test_everyStep(self) -> None:
        """
        Whatever is answered last, the file knows who may read what.
        """
        hub = self.hub()
        people = [self.enter(hub, name) for name in ("Ann", "Bob", "Cem")]
        steps = [
            (0, "/join #plans", {0}),
            (1, "/join #plans", {0, 1}),
            (0, "/lock sesame1", {0, 1}),
            (2, "/join #plans sesame1", {0, 1, 2}),
            (1, "/leave", {0, 2}),
            (0, "/kick Cem", {0}),
            (0, "/invite Bob", {0}),
            (1, "/join #plans", {0, 1}),
            (0, "/unlock", {0, 1}),
            (0, "/lock", {0, 1}),
        ]
        for who, line, members in steps:
            self.do(people[who], line)
            welcomes = [client.objects[0] for client in people]
            self.crash()
            hub = self.hub()
            people = []
            for number, welcome in enumerate(welcomes):
                client = resume(hub, welcome, 0)
                self.settle()
                people.append(client)
                rooms = [room.name for room in client.user.rooms[1:]]
                self.assertEqual(rooms, ["#plans"] if number in members else [], (line, number))
                # Nobody says in the lobby what they would have said here.
                self.assertEqual(client.user.current.name, ["#lobby", *rooms][-1])
            room = hub.rooms["#plans"]
            if room.private:
                holders = {
                    number
                    for number, client in enumerate(people)
                    if client.user.rights.get(room.era.start) == OPEN
                }
                self.assertEqual(holders, members, line)
