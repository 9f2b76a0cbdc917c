# -*- test-case-name: tests.chat.test_authentication -*-
"""
Tests for L{twisted_chat.chat.authentication}.
"""

from __future__ import annotations

import json
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred, fail, succeed

from tests.support.accounts import AccountsTestCase, addDevice, helloWith
from tests.support.helpers import NOW, FakeClient
from twisted_chat.accounts.credentials import Credential, madeCredential
from twisted_chat.accounts.hashing import Hashing
from twisted_chat.accounts.law import Policies
from twisted_chat.chat.authentication import (
    Authenticator,
    naming,
    proving,
    registration,
)
from twisted_chat.errors import (
    BadName,
    BadPassword,
    ChatError,
    NoHistory,
    NotAllowed,
    NotStored,
    TooManyTries,
    WrongLogin,
)
from twisted_chat.wire.events import CREDENTIALS, NAMED, REGISTERED, SERVER
from twisted_chat.wire.scram import ClientExchange

_T = TypeVar("_T")

SECRET = "7KQ2-9F3M-2WXA-P4RT"


class AuthenticatorTestCase(AccountsTestCase):
    """
    Ann is registered, and has a laptop.
    """

    def setUp(self) -> None:
        super().setUp()
        program = helloWith(self.hub, "Ann", self.secret)
        self.device = addDevice(program, "laptop")
        program.asks("bye")
        self.client = FakeClient(self.hub)
        self.authenticator: Authenticator = self.hub.state.authenticator

    def done(self, doing: Coroutine[Any, Any, _T]) -> _T:
        """
        @return: the result.
        """
        return self.successResultOf(Deferred.fromCoroutine(doing))

    def fails(self, doing: Coroutine[Any, Any, Any]) -> ChatError:
        """
        @return: why it is refused.
        """
        error = self.failureResultOf(Deferred.fromCoroutine(doing), ChatError).value
        assert isinstance(error, ChatError)
        return error


class SplitTests(AuthenticatorTestCase):
    """
    L{Authenticator.split}.
    """

    def test_lines(self) -> None:
        """
        A blank ends a name that is owned; no other line holds a secret.
        """
        for line, parts in (
            ("Ann", ("Ann", "")),
            ("Ann word", ("Ann", "word")),
            ("  Ann   two words ", ("Ann", "two words")),
            ("ANN word", ("ANN", "word")),
            ("Ann/laptop word", ("Ann/laptop", "word")),
            ("Ann ", ("Ann ", "")),
            ("Bob word", ("Bob word", "")),
            (f"Bob {SECRET}", ("Bob", SECRET)),
            ("two words", ("two words", "")),
            ("", ("", "")),
            (" ", (" ", "")),
            ("/laptop word", ("/laptop word", "")),
        ):
            self.assertEqual(self.authenticator.split(line), parts, line)

    def test_code(self) -> None:
        """
        A made secret ends any name, however it is typed, so that no refusal repeats it.
        """
        for typed in (SECRET, SECRET.lower(), SECRET.replace("-", " ")):
            self.assertEqual(self.authenticator.split(f"Cem {typed}"), ("Cem", typed))

    def test_anything(self) -> None:
        """
        Any line is either a name alone or a name without a blank and a secret, both out of it.
        """

        @given(st.text(st.characters()) | st.text("Ann/ \u00a0-", max_size=12))
        def check(line: str) -> None:
            name, secret = self.authenticator.split(line)
            if secret:
                self.assertNotIn(" ", name)
                self.assertIn(secret, line)
                self.assertTrue(line.strip().startswith(name))
            else:
                self.assertEqual(name, line)

        check()


class CheckTests(AuthenticatorTestCase):
    """
    L{Authenticator.check}.
    """

    def test_right(self) -> None:
        """
        A right secret proves the account, by the name that was used and the label that it has.
        """
        proof = self.done(self.authenticator.check(self.client, "ANN", self.secret))
        self.assertEqual(proof, (self.ann.user.sid, "Ann", "secret", None, ""))
        proof = self.done(self.authenticator.check(self.client, "Ann/LAPTOP", self.device))
        self.assertEqual(proof.label, "laptop")

    def test_wrong(self) -> None:
        """
        A wrong secret, or a right one of another device, proves nothing.
        """
        for name, secret in (
            ("Ann", "wrong"),
            ("Ann", ""),
            ("Ann", SECRET),
            ("Ann/laptop", self.secret),
            ("Ann/phone", self.device),
            ("Ann", "\ud800"),
            ("Ann", "\0" * 20),
            ("Bob", self.secret),
            ("", self.secret),
        ):
            error = self.fails(self.authenticator.check(self.client, name, secret))
            self.assertIsInstance(error, WrongLogin, name)

    def test_cancelled(self) -> None:
        """
        A login whose connection ends while its secret is hashed was a try.
        """
        self.authenticator.hashing = Hashing(lambda task, *arguments: Deferred())
        for _ in range(10):
            login = Deferred.fromCoroutine(self.authenticator.check(self.client, "Ann", "guess"))
            login.addErrback(lambda failure: None)
            login.cancel()
        error = self.fails(self.authenticator.check(self.client, "Ann", self.secret))
        self.assertIsInstance(error, TooManyTries)

    def test_busy(self) -> None:
        """
        A user who finds no place in the queue is told to come back, and no try is counted.
        """
        hashing = self.authenticator.hashing
        self.authenticator.hashing = Hashing(lambda task, *arguments: Deferred())
        waiting = [
            Deferred.fromCoroutine(
                self.authenticator.check(FakeClient(self.hub, address=f"10.0.{n}.1:1"), "Ann", "x")
            )
            for n in range(33)
        ]
        for _ in range(12):
            error = self.fails(self.authenticator.check(self.client, "Ann", self.secret))
            self.assertIn("too many people are logging in", error.sentence)
        self.authenticator.hashing.stop()
        for each in waiting:
            each.addErrback(lambda failure: None)
        self.authenticator.hashing = hashing
        self.done(self.authenticator.check(self.client, "Ann", self.secret))

    def test_removedMeanwhile(self) -> None:
        """
        A device that is removed while its secret is hashed no longer proves anything.
        """
        tasks: list[Any] = []

        def later(task: Any, *arguments: Any) -> Deferred[Any]:
            result: Deferred[Any] = Deferred()
            tasks.append(lambda: result.callback(task(*arguments)))
            return result

        self.authenticator.hashing = Hashing(later)
        login = Deferred.fromCoroutine(
            self.authenticator.check(self.client, "Ann/laptop", self.device)
        )
        self.ann.types("/device remove laptop")
        tasks[0]()
        self.failureResultOf(login, WrongLogin)

    def test_otherPepper(self) -> None:
        """
        A password that cannot be checked, since the pepper is another one, is not counted as a
        wrong login.
        """
        self.ann.types("/password a password of mine")
        self.hub = self.makeHub()
        self.successResultOf(Deferred.fromCoroutine(self.hub.restore()))
        authenticator = self.hub.state.authenticator
        for _ in range(12):
            error = self.fails(
                authenticator.check(FakeClient(self.hub), "Ann", "a password of mine")
            )
            self.assertEqual(error.code, "wrong-pepper")
        self.done(authenticator.check(FakeClient(self.hub), "Ann", self.secret))


class ChallengeTests(AuthenticatorTestCase):
    """
    L{Authenticator.challenge}.
    """

    def test_proof(self) -> None:
        """
        The answer to a challenge proves the account, once.
        """
        exchange = ClientExchange("Ann/laptop", self.device)
        challenge = self.done(self.authenticator.challenge(self.client, exchange.first))
        answer = exchange.answer(challenge.message)
        proof = self.done(self.authenticator.finish(challenge, answer))
        self.assertEqual((proof.who, proof.label), (self.ann.user.sid, "laptop"))
        assert proof.signature is not None
        exchange.verify(proof.signature)
        self.fails(self.authenticator.finish(challenge, answer))

    def test_refused(self) -> None:
        """
        Malformed messages, unknown names and devices get no challenge.
        """
        for first in (
            "",
            "n,,",
            "p=tls-unique,,n=Ann,r=x",
            "n,a=Bob,n=Ann,r=x",
            "n,,n=Bob,r=x",
            "n,,n=Ann/phone,r=x",
            "n,,n=,r=x",
            "n,,n=/laptop,r=x",
            "n,,n=Ann=2,r=x",
        ):
            self.fails(self.authenticator.challenge(self.client, first))

    def test_unanswered(self) -> None:
        """
        A challenge of a password that is never answered counts as a try.
        """
        self.ann.types("/password a password of mine")
        for _ in range(10):
            self.done(self.authenticator.challenge(self.client, "n,,n=Ann,r=x"))
        error = self.fails(self.authenticator.challenge(self.client, "n,,n=Ann,r=x"))
        self.assertIsInstance(error, TooManyTries)
        self.done(self.authenticator.challenge(self.client, "n,,n=Ann/laptop,r=x"))


class RegistrationTests(AuthenticatorTestCase):
    """
    The credentials that a registration needs.
    """

    def test_make(self) -> None:
        """
        A secret that was made has its credential; a label that breaks a rule is refused.
        """
        made = self.successResultOf(self.authenticator.make("phone", SECRET))
        self.assertEqual((made.label, made.isMade), ("phone", True))
        self.assertTrue(made.verifier(self.authenticator.pepper).accepts(SECRET))
        self.failureResultOf(self.authenticator.make("two words", SECRET), BadName)

    def test_choose(self) -> None:
        """
        A password is masked with the pepper; one that breaks a rule costs no hash.
        """
        made = self.successResultOf(self.authenticator.choose("a password of mine"))
        self.assertEqual((made.label, made.isMade), ("password", False))
        self.assertEqual(made.masked, self.authenticator.pepper.name)
        self.authenticator.hashing = Hashing(lambda task, *arguments: self.fail("it hashes"))
        self.assertRaises(BadPassword, self.authenticator.choose, "short")

    def test_drafts(self) -> None:
        """
        The drafts carry what the rules of accounts need.
        """
        draft = registration("a1", "Ann", "hash")
        self.assertEqual(
            (draft.kind, draft.room, draft.name, draft.sid), (REGISTERED, SERVER, "Ann", "a1")
        )
        self.assertEqual(json.loads(draft.data), {"looks": ["=Ann", "ann"], "code": "hash"})
        self.assertEqual(json.loads(registration("a1", "Ann").data), {"looks": ["=Ann", "ann"]})
        draft = naming("a1", "Ann", False)
        self.assertEqual(draft.kind, NAMED)
        self.assertEqual(json.loads(draft.data), {"looks": ["=Ann", "ann"], "owned": False})
        made = madeCredential("phone", SECRET, NOW)
        draft = proving("a1", "Ann", (made,), "hash")
        self.assertEqual(draft.kind, CREDENTIALS)
        self.assertEqual(json.loads(draft.data), {"credentials": [made.value()], "code": "hash"})
        self.assertNotIn(SECRET, draft.data)


class RegisterTests(AuthenticatorTestCase):
    """
    L{Authenticator.register}.
    """

    def setUp(self) -> None:
        super().setUp()
        self.registered: Deferred[None] = Deferred()
        self.proved: Deferred[None] = Deferred()
        self.made = 0

    def make(self) -> Deferred[Credential]:
        """Make a credential."""
        self.made += 1
        return succeed(madeCredential("phone", SECRET, NOW))

    def begin(self) -> Deferred[Credential]:
        """
        @return: what comes of a registration from an address of its own.
        """
        client = FakeClient(self.hub, address="198.51.100.1:1")
        return Deferred.fromCoroutine(
            self.authenticator.register(
                client, "", self.make, lambda made: (self.registered, self.proved)
            )
        )

    def assertFree(self) -> None:
        """No registration was counted."""
        for _ in range(3):
            self.authenticator.registrations.begin("198.51.100.1")

    def test_both(self) -> None:
        """
        A registration ends with its credential once both events have happened.
        """
        done = self.begin()
        self.registered.callback(None)
        self.assertNoResult(done)
        self.proved.callback(None)
        self.assertEqual(self.successResultOf(done).label, "phone")
        self.assertRaises(TooManyTries, self.assertFree)

    def test_refused(self) -> None:
        """
        A registration that stores nothing is forgiven, and the failure of its other event is not
        left unhandled.
        """
        done = self.begin()
        self.registered.errback(NotStored("not stored"))
        self.failureResultOf(done, NotStored)
        self.proved.errback(NotStored("not stored"))
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertFree()

    def test_cancelled(self) -> None:
        """
        A registration whose connection ends first is forgiven.
        """
        done = self.begin()
        done.cancel()
        self.failureResultOf(done, CancelledError)
        self.assertFree()

    def test_unmade(self) -> None:
        """
        A registration whose credential cannot be made is forgiven, and the log is asked for
        nothing.
        """
        self.make = lambda: fail(TooManyTries("later"))  # type: ignore[method-assign]
        self.failureResultOf(self.begin(), TooManyTries)
        self.assertFree()

    def test_unproved(self) -> None:
        """
        A registration that is stored counts as a try, whatever becomes of its credential.
        """
        done = self.begin()
        self.registered.callback(None)
        self.proved.errback(NoHistory("no"))
        self.failureResultOf(done, NoHistory)
        self.assertRaises(TooManyTries, self.assertFree)

    def test_closed(self) -> None:
        """
        No credential is made while registration is closed, or too many users register.
        """
        self.hub.state.law.policies = Policies("yes", "invited")
        self.failureResultOf(self.begin(), NotAllowed)
        self.hub.state.law.policies = Policies()
        self.assertFree()
        self.failureResultOf(self.begin(), TooManyTries)
        self.assertEqual(self.made, 0)
