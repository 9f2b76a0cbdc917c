# -*- test-case-name: tests.chat.test_login -*-
"""
Tests for L{twisted_chat.chat.login}: logging in at the prompt, and who may.
"""

from __future__ import annotations

from tests.support.accounts import AccountsTestCase, logIn, register
from tests.support.helpers import CONNECTED, NOW, Clerk, FakeClient, makeHub
from twisted_chat.accounts.law import Policies
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.errors import TooManyTries, WrongLogin
from twisted_chat.wire.events import SERVER, SET, Draft, asData
from twisted_chat.wire.jsonlines import JSON


class PromptTests(AccountsTestCase):
    """
    The line that is typed at the prompt.
    """

    def test_guest(self) -> None:
        """
        A guest enters by a name, as if there were no accounts.
        """
        guest = self.logIn("Cem")
        self.assertEqual(guest.lines, [CONNECTED])
        self.assertEqual(self.bob.lines, ["* Cem is now connected"])
        guest.types("hi", "/quit")
        self.assertEqual(guest.lines[1:], ["OK . .", "* Goodbye"])

    def test_ownedName(self) -> None:
        """
        The name of a registered user is refused with what its owner has to enter.
        """
        self.assertEqual(
            self.refusal("Ann"),
            "name-taken: Ann is registered: if it is yours, enter Ann PASSWORD, else choose another"
            " name",
        )
        self.assertEqual(self.refusal("ANN"), self.refusal("Ann"))

    def test_secret(self) -> None:
        """
        Name and secret in one line log in, however the secret is typed.
        """
        self.ann.types("/quit")
        bare = self.secret.replace("-", "")
        for line in (
            f"Ann {self.secret}",
            f"ann {self.secret.lower()}",
            f"Ann   {bare}",
            f"Ann/secret {self.secret}",
            f" Ann {self.secret} ",
        ):
            client = self.logIn(line)
            self.assertEqual(client.lines, [CONNECTED], line)
            self.assertTrue(client.user.isProved)
            client.types("/quit")

    def test_lookalikes(self) -> None:
        """
        No name that looks like an owned one is let in, in whatever script it is written, and no
        user is renamed to it.
        """
        for name, others in (
            (
                "TAM",
                (
                    "tam",
                    "\uff34AM",
                    "\u0422\u0410\u041c",
                    "\u03a4\u0391\u039c",
                    "\u13a2\u13aa\u13b7",
                ),
            ),
            ("ooo", ("OOO", "\u0585\u0585\u0585", "\u03bf\u03bf\u03bf", "\u043e\u043e\u043e")),
        ):
            owner = self.logIn(name)
            register(owner)
            owner.types("/quit")
            for other in others:
                self.assertIn("name-taken: ", self.refusal(other), ascii(other))
                self.assertRegex(
                    self.said(self.bob, f"/nick {other}")[-1], "^! .*registered", ascii(other)
                )
        self.assertEqual(self.bob.user.name, "Bob")

    def test_away(self) -> None:
        """
        A name is owned while its owner is away.
        """
        self.ann.types("/quit")
        self.assertIn("Ann is registered", self.refusal("Ann"))
        self.assertIn("Ann is registered", self.said(self.bob, "/nick Ann")[-1])

    def test_restart(self) -> None:
        """
        A name is owned after a restart, and its owner enters as before.
        """
        self.restart()
        self.assertIn("Ann is registered", self.refusal("ann"))
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)

    def test_unregistered(self) -> None:
        """
        A name stays burnt once its account has ended: neither a guest nor its secret gets it, nor
        does a restart free it.
        """
        self.ann.types("/unregister Ann", "/unregister Ann", "/quit")
        for _ in range(2):
            self.assertIn(
                "the name Ann was that of Ann, whose account has ended", self.refusal("Ann")
            )
            self.assertIn("the name ann was that of Ann", self.refusal("ann"))
            self.assertIn("wrong-login: ", self.refusal(f"Ann {self.secret}"))
            program = FakeClient(self.hub, JSON)
            program.asks("hello", name="Ann")
            self.assertEqual(program.objects[-1]["code"], "name-taken")
            self.assertNotIn("login", program.objects[-1])
            self.restart()

    def test_wrongSecret(self) -> None:
        """
        A wrong secret is refused with another sentence than a name alone.
        """
        for secret in ("wrong", "7KQ2-9F3M-2WXA-P4RT", "x" * 300, "\u00e9" * 12):
            self.assertEqual(
                self.refusal(f"Ann {secret}"),
                "wrong-login: this is not the password of Ann: try again",
            )

    def test_wordBehindAnOwnedName(self) -> None:
        """
        Two words are a name with a blank, unless the first is an owned name.
        """
        self.assertIn("bad-name: ", self.refusal("two words"))
        owner = self.logIn("two")
        register(owner)
        self.assertIn("wrong-login: ", self.refusal("two words"))

    def test_throttle(self) -> None:
        """
        After ten wrong secrets from one network the account is closed to that network alone; other
        accounts and guests are not, before there are thirty.
        """
        for _ in range(10):
            self.assertIn("wrong-login: ", self.refusal("Ann wrong"))
        self.assertEqual(
            self.refusal(f"Ann {self.secret}"),
            "too-many-tries: too many wrong logins came from your address: try again in 10 min",
        )
        self.assertIsNone(self.logIn(f"Ann {self.secret}", "198.51.100.9").loginError)
        self.assertIsNone(self.logIn("Cem").loginError)
        self.passed += 600
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)

    def test_rightLoginsAreFree(self) -> None:
        """
        Right logins are not counted.
        """
        for _ in range(40):
            client = self.logIn(f"Ann {self.secret}")
            self.assertIsNone(client.loginError)
            client.types("/quit")

    def test_secretsAreNotLogged(self) -> None:
        """
        The operator reads of logins, and reads no secret.
        """
        clerk = Clerk()
        self.hub.state.audit = clerk
        self.refusal("Ann wrong-secret")
        again = self.annAgain()
        again.types("/password a password of mine", "/device add phone")
        code = again.lines[-1].rpartition(" ")[2]
        self.logIn(f"Ann {code}")
        self.bob.types("/login Ann a password of mine")
        said = repr(clerk.entries)
        for secret in ("wrong-secret", self.secret, "a password of mine", code):
            self.assertNotIn(secret, said)
        self.assertIn("now connected over another connection", said)


class PolicyTests(AccountsTestCase):
    """
    The rights to enter, to speak and to register.
    """

    def setPolicies(self, guests: str = "yes", registration: str = "open") -> None:
        """Let these be the options of the server."""
        self.hub.state.law.policies = Policies(guests, registration)

    def test_noGuests(self) -> None:
        """
        A server without guests lets registered users alone in.
        """
        self.setPolicies("no")
        self.assertEqual(
            self.refusal("Cem"), "not-allowed: only registered people may enter this server: log in"
        )
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)

    def test_readOnlyGuests(self) -> None:
        """
        Guests of a read-only server enter, ask and register, and then they speak.
        """
        self.setPolicies("read-only")
        cem = self.logIn("Cem")
        for line in ("hi", "/me waves", "/msg Ann psst"):
            self.assertRegex(self.said(cem, line)[-1], "^! guests may read here", line)
        self.assertEqual(self.said(self.ann, "hello")[-1], "OK . .")
        self.assertEqual(cem.lines[-1], "Ann :: hello")
        self.assertIn("3 in #lobby", self.said(cem, "/names")[-1])
        register(cem)
        self.assertEqual(self.said(cem, "hi", "/msg Ann psst"), ["OK . .", "OK . ."])

    def test_invited(self) -> None:
        """
        A user who registers without a code is refused on a server that registers by invitation.
        """
        self.setPolicies("yes", "invited")
        for line in ("/register", "/register a password of mine"):
            self.assertEqual(
                self.said(self.bob, line), ["! registering here takes a code: ask for one"]
            )
        self.assertFalse(self.bob.user.member.isRegistered)

    def test_operator(self) -> None:
        """
        A member's code is refused, and none is given out, once the operator alone lets users
        register.
        """
        code = self.said(self.ann, "/invite-code")[-1].rpartition(" ")[2]
        self.setPolicies("yes", "operator")
        self.assertIn("registering here takes a code", self.refusal(f"Cem {code}"))
        self.assertIn("operators alone", self.said(self.ann, "/invite-code")[-1])

    def test_refusedRegistrationsAreFree(self) -> None:
        """
        A registration that was refused is not counted.
        """
        self.setPolicies("yes", "invited")
        for _ in range(5):
            self.bob.types("/register")
        self.setPolicies()
        self.assertIn("Bob is yours", self.said(self.bob, "/register")[-1])

    def test_lockdown(self) -> None:
        """
        Registration is refused while an operator's setting shuts it.
        """
        data = asData({"place": SERVER, "what": "lockdown", "value": "register", "until": NOW + 60})
        self.hub.log.append(Draft(SET, SERVER, "server", data=data), None)
        self.assertIn("nobody can register at the moment", self.said(self.bob, "/register")[-1])


class InterfaceTests(AccountsTestCase):
    """
    What a door is told of a login.
    """

    def test_errors(self) -> None:
        """
        Wrong secrets and too many tries have errors of their own.
        """
        client = FakeClient(self.hub)
        client.login(LoginRequest("Ann", secret="wrong"))
        self.assertIsInstance(client.loginError, WrongLogin)
        for _ in range(10):
            client.login(LoginRequest("Ann", secret="wrong"))
        self.assertIsInstance(client.loginError, TooManyTries)

    def test_anotherHub(self) -> None:
        """
        The accounts of one chat are unknown to another.
        """
        self.assertIsNone(logIn(makeHub(), "Ann").loginError)
