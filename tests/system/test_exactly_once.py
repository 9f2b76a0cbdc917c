"""
Every message exactly once, in one order, whatever the connections do.
"""

from __future__ import annotations

import json
import random
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import Linked, Peer

MESSAGES = 150
"""Messages of each client."""


class Seat:
    """
    One session of the server, and the connection it has at the moment.
    """

    def __init__(self, name: str, seen: int) -> None:
        self.name = name
        self.out = b""
        self.seen = seen
        self.keys: dict[str, int] = {}
        self.peer: Peer | None = None


class Server:
    """
    A server as the protocol describes it: one log, sessions, resume, answers by key.
    """

    def __init__(self) -> None:
        self.log: list[tuple[Seat, dict[str, Any]]] = []
        self.seats: dict[str, Seat] = {}

    def hello(self, peer: Peer, fields: dict[str, Any]) -> Seat:
        token = fields.get("token")
        seat = self.seats.get(token) if token is not None else None
        resumed = seat is not None
        if seat is None:
            token = f"T{len(self.seats)}"
            seat = self.seats[token] = Seat(fields["name"], len(self.log))
        last = fields["last"] if resumed else len(self.log)
        seat.peer, seat.out = peer, b""
        missed = self.log[last:]
        self.put(
            seat,
            type="welcome",
            name=seat.name,
            token=token,
            epoch="E",
            last=len(self.log),
            room="#lobby",
            rooms=[],
            resumed=resumed,
            missed=len(missed),
        )
        for author, event in missed:
            self.put(seat, **(event if author is seat else self.shown(event)))
        return seat

    def shown(self, event: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in event.items() if name != "key"}

    def put(self, seat: Seat, **fields: Any) -> None:
        if seat.peer is not None:
            seat.out += json.dumps(fields).encode() + b"\r\n"

    def said(self, seat: Seat, fields: dict[str, Any]) -> None:
        key = fields["key"]
        if key not in seat.keys:
            seat.keys[key] = len(self.log) + 1
            event = {
                "type": "said",
                "id": len(self.log) + 1,
                "time": 1.0,
                "room": "#lobby",
                "name": seat.name,
                "text": fields["text"],
                "key": key,
            }
            self.log.append((seat, event))
            for other in self.seats.values():
                if other is not seat:
                    self.put(other, **self.shown(event))
        self.put(seat, type="ok", key=key, id=seat.keys[key], time=1.0)


class Wire:
    """
    A client, and what is under way between it and the server.
    """

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.it = Linked(name, retry=True, insist=True, jitter=lambda: 0.5)
        self.peer: Peer | None = None
        self.seat: Seat | None = None
        self.incoming = b""
        self.said = 0
        self.talks = False

    def step(self, dice: random.Random, trouble: bool) -> None:
        """Let something happen."""
        chance = dice.random()
        if self.peer is None:
            self.it.clock.advance(1)
            if self.it.endpoint.attempts:
                if trouble and chance < 0.3:
                    self.it.endpoint.refuse(ConnectionLost())
                else:
                    self.peer = self.it.endpoint.accept()
                    self.peer.sends(b"Enter your name to enter the chat >\r\n")
        elif trouble and chance < 0.04:
            self.cut()
        elif chance < 0.5:
            self.upstream(dice)
        else:
            self.downstream(dice)
        mayTalk = self.talks and self.said < MESSAGES and self.it.link.outbox.expected < 50
        if mayTalk and chance > 0.6:
            self.said += 1
            self.it.link.say(f"{self.it.link.session.name} {self.said}")

    def upstream(self, dice: random.Random) -> None:
        """Some bytes reach the server."""
        assert self.peer is not None
        data = self.incoming + self.peer.got()
        some = dice.randint(0, len(data))
        *lines, rest = data[:some].split(b"\r\n")
        self.incoming = rest + data[some:]
        for line in lines:
            fields = json.loads(line)
            if fields["type"] == "hello":
                self.seat = self.server.hello(self.peer, fields)
            elif self.seat is not None and fields["type"] == "say":
                self.server.said(self.seat, fields)

    def downstream(self, dice: random.Random) -> None:
        """Some bytes reach the client."""
        if self.seat is not None and self.peer is not None and self.seat.out:
            some = dice.randint(1, len(self.seat.out))
            data, self.seat.out = self.seat.out[:some], self.seat.out[some:]
            self.peer.sends(data)

    def cut(self) -> None:
        """What is under way is gone; the server may hear of it, or not."""
        assert self.peer is not None
        if self.seat is not None:
            self.seat.peer = None
            self.seat.out = b""
        peer, self.peer, self.seat, self.incoming = self.peer, None, None, b""
        peer.closes(ConnectionLost())

    def idle(self) -> bool:
        """
        @return: whether there is nothing left to do.
        """
        return (
            self.said == MESSAGES
            and self.seat is not None
            and not self.seat.out
            and not len(self.it.link.outbox)
        )


class ExactlyOnceTests(SynchronousTestCase):
    """
    Two clients that talk over connections that are cut anywhere.
    """

    def check(self, seed: int) -> None:
        dice = random.Random(seed)
        server = Server()
        wires = [Wire(server, "Ann"), Wire(server, "Bob")]
        while not all(wire.it.link.online for wire in wires):
            dice.choice(wires).step(dice, False)
        for wire in wires:
            wire.talks = True
        for turn in range(200_000):
            dice.choice(wires).step(dice, turn < 20_000)
            if all(wire.idle() for wire in wires):
                break
        else:
            self.fail("messages are left")
        stored = [event["text"] for _, event in server.log]
        self.assertEqual(len(stored), len(set(stored)))
        self.assertEqual(len(stored), 2 * MESSAGES)
        for wire, other in zip(wires, reversed(wires), strict=True):
            name, theirs = wire.it.link.session.name, other.it.link.session.name
            message = [call[1] for call in wire.it.ui.calls if call[0] == "heard"]
            expected = [
                f"{event['name']} :: {event['text']}"
                for _, event in server.log
                if event["name"] == theirs
            ]
            self.assertEqual([line for line in message if " :: " in line], expected)
            self.assertEqual(message.count("OK . ."), MESSAGES)
            mine = [each for each in stored if each.startswith(name)]
            self.assertEqual(mine, [f"{name} {number + 1}" for number in range(MESSAGES)])

    def test_cuts(self) -> None:
        """
        With connections cut at random, each message is stored once, in its author's order, shown
        once to the other, and answered by one receipt.
        """
        for seed in range(10):
            self.check(seed)
