"""
Tests for L{twisted_chat.wire.proxyheader}.
"""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.wire.proxyheader import (
    MAX_BINARY,
    SIGNATURE,
    BadHeader,
    Header,
    parseHeader,
)


def binary(
    command: int = 1, kind: int = 0x11, addresses: bytes = b"", extensions: bytes = b""
) -> bytes:
    """
    @return: a header of version 2.
    """
    body = addresses + extensions
    return SIGNATURE + bytes((0x20 + command, kind)) + len(body).to_bytes(2, "big") + body


def addresses(source: str, target: str, port: int) -> bytes:
    """
    @return: two addresses and their ports, as version 2 has them.
    """
    hosts = ip_address(source).packed + ip_address(target).packed
    return hosts + port.to_bytes(2, "big") + b"\x01\xbb"


FOUR = addresses("192.0.2.1", "198.51.100.1", 51234)
SIX = addresses("2001:db8::1", "2001:db8::2", 51234)

GOOD = [
    (b"PROXY TCP4 192.0.2.1 198.51.100.1 51234 443\r\n", "192.0.2.1", 51234),
    (b"PROXY TCP6 2001:db8::1 2001:db8::2 51234 443\r\n", "2001:db8::1", 51234),
    (b"PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 0 65535\r\n", "::ffff:192.0.2.1", 0),
    (b"PROXY UNKNOWN\r\n", "", 0),
    (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", "", 0),
    (binary(addresses=FOUR), "192.0.2.1", 51234),
    (binary(addresses=FOUR, extensions=b"\x03\x00\x04abcd\x20\x00\x01x"), "192.0.2.1", 51234),
    (binary(kind=0x21, addresses=SIX), "2001:db8::1", 51234),
    (binary(kind=0x31, addresses=bytes(216)), "", 0),
    (binary(kind=0x00), "", 0),
    (binary(command=0, kind=0x00), "", 0),
    (binary(command=0, kind=0x11, addresses=FOUR), "", 0),
]

BAD = [
    b"Ann\n",
    b"\r\nAnn\n",
    b"PROXY\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.1 51234 443\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.1 51234\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.1 051234 443\r\n",
    b"PROXY TCP4 192.0.2.1 198.51.100.1 65536 443\r\n",
    b"PROXY TCP4 192.0.2.256 198.51.100.1 51234 443\r\n",
    b"PROXY TCP4 2001:db8::1 2001:db8::2 51234 443\r\n",
    b"PROXY TCP6 192.0.2.1 198.51.100.1 51234 443\r\n",
    b"PROXY TCP4  192.0.2.1 198.51.100.1 51234 443\r\n",
    b"PROXY UDP4 192.0.2.1 198.51.100.1 51234 443\r\n",
    b"proxy TCP4 192.0.2.1 198.51.100.1 51234 443\r\n",
    b"PROXY UNKNOWN " + b"x" * 100 + b"\r\n",
    binary(addresses=FOUR[:-1]),
    binary(kind=0x21, addresses=FOUR),
    binary(kind=0x12, addresses=FOUR),
    binary(command=2, addresses=FOUR),
    binary(addresses=FOUR, extensions=bytes(MAX_BINARY)),
    SIGNATURE + b"\x11\x11\x00\x0c" + FOUR,
]


class ParseTests(SynchronousTestCase):
    """
    Tests for L{parseHeader}.
    """

    def test_good(self) -> None:
        """The client's address is read, and what follows the header is left alone."""
        for data, host, port in GOOD:
            expected = Header(len(data), host, port)
            for rest in (b"", b"Ann\n", b"\x16\x03\x01"):
                self.assertEqual(parseHeader(data + rest), expected, data)

    def test_unfinished(self) -> None:
        """A header is waited for byte by byte."""
        for data, _, _ in GOOD:
            for length in range(len(data)):
                self.assertIs(parseHeader(data[:length]), None, data[:length])

    def test_bad(self) -> None:
        """A malformed header is refused."""
        for data in BAD:
            self.assertRaises(BadHeader, parseHeader, data)

    def test_endless(self) -> None:
        """A header that is too long is refused before all of it has come."""
        for data in (b"PROXY UNKNOWN" + b" " * 94, SIGNATURE + b"\x21\x11\xff\xff"):
            self.assertRaises(BadHeader, parseHeader, data)

    @settings(deadline=None, derandomize=True, max_examples=200)
    @given(
        st.sampled_from([data for data, _, _ in GOOD]), st.integers(0, 60), st.binary(max_size=3)
    )
    def test_anything(self, data: bytes, place: int, noise: bytes) -> None:
        """Any bytes give a header, none yet, or a reason."""
        try:
            header = parseHeader(data[:place] + noise + data[place:])
        except BadHeader as error:
            self.assertRegex(str(error), "^(is|names|has) ")
        else:
            self.assertTrue(header is None or not header.host or ip_address(header.host))
