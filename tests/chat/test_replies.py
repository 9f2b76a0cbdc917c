"""
The order of answers.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.replies import Replies


class Asker(Replies):
    """
    Somebody who makes drafts.

    @ivar heard: what they were sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[bytes] = []
        self.put = self.heard.append

    def ask(self) -> None:
        """
        Make a draft.
        """
        self._asked += 1

    def answer(self, data: bytes) -> None:
        """
        Let the log answer one.
        """
        self.put(self.answered(data))


class RepliesTests(SynchronousTestCase):
    """
    L{Replies}.
    """

    def setUp(self) -> None:
        self.asker = Asker()

    def test_atOnce(self) -> None:
        """
        A reply leaves at once where nothing is unanswered, and an empty one never.
        """
        self.asker.reply(b"now")
        self.asker.reply(b"")
        self.assertEqual(self.asker.heard, [b"now"])

    def test_waits(self) -> None:
        """
        A reply leaves together with the last answer that comes before it.
        """
        self.asker.ask()
        self.asker.ask()
        self.asker.reply(b"x")
        self.asker.reply(b"y")
        self.asker.answer(b"1")
        self.asker.answer(b"2")
        self.asker.reply(b"z")
        self.assertEqual(self.asker.heard, [b"1", b"2xy", b"z"])

    @given(st.lists(st.sampled_from("arl")))
    def test_order(self, steps: list[str]) -> None:
        """
        Answers and replies leave in the order of what they answer, each once, whatever comes
        between.
        """
        asker = Asker()
        expected: list[bytes] = []
        drafts: list[bytes] = []
        for number, step in enumerate(steps):
            data = b"%d " % number
            if step == "a":
                asker.ask()
                expected.append(data)
                drafts.append(data)
            elif step == "r":
                asker.reply(data)
                expected.append(data)
            elif drafts:
                asker.answer(drafts.pop(0))
        self.assertEqual(asker.unanswered, len(drafts))
        for data in drafts:
            asker.answer(data)
        self.assertEqual(b"".join(asker.heard), b"".join(expected))

    def test_whenAnswered(self) -> None:
        """
        A waiter is told once everything asked for before it is answered and sent, and not before.
        """
        self.successResultOf(self.asker.whenAnswered())
        self.asker.ask()
        self.asker.ask()
        waiting = self.asker.whenAnswered()
        for _ in range(2):
            self.assertTrue(self.asker.waits)
            self.assertNoResult(waiting)
            self.asker.answer(b"")
            self.asker.settle()
        self.successResultOf(waiting)
        self.assertFalse(self.asker.waits)
