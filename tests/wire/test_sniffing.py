"""
Tests for L{twisted_chat.wire.sniffing}.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.wire.sniffing import sniff


class SniffTests(SynchronousTestCase):
    """
    Tests for L{sniff}.
    """

    def test_strangers(self) -> None:
        """The first bytes of other protocols are answered by a sentence that names theirs."""
        for firstBytes, word in [
            (b"GET / HTTP/1.1\r\nHost: chat\r\n\r\n", "web"),
            (b"POST /x HTTP/1.0\r\n", "web"),
            (b"OPTIONS * HTTP/1.1\r\n", "web"),
            (b"CONNECT example.org:443 HTTP/1.1\r\n", "web"),
            (b"GET http://example.org/ HTTP/1.1\r\n", "web"),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "web"),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"),
            (b"SSH-2.0-OpenSSH_9.6\r\n", "SSH"),
            (b"CAP LS 302\r\nNICK ann\r\nUSER ann 0 * :Ann\r\n", "IRC"),
            (b"NICK ann\r\nUSER ann 0 * :Ann\r\n", "IRC"),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", "PROXY"),
            (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11", "PROXY"),
        ]:
            sentence = sniff(firstBytes)
            self.assertIsNotNone(sentence, firstBytes)
            self.assertIn(word, str(sentence))
            self.assertNotIn("\n", str(sentence))

    def test_names(self) -> None:
        """A name that looks like the beginning of another protocol is a name."""
        for line in [
            b"",
            b"\r\n",
            b"GET\n",
            b"GET \n",
            b"Get / \n",
            b"GETTY\n",
            b"POST\r\n",
            b"SSH\n",
            b"SSH-2\n",
            b"SSH-2.0\n",
            b"NICK\n",
            b"CAP\n",
            b"CAPTAIN\n",
            b"PROXY\n",
            b"Ann\nGET / HTTP/1.1\n",
            "Ünal ÿ\n".encode(),
            b'{"type":"hello","name":"GET"}\n',
        ]:
            self.assertIsNone(sniff(line), line)

    def test_wrongEncodingIsNotTelnet(self) -> None:
        """A name in a wrong encoding is left to the rules for names."""
        for line in [b"\xff\xfe\n", b"\xff\xfe\r\n", b"\xff\xfeA\x00n\x00n\x00\n", b"\xff\xff\n"]:
            self.assertIsNone(sniff(line), line)

    def test_firstChunkMayBePartial(self) -> None:
        """A stranger is recognised as soon as enough bytes have come, and from then on."""
        for stream, needed in [
            (b"GET /index.html HTTP/1.1\r\n", len(b"GET /")),
            (b"CONNECT a:1 HTTP/1.1\r\n", len(b"CONNECT a:1 HTTP/")),
            (b"\x16\x03\x01", 1),
            (b"SSH-2.0-x\r\n", len(b"SSH-2.0-")),
        ]:
            told = [sniff(stream[:length]) is not None for length in range(len(stream) + 1)]
            self.assertEqual(told, [length >= needed for length in range(len(stream) + 1)])

    @settings(deadline=None, derandomize=True, max_examples=100)
    @given(st.binary(max_size=40), st.binary(max_size=40))
    def test_moreBytesDoNotUnsay(self, first: bytes, more: bytes) -> None:
        """A peer that is recognised as a stranger is still recognised with more bytes."""
        sentence = sniff(first)
        if sentence is not None:
            self.assertIsNotNone(sniff(first + more))
