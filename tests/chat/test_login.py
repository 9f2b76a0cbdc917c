# -*- test-case-name: tests.chat.test_login -*-
"""
Tests for L{twisted_chat.chat.login}.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from tests.support.accounts import (
    AccountsTestCase,
    TurnTestCase,
    addDevice,
    helloWith,
    logIn,
    prove,
    register,
)
from tests.support.helpers import NOW, Clerk, FakeClient, FaultyLog, makeHub, resume
from tests.support.moderating import appoint
from twisted_chat.accounts.law import Policies
from twisted_chat.accounts.rules import project
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.chat.login import MAX_DEVICES
from twisted_chat.errors import TooManyTries, WrongLogin
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import SERVER, SET, Draft, asData
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.scram import ClientExchange

CONNECTED = "Connected... Start sending messages"


class PromptTests(AccountsTestCase):
    """
    What is typed at the prompt.
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
        The name of somebody registered is refused with what its owner has to enter.
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
        No name that looks like an owned one is let in, whatever script it is written in; and nobody
        is renamed to it.
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
        After ten wrong secrets from one network the account is closed to it, and to no other
        network; nor is another account, nor a guest, before there were thirty.
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
        The operator reads who logged in, and no secret.
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


class CodeTests(AccountsTestCase):
    """
    One-time codes in the place of a password.
    """

    def code(self, command: str) -> str:
        """
        @return: the code that a command of Ann's gives.
        """
        return self.said(self.ann, command)[-1].rpartition(" ")[2]

    def test_device(self) -> None:
        """
        A code of C{/device add} lets one more device in, once, and a made secret takes its place.
        """
        code = self.code("/device add phone")
        phone = self.logIn(f"Ann {code}")
        self.assertEqual(phone.lines[0], CONNECTED)
        self.assertRegex(phone.lines[1], r"^\* Next time enter: Ann (\w{4}-){3}\w{4}$")
        self.assertEqual(phone.user.device, "phone")
        secret = phone.lines[1].rpartition(" ")[2]
        self.assertIsNone(self.logIn(f"Ann/phone {secret}").loginError)
        self.assertIn("wrong-login", self.refusal(f"Ann {code}"))

    def test_expired(self) -> None:
        """
        A code that is too old lets nobody in.
        """
        code, invitation = self.code("/device add phone"), self.code("/invite-code")
        self.now += 601
        self.assertIn("wrong-login", self.refusal(f"Ann {code}"))
        self.assertIsNone(self.logIn(f"Cem {invitation}").loginError)
        invitation = self.code("/invite-code")
        self.now += 7 * 86_400 + 1
        self.assertIn("wrong-login: nobody is registered as Dai", self.refusal(f"Dai {invitation}"))

    def test_othersCode(self) -> None:
        """
        A code for a device of one account lets nobody in to another.
        """
        other = register(self.bob)
        code = self.code("/device add phone")
        self.assertIn("wrong-login", self.refusal(f"Bob {code}"))
        self.assertIsNone(self.logIn(f"Bob {other}").loginError)
        self.assertIsNone(self.logIn(f"Ann {code}").loginError)

    def test_invitation(self) -> None:
        """
        A code of C{/invite-code} registers a new name at the prompt, once.
        """
        code = self.code("/invite-code")
        cem = self.logIn(f"Cem {code}")
        self.assertEqual(cem.lines[0], CONNECTED)
        self.assertRegex(cem.lines[1], r"^\* Cem is yours. Next time enter: Cem (\w{4}-){3}\w{4}$")
        self.assertTrue(cem.user.member.isRegistered and cem.user.isProved)
        self.assertIn("Cem is registered", self.refusal("cem"))
        self.assertIsNone(self.logIn(cem.lines[1].partition(": ")[2]).loginError)
        self.assertIn("wrong-login: nobody is registered as Dai", self.refusal(f"Dai {code}"))

    def test_invitationOfGuestsWhoMayNotEnter(self) -> None:
        """
        A code registers somebody where guests may not enter and nobody registers without one.
        """
        self.hub.state.law.policies = Policies("no", "invited")
        self.assertIn("not-allowed", self.refusal("Cem"))
        cem = self.logIn(f"Cem {self.code('/invite-code')}")
        self.assertIsNone(cem.loginError)
        self.assertIn("Cem is yours", cem.lines[1])

    def test_invitationForATakenName(self) -> None:
        """
        A code is good still after the name that it was used for could not be had.
        """
        code = self.code("/invite-code")
        self.assertIn("name-taken", self.refusal(f"Bob {code}"))
        self.assertIn("name-taken", self.refusal(f"Ann {code}"))
        self.assertIn("bad-name", self.refusal(f"! {code}"))
        self.assertIsNone(self.logIn(f"Cem {code}").loginError)

    def test_invitationForAGuest(self) -> None:
        """
        A guest who is here already registers with C{/register CODE}.
        """
        self.hub.state.law.policies = Policies("yes", "invited")
        code = self.code("/invite-code")
        self.assertIn("a code alone", self.said(self.bob, "/register")[-1])
        self.assertIn("Bob is yours", self.said(self.bob, f"/register {code}")[-1])

    def test_tooManyConnections(self) -> None:
        """
        A code is good still after its owner was refused for their connections.
        """
        code = self.code("/device add phone")
        others = [self.annAgain() for _ in range(MAX_DEVICES - 1)]
        self.assertIn("too-many-tries", self.refusal(f"Ann {code}"))
        others[0].types("/quit")
        self.assertIsNone(self.logIn(f"Ann {code}").loginError)

    def test_labelInUse(self) -> None:
        """
        A code for a label that a device has by now is refused, and good still.
        """
        first, second = self.code("/device add phone"), self.code("/device add phone")
        self.assertIsNone(self.logIn(f"Ann {first}").loginError)
        self.assertIn("a device of yours is called phone", self.refusal(f"Ann {second}"))
        self.ann.types("/device remove phone")
        self.assertIsNone(self.logIn(f"Ann {second}").loginError)


class CodeRaceTests(TurnTestCase):
    """
    A code that two people use in one turn.
    """

    def test_device(self) -> None:
        """
        The first in the log is let in, and the other is told.
        """
        self.ann.types("/device add phone")
        self.turn.end()
        code = self.ann.lines[-1].rpartition(" ")[2]
        first, second = self.logIn(f"Ann {code}"), self.logIn(f"Ann {code}")
        self.turn.end()
        self.assertIsNone(first.loginError)
        assert second.loginError is not None
        self.assertIn("wrong, used or too old", second.loginError.sentence)

    def test_invitation(self) -> None:
        """
        The first in the log is registered; the name of the other is free.
        """
        self.ann.types("/invite-code")
        self.turn.end()
        code = self.ann.lines[-1].rpartition(" ")[2]
        first, second = self.logIn(f"Cem {code}"), self.logIn(f"Dai {code}")
        self.turn.end()
        self.assertIsNone(first.loginError)
        assert second.loginError is not None
        self.assertIn("wrong, used or too old", second.loginError.sentence)
        self.assertEqual(sorted(self.hub.users), ["Ann", "Cem"])
        self.assertIsNone(self.enter("Dai").loginError)


class PolicyTests(AccountsTestCase):
    """
    The rights to enter, to speak and to register.
    """

    def setPolicies(self, guests: str = "yes", registration: str = "open") -> None:
        """Let these be the options of the server."""
        self.hub.state.law.policies = Policies(guests, registration)

    def test_noGuests(self) -> None:
        """
        Where guests may not enter, registered people alone do, and nobody logs out into a guest.
        """
        self.setPolicies("no")
        self.assertEqual(
            self.refusal("Cem"), "not-allowed: this server is for registered people alone: log in"
        )
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)

    def test_readOnlyGuests(self) -> None:
        """
        Where guests may only read they enter, ask and register, and then they speak.
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
        Where people register by invitation, one without a code is refused, and with one is not.
        """
        self.setPolicies("yes", "invited")
        for line in ("/register", "/register a password of mine"):
            self.assertEqual(
                self.said(self.bob, line), ["! one registers here with a code alone: ask for one"]
            )
        self.assertFalse(self.bob.user.member.isRegistered)

    def test_operator(self) -> None:
        """
        Where the operator alone lets people register, nobody else's code is good, and nobody else
        gets one.
        """
        code = self.said(self.ann, "/invite-code")[-1].rpartition(" ")[2]
        self.setPolicies("yes", "operator")
        self.assertIn("one registers here with a code alone", self.refusal(f"Cem {code}"))
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
        While registrations are shut by an operator's setting nobody registers.
        """
        data = asData({"place": SERVER, "what": "lockdown", "value": "register", "until": NOW + 60})
        self.hub.log.append(Draft(SET, SERVER, "server", data=data), None)
        self.assertIn("nobody can register at the moment", self.said(self.bob, "/register")[-1])


class SCRAMTests(AccountsTestCase):
    """
    Logins by SCRAM.
    """

    def setUp(self) -> None:
        super().setUp()
        self.program = helloWith(self.hub, "Ann", self.secret)
        self.device = addDevice(self.program, "laptop")
        self.program.asks("bye")

    def test_proof(self) -> None:
        """
        A proof logs in, and the server proves itself in the welcome.
        """
        client = prove(self.hub, "Ann/laptop", self.device)
        welcome = client.objectsOf("welcome")[0]
        self.assertEqual((welcome["name"], welcome["account"]), ("Ann", "Ann"))
        self.assertEqual(welcome["scram"][:2], "v=")
        self.assertTrue(client.user.isProved)
        self.assertEqual(client.user.device, "laptop")

    def test_madeSecret(self) -> None:
        """
        The secret that was made at C{/register} proves as well, without a label.
        """
        self.assertEqual(prove(self.hub, "Ann", self.secret).user.device, "secret")

    def test_password(self) -> None:
        """
        A password of one's own proves without a label, though it was not the first.
        """
        self.ann.types("/password a password of mine")
        self.assertEqual(prove(self.hub, "Ann", "a password of mine").user.device, "password")

    def test_wrongProof(self) -> None:
        """
        A wrong proof is refused, and another login may follow.
        """
        client = prove(self.hub, "Ann/laptop", self.secret)
        self.assertEqual(client.objects[-1]["code"], "wrong-login")
        self.assertIsNone(client.user)
        client.asks("hello", name="Cem")
        self.assertEqual(client.objects[-1]["name"], "Cem")

    def test_secondAnswer(self) -> None:
        """
        A challenge is answered once.
        """
        client = prove(self.hub, "Ann/laptop", "wrong")
        client.asks("proof", scram="c=biws,r=x,p=AAAA")
        self.assertEqual(client.objects[-1]["code"], "bad-object")

    def test_unknown(self) -> None:
        """
        Neither an unknown name nor an unknown device gets a challenge.
        """
        for name in ("Bob", "Nobody", "Ann/phone", "/laptop"):
            client = prove(self.hub, name, self.device)
            self.assertEqual([each["type"] for each in client.objects], ["error"], name)
            self.assertEqual(client.objects[-1]["code"], "wrong-login", name)

    def test_removedDevice(self) -> None:
        """
        A device that was removed gets no challenge, and one that it had got before is worth
        nothing.
        """
        client = FakeClient(self.hub, JSON)
        exchange = ClientExchange("Ann/laptop", self.device)
        client.asks("hello", name="Ann", scram=exchange.first)
        answer = exchange.answer(client.objects[-1]["scram"])
        self.ann.types("/device remove laptop")
        client.asks("proof", scram=answer)
        self.assertEqual(client.objects[-1]["code"], "wrong-login")
        self.assertIsNone(client.user)
        again = prove(self.hub, "Ann/laptop", self.device)
        self.assertEqual(again.objects[-1]["code"], "wrong-login")

    def test_unregistered(self) -> None:
        """
        A challenge is worth nothing once the account has ended.
        """
        client = FakeClient(self.hub, JSON)
        exchange = ClientExchange("Ann/laptop", self.device)
        client.asks("hello", name="Ann", scram=exchange.first)
        self.ann.types("/unregister Ann", "/unregister Ann")
        client.asks("proof", scram=exchange.answer(client.objects[-1]["scram"]))
        self.assertEqual(client.objects[-1]["code"], "wrong-login")

    def test_throttle(self) -> None:
        """
        Wrong proofs of a password are counted, and wrong proofs of a device are not: strangers at
        one's own address lock no device out.
        """
        self.ann.types("/password a password of mine")
        for _ in range(10):
            prove(self.hub, "Ann", "wrong")
        self.assertEqual(
            prove(self.hub, "Ann", "a password of mine").objects[-1]["code"], "too-many-tries"
        )
        for _ in range(20):
            prove(self.hub, "Ann/laptop", "wrong")
        self.assertIsNotNone(prove(self.hub, "Ann/laptop", self.device).user)

    def test_tokenAndProof(self) -> None:
        """
        A token with a proof goes on with its session, and is proved; a token alone is not.
        """
        first = self.program.objectsOf("welcome")[0]
        token = {"token": first["token"], "epoch": first["epoch"], "last": first["last"]}
        alone = resume(self.hub, first, first["last"])
        self.assertTrue(alone.objects[0]["resumed"])
        alone.asks("command", line="/password another password")
        self.assertIn("prove who you are first", alone.objects[-1]["text"])
        addDevice(alone, "phone")
        self.assertEqual(alone.objects[-1]["code"], "not-allowed")
        alone.asks("say", text="hi")
        self.assertEqual(alone.objects[-1]["type"], "ok")
        alone.asks("bye")
        client = prove(self.hub, "Ann/laptop", self.device, **token)
        welcome = client.objectsOf("welcome")[0]
        self.assertTrue(welcome["resumed"])
        addDevice(client, "phone")
        self.assertEqual(client.objects[-1]["type"], "registered")

    def test_takeOver(self) -> None:
        """
        A proof with the token of a session that is still here takes it over, and the server proves
        itself.
        """
        client = prove(self.hub, "Ann/laptop", self.device)
        first = client.objectsOf("welcome")[0]
        self.passed += 10
        again = prove(
            self.hub, "Ann/laptop", self.device, token=first["token"], last=first["last"],
            epoch=first["epoch"],
        )  # fmt: skip
        self.assertTrue(client.closed)
        welcome = again.objectsOf("welcome")[0]
        self.assertEqual((welcome["account"], welcome["scram"][:2]), ("Ann", "v="))
        self.assertEqual(len(self.ann.user.member.devices), 2)

    def test_stolenToken(self) -> None:
        """
        A token alone that takes over a session which was proved may speak, and no more.
        """
        client = prove(self.hub, "Ann/laptop", self.device)
        appoint(self.hub, client, "operator")
        first = client.objectsOf("welcome")[0]
        self.passed += 10
        thief = resume(self.hub, first, first["last"])
        self.assertTrue(client.closed)
        thief.asks("say", text="hi")
        self.assertEqual(thief.objects[-1]["type"], "ok")
        for line in (
            "/password another password",
            "/device add x",
            "/unregister Ann",
            "/grant Bob moderator",
            "/revoke Bob",
        ):
            thief.asks("command", line=line)
            self.assertIn("prove who you are first", thief.objects[-1]["text"], line)
        addDevice(thief, "phone")
        self.assertEqual(thief.objects[-1]["code"], "not-allowed")

    def test_proveLater(self) -> None:
        """
        One who came by a token proves with C{/login} who they are.
        """
        first = self.program.objectsOf("welcome")[0]
        alone = resume(self.hub, first, first["last"])
        alone.asks("command", line=f"/login Ann {self.secret}", key="l1")
        self.assertEqual(
            alone.objects[-1], {"type": "notice", "text": "You are logged in as Ann", "key": "l1"}
        )
        self.assertTrue(alone.user.isProved)

    def test_proveLaterByACode(self) -> None:
        """
        A code that proves who they are is used up.
        """
        code = self.said(self.ann, "/device add phone")[-1].rpartition(" ")[2]
        first = self.program.objectsOf("welcome")[0]
        alone = resume(self.hub, first, first["last"])
        alone.asks("command", line=f"/login Ann {code}")
        self.assertIn("Next time enter: Ann ", alone.objects[-1]["text"])
        self.assertIn("wrong-login", self.refusal(f"Ann {code}"))


class FaultTests(AccountsTestCase):
    """
    A store that fails.
    """

    def makeLog(self) -> MemoryLog:
        """See L{AccountsTestCase.makeLog}."""
        self.faulty = FaultyLog(seconds=lambda: self.now, projection=project)
        return self.faulty

    def test_register(self) -> None:
        """
        A registration that is not stored changes nothing, and is not counted.
        """
        self.faulty.fail()
        for _ in range(5):
            self.assertRegex(self.said(self.bob, "/register")[-1], "^! .*not stored")
        self.assertFalse(self.bob.user.member.isRegistered or self.bob.user.isProved)
        self.faulty.fault = None
        self.assertIn("Bob is yours", self.said(self.bob, "/register")[-1])

    def test_change(self) -> None:
        """
        A guest whose change to an account is not stored stays who they are, and can try again.
        """
        eve = self.logIn("Eve")
        self.faulty.fail()
        self.assertRegex(self.said(eve, f"/login Ann {self.secret}")[-1], "^! .*not stored")
        self.assertFalse(eve.closed)
        self.faulty.fault = None
        self.assertEqual(self.said(eve, "hi"), ["OK . ."])
        self.assertIn("Eve :: hi", self.bob.lines)
        self.assertEqual(self.said(eve, f"/login Ann {self.secret}")[0], "* Eve is now Ann")

    def test_devices(self) -> None:
        """
        What is changed of an account and not stored changes nothing.
        """
        self.faulty.fail()
        for line in (
            "/device add phone",
            "/invite-code",
            "/password another password",
            "/unregister Ann",
        ):
            self.said(self.ann, line)
        self.assertRegex(self.said(self.ann, "/unregister Ann")[-1], "^! .*not stored")
        self.faulty.fault = None
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)
        self.assertIn("logs in with: secret", "".join(self.said(self.ann, "/account")))

    def test_enter(self) -> None:
        """
        People log in to their accounts though that cannot be stored.
        """
        self.ann.types("/quit")
        self.faulty.fail()
        self.assertEqual(self.logIn(f"Ann {self.secret}").lines, [CONNECTED])

    def test_code(self) -> None:
        """
        A code is good still where what it is for could not be stored.
        """
        code = self.said(self.ann, "/invite-code")[-1].rpartition(" ")[2]
        device = self.said(self.ann, "/device add phone")[-1].rpartition(" ")[2]
        self.faulty.fail()
        self.assertIn("not-stored", self.refusal(f"Cem {code}"))
        self.assertIn("not-stored", self.refusal(f"Ann {device}"))
        self.faulty.fault = None
        self.assertIsNone(self.logIn(f"Cem {code}").loginError)
        self.assertIsNone(self.logIn(f"Ann {device}").loginError)


class UnreadableLog(MemoryLog):
    """
    A log whose records are read when the test says so.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.waiting_: list[Deferred[Any]] = []
        self.isSlow = False

    def record(self, kind: str, key: str) -> Deferred[Any]:
        """See L{IRecords.record}."""
        if not self.isSlow:
            return super().record(kind, key)
        result: Deferred[Any] = Deferred()
        self.waiting_.append(result)
        return result


class UnreadableTests(AccountsTestCase):
    """
    Accounts that cannot be read, or not yet.
    """

    def makeLog(self) -> MemoryLog:
        """See L{AccountsTestCase.makeLog}."""
        self.slow = UnreadableLog(seconds=lambda: self.now, projection=project)
        return self.slow

    def test_unreadable(self) -> None:
        """
        Where accounts cannot be read logins are refused with a sentence, and not counted as wrong.
        """
        self.slow.isSlow = True
        for _ in range(12):
            client = self.logIn(f"Ann {self.secret}")
            self.slow.waiting_.pop().errback(OSError("disk"))
            self.assertEqual(client.loginError and client.loginError.code, "no-history")
        self.slow.isSlow = False
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)

    def test_lost(self) -> None:
        """
        A connection that is lost while its account is read ends without a word.
        """
        self.slow.isSlow = True
        client = self.logIn(f"Ann {self.secret}")
        client.drops()
        self.assertIsNone(client.loginError)
        self.slow.waiting_.pop().callback(None)
        self.assertEqual(len(self.ann.user.member.devices), 1)

    def test_unreadableMarks(self) -> None:
        """
        Where read marks cannot be read people are welcomed without them.
        """
        first = helloWith(self.hub, "Ann", self.secret)
        first.asks("bye")
        self.ann.types("/quit")
        self.slow.isSlow = True
        again = resume(self.hub, first.objectsOf("welcome")[0], self.hub.lastId)
        self.assertEqual(again.objects, [])
        self.slow.waiting_.pop().errback(OSError("disk"))
        self.assertEqual((again.objects[0]["account"], again.objects[0]["marks"]), ("Ann", {}))
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)

    def test_quitMeanwhile(self) -> None:
        """
        Somebody who leaves while their marks are read is welcomed and told goodbye.
        """
        client = FakeClient(self.hub)
        first = helloWith(self.hub, "Ann", self.secret)
        first.asks("bye")
        self.ann.types("/quit")
        self.slow.isSlow = True
        token = first.objectsOf("welcome")[0]["token"]
        client.login(LoginRequest("Ann", token))
        client.types("/quit")
        self.assertEqual(client.lines, [CONNECTED, "* Goodbye"])
        self.slow.waiting_.pop().callback(None)
        self.assertEqual(client.lines[-1], "* Goodbye")


class InterfaceTests(AccountsTestCase):
    """
    What doors get.
    """

    def test_errors(self) -> None:
        """
        Wrong secrets and too many tries are told apart.
        """
        client = FakeClient(self.hub)
        client.login(LoginRequest("Ann", secret="wrong"))
        self.assertIsInstance(client.loginError, WrongLogin)
        for _ in range(10):
            client.login(LoginRequest("Ann", secret="wrong"))
        self.assertIsInstance(client.loginError, TooManyTries)

    def test_anotherHub(self) -> None:
        """
        Accounts of one chat are not those of another.
        """
        self.assertIsNone(logIn(makeHub(), "Ann").loginError)
