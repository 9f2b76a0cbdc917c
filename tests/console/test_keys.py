"""
Tests of L{twisted_chat.console.keys}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.console.keys import ESCAPE_DELAY, MAX_PASTE, MAX_SEQUENCE, PASTE_DELAY, KeyParser

KEYS = {
    b"\r": "enter",
    b"\n": "enter",
    b"\t": "tab",
    b"\x7f": "backspace",
    b"\x08": "backspace",
    b"\x00": "ctrl-space",
    b"\x01": "ctrl-a",
    b"\x1a": "ctrl-z",
    b"\x1f": "ctrl-_",
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[D": "left",
    b"\x1b[H": "home",
    b"\x1bOF": "end",
    b"\x1b[1~": "home",
    b"\x1b[7~": "home",
    b"\x1b[4~": "end",
    b"\x1b[3~": "delete",
    b"\x1b[5~": "pageup",
    b"\x1b[3;5~": "ctrl-delete",
    b"\x1b[1;5C": "ctrl-right",
    b"\x1b[1;3D": "alt-left",
    b"\x1b[1;2A": "shift-up",
    b"\x1b[1;7D": "ctrl-alt-left",
    b"\x1bOd": "ctrl-left",
    b"\x1bO5C": "ctrl-right",
    b"\x1bOM": "enter",
    b"\x1b[Z": "shift-tab",
    b"\x1bb": "alt-b",
    b"\x1b<": "alt-<",
    b"\x1b\x7f": "alt-backspace",
    b"\x1b\r": "alt-enter",
    b"\x1b\n": "alt-enter",
    "\x1bж".encode(): "alt-ж",
    b"\x1b[13;3u": "alt-enter",
    b"\x1b[13;2u": "shift-enter",
    b"\x1b[27;5;13~": "ctrl-enter",
    b"\x1b[97;5u": "ctrl-a",
    b"\x1b[97;6u": "ctrl-a",
    b"\x1b[27u": "escape",
}

SWALLOWED = [
    b"\x1b[24;80R",
    b"\x1b[?1;2c",
    b"\x1b[>41;354;0c",
    b"\x1b[I",
    b"\x1b[O",
    b"\x1b[<0;10;10M",
    b"\x1b[[A",
    b"\x1b[15~",
    b"\x1b[201~",
    b"\x1b]11;rgb:0000/0000/0000\x07",
    b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1bP1$r0m\x1b\\",
    b"\x1b[99999999999999999999u",
    b"\x1b[55296u",
]


class KeyParserTests(SynchronousTestCase):
    """
    Keys and texts out of the bytes of a terminal.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.found: list[tuple[str, str]] = []
        self.parser = KeyParser(self.clock, self.deliver)

    def deliver(self, kind: str, value: str) -> None:
        """
        Note what is delivered; neighbouring texts are one.
        """
        if kind == "text" and self.found and self.found[-1][0] == "text":
            value = self.found.pop()[1] + value
        self.found.append((kind, value))

    def parsed(self, *pieces: bytes) -> list[tuple[str, str]]:
        """
        @return: what is delivered for these bytes.
        """
        self.found.clear()
        for piece in pieces:
            self.parser.receive(piece)
        return list(self.found)

    def test_keys(self) -> None:
        """Every key of xterm, rxvt and the Linux console has its name."""
        for raw, name in KEYS.items():
            self.assertEqual(self.parsed(raw), [("key", name)], raw)

    def test_keysInPieces(self) -> None:
        """A key that comes byte by byte is the same key."""
        for raw, name in KEYS.items():
            pieces = [raw[at : at + 1] for at in range(len(raw))]
            self.assertEqual(self.parsed(*pieces), [("key", name)], raw)

    def test_repliesAreSwallowed(self) -> None:
        """A terminal's own reply is no input."""
        for raw in SWALLOWED:
            self.assertEqual(self.parsed(raw + b"x"), [("text", "x")], raw)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_text(self) -> None:
        """Text is delivered in runs, whatever bytes its characters are cut into."""
        raw = "héllo жук 日本 \U0001f44d".encode()
        whole = [("text", raw.decode())]
        self.assertEqual(self.parsed(raw), whole)
        for at in range(1, len(raw)):
            self.assertEqual(self.parsed(raw[:at], raw[at:]), whole)

    def test_notUTF8(self) -> None:
        """Bytes that are no text become U+FFFD; half a character ends at a key."""
        self.assertEqual(self.parsed(b"a\xff\xc3b"), [("text", "a\ufffd\ufffdb")])
        self.assertEqual(self.parsed(b"\xc3\r"), [("text", "\ufffd"), ("key", "enter")])
        self.assertEqual(self.parsed(b"\x1b\xff"), [("text", "\ufffd")])

    def test_escapeKey(self) -> None:
        """An ESC that nothing follows is the Escape key, after a moment."""
        self.assertEqual(self.parsed(b"\x1b"), [])
        self.clock.advance(ESCAPE_DELAY)
        self.assertEqual(self.found, [("key", "escape")])

    def test_escapeThenKey(self) -> None:
        """Escape and a key that no sequence begins with are two keys."""
        self.assertEqual(self.parsed(b"\x1b\x03"), [("key", "escape"), ("key", "ctrl-c")])
        self.assertEqual(self.parsed(b"\x1b\x1b[D"), [("key", "escape"), ("key", "left")])

    def test_altWithBracket(self) -> None:
        """Alt with a character that also begins sequences is known when no sequence follows."""
        for raw, name in ((b"\x1b[", "alt-["), (b"\x1bO", "alt-O"), (b"\x1b]", "alt-]")):
            self.assertEqual(self.parsed(raw), [])
            self.clock.advance(ESCAPE_DELAY)
            self.assertEqual(self.found, [("key", name)])

    def test_slowLine(self) -> None:
        """A sequence that has begun is waited for longer than an Escape."""
        self.assertEqual(self.parsed(b"\x1b[1;"), [])
        self.clock.advance(ESCAPE_DELAY)
        self.assertEqual(self.parsed(b"5C"), [("key", "ctrl-right")])

    def test_unfinishedSequence(self) -> None:
        """A sequence without an end holds no more than a few bytes back."""
        self.assertEqual(self.parsed(b"\x1b[" + b"1" * MAX_SEQUENCE, b"typed"), [("text", "typed")])
        self.assertEqual(self.parsed(b"\x1b[1\x1b[D"), [("key", "left")])
        self.assertEqual(self.parsed(b"\x1b]0;abc"), [])
        self.clock.advance(ESCAPE_DELAY)
        self.assertEqual(self.parsed(b"typed"), [("text", "typed")])

    def test_paste(self) -> None:
        """A paste is one text, whatever it holds and wherever it is cut."""
        raw = "\x1b[200~one\rtwo\x03\x1b[Dжук\x1b[20\x1b[201~x".encode()
        whole = [("paste", "one\rtwo\x03\x1b[Dжук\x1b[20"), ("text", "x")]
        self.assertEqual(self.parsed(raw), whole)
        for at in range(1, len(raw)):
            self.assertEqual(self.parsed(raw[:at], raw[at:]), whole)
        self.assertEqual(self.parsed(*[raw[at : at + 1] for at in range(len(raw))]), whole)

    def test_hugePaste(self) -> None:
        """A paste without limit is kept in part, and its end is still found."""
        self.parsed(b"\x1b[200~")
        for _ in range(3):
            self.parser.receive(b"a" * MAX_PASTE)
        self.parser.receive(b"\x1b[201~b")
        self.assertEqual(self.found, [("paste", "a" * MAX_PASTE), ("text", "b")])

    def test_pasteWithoutEnd(self) -> None:
        """A paste whose terminal went away is over after some silence."""
        self.assertEqual(self.parsed(b"\x1b[200~abc"), [])
        self.clock.advance(PASTE_DELAY)
        self.assertEqual(self.found, [("paste", "abc")])
        self.assertEqual(self.parsed(b"\r"), [("key", "enter")])

    def test_close(self) -> None:
        """A closed parser delivers nothing, and no timer runs."""
        self.parsed(b"\x1b")
        self.parser.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(ESCAPE_DELAY)
        self.assertEqual(self.found, [])

    @given(st.lists(st.sampled_from([*KEYS, *SWALLOWED, "жa".encode(), b"\x1b[200~p\x1b[201~"])))
    @settings(deadline=None, derandomize=True, max_examples=100)
    def test_cutAnywhere(self, pieces: list[bytes]) -> None:
        """Keys and texts are the same however the bytes are cut."""
        whole = self.parsed(b"".join(pieces))
        raw = b"".join(pieces)
        for size in (1, 2, 3, 5):
            cut = [raw[at : at + size] for at in range(0, len(raw), size)]
            self.assertEqual(self.parsed(*cut), whole)

    @given(st.lists(st.binary(max_size=20), max_size=20))
    @settings(deadline=None, derandomize=True, max_examples=100)
    def test_anyBytes(self, pieces: list[bytes]) -> None:
        """No bytes break the parser, make it deliver a control as text, or hold back many bytes."""
        for kind, value in self.parsed(*pieces):
            self.assertIn(kind, ("text", "key", "paste"))
            if kind == "text":
                self.assertTrue(all(char >= " " and char != "\x7f" for char in value))
        self.assertLess(len(self.parser._held), 2 * MAX_SEQUENCE)
        self.clock.advance(PASTE_DELAY)
        self.parser.receive(b"\x18\x18")
        self.assertEqual(self.found[-1], ("key", "ctrl-x"))
