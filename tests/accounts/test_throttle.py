"""
Tests for L{twisted_chat.accounts.throttle}.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis.strategies import booleans, floats, lists, sampled_from, tuples
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.accounts.support import FAST
from twisted_chat.accounts import throttle
from twisted_chat.accounts.throttle import LoginThrottle, RegistrationThrottle, Tally
from twisted_chat.errors import TooManyTries


class LoginTests(SynchronousTestCase):
    """
    Tests for L{LoginThrottle}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.throttle = LoginThrottle(self.clock.seconds)

    def wrong(self, host: str, who: str, times: int = 1) -> None:
        """
        Log in wrongly.
        """
        for _ in range(times):
            self.throttle.begin(host, who)

    def refusal(self, host: str, who: str) -> TooManyTries:
        """
        @return: the refusal of one more login.
        """
        error = self.assertRaises(TooManyTries, self.throttle.begin, host, who)
        assert isinstance(error, TooManyTries)
        return error

    def test_account(self) -> None:
        """An address has to wait after ten wrong logins for an account, until the first is old."""
        self.wrong("192.0.2.1", "ann")
        self.clock.advance(100)
        self.wrong("192.0.2.1", "ann", 9)
        error = self.refusal("192.0.2.1", "ann")
        self.assertEqual(
            error.sentence, "too many wrong logins came from your address: try again in 9 min"
        )
        self.assertEqual(error.wait, 500)
        self.clock.advance(499)
        self.assertIn("in 1 s", self.refusal("192.0.2.1", "ann").sentence)
        self.clock.advance(1)
        self.wrong("192.0.2.1", "ann")
        self.assertEqual(self.refusal("192.0.2.1", "ann").wait, 100)

    def test_owner(self) -> None:
        """Strangers do not lock the owner out: other addresses go on, and so do other accounts."""
        for number in range(100):
            self.wrong(f"198.51.100.{number}", "ann", 10)
        self.wrong("192.0.2.1", "ann")
        self.wrong("198.51.100.1", "bob")

    def test_network(self) -> None:
        """An address has to wait after thirty wrong logins, whatever accounts they were for."""
        for number in range(30):
            self.wrong("192.0.2.1", f"account {number}")
        self.assertEqual(self.refusal("192.0.2.1", "ann").wait, 600)
        self.wrong("192.0.2.2", "ann")

    def test_forms(self) -> None:
        """IPv6 is counted by its upper 64 bits, and IPv4 is the same inside of it."""
        self.wrong("2001:db8::1", "ann", 5)
        self.wrong("2001:db8::ffff:2", "ann", 5)
        self.refusal("2001:db8::3", "ann")
        self.wrong("2001:db8:0:1::1", "ann")
        self.wrong("192.0.2.1", "ann", 5)
        self.wrong("::ffff:192.0.2.1", "ann", 5)
        self.refusal("192.0.2.1", "ann")

    def test_right(self) -> None:
        """A right login does not count, however often; the wrong ones before it still do."""
        for _ in range(50):
            self.throttle.begin("192.0.2.1", "ann").forgive()
        self.wrong("192.0.2.1", "ann", 9)
        self.throttle.begin("192.0.2.1", "ann").forgive()
        self.wrong("192.0.2.1", "ann")
        self.refusal("192.0.2.1", "ann")

    def test_atOnce(self) -> None:
        """Logins that are not checked yet count, so that many at once are no way around."""
        attempts = [self.throttle.begin("192.0.2.1", "ann") for _ in range(10)]
        self.refusal("192.0.2.1", "ann")
        attempts[0].forgive()
        attempts[0].forgive()
        self.wrong("192.0.2.1", "ann")
        self.refusal("192.0.2.1", "ann")

    def test_refusedCountsNothing(self) -> None:
        """A refused login makes nobody wait longer, for this account or for another."""
        self.wrong("192.0.2.1", "ann", 10)
        for _ in range(100):
            self.refusal("192.0.2.1", "ann")
        self.wrong("192.0.2.1", "bob", 10)
        self.clock.advance(600)
        self.wrong("192.0.2.1", "ann")

    def test_bounded(self) -> None:
        """No more networks than the bound are remembered, the latest ones."""
        self.patch(throttle, "MAX_ENTRIES", 20)
        for number in range(100):
            self.wrong(f"192.0.2.{number}", "ann", 10)
        self.assertEqual(len(self.throttle._byAccount), 20)
        self.assertEqual(len(self.throttle._byNetwork), 20)
        self.refusal("192.0.2.99", "ann")
        self.refusal("192.0.2.80", "ann")
        self.wrong("192.0.2.79", "ann")

    def test_forgottenBefore(self) -> None:
        """A login may turn out right after its network was forgotten."""
        self.patch(throttle, "MAX_ENTRIES", 1)
        attempt = self.throttle.begin("192.0.2.1", "ann")
        self.wrong("192.0.2.2", "ann")
        attempt.forgive()
        self.wrong("192.0.2.2", "ann", 9)
        self.refusal("192.0.2.2", "ann")


class RegistrationTests(SynchronousTestCase):
    """
    Tests for L{RegistrationThrottle}.
    """

    def setUp(self) -> None:
        self.clock = Clock()
        self.throttle = RegistrationThrottle(self.clock.seconds)

    def refusal(self, host: str) -> TooManyTries:
        """
        @return: the refusal of one more registration.
        """
        error = self.assertRaises(TooManyTries, self.throttle.begin, host)
        assert isinstance(error, TooManyTries)
        return error

    def test_trusted(self) -> None:
        """
        A trusted address has no limit of its own, and is counted with all others.
        """
        for _ in range(throttle.REGISTERED_IN_ALL):
            self.throttle.begin("127.0.0.1", True)
        self.assertRaises(TooManyTries, self.throttle.begin, "127.0.0.1", True)
        self.assertRaises(TooManyTries, self.throttle.begin, "192.0.2.1")

    def test_network(self) -> None:
        """One network makes three registrations an hour, and others go on."""
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8::3"):
            self.throttle.begin(address)
        error = self.refusal("2001:db8::4")
        self.assertEqual(
            error.sentence, "too many names were registered from your address: try again in 60 min"
        )
        self.assertEqual(error.wait, 3600)
        self.throttle.begin("2001:db8:1::1")
        self.clock.advance(3600)
        self.throttle.begin("2001:db8::4")

    def test_all(self) -> None:
        """All networks together make thirty registrations in ten minutes."""
        for number in range(30):
            self.throttle.begin(f"192.0.2.{number}")
        error = self.refusal("198.51.100.1")
        self.assertEqual(error.sentence, "too many people are registering: try again in 10 min")
        self.clock.advance(600)
        self.throttle.begin("198.51.100.1")

    def test_forgiven(self) -> None:
        """A registration that came to nothing is not counted."""
        for _ in range(50):
            self.throttle.begin("192.0.2.1").forgive()
        for _ in range(3):
            self.throttle.begin("192.0.2.1")
        self.refusal("192.0.2.1")


class TallyTests(SynchronousTestCase):
    """
    Tests for L{Tally}.
    """

    @FAST
    @given(lists(tuples(sampled_from("ab"), booleans(), floats(0, 30)), max_size=60))
    def test_anyStory(self, story: list[tuple[str, bool, float]]) -> None:
        """No span holds more than the most, and nothing is refused while there is room."""
        clock = Clock()
        tally = Tally(3, 60.0, clock.seconds)
        counted: dict[str, list[float]] = {"a": [], "b": []}
        for key, isRight, pause in story:
            clock.advance(pause)
            now = clock.seconds()
            recent = [each for each in counted[key] if each + 60.0 > now]
            self.assertEqual(tally.wait(key) > 0, len(recent) >= 3)
            if len(recent) < 3:
                when = tally.add(key)
                if isRight:
                    tally.takeBack(key, when)
                else:
                    counted[key].append(when)
        self.assertLessEqual(len(tally), sum(map(bool, counted.values())))
