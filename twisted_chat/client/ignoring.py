# -*- test-case-name: tests.client.test_ignoring -*-
"""
Keeps track of whom the user ignores, whatever name they take.

Registered people are ignored by account, so that a guest who later uses their name is not.  Guests
are ignored by name, and followed as long as their renamings are seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .mentions import folded

MAX_ALIASES = 200
"""Most later names of ignored users that are kept; the oldest is dropped."""


class IgnoreList:
    """
    The ignored users: each by the name that was given to C{/ignore}, which stays ignored, by later
    names, and by account.
    """

    def __init__(
        self,
        names: Iterable[str] = (),
        aliases: Mapping[str, str] | None = None,
        accounts: Mapping[str, str] | None = None,
    ) -> None:
        """
        @param names: the ignored names.
        @param aliases: later names, each with the ignored name that it stands for.
        @param accounts: the accounts of ignored names, by these names.
        """
        self._names = {folded(each): each for each in names}
        self._accounts = {
            folded(name): account
            for name, account in (accounts or {}).items()
            if folded(name) in self._names
        }
        self._aliases: dict[str, tuple[str, str]] = {}
        for name, original in (aliases or {}).items():
            if folded(original) in self._names:
                self._aliases[folded(name)] = name, folded(original)

    def __eq__(self, other: object) -> bool:
        """
        Compare what is ignored.
        """
        return isinstance(other, IgnoreList) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    @property
    def names(self) -> list[str]:
        """
        The ignored names, sorted.
        """
        return sorted(self._names.values(), key=str.casefold)

    @property
    def aliases(self) -> dict[str, str]:
        """
        The later names, each with the ignored name that it stands for.
        """
        return {name: self._names[original] for name, original in self._aliases.values()}

    @property
    def accounts(self) -> dict[str, str]:
        """
        The accounts of ignored names, by these names.
        """
        return {self._names[name]: account for name, account in self._accounts.items()}

    def add(self, name: str, account: str = "") -> None:
        """
        Ignore a user.

        @param account: the name of their account; empty if they have none.
        """
        self._names[folded(name)] = name
        self._accounts.pop(folded(name), None)
        if account:
            self._accounts[folded(name)] = account

    def remove(self, name: str) -> bool:
        """
        Stop ignoring a user, given by the ignored name or a later one.

        @return: whether they were ignored.
        """
        sought = folded(name)
        if sought in self._aliases:
            sought = self._aliases[sought][1]
        if self._names.pop(sought, None) is None:
            return False
        self._accounts.pop(sought, None)
        for alias in [each for each, (_, original) in self._aliases.items() if original == sought]:
            del self._aliases[alias]
        return True

    def covers(self, name: str, account: str | None = None) -> bool:
        """
        @param account: the name of their account, empty for a guest; C{None} if unknown.
        @return: whether the user with this name is ignored.
        """
        if account and folded(account) in map(folded, self._accounts.values()):
            return True
        sought = folded(name)
        if sought in self._aliases:
            sought = self._aliases[sought][1]
        # The name that an ignored account used may now belong to somebody else, if its owner never
        # registered that name.
        isOther = account is not None and sought in self._accounts
        return sought in self._names and not isOther

    def renamed(self, name: str, to: str) -> bool:
        """
        Follow a user to a new name.  The former one, unless it was given to C{/ignore}, is no
        longer ignored.

        @return: whether the list has changed.
        """
        former, latter = folded(name), folded(to)
        if former in self._aliases:
            original = self._aliases.pop(former)[1]
        elif former in self._names:
            original = former
        else:
            return False
        if latter not in self._names:
            self._aliases[latter] = to, original
            if len(self._aliases) > MAX_ALIASES:
                del self._aliases[next(iter(self._aliases))]
        return True

    def describe(self) -> str:
        """
        @return: the list in words.
        """
        now: dict[str, list[str]] = {}
        for alias, original in self.aliases.items():
            now.setdefault(original, []).append(alias)
        described = [
            f"{name} (now {', '.join(now[name])})" if name in now else name for name in self.names
        ]
        return ", ".join(described) or "nobody"
