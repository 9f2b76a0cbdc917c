# -*- test-case-name: tests.accounts.test_rules -*-
"""
The one place where events become records: the projection of the stores, and of the chat itself.

It knows nothing but the event and the records that the events before it made, so the same log makes
the same records on every node and after every restart.
"""

from __future__ import annotations

from ..stores.interfaces import Records
from ..wire.events import Event
from . import moderation, registry

_RULES = {**registry.RULES, **moderation.RULES}


def project(event: Event, records: Records) -> None:
    """
    Do to the records what an event means: a L{stores.interfaces.Projection}.

    @param event: one of a kind in L{wire.events.RECORDED}; others do nothing.
    @raise ChatError: if the event is void by what came before it, or malformed; then nothing has
        changed.
    """
    rule = _RULES.get(event.kind)
    if rule is not None:
        rule(event, records)
