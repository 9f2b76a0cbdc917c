"""
Tests for L{twisted_chat.ops.auditlog}.
"""

from __future__ import annotations

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher, textFileLogObserver
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from twisted_chat.ops.auditlog import AuditLog

BEGUN = 1_763_822_000.0
"""The wall time at which each test begins."""

HOSTILE = st.text(
    st.one_of(
        st.sampled_from("\n\r\x1b\t\x00\x85\u2028\u202e\\{}[]:"),
        st.characters(codec="utf-8"),
    ),
    max_size=40,
)


class AuditLogTests(SynchronousTestCase):
    """
    Tests for L{AuditLog}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.events: list[LogEvent] = []
        self.file = io.StringIO()
        write = textFileLogObserver(self.file, timeFormat="%S")

        @implementer(ILogObserver)
        def observe(event: LogEvent) -> None:
            self.events.append(event)
            write(event)

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        self.auditLog = self.make()

    def make(self, messages: bool = True) -> AuditLog:
        """
        A auditLog on this test's clock.
        """
        return AuditLog(lambda: BEGUN + self.clock.seconds(), self.clock, messages)

    @property
    def text(self) -> str:
        """
        The log as a file shows it.
        """
        return self.file.getvalue()

    def test_alone(self) -> None:
        """A lone line is written in the next turn, with its time and where it comes from."""
        self.auditLog.said("Stanislav", "Hello!", "192.0.2.7:51234")
        self.assertEqual(self.text, "")
        self.clock.advance(0)
        self.assertEqual(self.text, "20 [192.0.2.7:51234] [Stanislav] :: Hello!\n")

    def test_tell(self) -> None:
        """Comings and goings read as they are told."""
        self.auditLog.tell("Stanislav is now connected", "192.0.2.7:51234")
        self.clock.advance(0)
        self.assertEqual(self.text, "20 [192.0.2.7:51234] Stanislav is now connected\n")

    def test_withoutAddress(self) -> None:
        """A user without an address leaves its place empty."""
        self.auditLog.tell("Ann has left", "")
        self.clock.advance(0)
        self.assertEqual(self.text, "20 [-] Ann has left\n")

    def test_gathered(self) -> None:
        """Lines that come faster are written together a tenth of a second later, in order."""
        for number in range(1000):
            self.auditLog.said("Ann", str(number), "a:1")
            self.clock.advance(0)
        self.assertEqual(len(self.events), 1)
        self.clock.advance(0.0999)
        self.assertEqual(len(self.events), 1)
        self.clock.advance(0.0002)
        self.assertEqual(len(self.events), 2)
        said = [line.rpartition(" ")[2] for line in self.text.splitlines()]
        self.assertEqual(said, [str(number) for number in range(1000)])

    def test_atMostTenASecond(self) -> None:
        """However much is said, the log has ten entries a second."""
        for _ in range(100):
            self.auditLog.said("Ann", "hi", "a:1")
            self.clock.advance(0.01)
        self.assertLessEqual(len(self.events), 11)
        self.clock.advance(0.1)
        self.assertEqual(self.text.count(":: hi"), 100)

    def test_aloneAgain(self) -> None:
        """After a pause the next line does not wait either, and no timer runs while it lasts."""
        self.auditLog.said("Ann", "one", "a:1")
        self.clock.advance(0)
        self.clock.advance(0.2)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.auditLog.said("Ann", "two", "a:1")
        self.clock.advance(0)
        self.assertEqual(len(self.events), 2)

    def test_ownTimes(self) -> None:
        """Each line of an entry has the time at which it was said, and its own address."""
        self.auditLog.said("Ann", "one", "a:1")
        self.clock.advance(0)
        self.clock.advance(0.05)
        self.auditLog.said("Bob", "two", "b:2")
        self.clock.advance(0.05)
        self.assertEqual([event["log_time"] for event in self.events], [BEGUN, BEGUN + 0.05])
        self.auditLog.said("Ann", "three", "a:1")
        self.auditLog.said("Bob", "four", "b:2")
        self.clock.advance(0.1)
        self.assertRegex(self.text.splitlines()[-1], r"^\t\S+T\S+ \[b:2\] \[Bob\] :: four$")

    def test_stop(self) -> None:
        """The stop writes what is gathered, and leaves no timer; what comes later is not lost."""
        self.auditLog.said("Ann", "one", "a:1")
        self.auditLog.said("Ann", "two", "a:1")
        self.auditLog.stop()
        self.assertIn(":: two", self.text)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.auditLog.tell("Ann has left", "a:1")
        self.assertIn("Ann has left", self.text)
        self.auditLog.stop()

    def test_withoutMessages(self) -> None:
        """An operator who wants it so reads who comes and goes, but not what they say."""
        auditLog = self.make(messages=False)
        auditLog.said("Ann", "secret", "a:1")
        auditLog.tell("Ann has left", "a:1")
        self.clock.advance(0)
        self.assertNotIn("secret", self.text)
        self.assertIn("Ann has left", self.text)

    def test_withoutAClock(self) -> None:
        """Without a clock every line is written at once."""
        auditLog = AuditLog(lambda: BEGUN)
        for number in range(3):
            auditLog.said("Ann", str(number), "a:1")
        self.assertEqual(len(self.events), 3)

    def test_noFormat(self) -> None:
        """What people say is never taken for a format."""
        self.auditLog.said("Ann", "{line} {log_time} {0} {} {", "a:1")
        self.clock.advance(0)
        self.assertIn("[Ann] :: {line} {log_time} {0} {} {\n", self.text)

    @settings(deadline=None, derandomize=True, max_examples=100)
    @given(st.lists(HOSTILE, min_size=1, max_size=5))
    def test_nobodyForgesALine(self, texts: list[str]) -> None:
        """Whatever people say, each line of the log is one of theirs, and all printable."""
        self.file.seek(0)
        self.file.truncate()
        auditLog = self.make()
        for text in texts:
            auditLog.said("Ann", text, "a:1")
        auditLog.stop()
        lines = self.text.split("\n")
        self.assertEqual(len(lines), len(texts) + 1)
        for line in lines[:-1]:
            self.assertRegex(line, r"^\t?\S+ \[a:1\] \[Ann\] :: ")
            self.assertTrue(line.removeprefix("\t").isprintable(), repr(line))
