# -*- test-case-name: tests.ops.test_pages -*-
"""
The pages that say how the server is, over HTTP: C{/metrics}, C{/healthz} and C{/readyz}.

C{twisted.web} costs 27 ms and 4 MiB, so this file is imported only where it is wanted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.web.resource import Resource
from twisted.web.server import Site

from .metrics import CONTENT_TYPE

_TEXT: Final = b"text/plain; charset=utf-8"


class Page(Resource):
    """
    One page of plain text.
    """

    isLeaf = True

    def __init__(self, read: Callable[[], tuple[int, bytes]], contentType: bytes = _TEXT) -> None:
        """
        @param read: gives status and text.
        """
        super().__init__()
        self._read = read
        self._contentType = contentType

    def render_GET(self, request: Any) -> bytes:
        """
        Answer with the page as it is now.
        """
        status, text = self._read()
        request.setResponseCode(status)
        request.setHeader(b"content-type", self._contentType)
        return text


class QuietSite(Site):
    """
    A site whose requests are in no log: there is one a second.
    """

    noisy = False
    displayTracebacks = False

    def log(self, request: Any) -> None:
        """
        Write nothing.
        """


def makeSite(figures: Callable[[], bytes], trouble: Callable[[], str], reactor: Any) -> QuietSite:
    """
    @param figures: gives the page of figures.
    @param trouble: says why nobody can be served at the moment, or nothing.
    @return: the factory of the three pages.
    """

    def readiness() -> tuple[int, bytes]:
        sentence = trouble()
        return (503, f"{sentence}\n".encode()) if sentence else (200, b"ready\n")

    root = Resource()
    root.putChild(b"metrics", Page(lambda: (200, figures()), CONTENT_TYPE))
    # That there is an answer says that the reactor turns.
    root.putChild(b"healthz", Page(lambda: (200, b"ok\n")))
    root.putChild(b"readyz", Page(readiness))
    return QuietSite(root, reactor=reactor)
