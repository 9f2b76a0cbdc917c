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
from tests.support.helpers import NOW, Clerk, FakeClient, FaultyLog, enter, makeHub, resume
from tests.support.moderating import appoint
from twisted_chat.accounts.law import Policies
from twisted_chat.accounts.rules import project
from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.chat.login import MAX_DEVICES
from twisted_chat.errors import TooManyTries, WrongLogin
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.wire.events import BANNED, SERVER, SET, Draft, asData
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


class DevicesTests(AccountsTestCase):
    """
    Several connections of one person.
    """

    def test_once(self) -> None:
        """
        Somebody with two connections is one person: one name, one of the count, joined and left
        once.
        """
        again = self.annAgain()
        self.assertEqual(self.bob.lines, [])
        self.assertEqual(self.said(self.bob, "/names"), ["* 2 in #lobby: Ann, Bob"])
        self.bob.forget()
        again.types("/quit")
        self.assertEqual((again.lines, self.bob.lines), (["* Goodbye"], []))
        self.ann.types("/quit")
        self.assertEqual(self.bob.lines, ["* Ann has left"])
        self.assertEqual((list(self.hub.users), len(self.hub.lobby)), (["Bob"], 1))

    def test_rooms(self) -> None:
        """
        Rooms are the person's, on each connection; the room that one speaks in is the connection's.
        """
        again = self.annAgain()
        self.ann.types("/join #dev")
        self.assertEqual(again.lines, ["* Ann has joined #dev"])
        self.assertEqual(self.said(again, "hi"), ["OK . ."])
        self.assertEqual(self.ann.lines[-1], "#lobby Ann :: hi")
        again.types("/join #dev")
        self.assertEqual(self.said(again, "hi"), ["OK . ."])
        self.assertEqual(self.ann.lines[-1], "Ann :: hi")
        third = self.annAgain()
        self.assertEqual([room.name for room in third.user.rooms], ["#lobby", "#dev"])
        self.ann.forget()
        third.types("/leave #dev")
        self.assertEqual(self.ann.lines, ["* Ann has left #dev"])
        self.assertEqual(self.ann.user.current.name, "#lobby")

    def test_rename(self) -> None:
        """
        A new name is the person's, on each connection.
        """
        again = self.annAgain()
        self.ann.types("/nick Anna")
        self.assertEqual(self.ann.lines, ["* You are now Anna"])
        self.assertEqual(again.lines, ["* Ann is now Anna"])
        self.assertEqual((again.user.name, self.bob.lines), ("Anna", ["* Ann is now Anna"]))
        self.assertEqual(self.said(again, "hi"), ["OK . ."])
        self.assertEqual(self.bob.lines[-1], "Anna :: hi")

    def test_receipts(self) -> None:
        """
        A receipt goes to the connection that spoke, and the others hear the message.
        """
        again = self.annAgain()
        self.ann.types("hi", "/me waves")
        self.assertEqual(self.ann.lines, ["OK . .", "OK . ."])
        self.assertEqual(again.lines, ["Ann :: hi", "* Ann waves"])

    def test_told(self) -> None:
        """
        What is told to somebody comes to all their connections, and what they tell shows at the
        others.
        """
        again = self.annAgain()
        self.bob.types("/msg Ann psst")
        self.assertEqual(self.ann.lines + again.lines, ["Bob -> you :: psst"] * 2)
        self.forget(self.ann, again)
        again.types("/r yes?")
        self.assertEqual(again.lines, ["OK . ."])
        self.assertEqual(self.ann.lines, ["* you -> Bob :: yes?"])
        self.assertEqual(self.bob.lines[-1], "Ann -> you :: yes?")

    def test_toldByPrograms(self) -> None:
        """
        A program reads what its person told over another connection under their own name, without
        that connection's key.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        other = helloWith(self.hub, "Ann", self.secret)
        program.forget()
        other.asks("tell", to="Bob", text="psst", key="k1")
        told = program.objectsOf("told")[0]
        self.assertEqual(
            (told["name"], told["to"], told["account"], told.get("key")),
            ("Ann", "Bob", "Ann", None),
        )
        self.assertEqual(other.objects[-1]["type"], "ok")

    def test_equalKeys(self) -> None:
        """
        Messages with the same key from two connections are two messages; a key that one of them
        repeats gets the receipt again, and nothing is heard twice.
        """
        phone = helloWith(self.hub, "Ann", self.secret)
        laptop = helloWith(self.hub, "Ann", self.secret)
        self.forget(phone, laptop, self.bob)
        phone.asks("say", text="from the phone", key="1")
        laptop.asks("say", text="from the laptop", key="1")
        phone.asks("say", text="from the phone", key="1")
        self.assertEqual(self.bob.lines, ["Ann :: from the phone", "Ann :: from the laptop"])
        first, second = phone.objectsOf("ok")
        self.assertEqual(first, second)
        self.assertEqual(first["key"], "1")
        self.assertEqual([each["key"] for each in laptop.objectsOf("ok")], ["1"])
        self.assertNotEqual(laptop.objectsOf("ok")[0]["id"], first["id"])
        for client in (phone, laptop):
            self.assertNotIn("key", client.objectsOf("said")[0])

    def test_replayedKeys(self) -> None:
        """
        A session that resumes is shown the keys of its own messages alone.
        """
        ann = enter(self.hub, "Eve", JSON)
        secret = addDevice(ann, "first")
        other = prove(self.hub, "Eve/first", secret)
        ann.asks("say", text="one", key="1")
        other.asks("say", text="two", key="1")
        for client in (ann, other):
            client.drops()
        for client, own in ((ann, "one"), (other, "two")):
            welcome = client.objectsOf("welcome")[0]
            again = resume(self.hub, welcome, welcome["last"])
            said = {each["text"]: each.get("key") for each in again.objectsOf("said")}
            expected = {"one": None, "two": None, own: "1"}
            self.assertEqual(said, expected)
            again.drops()

    def test_dropOfTheLast(self) -> None:
        """
        When the last connection is lost the name is kept, and the first one goes on.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        self.ann.types("/quit")
        self.assertEqual(self.bob.lines, [])
        program.drops()
        self.assertEqual(self.bob.lines, ["* Ann has left"])
        again = resume(self.hub, program.objectsOf("welcome")[0], self.hub.lastId)
        self.assertTrue(again.objects[0]["resumed"])
        self.assertEqual(again.objects[0]["account"], "Ann")

    def test_atMost(self) -> None:
        """
        An account has eight connections at most.
        """
        clients = [self.annAgain() for _ in range(MAX_DEVICES - 1)]
        self.assertEqual(
            self.refusal(f"Ann {self.secret}"),
            "too-many-tries: you are here over 8 connections, which is the most: end one first",
        )
        eve = self.logIn("Eve")
        self.assertRegex(self.said(eve, f"/login Ann {self.secret}")[-1], "^! you are here over 8")
        self.assertEqual(eve.user.name, "Eve")
        clients[3].types("/quit")
        self.assertIsNone(self.logIn(f"Ann {self.secret}").loginError)

    def test_privateRooms(self) -> None:
        """
        Private rooms and rights in them are the person's: on each connection, and after all were
        gone.
        """
        self.ann.types("/join #den sesame", "secret")
        again = self.annAgain()
        again.types("/join #den")
        self.assertIn("secret", "".join(self.said(again, "/history")))
        for client in (self.ann, again):
            client.types("/quit")
        back = self.annAgain()
        self.assertEqual([room.name for room in back.user.rooms], ["#lobby", "#den"])
        self.assertIn("* You are in #den (1 here)", self.said(back, "/join #den"))
        self.assertIn("secret", "".join(self.said(back, "/history")))
        self.assertIn("* Ann made #den private", self.said(back, "/lock sesame2"))

    def test_restart(self) -> None:
        """
        Rooms and rights are the person's after a restart.
        """
        self.ann.types("/join #den sesame", "secret")
        self.restart()
        back = self.annAgain()
        back.types("/join #den")
        self.assertEqual(back.user.current.name, "#den")
        self.assertIn("secret", "".join(self.said(back, "/history")))

    def test_nameAfterRestart(self) -> None:
        """
        A name that somebody registered bore without owning it is kept for them after a restart,
        whatever device comes first.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        program.asks("command", line="/nick Annie")
        self.restart()
        again = resume(self.hub, program.objectsOf("welcome")[0], self.hub.lastId, name="")
        self.assertEqual(again.objects[0]["name"], "Annie")

    def test_notedTooLate(self) -> None:
        """
        Somebody who registered just before the server ended resumes as the account's owner.
        """
        eve = enter(self.hub, "Eve", JSON)
        addDevice(eve, "first")
        self.log.remember(eve.user.session._replace(account=""))
        self.restart()
        again = resume(self.hub, eve.objectsOf("welcome")[0], self.hub.lastId)
        self.assertEqual(again.objects[0]["account"], "Eve")

    def test_unregistered(self) -> None:
        """
        A session of an account that has ended is not resumed.
        """
        program = helloWith(self.hub, "Ann", self.secret)
        self.ann.types("/unregister Ann", "/unregister Ann", "/quit")
        program.asks("bye")
        again = resume(self.hub, program.objectsOf("welcome")[0], self.hub.lastId)
        self.assertEqual(again.objects[0]["code"], "name-taken")

    def test_quitWhileUnanswered(self) -> None:
        """
        A connection that ends beside another gets its receipts first, and says goodbye once.
        """
        clerk = Clerk()
        self.hub.state.audit = clerk
        again = self.annAgain()
        again.types("hi", "/quit")
        self.assertEqual(again.lines, ["OK . .", "* Goodbye"])
        told = [entry[0] for entry in clerk.entries if "has left" in entry[0]]
        self.assertEqual(told, ["Ann has left, and stays over another connection"])


class DevicesTurnTests(TurnTestCase):
    """
    Connections of one person that come and go in one turn.
    """

    def test_twoAtOnce(self) -> None:
        """
        Two devices that log in in one turn while nobody is there are one person.
        """
        bob = self.enter("Bob")
        self.ann.types("/quit")
        self.turn.end()
        bob.forget()
        first, second = (self.logIn(f"Ann {self.secret}") for _ in range(2))
        self.turn.end()
        for client in (first, second):
            self.assertEqual(client.lines, [CONNECTED])
        self.assertIs(first.user.member, second.user.member)
        self.assertEqual(bob.lines, ["* Ann is now connected"])
        self.assertEqual(len(self.hub.lobby), 2)

    def test_whileTheLastLeaves(self) -> None:
        """
        A device that logs in while the last one is leaving enters after it has left.
        """
        bob = self.enter("Bob")
        bob.forget()
        self.ann.types("/join #dev")
        self.turn.end()
        bob.forget()
        leaving = self.ann
        for isQuitting in (True, False):
            if isQuitting:
                leaving.types("/quit")
            else:
                leaving.drops()
            leaving = self.logIn(f"Ann {self.secret}")
            self.turn.end()
            self.assertEqual(leaving.lines, [CONNECTED])
            self.assertEqual(bob.lines, ["* Ann has left", "* Ann is now connected"])
            self.assertEqual((sorted(self.hub.users), len(self.hub.lobby)), (["Ann", "Bob"], 2))
            self.assertEqual([room.name for room in leaving.user.rooms], ["#lobby", "#dev"])
            bob.forget()

    def test_firstIsLost(self) -> None:
        """
        A device that waits for the login of another enters though that one is lost meanwhile.
        """
        self.ann.types("/quit")
        self.turn.end()
        first, second = (self.logIn(f"Ann {self.secret}") for _ in range(2))
        first.drops()
        self.turn.end()
        self.assertEqual(second.lines, [CONNECTED])
        self.assertEqual((list(self.hub.users), len(self.hub.lobby)), (["Ann"], 1))
        second.types("hi")
        self.turn.end()
        self.assertEqual(second.lines[-1], "OK . .")

    def test_waiterIsLost(self) -> None:
        """
        A device that is lost while it waits for the login of another leaves no trace.
        """
        self.ann.types("/quit")
        self.turn.end()
        first, second = (self.logIn(f"Ann {self.secret}") for _ in range(2))
        second.drops()
        self.turn.end()
        self.assertEqual(first.lines, [CONNECTED])
        self.assertIsNone(second.user)
        self.assertEqual(len(first.user.member.devices), 1)

    def test_endsWithTheOther(self) -> None:
        """
        Two connections that end in one turn, one of them with messages on their way, say goodbye
        once each.
        """
        clerk = Clerk()
        again = self.logIn(f"Ann {self.secret}")
        self.turn.end()
        self.hub.state.audit = clerk
        again.forget()
        again.types("hi", "/quit")
        self.ann.types("/quit")
        self.turn.end()
        self.assertEqual(again.lines, ["OK . .", "* Goodbye"])
        self.assertEqual(self.ann.lines[-1], "* Goodbye")
        self.assertEqual(list(self.hub.users), [])
        self.assertEqual(
            [entry[0] for entry in clerk.entries if "has left" in entry[0]].count("Ann has left"), 2
        )


class TakeOverTests(TurnTestCase):
    """
    A session that is taken over while it is logged in to.
    """

    def test_token(self) -> None:
        """
        A connection that shows the token of a login under way goes on with it, unproved, and is
        told no secret.
        """
        program = prove(self.hub, "Ann", self.secret)
        self.turn.end()
        welcome = program.objectsOf("welcome")[0]
        for client in (program, self.ann):
            client.drops()
        self.turn.end()
        self.assertEqual(list(self.hub.users), [])
        first = prove(self.hub, "Ann", self.secret, token=welcome["token"])
        second = resume(self.hub, welcome, welcome["last"])
        self.turn.end()
        self.assertTrue(first.closed)
        self.assertIs(second.user.client, second)
        self.assertFalse(second.user.isProved)
        second.asks("command", line="/device add x")
        self.assertIn("prove who you are first", second.objects[-1]["text"])


class ChangeTests(AccountsTestCase):
    """
    A guest who goes on under their account.
    """

    def test_alone(self) -> None:
        """
        A guest becomes the owner of an account; others see one leave and one come.
        """
        self.ann.types("/quit")
        eve = self.logIn("Eve")
        self.bob.forget()
        self.assertEqual(self.said(eve, f"/login Ann {self.secret}"), ["* Eve is now Ann"])
        self.assertEqual(self.bob.lines, ["* Eve has left", "* Ann is now connected"])
        self.assertEqual(sorted(self.hub.users), ["Ann", "Bob"])
        self.assertEqual(len(self.hub.lobby), 2)
        self.assertEqual(self.said(eve, "hi"), ["OK . ."])
        self.assertEqual(self.bob.lines[-1], "Ann :: hi")
        self.assertTrue(eve.user.isProved)
        eve.types("/quit")
        self.assertEqual(self.bob.lines[-1], "* Ann has left")
        self.assertIsNone(self.logIn("Eve").loginError)

    def test_besideAnother(self) -> None:
        """
        A guest becomes one more connection of somebody who is here.
        """
        self.ann.types("/join #dev")
        eve = self.logIn("Eve")
        self.bob.forget()
        eve.types(f"/login Ann {self.secret}")
        self.assertEqual(self.bob.lines, ["* Eve has left"])
        self.assertIs(eve.user.member, self.ann.user.member)
        self.assertEqual(self.said(eve, "hi"), ["OK . ."])
        self.assertEqual(self.ann.lines[-1], "#lobby Ann :: hi")

    def test_inbox(self) -> None:
        """
        What was said to them alone while they were away is shown.
        """
        register(self.bob)
        self.ann.types("/quit")
        self.bob.types("/msg Ann psst")
        eve = self.logIn("Eve")
        lines = self.said(eve, f"/login Ann {self.secret}")
        self.assertEqual(
            lines[:2], ["* Eve is now Ann", "* 1 message for you alone while you were away:"]
        )
        self.assertRegex(lines[2], r"^\* .* Bob -> you :: psst$")

    def test_program(self) -> None:
        """
        A program is told its name and account, keeps its session, and resumes as the owner.
        """
        eve = enter(self.hub, "Eve", JSON)
        eve.forget()
        first = eve.user.session
        eve.asks("command", line=f"/login Ann {self.secret}", key="l1")
        self.assertEqual(
            eve.objectsOf("login"),
            [{"type": "login", "name": "Ann", "account": "Ann", "key": "l1"}],
        )
        eve.asks("say", text="hi", key="1")
        self.assertEqual(eve.objects[-1]["key"], "1")
        self.assertEqual(
            (eve.user.session.sid, eve.user.session.account), (first.sid, self.ann.user.sid)
        )

    def test_currentRoom(self) -> None:
        """
        What was meant for the guest's room does not go to another.
        """
        eve = self.logIn("Eve")
        eve.types("/join #dev", f"/login Ann {self.secret}")
        self.assertRegex(
            self.said(eve, "for #dev alone")[-1], "^! the room you spoke in is not open"
        )
        self.assertNotIn("for #dev alone", "".join(self.bob.lines))
        self.assertEqual(self.said(eve, "for all"), ["OK . ."])
        dai = self.logIn("Dai")
        self.ann.types("/join #dev")
        dai.types("/join #dev", f"/login Ann {self.secret}")
        self.assertEqual(self.said(dai, "for #dev"), ["OK . ."])
        self.assertEqual(self.ann.lines[-1], "Ann :: for #dev")

    def test_wrongSecret(self) -> None:
        """
        A wrong secret leaves the guest who they are.
        """
        eve = self.logIn("Eve")
        for name in ("Ann", "Bob", "Nobody"):
            self.assertRegex(self.said(eve, f"/login {name} wrong")[-1], "^! ")
        self.assertEqual(sorted(self.hub.users), ["Ann", "Bob", "Eve"])
        self.assertEqual(self.said(eve, "hi"), ["OK . ."])

    def test_twoAccounts(self) -> None:
        """
        The owner of one account does not go on under another.
        """
        register(self.bob)
        self.assertRegex(
            self.said(self.bob, f"/login Ann {self.secret}")[-1], "^! you are logged in as Bob"
        )

    def test_banned(self) -> None:
        """
        One who is banned does not log in from a guest.
        """
        eve = self.logIn("Eve")
        data = asData({"place": SERVER, "what": "enter", "who": self.ann.user.sid, "until": 0})
        self.hub.log.append(Draft(BANNED, SERVER, "server", "spam", "Ann", data=data), None)
        self.assertRegex(self.said(eve, f"/login Ann {self.secret}")[-1], "^! you are banned")
        self.assertEqual(eve.user.name, "Eve")


class ChangeTurnTests(TurnTestCase):
    """
    A guest who goes on under their account, while the log takes its time.
    """

    def setUp(self) -> None:
        super().setUp()
        self.ann.types("/quit")
        self.turn.end()
        self.bob, self.eve = self.enter("Bob"), self.enter("Eve")
        self.bob.forget()

    def step(self) -> None:
        """
        End the turn, and not those that follow from it.
        """
        due, self.turn._due = self.turn._due, []
        for call in due:
            call()

    def test_lost(self) -> None:
        """
        A connection that is lost in the middle leaves nobody behind, whenever that is; others see
        each leave once.
        """
        for turns in range(4):
            eve = self.enter(f"Eve{turns}")
            self.bob.forget()
            eve.types(f"/login Ann {self.secret}")
            for _ in range(turns):
                self.step()
            eve.drops()
            self.turn.end()
            self.assertEqual(sorted(self.hub.users), ["Bob", "Eve"], turns)
            self.assertEqual(len(self.hub.lobby), 2)
            self.assertEqual(self.bob.lines.count(f"* Eve{turns} has left"), 1, self.bob.lines)
            self.assertEqual(
                self.bob.lines.count("* Ann is now connected"),
                self.bob.lines.count("* Ann has left"),
            )
            again = self.logIn(f"Ann {self.secret}")
            self.turn.end()
            self.assertEqual(again.lines, [CONNECTED])
            again.types("/quit")
            self.turn.end()

    def test_twoAtOnce(self) -> None:
        """
        Two guests who log in to one account in one turn, and a device that comes just then, are one
        person.
        """
        dai = self.enter("Dai")
        self.bob.forget()
        for client in (self.eve, dai):
            client.types(f"/login Ann {self.secret}")
        fresh = self.logIn(f"Ann {self.secret}")
        self.turn.end()
        self.assertEqual(sorted(self.hub.users), ["Ann", "Bob"])
        self.assertEqual(len(self.hub.lobby), 2)
        self.assertEqual(len(self.hub.users["Ann"].devices), 3)
        self.assertEqual(self.bob.lines.count("* Ann is now connected"), 1)
        for client in (self.eve, dai, fresh):
            client.forget()
            client.types("hi")
            self.turn.end()
            self.assertEqual(client.lines[-1], "OK . .")

    def test_linesWait(self) -> None:
        """
        What they say next, they say under their account.
        """
        self.eve.types(f"/login Ann {self.secret}", "hi")
        self.turn.end()
        self.assertEqual(self.bob.lines[-1], "Ann :: hi")


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
