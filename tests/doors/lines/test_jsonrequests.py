"""
Tests for L{twisted_chat.doors.lines.jsonrequests}.
"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.doors.lines.support import RequestsTestCase
from tests.support.helpers import NOW, Turn, makeHub, makeTurnHub
from tests.support.peers import Peer
from twisted_chat.doors.lines.factory import ChatFactory

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(
            [
                "hello",
                "proof",
                "say",
                "act",
                "tell",
                "command",
                "history",
                "search",
                "register",
                "account",
                "read",
                "ping",
                "hm",
            ]
        )
        | VALUES,
        "key": st.sampled_from(["k1", "", "x" * 65, "\u00e9", "\n"]) | VALUES,
        "text": VALUES,
        "room": st.sampled_from(["#lobby", "#\ud800", "", "#none"]) | VALUES,
        "to": st.sampled_from(["Ann", "Bob", "\udfff"]) | VALUES,
        "line": st.sampled_from(["/names", "names", "/join #x", "/help \ud800"]) | VALUES,
        "words": VALUES,
        "count": VALUES,
        "before": VALUES,
        "name": VALUES,
        "token": VALUES,
        "last": VALUES,
        "epoch": VALUES,
        "backlog": VALUES,
        "password": st.sampled_from(["wrong", "\ud800"]) | VALUES,
        "scram": st.sampled_from(["n,,n=Ann,r=x", "n,,n=\ud800,r=x", "c=biws,r=x,p=AAAA"]) | VALUES,
        "label": st.sampled_from(["laptop", "\udfff"]) | VALUES,
        "verifier": st.sampled_from(["4096:c2FsdHNhbHQ=:AAAA:AAAA", "\ud800"]) | VALUES,
        "code": VALUES,
        "id": VALUES,
    },
)
"""Objects of the protocol, and such as only look like it."""


class HelloTests(RequestsTestCase):
    """
    The first object of a program.
    """

    def test_welcome(self) -> None:
        """A hello is answered by a welcome with all that a program needs to come again."""
        peer = self.program()
        self.assertEqual(peer.lines[0], "Enter your name to enter the chat >")
        (welcome,) = peer.objects
        self.assertEqual(len(welcome.pop("token")), 43)
        self.assertEqual(
            welcome,
            {
                "type": "welcome",
                "name": "Bot",
                "epoch": self.hub.log.epoch,
                "last": 1,
                "room": "#lobby",
                "rooms": [{"name": "#lobby", "topic": ""}],
                "resumed": False,
                "missed": 0,
            },
        )

    def test_refused(self) -> None:
        """A refused hello is answered by an error, and the next one is taken."""
        Peer(self.factory, "Ann")
        peer = Peer(self.factory)
        answer = self.answer(peer, "hello", name="Ann", key="h1")
        self.assertEqual(
            (answer["type"], answer["code"], answer["key"]), ("error", "name-taken", "h1")
        )
        self.assertEqual(self.answer(peer, "hello", name="two words")["code"], "bad-name")
        self.assertEqual(self.answer(peer, "hello")["code"], "bad-name")
        self.assertEqual(self.answer(peer, "hello", name=7)["code"], "bad-object")
        self.assertEqual(self.answer(peer, "hello", name="Bot")["type"], "welcome")

    def test_textAfterwards(self) -> None:
        """A client that has begun with an object no longer speaks text."""
        peer = Peer(self.factory)
        peer.types('{"type":"hello","name":""}')
        peer.forget()
        peer.types("Ann")
        self.assertEqual(peer.objects[0]["code"], "bad-object")
        self.assertEqual(self.factory.users, {})

    def test_beforeHello(self) -> None:
        """A request before the hello is refused, and not carried out later."""
        peer = Peer(self.factory)
        for type in ("say", "command", "ping", "history", "nothing"):
            answer = self.answer(peer, type, text="hi", line="/quit", key="k")
            self.assertEqual((answer["code"], answer["key"]), ("bad-object", "k"))
            self.assertIn("hello", answer["text"])
        self.assertEqual(self.answer(peer, "hello", name="Bot")["last"], 1)

    def test_twice(self) -> None:
        """A second hello is refused, and the first holds."""
        peer = self.program()
        self.assertEqual(self.answer(peer, "hello", name="Other")["code"], "bad-object")
        self.assertEqual(list(self.factory.users), ["Bot"])

    def test_backlog(self) -> None:
        """A program gets as many old messages as it asks for, marked as old."""
        Peer(self.factory, "Ann").types("one", "two", "three")
        for wanted, expected in ((0, []), (2, ["two", "three"])):
            peer = self.program(f"Bot{wanted}", backlog=wanted)
            texts = [value["text"] for value in peer.objects if value["type"] == "said"]
            self.assertEqual(texts, expected)
            self.assertTrue(all(value.get("old", True) for value in peer.objects))
            peer.drops()
        self.assertEqual(
            self.answer(Peer(self.factory), "hello", name="B", backlog=1001)["code"], "bad-object"
        )

    def test_inOneChunk(self) -> None:
        """Requests that are sent with the hello are taken after it, in order."""
        hub, turn = makeTurnHub()
        peer = Peer(ChatFactory(hub))
        peer.sends(b'{"type":"hello","name":"Bot"}\n{"type":"say","text":"hi","key":"1"}\n')
        turn.end()
        self.assertEqual([value["type"] for value in peer.objects], ["welcome", "ok"])

    def test_takenOverWhileLoggingIn(self) -> None:
        """A session may go on over another connection before the log has taken the first."""
        hub, turn = makeTurnHub()
        factory = ChatFactory(hub)
        first = Peer(factory)
        first.asks("hello", name="Bot")
        turn.end()
        token = first.objects[0]["token"]
        first.drops()
        turn.end()
        peers = [Peer(factory) for _ in range(2)]
        for peer in peers:
            peer.asks("hello", token=token, last=1, epoch=hub.log.epoch)
        turn.end()
        self.assertEqual([value["type"] for value in peers[0].objects], ["bye"])
        self.assertTrue(peers[0].isClosed)
        peers[0].drops()
        turn.end()
        self.assertEqual(peers[1].objects[0]["type"], "welcome")
        self.assertEqual(list(hub.users), ["Bot"])
        self.assertEqual(self.answerIn(turn, peers[1], "say", text="hi")["type"], "ok")

    def answerIn(self, turn: Turn, peer: Peer, type: str, **fields: Any) -> dict[str, Any]:
        """
        The only object that answers this one when the log has turned.
        """
        peer.forget()
        peer.asks(type, **fields)
        turn.end()
        (answer,) = peer.objects
        return answer

    def test_unknownToken(self) -> None:
        """An unknown token makes a new session with a new token."""
        peer = self.program(token="x" * 43, last=5, epoch="e")
        welcome = peer.objects[0]
        self.assertFalse(welcome["resumed"])
        self.assertNotEqual(welcome["token"], "x" * 43)


class AskingTests(RequestsTestCase):
    """
    The requests of a program that has a name.
    """

    def setUp(self) -> None:
        super().setUp()
        self.peer = self.program()
        self.other = Peer(self.factory, "Ann")

    def test_say(self) -> None:
        """A message is shown to the others, and its receipt names it; a repeated key is one."""
        answer = self.answer(self.peer, "say", text="hi", key="k1")
        self.assertEqual((answer["type"], answer["key"]), ("ok", "k1"))
        again = self.answer(self.peer, "say", text="hi", key="k1")
        self.assertEqual(again, answer)
        self.assertEqual(self.other.lines, ["Bot :: hi"])

    def test_act(self) -> None:
        """C{act} shows an action."""
        self.assertEqual(self.answer(self.peer, "act", text="waves")["type"], "ok")
        self.assertEqual(self.other.lines, ["* Bot waves"])

    def test_tell(self) -> None:
        """C{tell} sends a direct message."""
        self.assertEqual(self.answer(self.peer, "tell", to="Ann", text="psst")["type"], "ok")
        self.assertEqual(self.other.lines, ["Bot -> you :: psst"])
        answer = self.answer(self.peer, "tell", to="Nobody", text="psst", key="k")
        self.assertEqual((answer["code"], answer["key"]), ("no-such-user", "k"))

    def test_command(self) -> None:
        """Any command of the text dialect may be given; its answer has the same key."""
        answer = self.answer(self.peer, "command", line="/names", key="c")
        self.assertEqual(answer, {"type": "notice", "text": "2 in #lobby: Ann, Bot", "key": "c"})
        answer = self.answer(self.peer, "command", line="/nothing", key="d")
        self.assertEqual((answer["code"], answer["key"]), ("bad-command", "d"))
        self.assertEqual(self.answer(self.peer, "command", line="names")["code"], "bad-object")

    def test_names(self) -> None:
        """C{names} tells who is in a room, as values."""
        expected = {"type": "names", "room": "#lobby", "names": ["Ann", "Bot"], "key": "n"}
        self.assertEqual(self.answer(self.peer, "names", key="n"), expected)
        self.assertEqual(self.answer(self.peer, "names", room="#lobby", key="n"), expected)
        answer = self.answer(self.peer, "names", room="#none", key="m")
        self.assertEqual((answer["code"], answer["key"]), ("no-such-room", "m"))

    def test_rooms(self) -> None:
        """C{rooms} lists the rooms that the user may know of, as values."""
        answer = self.answer(self.peer, "rooms", key="r")
        lobby = {
            "name": "#lobby",
            "topic": "",
            "names": 2,
            "private": False,
            "joined": True,
            "current": True,
        }
        self.assertEqual(answer, {"type": "rooms", "rooms": [lobby], "more": 0, "key": "r"})

    def test_who(self) -> None:
        """C{who} tells what everybody may know of a user, as values."""
        answer = self.answer(self.peer, "who", name="Ann", key="w")
        self.assertEqual(
            answer,
            {
                "type": "who",
                "name": "Ann",
                "since": NOW,
                "idle": 0,
                "rooms": ["#lobby"],
                "key": "w",
            },
        )
        answer = self.answer(self.peer, "who", name="Nobody", key="w")
        self.assertEqual((answer["code"], answer["key"]), ("no-such-user", "w"))
        self.assertEqual(self.answer(self.peer, "who")["code"], "bad-object")

    def test_commands(self) -> None:
        """C{commands} lists the commands of the text dialect, as values."""
        answer = self.answer(self.peer, "commands", key="c")
        self.assertEqual((answer["type"], answer["key"]), ("commands", "c"))
        names = {command["name"]: command["usage"] for command in answer["commands"]}
        self.assertEqual(names["who"], "NAME")

    def test_reply(self) -> None:
        """C{reply} answers the last direct message."""
        answer = self.answer(self.peer, "reply", text="hi", key="k")
        self.assertEqual((answer["code"], answer["key"]), ("no-such-user", "k"))
        self.other.types("/msg Bot psst")
        self.other.forget()
        self.assertEqual(self.answer(self.peer, "reply", text="hi", key="k")["type"], "ok")
        self.assertEqual(self.other.lines, ["Bot -> you :: hi"])

    def test_valuesInOrder(self) -> None:
        """Values come after the answers to earlier requests, and nothing overtakes them."""
        hub, turn = makeTurnHub()
        peer = Peer(ChatFactory(hub))
        peer.asks("hello", name="Bot")
        turn.end()
        peer.forget()
        peer.asks("say", text="one", key="1")
        peer.asks("names", key="2")
        peer.asks("say", text="two", key="3")
        self.assertEqual(peer.objects, [])
        turn.end()
        self.assertEqual([value["key"] for value in peer.objects], ["1", "2", "3"])

    def test_history(self) -> None:
        """C{history} gives the messages of the past."""
        self.other.types("one", "two", "three")
        answer = self.answer(self.peer, "history", count=2, key="h")
        self.assertEqual((answer["type"], answer["key"]), ("history", "h"))
        self.assertEqual([event["text"] for event in answer["events"]], ["two", "three"])
        before = answer["events"][0]["id"]
        answer = self.answer(self.peer, "history", before=before)
        self.assertEqual([event["text"] for event in answer["events"]], ["one"])
        self.assertEqual(self.answer(self.peer, "history", count=-1)["code"], "bad-object")
        self.assertEqual(self.answer(self.peer, "history", count=True)["code"], "bad-object")
        self.assertEqual(self.answer(self.peer, "history", room="#x")["code"], "no-such-room")

    def test_search(self) -> None:
        """C{search} gives the messages it finds."""
        self.other.types("needle one", "hay")
        answer = self.answer(self.peer, "search", words="needle", key="s")
        self.assertEqual([event["text"] for event in answer["events"]], ["needle one"])

    def test_ping(self) -> None:
        """A ping is answered at once, with its key."""
        self.assertEqual(self.answer(self.peer, "ping", key="p"), {"type": "pong", "key": "p"})
        self.assertEqual(self.answer(self.peer, "ping"), {"type": "pong"})

    def test_bye(self) -> None:
        """C{bye} leaves, after all earlier requests are answered."""
        self.peer.forget()
        self.peer.sends(b'{"type":"say","text":"x"}\n{"type":"bye"}\n{"type":"ping"}\n')
        self.assertEqual([value["type"] for value in self.peer.objects], ["ok", "left", "bye"])
        self.assertTrue(self.peer.isClosed)

    def test_unknownType(self) -> None:
        """An unknown type is refused under its key, with the types there are."""
        answer = self.answer(self.peer, "dance", key="k")
        self.assertEqual((answer["code"], answer["key"]), ("bad-object", "k"))
        self.assertIn("say", answer["text"])

    def test_unknownFields(self) -> None:
        """Unknown fields are ignored."""
        self.assertEqual(self.answer(self.peer, "say", text="hi", mood=[{}])["type"], "ok")

    def test_badFields(self) -> None:
        """Fields of the wrong kind are refused with their name."""
        for fields in ({}, {"text": None}, {"text": 7}, {"text": ["x"]}):
            answer = self.answer(self.peer, "say", key="k", **fields)
            self.assertEqual((answer["code"], answer["key"]), ("bad-object", "k"))
            self.assertIn('"text"', answer["text"])

    def test_badKeys(self) -> None:
        """A malformed key is refused, and nothing is said."""
        for key in ("", "x" * 65, "\u00e9", "a\nb", 7, ["k"]):
            answer = self.answer(self.peer, "say", text="hi", key=key)
            self.assertEqual(answer["code"], "bad-object")
            self.assertNotIn("key", answer)
        self.assertEqual(self.other.lines, [])

    def test_surrogates(self) -> None:
        """Half a surrogate pair is refused in every field, by a line that is valid UTF-8."""
        self.peer.forget()
        for fields in (
            '"type":"say","text":"\\ud800"',
            '"type":"say","text":"x","room":"#\\ud800"',
            '"type":"tell","to":"\\udfff","text":"x"',
            '"type":"command","line":"/who \\ud800"',
            '"type":"history","room":"\\ud800"',
            '"type":"search","words":"\\ud800"',
            '"type":"say","text":"x","key":"\\ud800"',
            '"type":"\\ud800"',
        ):
            self.peer.sends(b"{" + fields.encode() + b"}\n")
        types = [value["type"] for value in self.peer.objects]
        self.assertEqual(types, ["error"] * 8)

    def test_notAnObject(self) -> None:
        """A line that is no object is refused, and the connection goes on."""
        lines = [
            b"hello",
            b"[]",
            b"null",
            b"{",
            b'{"type":"say","text":NaN}',
            b'{"type":"say","text":"\xff"}',
            b"[" * 8000,
            b'{"a":' * 1600,
            b'{"type":"history","before":' + b"9" * 8000 + b"}",
            b"\x00",
        ]
        for raw in lines:
            self.peer.forget()
            self.peer.sends(raw + b"\n")
            (answer,) = self.peer.objects
            self.assertEqual(answer["code"], "bad-object", raw[:40])
        self.peer.forget()
        self.peer.sends(b"[" * 100_000 + b"\n")
        self.assertEqual(self.peer.objects[0]["code"], "too-long")

    def test_hugeNumbers(self) -> None:
        """A number beyond the bounds of its field is refused."""
        for number in ("1e999", "-1", "1.5", "9223372036854775808", "9" * 300):
            self.peer.forget()
            self.peer.sends(b'{"type":"history","before":' + number.encode() + b"}\n")
            self.assertEqual(self.peer.objects[0]["code"], "bad-object")

    def test_tooLong(self) -> None:
        """A text is bounded as in the text dialect, whatever its escapes take."""
        text = "\u00e9" * 2048
        self.assertEqual(self.answer(self.peer, "say", text=text)["type"], "error")
        self.peer.forget()
        raw = json.dumps({"type": "say", "text": text}, ensure_ascii=False)
        self.peer.sends(raw.encode() + b"\n")
        self.assertEqual(self.peer.objects[0]["type"], "ok")
        self.assertEqual(self.answer(self.peer, "say", text="x" * 4097)["code"], "too-long")

    def test_emptyLines(self) -> None:
        """Empty lines are ignored."""
        self.peer.forget()
        self.peer.sends(b"\n\r\n  \n")
        self.assertEqual(self.peer.lines, [])

    def test_hostileText(self) -> None:
        """Controls and line ends in a text are refused, and deceiving characters removed."""
        for text in ("a\nb", "a\rb", "\x00", "\x1b[2J", "\u2028"):
            self.assertEqual(self.answer(self.peer, "say", text=text)["code"], "bad-text")
        self.answer(self.peer, "say", text="a\u202eb")
        self.assertEqual(self.other.lines, ["Bot :: ab"])

    @settings(deadline=None, derandomize=True, max_examples=150)
    @given(st.lists(OBJECTS, max_size=8))
    def test_anything(self, objects: list[dict[str, Any]]) -> None:
        """Any objects of a program are answered by objects, and nobody else is disturbed."""
        factory = ChatFactory(makeHub())
        other = Peer(factory, "Ann")
        peer = Peer(factory)
        peer.asks("hello", name="Bot")
        for value in objects:
            peer.forget()
            peer.sends(json.dumps(value).encode() + b"\n")
            self.assertGreater(len(peer.objects), 0)
            self.assertEqual(len(peer.objects), len(peer.lines))
        self.assertFalse(peer.isClosed)
        self.assertEqual(self.flushLoggedErrors(), [])
        other.forget()
        other.types("still here")
        self.assertEqual(other.lines, ["OK . ."])
