# -*- test-case-name: tests.accounts.test_terms -*-
"""
Tests for L{twisted_chat.accounts.terms}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.support.helpers import useZone
from twisted_chat.accounts.terms import MAX_SPAN, Target, parseSpan, parseTarget, showEnd, showSpan
from twisted_chat.errors import BadCommand

FAST = settings(deadline=None, max_examples=200, derandomize=True, database=None)

WORDS = st.text(st.one_of(st.sampled_from("0123456789abcdef.:/*@smhdw"), st.characters()))


class TargetTests(SynchronousTestCase):
    """
    The target of a command, known by its look.
    """

    def test_names(self) -> None:
        """A word is a name if it is nothing else, or has an @ before it."""
        for text in ("Spam", "раураl", "7d", "10.0.0"):
            self.assertEqual(parseTarget(text), Target(name=text))
        self.assertEqual(parseTarget("@10.0.0.1"), Target(name="10.0.0.1"))

    def test_networks(self) -> None:
        """An address or a network is read in its one spelling; IPv6 is a /64 at least."""
        for text, net in (
            ("203.0.113.7", "203.0.113.7/32"),
            ("203.0.113.7/24", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.7/32"),
            ("::ffff:203.0.113.7/120", "203.0.113.0/24"),
            ("2001:DB8::1", "2001:db8::/64"),
            ("2001:db8:1:2:3::/80", "2001:db8:1:2::/64"),
            ("2001:db8::/48", "2001:db8::/48"),
        ):
            self.assertEqual(parseTarget(text), Target(net=net), text)

    def test_patterns(self) -> None:
        """A word with a star is a pattern."""
        self.assertEqual(parseTarget("spam*"), Target(pattern="spam*"))
        self.assertEqual(parseTarget("*10.0.0.1"), Target(pattern="*10.0.0.1"))

    def test_refused(self) -> None:
        """A word that looks like a network or a pattern and cannot be banned is refused."""
        for text in (
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/7",
            "1.2.3.4/33",
            "a/b",
            "*",
            "a*",
            "*a*b*c*d*",
        ):
            self.assertRaises(BadCommand, parseTarget, text)

    @FAST
    @given(WORDS)
    def test_anything(self, text: str) -> None:
        """Any word is one of the three, or refused; a network that was read reads the same."""
        try:
            target = parseTarget(text)
        except BadCommand as error:
            assert error.sentence.isprintable()
            return
        assert sum(map(bool, target)) <= 1
        if target.net:
            assert parseTarget(target.net) == target


class SpanTests(SynchronousTestCase):
    """
    The duration of a ban or a setting.
    """

    def test_units(self) -> None:
        """A time is a number and a unit."""
        for text, seconds in (("30s", 30), ("10m", 600), ("2h", 7200), ("7D", 604_800)):
            self.assertEqual(parseSpan(text), seconds)
        self.assertEqual(parseSpan("4w"), 28 * 86_400)

    def test_others(self) -> None:
        """Other words are no times, since a reason may begin with them."""
        for text in ("", "7", "d", "7 d", "-7d", "7days", "٧d", "1e3s", "all"):
            self.assertIsNone(parseSpan(text))

    def test_bounds(self) -> None:
        """No time at all, or more than ten years, is refused."""
        for text in ("0s", "0w", "3651d", "999999999w"):
            self.assertRaises(BadCommand, parseSpan, text)

    @FAST
    @given(st.integers(1, MAX_SPAN))
    def test_shown(self, seconds: int) -> None:
        """A time that is shown can be read."""
        assert parseSpan(showSpan(seconds)) == seconds

    @FAST
    @given(WORDS)
    def test_anything(self, text: str) -> None:
        """Any word is a time within the bounds, none, or refused."""
        try:
            seconds = parseSpan(text)
        except BadCommand:
            return
        assert seconds is None or 0 < seconds <= MAX_SPAN


class EndTests(SynchronousTestCase):
    """
    The end of a ban or a setting.
    """

    def test_showEnd(self) -> None:
        """An end is told to the minute, and nothing is said if there is none."""
        useZone(self, "UTC0")
        self.assertEqual(showEnd(1_763_822_000.0), " until 2025-11-22 14:33")
        self.assertEqual(showEnd(0), "")
