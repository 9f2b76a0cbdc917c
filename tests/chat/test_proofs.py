# -*- test-case-name: tests.chat.test_proofs -*-
"""
Tests for L{twisted_chat.chat.login}: logins by SCRAM.
"""

from __future__ import annotations

from tests.support.accounts import AccountsTestCase, addDevice, helloWith, prove
from tests.support.helpers import FakeClient, resume
from tests.support.moderating import appoint
from twisted_chat.wire.jsonlines import JSON
from twisted_chat.wire.scram import ClientExchange


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
        The secret that was made at C{/register} proves the account as well, without a label.
        """
        self.assertEqual(prove(self.hub, "Ann", self.secret).user.device, "secret")

    def test_password(self) -> None:
        """
        A chosen password proves the account without a label, though it was not the first.
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
        A challenge can be answered only once.
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
        A device that was removed gets no challenge, and the challenge that it got before is void.
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
        A challenge is void once the account has ended.
        """
        client = FakeClient(self.hub, JSON)
        exchange = ClientExchange("Ann/laptop", self.device)
        client.asks("hello", name="Ann", scram=exchange.first)
        self.ann.types("/unregister Ann", "/unregister Ann")
        client.asks("proof", scram=exchange.answer(client.objects[-1]["scram"]))
        self.assertEqual(client.objects[-1]["code"], "wrong-login")

    def test_throttle(self) -> None:
        """
        Wrong proofs of a password are counted, and those of a device are not: a stranger at the
        owner's address locks no device out.
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
        A token with a proof goes on with its session, and proves the account; a token alone does
        not.
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
        A token alone that takes over a proved session may speak, and no more.
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
        A user who came by a token proves the account with C{/login}.
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
        A code that proves the account is used up.
        """
        code = self.said(self.ann, "/device add phone")[-1].rpartition(" ")[2]
        first = self.program.objectsOf("welcome")[0]
        alone = resume(self.hub, first, first["last"])
        alone.asks("command", line=f"/login Ann {code}")
        self.assertIn("Next time enter: Ann ", alone.objects[-1]["text"])
        self.assertIn("wrong-login", self.refusal(f"Ann {code}"))
