"""
Makes byte streams that are almost what a client would send.
"""

from __future__ import annotations

from random import Random

# Lines that mean something to some reader, or that once broke another chat server.
CORPUS = [
    *(
        b"|hello|/help|/help nick|/names|/names #dev|/who bob|/who nobody|/nick Eve|/nick bob"
        b"|/msg bob hi|/msg bob|/msg talker me|/r yes|/me waves|/me|/join #dev|/join #dev key"
        b"|/join dev|/join #\xd1\x80\xd0\xb0\xd1\x83"
        b"|/leave|/leave #dev|/leave #lobby|/rooms|/topic|/topic tea"
        b"|/invite bob|/lock|/lock key|/unlock|/history|/history 3|/history 5 before 3"
        b"|/history -1|/history 99999999999999999999|/history before|/search tea"
        b'|/search from:bob in:#dev since:7d tea|/search "|/search from:|/search since:9999999999d'
        b"|/search since:-1d|/quit now|/quitx|/|//|///|// x|/ x|/HELP|/msg  bob   x|* a|! a|OK . ."
        b"|bob :: hi|bob -> you :: hi|#dev bob :: hi|Enter your name to enter the chat >"
    ).split(b"|"),
    b'{"type":"hello","name":"Eve"}',
    b'{"type":"hello","name":"Eve","token":"x","epoch":"y","last":-1}',
    b'{"type":"say","key":"k1","text":"hi"}',
    b'{"type":"say","key":"k1","text":"\\ud800","room":"#dev"}',
    b'{"type":"say","key":{},"text":[]}',
    b'{"type":"act","key":"k2","text":"waves"}',
    b'{"type":"tell","key":"k3","to":"bob","text":"hi"}',
    b'{"type":"command","key":"k4","line":"/names"}',
    b'{"type":"command","key":"k5","line":"hello\\n/quit"}',
    b'{"type":"history","key":"k6","room":"#lobby","count":50,"before":3}',
    b'{"type":"history","key":"k6","count":-1,"before":1e999}',
    b'{"type":"search","key":"k7","words":"tea","count":5}',
    b'{"type":"ping","key":"k8"}',
    b'{"type":"ping","key":"k8","key":"k9"}',
    b'{"type":null}',
    b'{"type":"say","text":NaN}',
    b"n,,n=bob,r=cn",
    b"y,a=Eve,n=b=2Cob,r=cn",
    b"r=cnsn,s=c2FsdHNhbHQ=,i=4096",
    b"c=biws,r=cnsn,p=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    b"v=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    b"4096:c2FsdHNhbHQ=:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    b":AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    b"7kq2 9f3m-2WXA p4ro",
    b"[" * 300,
    b'{"a":' * 200,
    b"{",
    b"{}",
    b"[]",
    b'"',
    b"1" * 5000,
    b"\xff\xfb\x01\xff\xfd\x03",
    b"GET / HTTP/1.1",
    b"\x16\x03\x01\x02\x00",
    b"SSH-2.0-x",
    b"CAP LS 302",
    b"x" * 4095,
    b"x" * 4096,
    b"x" * 4097,
    b"x" * 8193,
    "é".encode() * 2049,
    "\u202eevil\u202c \u2066x".encode(),
    ("a" + "\u0301" * 40).encode(),
    "раураl".encode(),
    "\u200b\u2060\ufeff".encode(),
    "👩\u200d👩\u200d👧 🇩🇪 \U0001f3f4\U000e0067\U000e007f".encode(),
    "ﷺ ﬁ Å Å ＡＢＣ".encode(),
    "שלום عربي हिन्दी ไทย".encode(),
    b"\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xfe",
    b"\x1b[31mred\x1b]0;title\x07",
    b"\x00",
    b"\t",
    b" ",
    b"%s %(x)s {x} {0}",
]

# Pieces that are put in anywhere.
PIECES = [
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\x00",
    b"\x1b",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\xff\xf4\xff\xfd\x06",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xe2\x80\xae",
    b"\xef\xbb\xbf",
    b"\xcc\x81",
    b"\xf0\x9f\x98\x80",
    b"\xed\xa0\x80",
    b" ",
    b"\t",
    b"/",
    b"#",
    b"*",
    b"!",
    b"::",
    b"->",
    b'"',
    b"\\u0000",
    b"{",
    b"}",
    b"[",
    b"0",
    b"-1",
    b"99999999999999999999",
    b"talker",
    b"bob",
]


class Mutator:
    """
    Makes one stream after the other from a seed.
    """

    def __init__(self, random: Random) -> None:
        self._random = random

    def stream(self) -> bytes:
        """
        Some lines of the corpus, some of them broken, ended as clients end lines.
        """
        random = self._random
        ends = random.choice(([b"\n"], [b"\r\n"], [b"\n", b"\r\n", b"\r", b"\n\n", b""]))
        stream = b"".join(
            self._line() + random.choice(ends) for _ in range(random.choice((1, 2, 3, 5, 8, 20)))
        )
        while random.random() < 0.3:
            stream = self._break(stream)
        if random.random() < 0.01:
            at = random.randrange(len(stream) + 1)
            flood = b"y" * random.choice((4097, 65_536, 65_537, 200_000))
            stream = stream[:at] + flood + stream[at:]
        return stream

    def _line(self) -> bytes:
        line = self._random.choice(CORPUS)
        while self._random.random() < 0.5:
            line = self._break(line)
        return line

    def _break(self, data: bytes) -> bytes:
        """
        Change one thing.
        """
        random = self._random
        a, b = sorted((random.randrange(len(data) + 1), random.randrange(len(data) + 1)))
        b = min(b, a + 64)
        choice = random.randrange(7)
        if choice == 0:
            return data[:a] + random.choice(PIECES) + data[a:]
        if choice == 1:
            return data[:a] + data[b:]
        if choice == 2:
            return data[:b] + data[a:b] * random.choice((1, 2, 50)) + data[b:]
        if choice == 3 and a < len(data):
            return data[:a] + bytes([data[a] ^ (1 << random.randrange(8))]) + data[a + 1 :]
        if choice == 4:
            return data[:a] + random.randbytes(random.randrange(1, 9)) + data[a:]
        if choice == 5:
            return data[:a] + random.choice(CORPUS) + data[b:]
        return data[:a] + chr(random.randrange(0xD800)).encode() + data[b:]


def cut(stream: bytes, random: Random) -> list[bytes]:
    """
    The stream in chunks, as a network might deliver it: most in one piece, short ones byte by byte.
    """
    size = random.choice((1, 2, 7, 100, 1448, 65_536))
    size = max(size, len(stream) // 50)
    chunks = []
    while stream:
        length = random.randint(1, size)
        chunks.append(stream[:length])
        stream = stream[length:]
    return chunks
