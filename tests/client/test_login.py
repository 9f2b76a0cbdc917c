"""
Tests of how a client proves who its user is, against the server's side of SCRAM.
"""

from __future__ import annotations

import contextlib
import os

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.client.devicesecrets import DeviceSecret, DeviceSecrets
from twisted_chat.client.dialect import Proof, SessionState
from twisted_chat.client.login import CODE_IN_CLEAR, Login
from twisted_chat.errors import BadProof, ChatError
from twisted_chat.text.secrets import makeDeviceSecret, makeSecret
from twisted_chat.wire.scram import (
    MAX_ITERATIONS,
    MIN_ITERATIONS,
    FalseServer,
    ServerExchange,
    makeVerifier,
    parseClientFirst,
)

quick = settings(deadline=None, max_examples=100, derandomize=True, database=None)

DEVICE = DeviceSecret("Ann", "laptop", makeDeviceSecret())


class LoginTests(SynchronousTestCase):
    """
    One client, and a server that knows a verifier.
    """

    def setUp(self) -> None:
        home = os.path.abspath(self.mktemp())
        self.kept = DeviceSecrets({"XDG_STATE_HOME": home}, "here")
        self.session = SessionState("Ann")

    def login(self, password: str = "", isPrivate: bool = False) -> Login:
        login = Login(self.session, self.kept, isPrivate)
        if password:
            login.prove(password)
        return login

    def register(self, isConfirmed: bool = True) -> None:
        self.kept.propose(DEVICE)
        if isConfirmed:
            self.kept.confirm("Ann")

    def exchange(self, login: Login, secret: str, iterations: int = MIN_ITERATIONS) -> str:
        """
        @return: the name that was proved.
        """
        first = parseClientFirst(login.begin(False).scram)
        server = ServerExchange(first, makeVerifier(secret, iterations))
        login.welcomed(server.check(login.answer(server.challenge)))
        return first.name

    def test_guest(self) -> None:
        """A guest proves nothing, and takes any welcome."""
        login = self.login()
        self.assertEqual(login.begin(False), Proof())
        login.welcomed("")

    def test_device(self) -> None:
        """The secret of the device is proved under its label."""
        self.register()
        self.assertEqual(self.exchange(self.login(), DEVICE.secret), "Ann/laptop")

    def test_deviceOfTheAccount(self) -> None:
        """The secret of the account is proved, under whatever name the user has taken."""
        self.register()
        self.session.name, self.session.account = "Zoe", "Ann"
        self.assertEqual(self.exchange(self.login(), DEVICE.secret), "Ann/laptop")

    def test_proposedIsConfirmed(self) -> None:
        """A proposed secret of which nobody knew whether it arrived is in use once it logs in."""
        self.register(False)
        self.exchange(self.login(), DEVICE.secret)
        self.assertEqual(self.kept.find("Ann"), DEVICE)

    def test_proposedIsRefused(self) -> None:
        """
        A proposed secret that did not arrive is dropped without a word, and the login goes on
        without it.
        """
        self.register(False)
        login = self.login()
        login.begin(False)
        self.assertTrue(login.retries("wrong-login"))
        self.assertEqual((login.note, login.begin(False)), ("", Proof()))

    def test_removedDevice(self) -> None:
        """A device that the server no longer knows stops using its secret, and says so."""
        self.register()
        login = self.login()
        login.begin(False)
        self.assertTrue(login.retries("wrong-login"))
        self.assertIn("no longer logs in to Ann", login.note)
        self.assertEqual(login.begin(False), Proof())
        self.assertFalse(login.retries("name-taken"))
        self.assertEqual(login.note, "")

    def test_otherRefusals(self) -> None:
        """A refusal for another reason costs no secret."""
        self.register()
        login = self.login()
        for code in ("too-many-tries", "banned", "no-history", ""):
            login.begin(False)
            self.assertFalse(login.retries(code))
        self.assertEqual(self.kept.find("Ann"), DEVICE)

    def test_password(self) -> None:
        """A password is proved in its one form, in place of the device's secret."""
        self.register()
        login = self.login(" cafe\u0301 au lait ")
        self.assertEqual(self.exchange(login, "caf\xe9 au lait", MAX_ITERATIONS), "Ann")
        self.assertTrue(login.hasPassword)

    def test_madeSecret(self) -> None:
        """A made secret is proved however it is typed."""
        secret = makeSecret()
        self.exchange(self.login(secret.lower().replace("-", " ")), secret)

    def test_passwordLikeASecret(self) -> None:
        """A password that looks like a made secret is one where it is hashed as one."""
        password = "greenteaisbestok"
        self.exchange(self.login(password), password, MAX_ITERATIONS)

    def test_wrongPassword(self) -> None:
        """A wrong password is forgotten, and not tried again."""
        login = self.login("swordfish is wrong")
        login.begin(False)
        self.assertFalse(login.retries("wrong-login"))
        self.assertFalse(login.hasPassword)

    def test_tooManyTries(self) -> None:
        """A password that the server did not look at is kept for the next connection."""
        login = self.login("swordfish is right")
        login.begin(False)
        self.assertFalse(login.retries("too-many-tries"))
        self.assertTrue(login.hasPassword)

    def test_code(self) -> None:
        """
        A secret that turned out to be no password may be a code, which is sent where nobody
        listens.
        """
        code = makeSecret()
        login = self.login(code, isPrivate=True)
        self.assertEqual(login.begin(False).password, "")
        self.assertTrue(login.retries("wrong-login"))
        self.assertEqual(login.begin(False), Proof(password=code))
        login.welcomed("")
        self.assertTrue(login.byCode)
        self.assertFalse(login.hasPassword)

    def test_wrongCode(self) -> None:
        """A wrong code is sent once."""
        login = self.login(makeSecret(), isPrivate=True)
        login.begin(False)
        login.retries("wrong-login")
        login.begin(False)
        self.assertFalse(login.retries("wrong-login"))
        self.assertFalse(login.hasPassword)

    def test_codeInClear(self) -> None:
        """A code is not sent where others can listen, and the user is told why."""
        login = self.login(makeSecret())
        login.begin(False)
        self.assertFalse(login.retries("wrong-login"))
        self.assertEqual(login.note, CODE_IN_CLEAR)

    def test_passwordIsNoCode(self) -> None:
        """A secret that cannot be a code is never sent as it is."""
        for password in ("swordfish was wrong", makeDeviceSecret()):
            login = self.login(password, isPrivate=True)
            login.begin(False)
            self.assertFalse(login.retries("wrong-login"))

    def test_falseServer(self) -> None:
        """A server that does not know the secret, or does not ask, is not believed."""
        self.register()
        login = self.login()
        first = parseClientFirst(login.begin(False).scram)
        server = ServerExchange(first, makeVerifier("another secret", MIN_ITERATIONS))
        login.answer(server.challenge)
        self.assertRaises(FalseServer, login.welcomed, f"v={'A' * 43}=")
        login.begin(False)
        self.assertRaises(FalseServer, login.welcomed, "")
        self.assertRaises(FalseServer, login.welcomed, f"v={'A' * 43}=")

    def test_silentServer(self) -> None:
        """A welcome without a signature is refused, after the answer too."""
        login = self.login("swordfish is right")
        first = parseClientFirst(login.begin(False).scram)
        login.answer(ServerExchange(first, makeVerifier("x" * 10, MIN_ITERATIONS)).challenge)
        self.assertRaises(BadProof, login.welcomed, "")

    def test_unaskedChallenge(self) -> None:
        """A challenge that answers nothing is left unanswered."""
        login = self.login()
        self.assertRaises(FalseServer, login.answer, "r=x,s=c2FsdHNhbHQ=,i=4096")
        login.begin(False)
        self.assertRaises(FalseServer, login.answer, "r=x,s=c2FsdHNhbHQ=,i=4096")

    def test_text(self) -> None:
        """A password is sent as it is if the user asked for text; a device's secret never is."""
        self.register()
        self.assertEqual(self.login().begin(True), Proof())
        login = self.login("swordfish is right")
        self.assertEqual(login.begin(True), Proof(password="swordfish is right"))
        login.welcomed("")

    def test_fallBack(self) -> None:
        """A server that suddenly knows only text gets no password, unless nobody can listen."""
        login = self.login("swordfish is right")
        login.begin(False)
        self.assertRaises(FalseServer, login.fallBack)
        login = self.login("swordfish is right", isPrivate=True)
        login.begin(False)
        login.fallBack()
        self.register()
        login = self.login(isPrivate=True)
        login.begin(False)
        self.assertRaises(FalseServer, login.fallBack)
        login = Login(SessionState("Bob"))
        login.begin(False)
        login.fallBack()

    @quick
    @given(st.text(max_size=60) | st.from_regex(r"r=[!-~]{1,40},s=[A-Za-z0-9+/]{8}=?,i=\d{1,9}"))
    def test_anyChallenge(self, challenge: str) -> None:
        """The answer to any challenge is refused or proves nothing to the server."""
        login = Login(SessionState("Ann"))
        login.prove("swordfish is right")
        login.begin(False)
        with contextlib.suppress(ChatError):
            self.assertNotIn("swordfish", login.answer(challenge))
