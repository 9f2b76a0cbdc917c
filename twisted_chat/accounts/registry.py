# -*- test-case-name: tests.accounts.test_registry -*-
"""
The rules of accounts: how their events change the records, and when such an event is void.

Each rule checks everything before it changes anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ..errors import NameTaken, NoSuchUser, NotAllowed
from ..stores.interfaces import MARK, Records
from ..wire.events import (
    CODE,
    CREDENTIALS,
    NAMED,
    READ,
    REGISTERED,
    SERVER,
    UNREGISTERED,
    Event,
    asData,
)
from . import records as kinds
from .credentials import MAX_CREDENTIALS
from .fields import Fields, malformed
from .ranks import Rank, isAccount, placeOf, rankOf, settingOf

MAX_NAMES: Final = 4
"""Most names of one account: its main one, and three more."""

MAX_CODES: Final = 10
"""Most codes of one account that are valid, or not older than L{CODES_SECONDS}, so that invitations
do not let in a crowd."""

MAX_SERVER_CODES: Final = 1_000
"""Most codes of the server, counted in the same way."""

CODES_SECONDS: Final = 86_400.0
"""How long a used code is counted, in seconds."""

MAX_CODE_SECONDS: Final = 30 * 86_400.0
"""The longest validity of a code, in seconds: as long as removed messages can be restored."""

MAX_LABEL: Final = 64
"""The longest label of a device, in characters."""

DIRECT: Final = "@"
"""Stands for direct messages, in the place of a read mark."""

TO_REGISTER: Final = "register"
"""The purpose of a code that lets somebody register."""

FOR_DEVICE: Final = "device"
"""The purpose of a code with which an account admits another device of its own."""

TO_RECOVER: Final = "recover"
"""The purpose of a code that the operator gives to somebody who has lost all credentials."""


def _registered(event: Event, records: Records) -> None:
    who = event.sid
    fields = Fields(event.data)
    looks = fields.looks()
    if not who or not looks:
        raise malformed()
    if records.get(kinds.ACCOUNT, who) is not None:
        raise NotAllowed("you are registered already: /account shows your names")
    _checkFree(records, event.name, looks)
    code = _usable(records, event, fields, TO_REGISTER)
    _checkPolicy(records, event.time, code)
    account = {"name": event.name, "since": event.time, "names": [event.name]}
    records.put(kinds.ACCOUNT, who, account)
    _own(records, who, event.name, looks)
    _useUp(records, fields)


def _checkFree(records: Records, name: str, looks: Sequence[str]) -> None:
    """
    @raise NameTaken: if an account owns a look-alike, even if the account has ended.
    """
    for look in looks:
        owned = records.get(kinds.OWNED, look)
        if owned is not None:
            raise NameTaken(
                f"{owned['name']} is registered, and {name} looks like it: choose another"
            )


def _checkPolicy(records: Records, time: float, code: Mapping[str, Any] | None) -> None:
    """
    @raise NotAllowed: if nobody may register now, or only with a code.  An operator's code is valid
        at any time.
    """
    if code is not None and code["rank"] >= Rank.OPERATOR:
        return
    if settingOf(records, SERVER, "lockdown", time) is not None:
        raise NotAllowed("nobody can register at the moment: try again later")
    policy = settingOf(records, SERVER, "registration", time)
    if policy == "operator" or (policy == "invited" and code is None):
        raise NotAllowed("registering here takes a code: ask for one")


def _own(records: Records, who: str, name: str, looks: Sequence[str]) -> None:
    for look in looks:
        records.put(kinds.OWNED, look, {"who": who, "name": name})


def _usable(
    records: Records, event: Event, fields: Fields, *purposes: str
) -> Mapping[str, Any] | None:
    """
    @param purposes: what the code may be for.
    @return: the code that an event uses, or C{None} if it uses none.
    @raise NotAllowed: if the code cannot be used, or not for this.
    """
    hash = fields.text("code", "")
    if not hash:
        return None
    code: Mapping[str, Any] | None = records.get(kinds.CODE, hash)
    good = code is not None and code["until"] > event.time and code["purpose"] in purposes
    if code is None or not good or code["who"] not in ("", event.sid):
        raise NotAllowed("this code is wrong, used or too old: ask for another")
    return code


def _useUp(records: Records, fields: Fields) -> None:
    hash = fields.text("code", "")
    if hash:
        records.put(kinds.CODE, hash, None)


def _mustBeAccount(records: Records, who: str) -> None:
    if not isAccount(records, who):
        raise NotAllowed("only registered people may do this: /register first")


def _credentials(event: Event, records: Records) -> None:
    who = event.sid
    fields = Fields(event.data)
    code = fields.text("code", "")
    listed = fields.objects("credentials", MAX_CREDENTIALS)
    if code and not listed:
        # This event has lost its credentials to newer ones, but it still uses up its code.
        _useUp(records, fields)
        return
    if not listed or not all(isinstance(each.get("label"), str) for each in listed):
        raise malformed()
    _mustBeAccount(records, who)
    _usable(records, event, fields, FOR_DEVICE, TO_RECOVER)
    former = records.get(kinds.CREDENTIALS, who)
    records.put(kinds.CREDENTIALS, who, {"at": event.id, "list": listed, "code": code})
    if former is not None:
        _blank(records, former)
    _useUp(records, fields)


def _blank(records: Records, former: Mapping[str, Any]) -> None:
    """
    Remove replaced credentials from the log, so that no old verifier lingers; the code that they
    used up stays used.
    """
    code = former.get("code")
    records.blank(former["at"], asData({"code": code}) if code else "")


def _subject(event: Event, records: Records, fields: Fields) -> str:
    """
    @return: the account that an event is about: the author's own, or any account if the author is
        an operator.
    @raise ChatError: if its author may not do this.
    """
    who = fields.text("who", event.sid)
    if who != event.sid and rankOf(records, SERVER, event.sid) < Rank.OPERATOR:
        raise NotAllowed("only operators may do this to others: nothing was changed")
    if records.get(kinds.ACCOUNT, who) is None:
        raise NotAllowed("only registered people may do this: /register first")
    return who


def _named(event: Event, records: Records) -> None:
    fields = Fields(event.data)
    who = _subject(event, records, fields)
    looks = fields.looks()
    if not looks:
        raise malformed()
    if fields.flag("owned"):
        _addName(event, records, who, looks)
    else:
        _giveBack(event, records, who, looks)


def _addName(event: Event, records: Records, who: str, looks: Sequence[str]) -> None:
    _mustBeAccount(records, who)
    account = records.get(kinds.ACCOUNT, who)
    if len(account["names"]) >= MAX_NAMES:
        raise NotAllowed(f"an account has at most {MAX_NAMES} names: give one back first")
    _checkFree(records, event.name, looks)
    names = [*account["names"], event.name]
    records.put(kinds.ACCOUNT, who, {**account, "names": names})
    _own(records, who, event.name, looks)


def _giveBack(event: Event, records: Records, who: str, looks: Sequence[str]) -> None:
    """
    Give up a name of an account.  Its main name stays until the account has ended; then an operator
    may free it.
    """
    account = records.get(kinds.ACCOUNT, who)
    if event.name not in account["names"]:
        raise NoSuchUser(f"{event.name} is not a name of this account")
    if event.name == account["name"] and not account.get("gone"):
        raise NotAllowed(f"the account is called {event.name}: /unregister ends it")
    names = [each for each in account["names"] if each != event.name]
    records.put(kinds.ACCOUNT, who, {**account, "names": names})
    for look in looks:
        if records.get(kinds.OWNED, look) == {"who": who, "name": event.name}:
            records.put(kinds.OWNED, look, None)


def _unregistered(event: Event, records: Records) -> None:
    who = _subject(event, records, Fields(event.data or "{}"))
    _mustBeAccount(records, who)
    account = records.get(kinds.ACCOUNT, who)
    former = records.get(kinds.CREDENTIALS, who)
    # Roles count only for accounts that have not ended, so no place has to change.
    records.put(kinds.ACCOUNT, who, {**account, "gone": True})
    records.put(kinds.CREDENTIALS, who, None)
    if former is not None:
        _blank(records, former)


def _code(event: Event, records: Records) -> None:
    fields = Fields(event.data)
    hash = fields.text("hash")
    who = fields.text("who", "")
    purpose = fields.word("purpose", TO_REGISTER, FOR_DEVICE, TO_RECOVER)
    label = fields.text("label", "", MAX_LABEL)
    until = fields.end(event.time)
    if not hash or not 0 < until - event.time <= MAX_CODE_SECONDS:
        raise malformed()
    rank = rankOf(records, SERVER, event.sid)
    if purpose == TO_REGISTER and not who:
        if rank < Rank.OPERATOR:
            _mustBeAccount(records, event.sid)
    else:
        _mustBeAccount(records, who)
        if who != event.sid and (purpose == FOR_DEVICE or rank < Rank.OPERATOR):
            raise NotAllowed("this code may only be given out by others: nothing was changed")
    if records.get(kinds.CODE, hash) is not None:
        raise malformed()
    given, over = _recentCodes(records, event)
    if len(given) >= (MAX_CODES if event.sid else MAX_SERVER_CODES):
        raise NotAllowed("you have given out as many codes as you may: try again tomorrow")
    for each in over:
        records.put(kinds.CODE, each, None)
    code = {"purpose": purpose, "who": who, "label": label, "until": until}
    records.put(kinds.CODE, hash, {**code, "by": event.sid, "rank": int(rank)})
    records.put(kinds.CODES, event.sid, [*given, [hash, event.time, until]])


def _recentCodes(records: Records, event: Event) -> tuple[list[Any], list[str]]:
    """
    @return: those of an account's codes that count, and the hashes of those that have expired.
    """
    given, over = [], []
    for hash, time, until in records.get(kinds.CODES, event.sid) or ():
        isGood = until > event.time and records.get(kinds.CODE, hash) is not None
        if until <= event.time:
            over.append(hash)
        if isGood or time > event.time - CODES_SECONDS:
            given.append([hash, time, until])
    return given, over


def _read(event: Event, records: Records) -> None:
    fields = Fields(event.data)
    place = fields.text("place")
    id = fields.whole("id", most=event.id)
    if place != DIRECT:
        placeOf(records, place)
    _mustBeAccount(records, event.sid)
    key = f"{event.sid} {place}"
    if id > (records.get(MARK, key) or 0):
        records.put(MARK, key, id)


RULES: Final[Mapping[str, Callable[[Event, Records], None]]] = {
    REGISTERED: _registered,
    CREDENTIALS: _credentials,
    NAMED: _named,
    UNREGISTERED: _unregistered,
    CODE: _code,
    READ: _read,
}
"""The rule of each kind in L{wire.events.ACCOUNTS}."""
