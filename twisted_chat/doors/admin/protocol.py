# -*- test-case-name: tests.doors.admin.test_protocol -*-
"""
One connection of the operator.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol

from ...errors import ChatError
from ...wire.interfaces import IDialect
from ...wire.jsonlines import JSON, keyField, line, parseObject
from ..stream import StreamClient
from .requests import perform


class AdminProtocol(StreamClient, Protocol):
    """
    One connection.  It takes a request only after the previous one is answered.
    """

    dialect: IDialect = JSON
    isExempt = True

    def lineReceived(self, raw: bytes) -> None:
        """
        Perform the request on a line.

        @param raw: without its line end.
        @raise ChatError: if it is not an object with a valid key.
        """
        if not raw.strip():
            return
        value = parseObject(raw)
        self.wait(Deferred.fromCoroutine(self._answer(value, keyField(value))))

    async def _answer(self, value: dict[str, Any], key: str | None) -> None:
        door: Any = self.factory
        try:
            answer = line(**await perform(door.server, value), key=key)
        except ChatError as error:
            answer = JSON.refusal(error, key)
        self.reply(answer)
