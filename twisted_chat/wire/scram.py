# -*- test-case-name: tests.wire.test_scram -*-
"""
SCRAM-SHA-256 (RFC 5802 and 7677), both sides: a password is proved without being sent.

The server keeps a L{Verifier}, from which nobody can log in, and the proof of one login is of no
use for another.  Four messages pass:

    client: n,,n=NAME,r=CN
    server: r=CN-SN,s=SALT,i=4096
    client: c=biws,r=CN-SN,p=PROOF
    server: v=SIGNATURE

Channel binding and logging in for somebody else are not offered.  Passwords are hashed as they
are given: to bring one into its one form beforehand is up to the caller.
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
"""Hashes that a password takes at least (RFC 7677 section 4): 1 ms.  Enough for a secret that a
program made."""

MAX_ITERATIONS: Final = 100_000
"""Hashes that a client takes part in at most: 25 ms.  A false server could ask for hours."""

MAX_MESSAGE: Final = 1_024
"""Characters of a message at most: room for the longest name and label, every character escaped,
and for nonces of some 500."""

MIN_SALT: Final = 8
"""Bytes of a salt at least: no two people have the same by chance."""

MAX_SALT: Final = 64
"""Bytes of a salt at most."""

_KEY: Final = hashlib.sha256().digest_size
_NONCE_BYTES: Final = 18
_ESCAPED: Final = re.compile("(?:[^=,]|=2C|=3D)*")
_NONCE: Final = "[!-+\\--~]+"
_VALUE: Final = "[^,\0]+"
_MORE: Final = f"(?:,[A-Za-z]={_VALUE})*"

# "m" in front asks for an extension that both sides have to know, and there is none.
_CLIENT_FIRST: Final = re.compile(f"([ny],,)(n=({_VALUE}),r=({_NONCE}){_MORE})")
_SERVER_FIRST: Final = re.compile(f"r=({_NONCE}),s=({_VALUE}),i=([1-9][0-9]{{0,8}}){_MORE}")
_CLIENT_FINAL: Final = re.compile(f"(c=({_VALUE}),r=({_NONCE}){_MORE}),p=({_VALUE})")
_SERVER_FINAL: Final = re.compile(f"([ev])=({_VALUE}){_MORE}")


class FalseServer(ChatError):
    """The server does not know what it has to know of the password: it is not the right one."""

    code = "false-server"


class Verifier(NamedTuple):
    """
    What checks the proof of a password.

    @ivar salt: random bytes that the password was hashed with.
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
        Hash a password to check it.  This takes a quarter of a microsecond for each iteration.
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
    Hash a password.  This takes a quarter of a microsecond for each iteration.

    @param salt: 16 random bytes if it is empty.
    """
    salt = salt or secrets.token_bytes(16)
    clientKey, serverKey = _keys(password, salt, iterations)
    return Verifier(salt, iterations, hashlib.sha256(clientKey).digest(), serverKey)


def parseVerifier(text: str) -> Verifier:
    """
    Read the verifier of a secret that a program made.

    @param text: what L{Verifier.__str__} gives, with L{MIN_ITERATIONS}.
    @raise BadProof: it is anything else.
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

    @ivar header: whether it could have bound the channel: C{n,,} or C{y,,}.
    @ivar bare: the message without the header.
    @ivar name: the name it logs in by.
    @ivar nonce: its random text.
    """

    header: str
    bare: str
    name: str
    nonce: str


def parseClientFirst(message: str) -> ClientFirst:
    """
    Read the first message of a client.

    @raise BadProof: it is malformed, or asks for what is not offered.
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
        @param first: what the client sent.
        @param verifier: that of the name it gave.
        @param nonce: the server's random text; made if it is empty.
        """
        self._first = first
        self._verifier = verifier
        self._nonce = first.nonce + (nonce or _makeNonce())
        salt = _encoded(verifier.salt)
        self.challenge = f"r={self._nonce},s={salt},i={verifier.iterations}"

    def check(self, message: str) -> str:
        """
        Check the client's proof, once.  This takes some 20 microseconds.

        @param message: its answer to the challenge.
        @return: the last message, by which the client knows the server.
        @raise BadProof: it is malformed, or answers another challenge.
        @raise WrongLogin: the proof is wrong.
        """
        found = _match(_CLIENT_FINAL, message, "c=biws,r=NONCE,p=PROOF")
        if found[2] != _encoded(self._first.header.encode()):
            raise BadProof("this proof is for a login that began in another way: begin once more")
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
        @param nonce: the client's random text; made if it is empty.
        """
        self._nonce = nonce or _makeNonce()
        self._password = password
        self._signature = b""
        escaped = name.replace("=", "=3D").replace(",", "=2C")
        self._bare = f"n={escaped},r={self._nonce}"
        self.first = f"n,,{self._bare}"

    def answer(self, challenge: str) -> str:
        """
        Hash the password, and prove it.  This takes up to 25 ms, as many hashes as the server asks
        for.

        @return: the message to send.
        @raise BadProof: the challenge is malformed.
        @raise FalseServer: it does not answer the first message, or asks for too few or too many
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
        Check that the server has the verifier.  Before that it is not to be trusted.

        @param message: its answer to the proof.
        @raise BadProof: it is malformed.
        @raise WrongLogin: the server refuses the proof.
        @raise FalseServer: its signature is wrong, or there was no proof yet.
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
    @param form: what the message looks like, for the refusal.
    @raise BadProof: it does not.
    """
    found = pattern.fullmatch(message) if len(message) <= MAX_MESSAGE else None
    if found is None or not _isText(message):
        raise BadProof(f"this message of SCRAM is malformed: it has the form {form}")
    return found


def _isText(message: str) -> bool:
    """
    @return: whether UTF-8 can hold it: there is no half of a surrogate pair.
    """
    return message.isascii() or not re.search("[\ud800-\udfff]", message)


def _keys(password: str, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """
    @return: the keys of client and server.
    """
    # JSON can hold half a surrogate pair; no password does, so this one is wrong and no error.
    raw = password.encode("utf-8", "surrogatepass")
    salted = hashlib.pbkdf2_hmac("sha256", raw, salt, iterations)
    return _hmac(salted, b"Client Key"), _hmac(salted, b"Server Key")


def _spoken(*messages: str) -> bytes:
    """
    @return: all that was said, which proof and signature are for.
    """
    return ",".join(messages).encode()


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def xor(one: bytes, other: bytes) -> bytes:
    """
    @param one: as long as the other.
    @return: the bits that differ.
    """
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def _makeNonce() -> str:
    return _encoded(secrets.token_bytes(_NONCE_BYTES))


def _encoded(data: bytes) -> str:
    return b64encode(data).decode()


def _decoded(text: str) -> bytes:
    """
    @return: what base64 means, in the one form that it has.
    @raise BadProof: it is no base64.
    """
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data or _encoded(data) != text:
        raise BadProof("a part of this message is no base64")
    return data
