# -*- test-case-name: tests.wire.test_scram -*-
"""
Both sides of SCRAM-SHA-256 (RFC 5802 and 7677), which proves a password without sending it.

The server keeps a L{Verifier}, with which nobody can log in, and the proof of one login is of no
use for another.  Four messages are exchanged:

    client: n,,n=NAME,r=CN
    server: r=CN-SN,s=SALT,i=4096
    client: c=biws,r=CN-SN,p=PROOF
    server: v=SIGNATURE

Channel binding and logging in for somebody else are not offered.  Passwords are hashed as they are
given: the caller normalises them first.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64decode, b64encode
from typing import Final, NamedTuple

from ..errors import BadProof, ChatError, WrongLogin

MIN_ITERATIONS: Final = 4_096
"""The fewest hashes of a password (RFC 7677 section 4): 1 ms.  They are enough for a generated
secret."""

MAX_ITERATIONS: Final = 100_000
"""The most hashes that a client computes: 25 ms.  A false server could ask for hours of them."""

MAX_MESSAGE: Final = 1_024
"""The longest message, in characters: the longest name and label with every character escaped, and
nonces of some 500 fit into it."""

MIN_SALT: Final = 8
"""The shortest salt, in bytes: no two people have the same by chance."""

MAX_SALT: Final = 64
"""The longest salt, in bytes."""

_KEY: Final = hashlib.sha256().digest_size
_NONCE_BYTES: Final = 18
_ESCAPED: Final = re.compile("(?:[^=,]|=2C|=3D)*")
_NONCE: Final = "[!-+\\--~]+"
_VALUE: Final = "[^,\0]+"
_MORE: Final = f"(?:,[A-Za-z]={_VALUE})*"

# A leading "m" asks for a mandatory extension, and there is none.
_CLIENT_FIRST: Final = re.compile(f"([ny],,)(n=({_VALUE}),r=({_NONCE}){_MORE})")
_SERVER_FIRST: Final = re.compile(f"r=({_NONCE}),s=({_VALUE}),i=([1-9][0-9]{{0,8}}){_MORE}")
_CLIENT_FINAL: Final = re.compile(f"(c=({_VALUE}),r=({_NONCE}){_MORE}),p=({_VALUE})")
_SERVER_FINAL: Final = re.compile(f"([ev])=({_VALUE}){_MORE}")


class FalseServer(ChatError):
    """The server does not have the verifier of the password: it is not the right server."""

    code = "false-server"


class Verifier(NamedTuple):
    """
    Checks the proof of a password.

    @ivar salt: the random bytes with which the password was hashed.
    @ivar iterations: how often it was hashed.
    @ivar storedKey: checks the client's proof.
    @ivar serverKey: proves to the client that the server has the verifier.
    """

    salt: bytes
    iterations: int
    storedKey: bytes
    serverKey: bytes

    @property
    def isSound(self) -> bool:
        """
        Whether all its parts are within their bounds.
        """
        return (
            MIN_SALT <= len(self.salt) <= MAX_SALT
            and MIN_ITERATIONS <= self.iterations <= MAX_ITERATIONS
            and len(self.storedKey) == len(self.serverKey) == _KEY
        )

    def accepts(self, password: str) -> bool:
        """
        Check a password by hashing it, a quarter of a microsecond for each iteration.
        """
        clientKey, _ = _keys(password, self.salt, self.iterations)
        return hmac.compare_digest(hashlib.sha256(clientKey).digest(), self.storedKey)

    def __str__(self) -> str:
        """
        @return: C{4096:SALT:STORED:SERVER}, all but the number in base64.
        """
        return f"{self.iterations}:" + ":".join(
            _encoded(each) for each in (self.salt, self.storedKey, self.serverKey)
        )


def makeVerifier(password: str, iterations: int, salt: bytes = b"") -> Verifier:
    """
    Hash a password, a quarter of a microsecond for each iteration.

    @param salt: if empty, 16 random bytes are generated.
    """
    salt = salt or secrets.token_bytes(16)
    clientKey, serverKey = _keys(password, salt, iterations)
    return Verifier(salt, iterations, hashlib.sha256(clientKey).digest(), serverKey)


def parseVerifier(text: str) -> Verifier:
    """
    Parse the verifier of a generated secret.

    @param text: as L{Verifier.__str__} returns it, with L{MIN_ITERATIONS}.
    @raise BadProof: if it is anything else.
    """
    parts = text.split(":", 3) if len(text) <= MAX_MESSAGE else []
    if len(parts) == 4 and parts[0] == str(MIN_ITERATIONS):
        verifier = Verifier(_decoded(parts[1]), MIN_ITERATIONS, *map(_decoded, parts[2:]))
        if verifier.isSound:
            return verifier
    raise BadProof(
        f"a verifier is {MIN_ITERATIONS}:SALT:STORED:SERVER, all but the number in base64: the salt"
        f" has {MIN_SALT} to {MAX_SALT} bytes, the keys have {_KEY}"
    )


class ClientFirst(NamedTuple):
    """
    The first message of a client.

    @ivar header: C{n,,} or C{y,,}: whether the client supports channel binding.
    @ivar bare: the message without the header.
    @ivar name: the name to log in by.
    @ivar nonce: the client's random text.
    """

    header: str
    bare: str
    name: str
    nonce: str


def parseClientFirst(message: str) -> ClientFirst:
    """
    Parse the first message of a client.

    @raise BadProof: if it is malformed, or asks for what is not offered.
    """
    header = message.split(",", 2)
    if header[0].startswith("p="):
        raise BadProof("channel binding is not offered here: use SCRAM-SHA-256 without PLUS")
    if len(header) == 3 and header[1].startswith("a="):
        raise BadProof("nobody logs in for somebody else here: leave out a=")
    found = _match(_CLIENT_FIRST, message, "n,,n=NAME,r=NONCE")
    if not _ESCAPED.fullmatch(found[3]):
        raise BadProof("in a name of SCRAM = is written =3D, and a comma =2C")
    name = found[3].replace("=2C", ",").replace("=3D", "=")
    return ClientFirst(found[1], found[2], name, found[4])


class ServerExchange:
    """
    The server's side of one login.

    @ivar challenge: the message to send.
    """

    def __init__(self, first: ClientFirst, verifier: Verifier, nonce: str = "") -> None:
        """
        @param first: the client's first message.
        @param verifier: belongs to the name in it.
        @param nonce: the server's random text; generated if it is empty.
        """
        self._first = first
        self._verifier = verifier
        self._nonce = first.nonce + (nonce or _makeNonce())
        salt = _encoded(verifier.salt)
        self.challenge = f"r={self._nonce},s={salt},i={verifier.iterations}"

    def check(self, message: str) -> str:
        """
        Check the client's proof, which can be done once; it takes some 20 microseconds.

        @param message: the client's answer to the challenge.
        @return: the last message, by which the client recognises the server.
        @raise BadProof: if the message is malformed, or answers another challenge.
        @raise WrongLogin: if the proof is wrong.
        """
        found = _match(_CLIENT_FINAL, message, "c=biws,r=NONCE,p=PROOF")
        if found[2] != _encoded(self._first.header.encode()):
            raise BadProof("this proof belongs to another login: start again")
        if found[3] != self._nonce:
            raise BadProof("this proof is for another challenge: answer the last one, once")
        self._nonce = ""
        spoken = _spoken(self._first.bare, self.challenge, found[1])
        proof = _decoded(found[4])
        signature = _hmac(self._verifier.storedKey, spoken)
        if len(proof) == _KEY:
            clientKey = xor(proof, signature)
            if hmac.compare_digest(hashlib.sha256(clientKey).digest(), self._verifier.storedKey):
                return f"v={_encoded(_hmac(self._verifier.serverKey, spoken))}"
        raise WrongLogin("the password is wrong: try again")


class ClientExchange:
    """
    The client's side of one login.

    @ivar first: the message to begin with.
    """

    def __init__(self, name: str, password: str, nonce: str = "") -> None:
        """
        @param name: the name to log in by; clean text.
        @param nonce: the client's random text; generated if it is empty.
        """
        self._nonce = nonce or _makeNonce()
        self._password = password
        self._signature = b""
        escaped = name.replace("=", "=3D").replace(",", "=2C")
        self._bare = f"n={escaped},r={self._nonce}"
        self.first = f"n,,{self._bare}"

    def answer(self, challenge: str) -> str:
        """
        Hash the password and compute its proof.  This takes up to 25 ms, depending on the number of
        hashes that the server asks for.

        @return: the message to send.
        @raise BadProof: if the challenge is malformed.
        @raise FalseServer: if it does not answer the first message, or asks for too few or too many
            hashes.
        """
        found = _match(_SERVER_FIRST, challenge, "r=NONCE,s=SALT,i=NUMBER")
        nonce, salt, iterations = found[1], _decoded(found[2]), int(found[3])
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise FalseServer("the server answers another login than this one: try again")
        if not MIN_ITERATIONS <= iterations <= MAX_ITERATIONS:
            raise FalseServer(
                f"the server wants the password hashed {iterations} times, and only"
                f" {MIN_ITERATIONS} to {MAX_ITERATIONS} are safe: nothing was sent"
            )
        clientKey, serverKey = _keys(self._password, salt, iterations)
        final = f"c={_encoded(b'n,,')},r={nonce}"
        spoken = _spoken(self._bare, challenge, final)
        self._signature = _hmac(serverKey, spoken)
        proof = xor(clientKey, _hmac(hashlib.sha256(clientKey).digest(), spoken))
        return f"{final},p={_encoded(proof)}"

    def verify(self, message: str) -> None:
        """
        Check that the server has the verifier; until then it must not be trusted.

        @param message: the server's answer to the proof.
        @raise BadProof: it is malformed.
        @raise WrongLogin: if the server refuses the proof.
        @raise FalseServer: if its signature is wrong, or no proof was sent yet.
        """
        found = _match(_SERVER_FINAL, message, "v=SIGNATURE")
        if found[1] == "e":
            raise WrongLogin("the password is wrong: try again")
        if not self._signature or not hmac.compare_digest(_decoded(found[2]), self._signature):
            raise FalseServer(
                "the server does not know your password, so it is not the one you registered with:"
                " leave, and ask its operator"
            )


def _match(pattern: re.Pattern[str], message: str, form: str) -> re.Match[str]:
    """
    @param form: the form of the message, for the refusal.
    @raise BadProof: if the message has another form.
    """
    found = pattern.fullmatch(message) if len(message) <= MAX_MESSAGE else None
    if found is None or not _isText(message):
        raise BadProof(f"this message of SCRAM is malformed: it has the form {form}")
    return found


def _isText(message: str) -> bool:
    """
    @return: whether UTF-8 can encode it, because it holds no half of a surrogate pair.
    """
    return message.isascii() or not re.search("[\ud800-\udfff]", message)


def _keys(password: str, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """
    @return: the keys of client and server.
    """
    # JSON can hold half a surrogate pair, but no password does: such a one is wrong, not an error.
    raw = password.encode("utf-8", "surrogatepass")
    salted = hashlib.pbkdf2_hmac("sha256", raw, salt, iterations)
    return _hmac(salted, b"Client Key"), _hmac(salted, b"Server Key")


def _spoken(*messages: str) -> bytes:
    """
    @return: the messages of the exchange, which proof and signature authenticate.
    """
    return ",".join(messages).encode()


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def xor(one: bytes, other: bytes) -> bytes:
    """
    @param one: has the length of the other.
    @return: the bits that differ.
    """
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def _makeNonce() -> str:
    return _encoded(secrets.token_bytes(_NONCE_BYTES))


def _encoded(data: bytes) -> str:
    return b64encode(data).decode()


def _decoded(text: str) -> bytes:
    """
    @return: the decoded bytes; only the canonical form of base64 is accepted.
    @raise BadProof: if it is not base64 in that form.
    """
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data or _encoded(data) != text:
        raise BadProof("a part of this message is no base64")
    return data
