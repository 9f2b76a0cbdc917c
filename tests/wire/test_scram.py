"""
Tests for L{twisted_chat.wire.scram}.
"""

from __future__ import annotations

from base64 import b64decode, b64encode

from hypothesis import example, given
from hypothesis.strategies import binary, characters, lists, sampled_from, text
from scramp import ScramClient, ScramException, ScramMechanism
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.errors import BadProof, ChatError, WrongLogin
from twisted_chat.wire.scram import (
    MAX_MESSAGE,
    ClientExchange,
    ClientFirst,
    FalseServer,
    ServerExchange,
    Verifier,
    makeVerifier,
    parseClientFirst,
    parseVerifier,
)

# RFC 7677 section 3.
PASSWORD = "pencil"
CLIENT_NONCE = "rOprNGfwEbeRWgbNEkqO"
SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
SALT = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
CLIENT_FIRST = f"n,,n=user,r={CLIENT_NONCE}"
SERVER_FIRST = f"r={CLIENT_NONCE}{SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
CLIENT_FINAL = (
    f"c=biws,r={CLIENT_NONCE}{SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
SERVER_FINAL = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

VERIFIER = makeVerifier(PASSWORD, 4_096, SALT)

NAMES = text(characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=65)

PIECES = (
    *("n,,", "y,,", "p=tls-exporter,,", "n,a=Ann,", "n=", "r=", "s=", "i=", "c=biws", "p=", "v="),
    *("m=", "e=", ",", "=", "=2C", "=3D", "=2", "\0", "\ud800", "4096", "9" * 5000, "AAAA"),
    *(CLIENT_NONCE, SERVER_NONCE, "Ann/laptop", "\u00e9", ":", "x" * MAX_MESSAGE),
)
MESSAGES = text(characters()) | lists(sampled_from(PIECES), max_size=12).map("".join)


def server(first: str = CLIENT_FIRST) -> ServerExchange:
    """
    @return: the server's side of the RFC's example.
    """
    return ServerExchange(parseClientFirst(first), VERIFIER, SERVER_NONCE)


def client(password: str = PASSWORD) -> ClientExchange:
    """
    @return: the client's side of the RFC's example.
    """
    return ClientExchange("user", password, CLIENT_NONCE)


class VectorTests(SynchronousTestCase):
    """
    The example of RFC 7677.
    """

    def test_server(self) -> None:
        """The server's messages are those of the example."""
        exchange = server()
        self.assertEqual(exchange.challenge, SERVER_FIRST)
        self.assertEqual(exchange.check(CLIENT_FINAL), SERVER_FINAL)

    def test_client(self) -> None:
        """The client's messages are those of the example, and it believes the server."""
        exchange = client()
        self.assertEqual(exchange.first, CLIENT_FIRST)
        self.assertEqual(exchange.answer(SERVER_FIRST), CLIENT_FINAL)
        exchange.verify(SERVER_FINAL)


class ClientFirstTests(SynchronousTestCase):
    """
    Tests for L{parseClientFirst}.
    """

    def refusal(self, message: str) -> str:
        """
        @return: the sentence that refuses this message.
        """
        return str(self.assertRaises(BadProof, parseClientFirst, message).sentence)

    def test_parts(self) -> None:
        """A message has a header, a name and a nonce, and may have more after these."""
        bare = "n=Ann/laptop,r=xyz,z=later"
        for header in ("n,,", "y,,"):
            expected = ClientFirst(header, bare, "Ann/laptop", "xyz")
            self.assertEqual(parseClientFirst(header + bare), expected)

    def test_escapes(self) -> None:
        """An equals sign and a comma in a name are escaped, each once."""
        self.assertEqual(parseClientFirst("n,,n=a=2Cb=3D2C,r=xyz").name, "a,b=2C")
        for name in ("a=b", "a=2c", "a=", "a=2"):
            self.assertIn("is written =3D", self.refusal(f"n,,n={name},r=xyz"))

    @given(NAMES)
    def test_anyName(self, name: str) -> None:
        """The server reads the name that the client wrote."""
        first = ClientExchange(name, PASSWORD, "xyz").first
        self.assertEqual(parseClientFirst(first).name, name)

    def test_channelBinding(self) -> None:
        """A client that binds the channel is told to use the mechanism without it."""
        sentence = self.refusal("p=tls-exporter,,n=user,r=xyz")
        self.assertIn("use SCRAM-SHA-256 without PLUS", sentence)

    def test_somebodyElse(self) -> None:
        """A client that logs in on behalf of another user is told to leave that out."""
        self.assertIn("leave out a=", self.refusal("n,a=Bob,n=Ann,r=xyz"))

    def test_malformed(self) -> None:
        """Any other message is refused with the form that it has to have."""
        for message in (
            "",
            "n=user,r=xyz",
            "x,,n=user,r=xyz",
            "n,,r=xyz,n=user",
            "n,,n=,r=xyz",
            "n,,n=user,r=",
            "n,,n=user,r=x y",
            "n,,n=user,r=\u00e9",
            "n,,n=us\0er,r=xyz",
            "n,,n=us\ud800er,r=xyz",
            "n,,m=new,n=user,r=xyz",
            "n,,n=user,r=xyz,",
            "n,,n=user,r=xyz,later",
            "n,,n=user,r=xyz\n",
            f"n,,n=user,r={'x' * MAX_MESSAGE}",
        ):
            self.assertIn("n,,n=NAME,r=NONCE", self.refusal(message), repr(message))

    @given(MESSAGES)
    @example("n,,n=\ud800,r=x")
    def test_anything(self, message: str) -> None:
        """Any message is read or refused, and a message that is read is what was sent."""
        try:
            first = parseClientFirst(message)
        except BadProof:
            return
        self.assertEqual(first.header + first.bare, message)


class ServerTests(SynchronousTestCase):
    """
    Tests for L{ServerExchange}.
    """

    def test_header(self) -> None:
        """
        The proof repeats the header of the first message, so that it cannot be changed on the way.
        """
        final = CLIENT_FINAL.replace("biws", b64encode(b"y,,").decode())
        self.assertIn("belongs to another login", self.bad(server(), final))
        with self.assertRaises(WrongLogin):  # The header is right; the proof was for another.
            server(CLIENT_FIRST.replace("n,,", "y,,")).check(final)

    def bad(self, exchange: ServerExchange, message: str) -> str:
        """
        @return: the sentence that refuses this message.
        """
        return str(self.assertRaises(BadProof, exchange.check, message).sentence)

    def test_wrongProof(self) -> None:
        """A proof of another password, one of another length, and one of no bits, are wrong."""
        other = client("Pencil").answer(SERVER_FIRST)
        start = CLIENT_FINAL.partition("p=")[0]
        for message in (other, f"{start}p=AAAA", f"{start}p={b64encode(bytes(32)).decode()}"):
            error = self.assertRaises(WrongLogin, server().check, message)
            self.assertEqual(error.sentence, "the password is wrong: try again")

    def test_extension(self) -> None:
        """An extension of the client is part of what it proves."""
        message = CLIENT_FINAL.replace(",p=", ",z=later,p=")
        self.assertRaises(WrongLogin, server().check, message)

    def test_otherChallenge(self) -> None:
        """A proof is for its own challenge alone, and for one check."""
        other = ServerExchange(parseClientFirst(CLIENT_FIRST), VERIFIER)
        self.assertIn("another challenge", self.bad(other, CLIENT_FINAL))
        exchange = server()
        self.assertRaises(WrongLogin, exchange.check, client("Pencil").answer(SERVER_FIRST))
        self.assertIn("another challenge", self.bad(exchange, CLIENT_FINAL))

    def test_nonce(self) -> None:
        """Each challenge begins with the client's nonce and has a random text of its own."""
        first = parseClientFirst(CLIENT_FIRST)
        challenges = [ServerExchange(first, VERIFIER).challenge for _ in range(100)]
        self.assertEqual(len(set(challenges)), 100)
        for challenge in challenges:
            self.assertRegex(challenge, rf"\Ar={CLIENT_NONCE}[A-Za-z0-9+/]{{24}},s=")

    def test_malformed(self) -> None:
        """Any other message is refused with the form that it has to have."""
        start, _, proof = CLIENT_FINAL.partition(",p=")
        for message in (
            "",
            start,
            f"p={proof},{start}",
            f"{CLIENT_FINAL},z=later",
            CLIENT_FINAL.replace("r=", "r=\ud800"),
            CLIENT_FINAL + "A" * MAX_MESSAGE,
        ):
            self.assertIn("c=biws,r=NONCE,p=PROOF", self.bad(server(), message), repr(message))
        for proof in ("*", "AAA", "AAB=", "AA AA", "AAAA\n", "\u00e9"):
            self.assertIn("no base64", self.bad(server(), f"{start},p={proof}"))

    @given(MESSAGES)
    def test_anything(self, message: str) -> None:
        """No message gets in without the proof, and any other is refused."""
        with self.assertRaises(ChatError):
            server().check(message)

    @given(MESSAGES)
    def test_anythingAfterTheNonce(self, rest: str) -> None:
        """A message with the right nonce is refused without the proof, too."""
        with self.assertRaises(ChatError):
            server().check(f"c=biws,r={CLIENT_NONCE}{SERVER_NONCE}{rest}")


class ClientTests(SynchronousTestCase):
    """
    Tests for L{ClientExchange}.
    """

    def false(self, challenge: str) -> str:
        """
        @return: the sentence about the server that sends this.
        """
        return str(self.assertRaises(FalseServer, client().answer, challenge).sentence)

    def test_nonce(self) -> None:
        """Each login has a random text of its own."""
        firsts = {ClientExchange("user", PASSWORD).first for _ in range(100)}
        self.assertEqual(len(firsts), 100)

    def test_otherLogin(self) -> None:
        """A challenge for another login, or without a text of the server's own, is not answered."""
        for nonce in ("x" + CLIENT_NONCE, CLIENT_NONCE):
            self.assertIn("answers another login", self.false(f"r={nonce},s=AAAA,i=4096"))

    def test_iterations(self) -> None:
        """A server that wants too few hashes, which are guessed, or too many, gets no proof."""
        for count in (1, 4_095, 100_001, 999_999_999):
            challenge = SERVER_FIRST.replace("4096", str(count))
            self.assertIn(f"{count} times", self.false(challenge))
        for count in (4_096, 100_000):
            self.assertIn(",p=", client().answer(SERVER_FIRST.replace("4096", str(count))))

    def test_malformed(self) -> None:
        """A challenge in any other form is refused."""
        for challenge in (
            "",
            SERVER_FIRST.replace("4096", "04096"),
            SERVER_FIRST.replace("4096", "-1"),
            SERVER_FIRST.replace("4096", "\u0664096"),
            SERVER_FIRST.replace("4096", "9" * 10),
            SERVER_FIRST.replace("s=W", "s=*"),
            f"m=new,{SERVER_FIRST}",
        ):
            self.assertRaises(BadProof, client().answer, challenge)

    def test_extension(self) -> None:
        """An extension of the server is ignored."""
        self.assertIn(",p=", client().answer(f"{SERVER_FIRST},z=later"))

    def test_refused(self) -> None:
        """A server that refuses the proof says that the password is wrong."""
        exchange = client()
        exchange.answer(SERVER_FIRST)
        self.assertRaises(WrongLogin, exchange.verify, "e=invalid-proof")

    def test_falseServer(self) -> None:
        """A server without the verifier is found out, also if it asks for no proof."""
        exchange = client()
        self.assertRaises(FalseServer, exchange.verify, SERVER_FINAL)
        exchange.answer(SERVER_FIRST)
        self.assertRaises(FalseServer, exchange.verify, f"v={b64encode(bytes(32)).decode()}")
        self.assertRaises(BadProof, exchange.verify, "ok")

    @given(MESSAGES)
    def test_anything(self, message: str) -> None:
        """No message of a server without the verifier makes it believed; each is refused."""
        exchange = client()
        with self.assertRaises(ChatError):
            exchange.answer(message)
        with self.assertRaises(ChatError):
            exchange.verify(message)


class VerifierTests(SynchronousTestCase):
    """
    Tests for L{Verifier} and L{parseVerifier}.
    """

    def test_text(self) -> None:
        """A verifier is read as it was written."""
        self.assertEqual(str(VERIFIER), "4096:W22ZaJ0SNY7soEsUEjb6gQ==:" + str(VERIFIER)[30:])
        self.assertEqual(parseVerifier(str(VERIFIER)), VERIFIER)

    def test_salt(self) -> None:
        """Each verifier has a salt of its own."""
        one, other = (makeVerifier(PASSWORD, 4_096) for _ in range(2))
        self.assertEqual((len(one.salt), len(other.salt)), (16, 16))
        self.assertNotEqual(one.salt, other.salt)
        self.assertNotEqual(one.storedKey, other.storedKey)

    def test_accepts(self) -> None:
        """A password is accepted, and any other text is not, half a surrogate pair included."""
        self.assertTrue(VERIFIER.accepts(PASSWORD))
        for password in ("", "Pencil", "pencil ", "\ud800"):
            self.assertFalse(VERIFIER.accepts(password))

    def test_refused(self) -> None:
        """Any other form, number of hashes or length is refused, and the sentence has the form."""
        _, salt, stored, key = str(VERIFIER).split(":")
        for given_ in (
            "",
            f"{salt}:{stored}:{key}",
            f"100000:{salt}:{stored}:{key}",
            f"04096:{salt}:{stored}:{key}",
            f"\u0664096:{salt}:{stored}:{key}",
            f"4096:{salt}:{stored}:{key}:",
            f"4096:AAAA:{stored}:{key}",
            f"4096:{b64encode(bytes(65)).decode()}:{stored}:{key}",
            f"4096:{salt}:{salt}:{key}",
            f"4096:{salt}:{stored}:",
            f"4096:{salt}:{stored}:{key}" + " " * MAX_MESSAGE,
        ):
            error = self.assertRaises(BadProof, parseVerifier, given_)
            self.assertRegex(error.sentence, "4096:SALT:STORED:SERVER|no base64")

    @given(MESSAGES)
    def test_anything(self, message: str) -> None:
        """Any text is read or refused."""
        with self.assertRaises(BadProof):
            parseVerifier(message)

    @given(binary(min_size=8, max_size=64), binary(min_size=32, max_size=32))
    def test_anyParts(self, salt: bytes, key: bytes) -> None:
        """Any parts within their bounds are read as they were written."""
        verifier = Verifier(salt, 4_096, key, key[::-1])
        self.assertEqual(parseVerifier(str(verifier)), verifier)


class SecondOpinionTests(SynchronousTestCase):
    """
    Each side against the library C{scramp}.
    """

    passwords = text(characters(codec="ascii", min_codepoint=32, exclude_characters="\x7f"))

    @given(NAMES.filter(str.isascii).filter(str.isprintable), passwords.filter(bool))
    def test_itsClient(self, name: str, password: str) -> None:
        """Its client logs in here, and believes this server."""
        theirs = ScramClient(["SCRAM-SHA-256"], name, password)
        first = parseClientFirst(theirs.get_client_first())
        self.assertEqual(first.name, name)
        ours = ServerExchange(first, makeVerifier(password, 4_096))
        theirs.set_server_first(ours.challenge)
        theirs.set_server_final(ours.check(theirs.get_client_final()))

    @given(NAMES.filter(str.isascii).filter(str.isprintable), passwords.filter(bool))
    def test_itsServer(self, name: str, password: str) -> None:
        """This client logs in to its server, and believes it."""
        mechanism = ScramMechanism("SCRAM-SHA-256")
        theirs = mechanism.make_server(lambda _: mechanism.make_auth_info(password))
        ours = ClientExchange(name, password)
        theirs.set_client_first(ours.first)
        theirs.set_client_final(ours.answer(theirs.get_server_first()))
        ours.verify(theirs.get_server_final())

    def test_couldBind(self) -> None:
        """A client that could bind the channel, where this server does not offer it, logs in."""
        theirs = ScramClient(
            ["SCRAM-SHA-256"], "user", PASSWORD, channel_binding=("tls-unique", b"finished")
        )
        first = parseClientFirst(theirs.get_client_first())
        self.assertEqual(first.header, "y,,")
        ours = ServerExchange(first, VERIFIER)
        theirs.set_server_first(ours.challenge)
        theirs.set_server_final(ours.check(theirs.get_client_final()))

    def test_itsVerifier(self) -> None:
        """Both make the same verifier, also with as many hashes as there may be."""
        for count in (4_096, 100_000):
            salt, stored, key, iterations = ScramMechanism("SCRAM-SHA-256").make_auth_info(
                "gr\u00fcne Tinte", count, SALT
            )
            expected = Verifier(salt, iterations, stored, key)
            self.assertEqual(makeVerifier("gr\u00fcne Tinte", count, SALT), expected)

    def test_wrongPassword(self) -> None:
        """Each refuses the other's proof of another password."""
        mechanism = ScramMechanism("SCRAM-SHA-256")
        server = mechanism.make_server(lambda _: mechanism.make_auth_info(PASSWORD))
        ours = ClientExchange("user", "Pencil")
        server.set_client_first(ours.first)
        answer = ours.answer(server.get_server_first())
        self.assertRaises(ScramException, server.set_client_final, answer)
        self.assertRaises(WrongLogin, ours.verify, server.get_server_final())
        theirs = ScramClient(["SCRAM-SHA-256"], "user", "Pencil")
        exchange = ServerExchange(parseClientFirst(theirs.get_client_first()), VERIFIER)
        theirs.set_server_first(exchange.challenge)
        self.assertRaises(WrongLogin, exchange.check, theirs.get_client_final())
