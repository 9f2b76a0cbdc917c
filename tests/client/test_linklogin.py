"""
Tests of the link's logins: how a user proves that an account is theirs.
"""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import CONNECTED, PROMPT, WELCOME, Linked, Peer
from twisted_chat.client.devicesecrets import DeviceSecret, DeviceSecrets
from twisted_chat.text.secrets import makeDeviceSecret, makeSecret
from twisted_chat.wire.scram import MIN_ITERATIONS, ServerExchange, makeVerifier, parseClientFirst


class AccountTests(SynchronousTestCase):
    """
    Logging in to an account.
    """

    def setUp(self) -> None:
        home = os.path.abspath(self.mktemp())
        self.kept = DeviceSecrets({"XDG_STATE_HOME": home}, "here")

    def linked(self, **options: object) -> Linked:
        return Linked("Ann", secrets=self.kept, **options)

    def register(self) -> str:
        """
        @return: the secret of this device.
        """
        secret = makeDeviceSecret()
        self.kept.propose(DeviceSecret("Ann", "laptop", secret))
        self.kept.confirm("Ann")
        return secret

    def challenges(self, peer: Peer, hello: dict[str, str], secret: str) -> ServerExchange:
        """
        The server challenges a client that has said hello.
        """
        first = parseClientFirst(hello["scram"])
        exchange = ServerExchange(first, makeVerifier(secret, MIN_ITERATIONS))
        peer.says(type="challenge", scram=exchange.challenge)
        return exchange

    def welcomes(self, peer: Peer, exchange: ServerExchange) -> None:
        """
        The server checks the answer, and welcomes.
        """
        (proof,) = peer.objects()
        signature = exchange.check(proof["scram"])
        peer.says(**{**WELCOME, "account": "Ann", "marks": {}, "unread": {}, "scram": signature})

    def asked(self, it: Linked, peer: Peer) -> None:
        """
        The server says that the name is registered, and the user is asked for a password.
        """
        (hello,) = peer.objects()
        self.assertNotIn("scram", hello)
        peer.says(type="error", code="name-taken", text="taken", login=["scram", "password"])
        self.assertEqual(it.ui.took(), [("passwordWanted", "Ann", None)])

    def test_device(self) -> None:
        """The device's secret is proved without being sent, and the user is not asked."""
        secret = self.register()
        it = self.linked()
        peer = it.endpoint.accept()
        (hello,) = peer.objects()
        exchange = self.challenges(peer, hello, secret)
        self.assertEqual(it.ui.took(), [])
        self.welcomes(peer, exchange)
        self.assertEqual(it.ui.took(), [("entered", False)])
        self.assertEqual(it.link.session.account, "Ann")

    def test_deviceAndToken(self) -> None:
        """A client that comes back shows its session, and proves its account once more."""
        secret = self.register()
        it = self.linked(retry=True)
        peer = it.endpoint.accept()
        (hello,) = peer.objects()
        self.welcomes(peer, self.challenges(peer, hello, secret))
        peer.closes()
        it.clock.advance(1)
        (hello,) = it.endpoint.accept().objects()
        self.assertEqual((hello["token"], "scram" in hello), ("T", True))

    def test_falseServer(self) -> None:
        """A server that does not know the secret is left, and gets nothing more."""
        secret = self.register()
        for signature in (f"v={'A' * 43}=", "e=other-error", "", None):
            it = self.linked(retry=True, insist=True)
            it.link.say("for the right server only")
            peer = it.endpoint.accept()
            (hello,) = peer.objects()
            self.challenges(peer, hello, secret)
            peer.got()
            peer.says(**{**WELCOME, "account": "Ann", "scram": signature})
            self.assertEqual(peer.got(), b"")
            self.assertTrue(peer.transport.disconnected)
            self.assertEqual([call[0] for call in it.ui.took()], ["ended"])
            self.assertEqual(it.endpoint.attempts, [])

    def test_noChallenge(self) -> None:
        """A server that welcomes without asking for the proof is left as well."""
        self.register()
        it = self.linked()
        peer = it.endpoint.accept()
        peer.got()
        peer.says(**WELCOME)
        self.assertEqual(it.ui.took(), [("ended", "false-server")])

    def test_unaskedChallenge(self) -> None:
        """
        A challenge that answers no proof ends the connection; after the welcome it is ignored.
        """
        it = self.linked()
        peer = it.endpoint.accept()
        peer.got()
        peer.says(type="challenge", scram="r=x,s=c2FsdHNhbHQ=,i=4096")
        self.assertEqual((it.ui.took(), peer.got()), ([("ended", "false-server")], b""))
        it = self.linked()
        peer = it.enterJSON()
        peer.says(type="challenge", scram="r=x,s=c2FsdHNhbHQ=,i=4096")
        self.assertEqual((it.ui.took(), peer.got()), ([], b""))

    def test_removedDevice(self) -> None:
        """The user of a removed device is told so, and proves the account."""
        self.register()
        it = self.linked()
        peer = it.endpoint.accept()
        self.assertIn("scram", peer.objects()[0])
        peer.says(type="error", code="wrong-login", text="no such device")
        ((kind, line),) = it.ui.took()
        self.assertEqual(kind, "heard")
        self.assertIn("no longer logs in to Ann", line)
        self.asked(it, peer)

    def test_password(self) -> None:
        """A password that the user gives is proved; a wrong one is asked for again."""
        it = self.linked()
        peer = it.endpoint.accept()
        self.asked(it, peer)
        it.link.enter("Ann", "swordfish was wrong")
        (hello,) = peer.objects()
        self.assertNotIn("password", hello)
        peer.says(type="error", code="wrong-login", text="wrong")
        self.assertEqual(it.ui.took(), [("passwordWanted", "Ann", "wrong")])
        it.link.enter("Ann", "swordfish is fine")
        (hello,) = peer.objects()
        self.welcomes(peer, self.challenges(peer, hello, "swordfish is fine"))
        self.assertEqual(it.ui.took(), [("entered", False)])

    def test_otherName(self) -> None:
        """The user may give another name instead of a password."""
        it = self.linked()
        peer = it.endpoint.accept()
        self.asked(it, peer)
        it.link.enter("Zoe")
        (hello,) = peer.objects()
        self.assertEqual((hello["name"], "scram" in hello), ("Zoe", False))

    def test_closedWhileAsking(self) -> None:
        """A server that closes while the user thinks is connected to once they have answered."""
        it = self.linked()
        peer = it.endpoint.accept()
        self.asked(it, peer)
        peer.closes()
        self.assertEqual(it.ui.took(), [])
        it.link.enter("Ann", "swordfish is fine")
        (hello,) = it.endpoint.accept().objects()
        self.assertIn("scram", hello)

    def test_code(self) -> None:
        """A one-time code is sent as it is once it turned out to be no password."""
        code = makeSecret()
        it = self.linked(isPrivate=True)
        peer = it.endpoint.accept()
        self.asked(it, peer)
        it.link.enter("Ann", code)
        self.assertNotIn("password", peer.objects()[0])
        peer.says(type="error", code="wrong-login", text="wrong")
        self.assertEqual(peer.objects()[0]["password"], code)
        peer.says(**{**WELCOME, "account": "Ann", "marks": {}, "unread": {}})
        self.assertEqual(it.ui.took(), [("entered", False)])
        self.assertTrue(it.link.login.byCode)

    def test_codeAfterWrongPasswords(self) -> None:
        """A code that the server did not take before it closed goes over a new connection."""
        code = makeSecret()
        it = self.linked(isPrivate=True)
        it.link.enter("Ann", code)
        peer = it.endpoint.accept()
        peer.got()
        peer.says(type="error", code="wrong-login", text="wrong")
        peer.closes()
        self.assertEqual(it.ui.took(), [])
        peer = it.endpoint.accept()
        self.assertEqual(peer.objects()[0]["password"], code)
        peer.closes()
        self.assertEqual(it.ui.took(), [("ended", "unreachable")])

    def test_codeInClear(self) -> None:
        """A code is never sent where others can listen, and the user is told why."""
        it = self.linked()
        peer = it.endpoint.accept()
        self.asked(it, peer)
        it.link.enter("Ann", makeSecret())
        peer.got()
        peer.says(type="error", code="wrong-login", text="wrong")
        self.assertEqual(peer.got(), b"")
        ((_, _, refusal),) = it.ui.took()
        self.assertIn("add --tls", refusal)

    def test_textOnly(self) -> None:
        """A server that suddenly knows only text gets no password."""
        it = self.linked()
        it.link.enter("Ann", "swordfish is fine")
        peer = it.endpoint.accept()
        peer.got()
        peer.sends(PROMPT * 2)
        self.assertEqual(it.ui.took(), [("ended", "false-server")])
        self.assertEqual(it.endpoint.attempts, [])

    def test_text(self) -> None:
        """A link that asks for text sends the password behind the name, on every connection."""
        it = self.linked(textOnly=True, retry=True)
        it.link.enter("Ann", "swordfish is fine")
        for _ in range(2):
            peer = it.endpoint.accept()
            peer.sends(PROMPT)
            self.assertEqual(peer.got(), b"Ann swordfish is fine\r\n")
            peer.sends(CONNECTED)
            peer.closes()
            it.clock.advance(1)
        self.assertEqual(it.link.session.name, "Ann")

    def test_changedElsewhere(self) -> None:
        """The user is asked after a drop if the password was changed meanwhile."""
        it = self.linked(retry=True)
        it.link.enter("Ann", "swordfish is fine")
        peer = it.endpoint.accept()
        (hello,) = peer.objects()
        self.welcomes(peer, self.challenges(peer, hello, "swordfish is fine"))
        peer.closes()
        it.clock.advance(1)
        peer = it.endpoint.accept()
        it.ui.took()
        peer.says(type="error", code="wrong-login", text="wrong")
        self.assertEqual(it.ui.took(), [("passwordWanted", "Ann", "wrong")])

    def test_refusedRead(self) -> None:
        """A refused read mark of a room that was left is not shown."""
        it = self.linked()
        peer = it.enterJSON()
        it.link.tellRead("#dev", 11)
        (read,) = peer.objects()
        self.assertEqual((read["type"], read["room"], read["id"]), ("read", "#dev", 11))
        peer.says(type="error", code="no-such-room", text="no", key=read["key"])
        self.assertEqual(it.ui.took(), [])

    def test_loggedIn(self) -> None:
        """The session has the account's name, and is in the lobby, after C{/login}."""
        it = self.linked()
        peer = it.enterJSON(name="Zoe", room="#dev")
        peer.says(type="login", name="Ann", account="Ann")
        mine = it.link.session
        self.assertEqual((mine.name, mine.account, mine.room), ("Ann", "Ann", "#lobby"))
        self.assertEqual(it.ui.took(), [("heard", "* You are logged in as Ann")])
