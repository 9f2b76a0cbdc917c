# -*- test-case-name: tests.chat.test_exactlyonce -*-
"""
Property tests of the chat: everybody hears each event once and in order, whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import FakeClient, enter, makeTurnHub, newest, resume
from twisted_chat.wire.events import (
    CLOSED,
    CREATED,
    FOREVER,
    INVITED,
    JOINED,
    LEFT,
    RENAMED,
    TOLD,
    Event,
    Place,
    Scope,
)
from twisted_chat.wire.jsonlines import JSON

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


class ListenersTests(SynchronousTestCase):
    """
    The listeners of a chat, whatever the users do and in whatever batches it is stored.
    """

    @settings(deadline=None, max_examples=150, derandomize=True)
    @given(steps)
    def test_everyListener(self, taken: list[tuple[int, str, str]]) -> None:
        """
        A listener hears each event that they may see exactly once and in the order of the ids, and
        an author gets one answer to each of their lines, in their order.
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
        Each message of the text dialect has one receipt or refusal, in the order of the lines.
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


class SessionTests(SynchronousTestCase):
    """
    A session, whatever happens to its connections.
    """

    @settings(deadline=None, max_examples=100, derandomize=True)
    @given(
        st.lists(
            st.sampled_from(["say", "say", "hear", "hear", "turn", "drop", "cut", "resume", "dev"]),
            max_size=50,
        )
    )
    def test_session(self, steps: list[str]) -> None:
        """
        A session sees each message once and in order over all its connections, and each of its own
        messages is in the log once, though it sends again all that was not answered.
        """
        hub, turn = makeTurnHub(backlog=0)
        ann = enter(hub, "Ann")
        ann.types("/join #dev")
        bob = enter(hub, "Bob", JSON)
        turn.end()
        bob.asks("command", line="/join #dev")
        turn.end()
        welcome: dict[str, Any] = bob.objects[0]
        connections = [bob]
        last = newest(bob)
        unanswered: dict[str, str] = {}
        lost = False

        def settle() -> None:
            nonlocal last
            last = max(last, newest(connections[-1]))
            for value in connections[-1].objects:
                unanswered.pop(value.get("key", ""), None)

        def goOn() -> None:
            nonlocal lost
            settle()
            client = resume(hub, welcome, last)
            connections.append(client)
            while not client.objectsOf("welcome"):
                turn.end()
            lost = False
            settle()
            for key, text in unanswered.items():
                client.asks("say", text=text, key=key, room="#dev")

        for number, step in enumerate(steps):
            if step == "turn":
                turn.end()
            elif step == "hear":
                ann.types(f"heard {number}")
            elif step == "dev":
                ann.types("/join #lobby" if number % 2 else "/join #dev")
            elif step == "drop" and not lost:
                connections[-1].drops()
                lost = True
            elif step == "cut" and not lost:
                # The client is gone, and the server does not know it yet.
                settle()
                connections[-1].closed = True
                lost = True
            elif step == "resume":
                goOn()
            elif step == "say":
                unanswered[f"k{number}"] = f"mine {number}"
                if not lost:
                    connections[-1].asks(
                        "say", text=f"mine {number}", key=f"k{number}", room="#dev"
                    )
        goOn()
        turn.end()
        settle()
        self.assertEqual(unanswered, {})

        scope = Scope(tuple(Place(room, ((0, FOREVER),)) for room in ("#lobby", "#dev")), "")
        events = self.successResultOf(hub.log.after(scope, 0, 10_000))
        said = [event.text for event in events if event.kind == "said"]
        wanted = [f"mine {number}" for number, step in enumerate(steps) if step == "say"]
        self.assertEqual(sorted(t for t in said if t.startswith("mine")), sorted(wanted))
        heard = [
            value["text"]
            for client in connections
            for value in client.objectsOf("said")
            if value["text"].startswith("heard")
        ]
        self.assertEqual(heard, [text for text in said if text.startswith("heard")])
