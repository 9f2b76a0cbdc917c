"""
Tests for L{twisted_chat.doors.lines.jsonrequests}: accounts.
"""

from __future__ import annotations

from tests.doors.lines.support import RequestsTestCase
from tests.support.helpers import NOW
from tests.support.peers import Peer
from twisted_chat.text.secrets import makeDeviceSecret
from twisted_chat.wire.scram import MIN_ITERATIONS, ClientExchange, makeVerifier


class AccountTests(RequestsTestCase):
    """
    Accounts, as programs have them.
    """

    def setUp(self) -> None:
        super().setUp()
        self.ann = self.program("Ann")
        self.secret = makeDeviceSecret()
        self.verifier = str(makeVerifier(self.secret, MIN_ITERATIONS))
        self.registered = self.answer(
            self.ann, "register", key="r1", label="laptop", verifier=self.verifier
        )

    def test_register(self) -> None:
        """A program registers with a secret that it made, and is answered under its key."""
        id = self.registered.pop("id")
        self.assertIsInstance(id, int)
        self.assertEqual(
            self.registered, {"type": "registered", "time": NOW, "name": "Ann", "key": "r1"}
        )

    def test_scram(self) -> None:
        """A program logs in by SCRAM, and the server proves itself."""
        self.ann.asks("command", line="/join #dev")
        self.ann.asks("say", text="hi")
        mark = self.ann.objects[-1]["id"]
        self.ann.drops()
        bob = self.program("Bob")
        bob.asks("command", line="/register")
        bob.asks("command", line="/join #dev")
        bob.asks("say", text="one")
        bob.asks("tell", to="Ann", text="psst")
        peer = Peer(self.factory)
        self.assertEqual(
            self.answer(peer, "hello", name="Ann"),
            {
                "type": "error",
                "code": "name-taken",
                "text": "Ann is registered: if it is yours, enter Ann PASSWORD, else choose another"
                " name",
                "login": ["scram", "password"],
            },
        )
        exchange = ClientExchange("Ann/laptop", self.secret)
        challenge = self.answer(peer, "hello", name="Ann", scram=exchange.first, key="h1")
        self.assertEqual(set(challenge), {"type", "scram", "key"})
        self.assertEqual((challenge["type"], challenge["key"]), ("challenge", "h1"))
        self.assertRegex(challenge["scram"], "^r=.*,s=.*,i=4096$")
        peer.forget()
        peer.asks("proof", scram=exchange.answer(challenge["scram"]))
        welcome, told, *_ = peer.objects
        self.assertEqual(
            " ".join(welcome),
            "type name token epoch last room rooms resumed missed account scram marks unread",
        )
        exchange.verify(welcome["scram"])
        self.assertEqual((welcome["name"], welcome["account"]), ("Ann", "Ann"))
        self.assertEqual(welcome["unread"], {"#dev": 1, "@": 1})
        self.assertEqual(welcome["marks"]["#dev"], mark)
        self.assertEqual((told["type"], told["text"], told["old"]), ("told", "psst", True))

    def test_password(self) -> None:
        """A simple bot gives its secret with its hello."""
        peer = Peer(self.factory)
        answer = self.answer(peer, "hello", name="Ann", password="wrong", key="h1")
        self.assertEqual((answer["code"], answer["key"]), ("wrong-login", "h1"))
        answer = self.answer(peer, "hello", name="Ann", password=self.secret)
        self.assertEqual((answer["type"], answer["account"]), ("welcome", "Ann"))
        self.assertNotIn("scram", answer)

    def test_promptLine(self) -> None:
        """A program that asks its user for a name may send the whole line that they typed."""
        peer = Peer(self.factory)
        answer = self.answer(peer, "hello", name=f"Ann {self.secret}")
        self.assertEqual((answer["type"], answer["account"]), ("welcome", "Ann"))

    def test_tooManyTries(self) -> None:
        """Too many wrong passwords are answered by the time to wait."""
        for _ in range(5):
            peer = Peer(self.factory)
            for _ in range(2):
                self.answer(peer, "hello", name="Ann", password="wrong")
        answer = self.answer(Peer(self.factory), "hello", name="Ann", password="wrong")
        self.assertEqual(answer["code"], "too-many-tries")
        self.assertGreater(answer["wait"], 500)

    def test_proofAlone(self) -> None:
        """A proof without a challenge, or after another hello, is refused."""
        peer = Peer(self.factory)
        self.assertEqual(self.answer(peer, "proof", scram="x")["code"], "bad-object")
        exchange = ClientExchange("Ann/laptop", self.secret)
        challenge = self.answer(peer, "hello", name="Ann", scram=exchange.first)
        self.answer(peer, "hello", name="two words")
        answer = exchange.answer(challenge["scram"])
        self.assertEqual(self.answer(peer, "proof", scram=answer)["code"], "bad-object")
        self.assertEqual(self.answer(peer, "hello", name="Cem")["type"], "welcome")

    def test_refusedRegistrations(self) -> None:
        """A bad label, a bad verifier or a wrong code registers nobody."""
        bob = self.program("Bob")
        good = {"label": "laptop", "verifier": self.verifier}
        for fields, code in (
            ({**good, "label": "two words"}, "bad-name"),
            ({**good, "label": "password"}, "bad-name"),
            ({**good, "label": ""}, "bad-name"),
            ({**good, "verifier": "1:AA==:AA==:AA=="}, "bad-proof"),
            ({**good, "verifier": "x" * 1100}, "too-long"),
            ({**good, "code": "7KQ2-9F3M-2WXA-P4RT"}, "not-allowed"),
            ({"label": "laptop"}, "bad-object"),
            ({**good, "label": 7}, "bad-object"),
        ):
            answer = self.answer(bob, "register", key="r1", **fields)
            self.assertEqual((answer.get("code"), answer.get("key")), (code, "r1"), fields)
        self.assertEqual(self.answer(bob, "account")["code"], "not-allowed")
        self.assertEqual(self.answer(bob, "register", **good, key="r2")["type"], "registered")

    def test_code(self) -> None:
        """A program registers with a code."""
        code = self.answer(self.ann, "command", line="/invite-code")["text"].rpartition(" ")[2]
        bob = self.program("Bob")
        fields = {"label": "laptop", "verifier": self.verifier, "key": "r1"}
        answer = self.answer(bob, "register", code=code, **fields)
        self.assertEqual(answer["type"], "registered")
        cem = self.program("Cem")
        self.assertEqual(self.answer(cem, "register", code=code, **fields)["code"], "not-allowed")

    def test_read(self) -> None:
        """A mark is told to the other devices, in the same form, and has no answer."""
        other = self.program("Ann", password=self.secret)
        bob = self.program("Bob")
        bob.asks("say", text="hi")
        id = bob.objects[-1]["id"]
        self.ann.forget()
        other.forget()
        self.ann.asks("read", room="#lobby", id=id)
        self.assertEqual(self.ann.objects, [])
        self.assertEqual(other.objects, [{"type": "read", "room": "#lobby", "id": id}])
