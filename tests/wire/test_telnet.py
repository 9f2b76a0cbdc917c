"""
Tests for L{twisted_chat.wire.telnet}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.wire.telnet import MAX_COMMANDS, MAX_SUBNEGOTIATION, TelnetFilter

BEGINNING = b"".join(
    b"\xff" + each for each in (b"\xfd\x03", b"\xfb\x18", b"\xfb\x1f", b"\xfb\x20", b"\xfd\x05")
)
"""The options that the telnet of BSD and Linux offers to a telnet server."""

INTERRUPT = b"\xff\xf4\xff\xfd\x06"
"""Its commands at Ctrl-C: IP, DO TIMING-MARK."""


class TelnetFilterTests(SynchronousTestCase):
    """
    Tests for L{TelnetFilter}.
    """

    def setUp(self) -> None:
        self.filter = TelnetFilter()

    def test_text(self) -> None:
        """Text without a command is left as it is."""
        for data in (b"Ann\r\n", "Ünal ÿ\n".encode(), b""):
            self.assertEqual(self.filter.feed(data), (data, b""))

    def test_options(self) -> None:
        """Every option that is offered or asked for is refused, once."""
        text, replies = self.filter.feed(b"Ann" + BEGINNING + b"\r\n")
        self.assertEqual(text, b"Ann\r\n")
        refusals = (b"\xfc\x03", b"\xfe\x18", b"\xfe\x1f", b"\xfe\x20", b"\xfc\x05")
        self.assertEqual(replies, b"".join(b"\xff" + each for each in refusals))
        self.assertEqual(self.filter.feed(BEGINNING), (b"", b""))

    def test_noLoop(self) -> None:
        """A refusal is not answered; an option that was given up is refused again."""
        self.assertEqual(self.filter.feed(b"\xff\xfb\x01"), (b"", b"\xff\xfe\x01"))
        self.assertEqual(self.filter.feed(b"\xff\xfc\x01\xff\xfe\x01"), (b"", b""))
        self.assertEqual(self.filter.feed(b"\xff\xfb\x01"), (b"", b"\xff\xfe\x01"))
        self.assertEqual(self.filter.feed(b"\xff\xfd\x01"), (b"", b"\xff\xfc\x01"))

    def test_interrupt(self) -> None:
        """Ctrl-C is answered by the mark that the client waits for, as often as it comes."""
        for _ in range(3):
            self.assertEqual(self.filter.feed(INTERRUPT + b"hi\r\n"), (b"hi\r\n", b"\xff\xfb\x06"))

    def test_commands(self) -> None:
        """Commands without an option are skipped."""
        for code in range(0xF0, 0xFA):
            self.assertEqual(self.filter.feed(b"a\xff" + bytes([code]) + b"b"), (b"ab", b""))

    def test_doubled(self) -> None:
        """The byte 255 twice is the byte 255."""
        self.assertEqual(self.filter.feed(b"a\xff\xffb"), (b"a\xffb", b""))

    def test_subnegotiation(self) -> None:
        """A subnegotiation is skipped up to its end, which a doubled 255 is not."""
        self.assertEqual(self.filter.feed(b"a\xff\xfa\x18\0\xff\xff\xf0\xff\xf0b"), (b"ab", b""))
        self.assertEqual(self.filter.feed(b"a\xff\xfa\x1f\0\x50"), (b"a", b""))
        self.assertEqual(self.filter.feed(b"\0\x18\xff"), (b"", b""))
        self.assertEqual(self.filter.feed(b"\xf0b"), (b"b", b""))

    def test_endlessSubnegotiation(self) -> None:
        """A subnegotiation without an end is text, and nothing is kept back."""
        text = b"".join(self.filter.feed(chunk)[0] for chunk in [b"\xff\xfa", *[b"x" * 100] * 50])
        self.assertEqual(text, b"\xff\xfa" + b"x" * 5000)
        self.assertLess(len(self.filter._rest), MAX_SUBNEGOTIATION)

    def test_enter(self) -> None:
        """CR NUL is a line end, also when it is cut in two, and every other NUL is dropped."""
        self.filter.feed(b"\xff\xf1")
        self.assertEqual(self.filter.feed(b"Ann\r\0hi\0!\r"), (b"Ann\r\nhi!\r", b""))
        self.assertEqual(self.filter.feed(b"\0next"), (b"\nnext", b""))

    def test_otherEncodings(self) -> None:
        """A name that is not in UTF-8 and holds 255 is left to be refused."""
        for line in (b"Mu\xffoz\n", b"\xff\n", b"\xff\xfe\n", b"\xff\xfb\r\n", b"\xff\xef\n"):
            self.assertEqual(TelnetFilter().feed(line), (line, b""))

    def test_flood(self) -> None:
        """A chunk with more commands than anybody types is left as it is, and not answered."""
        flood = b"\xff\xfb\x01\xff\xfc\x01" * MAX_COMMANDS
        self.assertEqual(self.filter.feed(flood), (flood, b""))

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(
        st.lists(
            st.sampled_from(
                [
                    *(b"a", b"\r\n", b"\r\0", b"\xff\xff", b"\xff\xf4", b"\xff\xfb\x01"),
                    *(b"\xff\xfd\x06", b"\xff\xfc\x01", b"\xff\xfa\x18abc\xff\xf0"),
                ]
            ),
            max_size=10,
        ),
        st.integers(1, 5),
    )
    def test_chunksDoNotMatter(self, pieces: list[bytes], size: int) -> None:
        """Any cutting of the same bytes gives the same text and the same replies."""
        stream = b"".join(pieces)
        whole = TelnetFilter().feed(stream)
        filter = TelnetFilter()
        parts = [filter.feed(stream[at : at + size]) for at in range(0, len(stream), size)]
        self.assertEqual(tuple(b"".join(part[n] for part in parts) for n in (0, 1)), whole)
