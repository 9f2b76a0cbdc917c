# -*- test-case-name: tests.accounts.test_rules -*-
"""
The projection, shared by stores and chat: the one place where events become records.

It depends only on the event and on the records that earlier events made, so the same log makes the
same records on every node and after every restart.
"""

from __future__ import annotations

from ..stores.interfaces import Records
from ..wire.events import Event
from . import moderation, registry

_RULES = {**registry.RULES, **moderation.RULES}


def project(event: Event, records: Records) -> None:
    """
    Apply an event to the records: a L{stores.interfaces.Projection}.

    @param event: any event; only kinds in L{wire.events.RECORDED} change records.
    @raise ChatError: if the event is malformed, or earlier events make it void; nothing has changed
        then.
    """
    rule = _RULES.get(event.kind)
    if rule is not None:
        rule(event, records)
