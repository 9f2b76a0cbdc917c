from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import NoHistory
from twisted_chat.stores.turns import WAITING, WAITING_EACH, Turns


class TurnsTests(SynchronousTestCase):
    """
    L{Turns}.
    """

    def setUp(self) -> None:
        self.turns = Turns()
        self.begun: list[tuple[str, Deferred[str]]] = []
        self.givenUp: list[str] = []

    def ask(self, asker: str, name: str = "") -> Deferred[str]:
        name = name or asker

        def begin() -> Deferred[str]:
            answering: Deferred[str] = Deferred(lambda _: self.givenUp.append(name))
            self.begun.append((name, answering))
            return answering

        return self.turns.ask(asker, begin)

    def answer(self) -> None:
        """
        Answer what was begun last.
        """
        name, answering = self.begun[-1]
        answering.callback(f"answer {name}")

    def names(self) -> list[str]:
        return [name for name, _ in self.begun]

    def test_oneAtATime(self) -> None:
        """
        The next question begins when the one before is answered.
        """
        first, second = self.ask("a"), self.ask("b")
        self.assertEqual(self.names(), ["a"])
        self.answer()
        self.assertEqual(self.successResultOf(first), "answer a")
        self.assertEqual(self.names(), ["a", "b"])
        self.answer()
        self.assertEqual(self.successResultOf(second), "answer b")

    def test_byTurns(self) -> None:
        """
        Askers with many questions wait for those with few.
        """
        for name in ("a1", "a2", "a3", "b1", "b2", "c1"):
            self.ask(name[0], name)
        for _ in range(6):
            self.answer()
        self.assertEqual(self.names(), ["a1", "a2", "b1", "c1", "a3", "b2"])

    def test_tooMany(self) -> None:
        """
        Of one asker few may wait, and of all together not many: the others are refused at once.
        """
        for _ in range(WAITING_EACH + 1):
            self.ask("a")
        error = self.failureResultOf(self.ask("a"), NoHistory).value
        self.assertIn("try again in a moment", str(error))
        for number in range(WAITING - WAITING_EACH):
            self.ask(str(number))
        self.failureResultOf(self.ask("z"), NoHistory)
        self.answer()
        self.assertNoResult(self.ask("z"))

    def test_failing(self) -> None:
        """
        A question that fails, at once or later, is answered so, and the next begins.
        """
        self.ask("a")
        failing = self.turns.ask("b", lambda: fail(ZeroDivisionError()))
        raising: Deferred[object] = self.turns.ask("c", lambda: 1 / 0)  # type: ignore
        last = self.turns.ask("d", lambda: succeed("done"))
        self.answer()
        self.failureResultOf(failing, ZeroDivisionError)
        self.failureResultOf(raising, ZeroDivisionError)
        self.assertEqual(self.successResultOf(last), "done")

    def test_cancelWaiting(self) -> None:
        """
        What is cancelled while it waits is never begun, and another may wait in its place.
        """
        self.ask("a")
        waiting = [self.ask("b", f"b{number}") for number in range(WAITING_EACH)]
        waiting[0].cancel()
        self.failureResultOf(waiting[0], CancelledError)
        self.ask("b", "b9")
        other = self.ask("c")
        other.cancel()
        self.failureResultOf(other, CancelledError)
        for _ in range(3):
            self.answer()
        self.assertEqual(self.names(), ["a", "b1", "b9"])

    def test_cancelCurrent(self) -> None:
        """
        What is cancelled while it is being answered is given up, and the next begins.
        """
        first, second = self.ask("a"), self.ask("b")
        first.cancel()
        self.failureResultOf(first, CancelledError)
        self.assertEqual((self.givenUp, self.names()), (["a"], ["a", "b"]))
        self.answer()
        self.assertEqual(self.successResultOf(second), "answer b")

    def test_stop(self) -> None:
        """
        At the end all are refused: what is being answered, what waits and what comes.
        """
        asked = [self.ask("a"), self.ask("a"), self.ask("b")]
        self.turns.stop(NoHistory("no more"))
        asked.append(self.ask("c"))
        for each in asked:
            self.assertEqual(str(self.failureResultOf(each, NoHistory).value), "no more")
        self.assertEqual((self.givenUp, self.names()), (["a"], ["a"]))
