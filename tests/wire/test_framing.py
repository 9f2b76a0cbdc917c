"""
Tests for L{twisted_chat.wire.framing}.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.text.cleaning import MAX_LINE
from twisted_chat.wire.framing import (
    FLOODED,
    MAX_FLOOD,
    TOO_LONG,
    AnyEndSplitter,
    Excess,
    LineSplitter,
)

# Pieces that a peer may send, biased to what is near a limit: lines of a limit of 8 bytes, line
# ends of all kinds, and now and then more than the flood limit.
PIECES = st.lists(
    st.one_of(
        st.sampled_from([b"\n", b"\r", b"\r\n", b"a" * 7, b"a" * 8, b"a" * 9, b"\r\r\n"]),
        st.binary(max_size=12),
        st.just(b"x" * (MAX_FLOOD // 2)),
    ),
    max_size=12,
)


def specification(stream: bytes, maxLength: int) -> list[bytes | Excess]:
    """
    State what L{LineSplitter} promises for a whole stream, as plainly as possible.
    """
    *lines, tail = stream.split(b"\n")
    expected: list[bytes | Excess] = []
    for line in lines:
        content = line[:-1] if line.endswith(b"\r") else line
        expected.append(content if len(content) <= maxLength else TOO_LONG)
        if len(line) > MAX_FLOOD:
            return [*expected, FLOODED]
    if len(tail) > maxLength + 1 or (len(tail) > maxLength and not tail.endswith(b"\r")):
        expected.append(TOO_LONG)
    if len(tail) > MAX_FLOOD:
        expected.append(FLOODED)
    return expected


def cut(stream: bytes, places: Sequence[int]) -> list[bytes]:
    """
    The stream in chunks, cut at the places that lie inside it.
    """
    ends = [*sorted(place for place in places if place < len(stream)), len(stream)]
    return [stream[a:b] for a, b in zip([0, *ends], ends, strict=False)]


class LineSplitterTests(SynchronousTestCase):
    """
    Tests for L{LineSplitter}.
    """

    def test_lineFeedEndsALine(self) -> None:
        """A line ends at LF, and the rest waits for its own."""
        splitter = LineSplitter()
        self.assertEqual(splitter.feed(b"one\ntwo\nthr"), [b"one", b"two"])
        self.assertEqual(splitter.pending, b"thr")
        self.assertEqual(splitter.feed(b"ee\n"), [b"three"])
        self.assertEqual(splitter.pending, b"")

    def test_carriageReturnBelongsToTheEnd(self) -> None:
        """One CR before LF is part of the line end, every other CR is content."""
        self.assertEqual(LineSplitter().feed(b"a\r\nb\r\r\n\rc\n\r\n"), [b"a", b"b\r", b"\rc", b""])

    def test_lineEndCutInTwo(self) -> None:
        """A CRLF that arrives in two chunks is one line end."""
        splitter = LineSplitter()
        self.assertEqual(splitter.feed(b"a\r"), [])
        self.assertEqual(splitter.feed(b"\nb\n"), [b"a", b"b"])

    def test_longestLineIsKept(self) -> None:
        """A line of exactly the limit is kept, with LF and with CRLF, whole and in pieces."""
        line = b"x" * MAX_LINE
        for stream in (line + b"\n", line + b"\r\n"):
            self.assertEqual(LineSplitter().feed(stream), [line])
            splitter = LineSplitter()
            lines = [found for byte in stream for found in splitter.feed(bytes([byte]))]
            self.assertEqual(lines, [line])

    def test_oneByteTooLong(self) -> None:
        """A line of one byte more is reported in its place, and its neighbours are kept."""
        stream = b"before\n" + b"x" * (MAX_LINE + 1) + b"\nafter\n"
        self.assertEqual(LineSplitter().feed(stream), [b"before", TOO_LONG, b"after"])

    def test_tooLongIsToldAtOnceAndOnce(self) -> None:
        """The report of a long line comes before its end, and the rest of the line is silent."""
        splitter = LineSplitter()
        self.assertEqual(splitter.feed(b"x" * (MAX_LINE + 1)), [TOO_LONG])
        self.assertEqual(splitter.pending, b"")
        self.assertEqual(splitter.feed(b"y" * 5000), [])
        self.assertEqual(splitter.feed(b"end\nnext\n"), [b"next"])

    def test_possibleLineEndIsWaitedFor(self) -> None:
        """A CR just behind the longest line may belong to its end, and is not reported yet."""
        splitter = LineSplitter(4)
        self.assertEqual(splitter.feed(b"abcd\r"), [])
        self.assertEqual(splitter.feed(b"e"), [TOO_LONG])

    def test_floodIsTheLastWord(self) -> None:
        """A peer is given up after 64 KiB without LF, whatever it sends next."""
        splitter = LineSplitter()
        self.assertEqual(splitter.feed(b"x" * MAX_FLOOD), [TOO_LONG])
        self.assertEqual(splitter.feed(b"x"), [FLOODED])
        self.assertEqual(splitter.feed(b"\nhello\n"), [])
        self.assertEqual(splitter.feed(b"hello\n" * 1000), [])
        self.assertEqual(splitter.pending, b"")

    def test_floodInOneChunk(self) -> None:
        """A flood is the same flood when its LF comes in the same chunk."""
        stream = b"a\n" + b"x" * (MAX_FLOOD + 1) + b"\nb\n"
        self.assertEqual(LineSplitter().feed(stream), [b"a", TOO_LONG, FLOODED])

    def test_lineOfFloodSizeIsOnlyTooLong(self) -> None:
        """Exactly 64 KiB and then LF is one long line of a peer that goes on."""
        stream = b"x" * MAX_FLOOD + b"\nb\n"
        self.assertEqual(LineSplitter().feed(stream), [TOO_LONG, b"b"])

    def test_limitChangesBetweenChunks(self) -> None:
        """A longer limit holds from the next chunk on, also for a line already begun."""
        splitter = LineSplitter(4)
        self.assertEqual(splitter.feed(b"abc"), [])
        splitter.maxLength = 8
        self.assertEqual(splitter.feed(b"defgh\n123456789\n"), [b"abcdefgh", TOO_LONG])

    def test_millionLineEnds(self) -> None:
        """A million bare LF in one chunk are a million empty lines, split by one call."""
        self.patch(LineSplitter, "_sift", None)
        lines = LineSplitter().feed(b"\n" * 1_000_000)
        self.assertEqual(len(lines), 1_000_000)
        self.assertFalse(any(lines))

    def test_manyShortLines(self) -> None:
        """A chunk of short lines is split by one call, whatever their ends and their length."""
        for line in (b"a\n", b"\n", b"\r\n", b"ab\r\n", b"x" * (MAX_LINE // 2) + b"\n"):
            chunk = line * (MAX_FLOOD // len(line))
            splitter = LineSplitter()
            self.patch(LineSplitter, "_sift", None)
            lines = splitter.feed(chunk + b"tail")
            self.assertEqual(lines, [line.rstrip(b"\r\n")] * (MAX_FLOOD // len(line)))
            self.assertEqual(splitter.pending, b"tail")

    @settings(deadline=None, derandomize=True, max_examples=150)
    @given(PIECES, st.lists(st.integers(0, 200), max_size=8))
    def test_chunksDoNotMatter(self, pieces: list[bytes], places: list[int]) -> None:
        """Any cutting of the same bytes gives the lines that the whole stream promises."""
        stream = b"".join(pieces)
        expected = specification(stream, 8)
        self.assertEqual(list(LineSplitter(8).feed(stream)), expected)
        for chunks in (cut(stream, places), pieces):
            splitter = LineSplitter(8)
            lines: list[bytes | Excess] = []
            for chunk in chunks:
                lines.extend(splitter.feed(chunk))
                self.assertLessEqual(len(splitter.pending), 9)
            self.assertEqual(lines, expected)


class AnyEndSplitterTests(SynchronousTestCase):
    """
    Tests for L{AnyEndSplitter}.
    """

    def linesOf(self, *chunks: bytes) -> list[bytes | Excess]:
        """
        @return: the lines of these chunks that are not empty.
        """
        splitter = AnyEndSplitter()
        return [line for chunk in chunks for line in splitter.feed(chunk) if line]

    def test_returnAlone(self) -> None:
        """A peer that sends only CR has lines, and each comes when its CR does."""
        splitter = AnyEndSplitter()
        self.assertEqual(splitter.feed(b"Ann\r"), [b"Ann"])
        self.assertEqual(splitter.feed(b"Hello!\rHow are"), [b"Hello!"])
        self.assertEqual(splitter.feed(b" you?\r"), [b"How are you?"])

    def test_telnet(self) -> None:
        """CR NUL, which telnet may send for Enter, is one line end, also when it is cut in two."""
        expected = [b"Ann", b"one", b"two"]
        self.assertEqual(self.linesOf(b"Ann\r\0one\r\0two\r\0"), expected)
        self.assertEqual(self.linesOf(b"Ann\r", b"\0one\r", b"\0", b"two\r"), expected)

    def test_feedDecides(self) -> None:
        """A lone CR is left in its line after a first LF or CR LF, and is refused there."""
        for first in (b"Ann\n", b"Ann\r\n"):
            self.assertEqual(self.linesOf(first, b"a\rb\n"), [b"Ann", b"a\rb"])
            self.assertEqual(self.linesOf(first + b"a\rb\r\n"), [b"Ann", b"a\rb"])

    def test_endCutInTwo(self) -> None:
        """A first CR LF that comes in two chunks is one line end, and marks an LF peer."""
        self.assertEqual(self.linesOf(b"Ann\r", b"\na\rb\n"), [b"Ann", b"a\rb"])
        splitter = AnyEndSplitter()
        self.assertEqual([splitter.feed(b"\r"), splitter.feed(b"\n")], [[b""], []])

    def test_bothAfterReturn(self) -> None:
        """A peer that has sent a lone CR may go on with any line end."""
        self.assertEqual(self.linesOf(b"a\rb\r\nc\nd\r", b"\ne\r"), [b"a", b"b", b"c", b"d", b"e"])

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(
        st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"\r\0", b"a", b"bc"]), max_size=12),
        st.lists(st.integers(0, 30), max_size=6),
    )
    def test_chunksDoNotMatter(self, pieces: list[bytes], places: list[int]) -> None:
        """Any cutting of the same bytes gives the same lines."""
        stream = b"".join(pieces) + b"x\n"
        self.assertEqual(self.linesOf(*cut(stream, places)), self.linesOf(stream))

    @settings(deadline=None, derandomize=True, max_examples=100)
    @given(PIECES)
    def test_sameAfterFeed(self, pieces: list[bytes]) -> None:
        """The lines after a first LF are those of the plain splitter."""
        plain, either = LineSplitter(8), AnyEndSplitter(8)
        for piece in (b"x\n", *pieces):
            self.assertEqual(list(either.feed(piece)), list(plain.feed(piece)))
