"""
Tests for L{twisted_chat.doors.lines.protocol}: from the connection to the name.
"""

from __future__ import annotations

from tests.doors.lines.support import CONNECTED, PROMPT, RECEIPT, TOO_LONG
from tests.support.helpers import makeTurnHub
from tests.support.peers import Peer, TimedTestCase
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.net.limits import Limits


class LoginTests(TimedTestCase):
    """
    From the connection to the name.
    """

    def test_refusedName(self) -> None:
        """A refused name is answered by the reason and the prompt, and the next is taken."""
        peer = Peer(self.factory)
        peer.types("two words")
        self.assertRegex(peer.lines[1], "^! ")
        self.assertEqual([peer.lines[0], peer.lines[2]], [PROMPT, PROMPT])
        peer.types("Ann")
        self.assertEqual(peer.lines[3:], [CONNECTED])

    def test_takenName(self) -> None:
        """A name that looks like that of a user who is here is refused."""
        Peer(self.factory, "Ann")
        peer = Peer(self.factory)
        peer.types("ann", "Ben")
        self.assertRegex(peer.lines[1], "^! the name ann looks like Ann")
        self.assertEqual(peer.lines[-1], CONNECTED)

    def test_emptyLines(self) -> None:
        """Empty lines that come with the name are no names, and not answered."""
        peer = Peer(self.factory)
        peer.types("", "", "Ann")
        self.assertEqual(peer.lines, [PROMPT, CONNECTED])

    def test_enterAlone(self) -> None:
        """Enter alone, or blanks, at the prompt is answered by the prompt."""
        for chunk in (b"\n", b"\r\n", b"\r", b" \t \n", b"\xef\xbb\xbf\n", b"\n" * 60_000):
            peer = Peer(self.factory)
            peer.sends(chunk)
            self.assertEqual(peer.lines, [PROMPT, PROMPT], chunk[:9])
            peer.types("Ann")
            self.assertEqual(peer.lines[2:], [CONNECTED])
            peer.forget()
            peer.sends(b"\n")
            self.assertEqual(peer.lines, [])
            peer.drops()

    def test_enterHeldDown(self) -> None:
        """A client that sends line ends without pause is answered as often as its rate allows."""
        peer = Peer(self.factory)
        for _ in range(1000):
            peer.sends(b"\n")
        self.assertEqual(peer.lines, [PROMPT] * (1 + Limits.burst))

    def test_returnEndsLines(self) -> None:
        """A client that ends lines by CR alone is understood at once."""
        peer, other = Peer(self.factory), Peer(self.factory, "Bob")
        peer.sends(b"Ann\r")
        self.assertEqual(peer.lines, [PROMPT, CONNECTED])
        peer.sends(b"Hello!\rHow are you?\r")
        self.assertEqual(other.lines[1:], ["Ann :: Hello!", "Ann :: How are you?"])

    def test_mark(self) -> None:
        """A mark before UTF-8, and blanks before an object, are no part of the first line."""
        mark = b"\xef\xbb\xbf"
        for before in (mark, b" ", b"\t", mark + b"  ", b"\r\n" + mark):
            peer = Peer(self.factory)
            peer.sends(before + b'{"type":"hello","name":"Ann"}\n')
            self.assertEqual(peer.lines[0], PROMPT)
            self.assertIn('"type":"welcome"', peer.lines[1], before)
            peer.asks("ping")
            self.assertIn('"type":"pong"', peer.lines[-1])
            peer.asks("bye")
            peer.drops()
        peer = Peer(self.factory)
        peer.sends(mark + b"Ben\nhi\n")
        self.assertEqual(peer.lines, [PROMPT, CONNECTED, RECEIPT])
        self.assertEqual(peer.protocol.user.name, "Ben")

    def test_telnet(self) -> None:
        """A telnet client is understood: its options are refused, and Ctrl-C costs no line."""
        peer = Peer(self.factory)
        peer.forget()
        peer.sends(b"\xff\xfd\x03\xff\xfb\x18")
        self.assertEqual(peer.transport.value(), b"\xff\xfc\x03\xff\xfe\x18")
        peer.forget()
        peer.sends(b"Ann\r\n")
        self.assertEqual(peer.lines, [CONNECTED])
        peer.forget()
        peer.sends(b"\xff\xf4\xff\xfd\x06")
        self.assertEqual(peer.transport.value(), b"\xff\xfb\x06")
        peer.forget()
        peer.sends(b"hello\r\0there\r\n")
        self.assertEqual(peer.lines, [RECEIPT, RECEIPT])

    def test_noReceipts(self) -> None:
        """No name is accepted whose lines could be taken for the server's answers."""
        for name in ("OK", "ok", "0K", "ОК", "Connected", "error", "You"):
            peer = Peer(self.factory)
            peer.types(name)
            self.assertRegex(peer.lines[1], "^! the name .* is reserved: choose another")
            peer.drops()

    def test_hostileName(self) -> None:
        """A name that is not UTF-8 or holds controls is refused, and the connection lives."""
        for name in (b"\xc3\x28", b"A\x00nn", b"\x1b[A", b"x" * 5000):
            peer = Peer(self.factory)
            peer.sends(name + b"\nAnn\n")
            self.assertRegex(peer.lines[1], "^! ")
            self.assertEqual(peer.lines[-1], CONNECTED)
            peer.drops()

    def test_tooLong(self) -> None:
        """A line that is too long is answered once before the name, too."""
        peer = Peer(self.factory)
        peer.sends(b"x" * 10_000)
        peer.sends(b"x" * 10_000 + b"\nAnn\n")
        self.assertEqual(peer.lines, [PROMPT, TOO_LONG, CONNECTED])

    def test_tooLate(self) -> None:
        """A client that gives no name in 30 seconds is told so and closed, and cut if it stays."""
        peer = Peer(self.factory)
        self.pass_(29.9)
        self.assertFalse(peer.isClosed)
        self.pass_(0.7)
        self.assertEqual(peer.lines, [PROMPT, "! no name came in 30 seconds: connect again"])
        self.assertTrue(peer.isClosed)
        self.pass_(5.5)
        self.assertTrue(peer.isAborted)

    def test_dripping(self) -> None:
        """Bytes, and even lines, that drip in do not lengthen the time for a name."""
        for drip in (b"x", b"\n", b"a name\n"):
            peer = Peer(self.factory)
            for _ in range(31):
                self.pass_(1)
                peer.sends(drip)
            self.assertTrue(peer.isClosed)
            peer.drops()

    def test_nameInTime(self) -> None:
        """A user who is logged in may be silent for as long as they like."""
        peer = Peer(self.factory, "Ann")
        self.pass_(60)
        self.clock.advance(86_400)
        self.assertFalse(peer.isClosed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_lostWhileLoggingIn(self) -> None:
        """A user who is lost before the log has taken their name leaves as soon as it has."""
        hub, turn = makeTurnHub()
        factory = ChatFactory(hub, self.clock)
        peer = Peer(factory)
        peer.types("Ann", "hello")
        peer.drops()
        turn.end()
        self.assertEqual(hub.users, {})
        again = Peer(factory)
        again.types("Ann")
        turn.end()
        self.assertIn(CONNECTED, again.lines)
        self.assertFalse(any("hello" in line for line in again.lines))

    def test_linesWhileLoggingIn(self) -> None:
        """
        Lines that are sent while the log takes the name wait, and are not taken for another
        protocol's greeting.
        """
        hub, turn = makeTurnHub()
        peer = Peer(ChatFactory(hub, self.clock))
        peer.types("Ann")
        peer.sends(b"GET / HTTP/1.1\n")
        peer.types("hello")
        self.assertFalse(peer.isReadFrom)
        turn.end()
        self.assertEqual(peer.lines, [PROMPT, CONNECTED, RECEIPT, RECEIPT])
        self.assertTrue(peer.isReadFrom)

    def test_tooLateWhileLoggingIn(self) -> None:
        """A client whose name the log does not take in time is not let in later."""
        hub, turn = makeTurnHub()
        peer = Peer(ChatFactory(hub, self.clock))
        peer.types("Ann")
        self.pass_(30.6)
        self.assertEqual(peer.lines[-1], "! no name came in 30 seconds: connect again")
        peer.drops()
        turn.end()
        self.assertEqual(hub.users, {})

    def test_leaving(self) -> None:
        """A lost connection frees the name at once, and the others are told."""
        peer, other = Peer(self.factory, "Ann"), Peer(self.factory, "Bob")
        other.forget()
        peer.drops()
        self.assertEqual(other.lines, ["* Ann has left"])
        again = Peer(self.factory)
        again.types("Ann")
        self.assertIn(CONNECTED, again.lines)

    def test_address(self) -> None:
        """The log is told the addresses of users; an IPv4 address inside IPv6 reads as IPv4."""
        self.assertEqual(Peer(self.factory).protocol.address, "192.0.2.7:51234")
        peer = Peer(self.factory, host="::ffff:192.0.2.8", port=9)
        self.assertEqual(peer.protocol.address, "192.0.2.8:9")


EXPOSED = (
    "* This connection is not encrypted: others on its way can read your secret. Use TLS where"
    " you can"
)


class AccountTests(TimedTestCase):
    """
    The prompt and accounts.
    """

    def setUp(self) -> None:
        super().setUp()
        ann = Peer(self.factory, "Ann")
        ann.types("/register")
        self.secret = ann.lines[-1].rpartition(" ")[2]
        ann.types("/quit")

    def test_dialogue(self) -> None:
        """
        An owned name is refused and asked for again; with its secret its owner enters.
        """
        peer = Peer(self.factory)
        peer.types("Ann", f"Ann {self.secret}")
        self.assertEqual(
            peer.lines,
            [
                PROMPT,
                "! Ann is registered: if it is yours, enter Ann PASSWORD, else choose another name",
                PROMPT,
                CONNECTED,
                EXPOSED,
            ],
        )

    def test_exposed(self) -> None:
        """
        A user whose secret others can read on its way is told once, and a program is not.
        """
        peer = Peer(self.factory, "Bob")
        peer.types("/register", f"/login Bob {self.secret}", "/password a password of mine")
        self.assertEqual(peer.lines.count(EXPOSED), 1)
        self.assertEqual(peer.lines[0], EXPOSED)
        local = Peer(self.factory, host="127.0.0.1")
        local.types(f"Ann {self.secret}")
        self.assertEqual(local.lines, [PROMPT, CONNECTED])
        program = Peer(self.factory)
        program.asks("hello", name="Ann", password=self.secret)
        self.assertNotIn(EXPOSED, program.lines)

    def test_inbox(self) -> None:
        """
        Direct messages that came while the user was away follow the welcome.
        """
        bob = Peer(self.factory, "Bob")
        bob.types("/register correct horse battery", "/msg Ann psst")
        peer = Peer(self.factory)
        peer.types(f"Ann {self.secret}")
        self.assertEqual(
            peer.lines[:3],
            [PROMPT, CONNECTED, "* 1 message for you alone while you were away:"],
        )
        self.assertRegex(peer.lines[3], r"^\* \d\d:\d\d Bob -> you :: psst$")

    def test_wrongLogins(self) -> None:
        """
        Three wrong secrets close the connection; names that are taken do not count.
        """
        peer = Peer(self.factory)
        peer.types("Ann", "Ann", "Ann", "Ann wrong", "Ann", "Ann wrong")
        self.assertFalse(peer.isClosed)
        peer.types("Ann wrong", f"Ann {self.secret}")
        self.assertTrue(peer.isClosed)
        self.assertEqual(peer.lines[-1], "! this is not the password of Ann: try again")
        self.assertNotIn(CONNECTED, peer.lines)

    def test_wrongChallenges(self) -> None:
        """
        Three logins by SCRAM of unknown names, or with wrong proofs, close it as well; each refusal
        has the key of its request.
        """
        peer = Peer(self.factory)
        for key in ("k1", "k2"):
            peer.asks("hello", name="Eve", scram="n,,n=Eve,r=x", key=key)
            self.assertIn(f'"key":"{key}"', peer.lines[-1])
            self.assertIn('"code":"wrong-login"', peer.lines[-1])
        self.assertFalse(peer.isClosed)
        peer.asks("hello", name="Ann", password="wrong", key="k3")
        self.assertTrue(peer.isClosed)
        self.assertIn('"code":"wrong-login"', peer.lines[-1])

    def test_secretsAreNotLogged(self) -> None:
        """
        The log of a failed login holds the address and the code, and no secret.
        """
        self.logged.clear()
        peer = Peer(self.factory)
        peer.types("Ann wrong-secret", f"Anm {self.secret}", f"Ann {self.secret}")
        said = "\n".join(self.logged)
        self.assertIn("login refused: wrong-login", said)
        for secret in ("wrong-secret", self.secret):
            self.assertNotIn(secret, said)
            self.assertNotIn(secret, "".join(peer.lines))
