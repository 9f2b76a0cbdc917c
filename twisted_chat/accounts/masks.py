# -*- test-case-name: tests.accounts.test_masks -*-
"""
Networks and patterns of names, which bans match besides people.

A network has one canonical spelling, so that its ban can be found again.  A pattern has stars
instead of a regular expression, so that nobody can write one that takes long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from ..errors import BadCommand
from ..text.confusables import looks
from ..text.networks import addressOf

MAX_STARS: Final = 4
"""Stars of a pattern."""

MAX_PATTERN: Final = 32
"""The longest pattern, in characters: as long as the longest name."""

MIN_PATTERN: Final = 2
"""The fewest characters of a pattern besides its stars: with fewer it matches almost everybody."""

WIDEST: Final[Mapping[int, int]] = {4: 8, 6: 16}
"""The shortest prefix of a network, by the version of IP: /lockdown keeps everybody out."""

HOST_BITS: Final[Mapping[int, int]] = {4: 32, 6: 64}
"""The longest prefix of a network: a household with one IPv6 address has its whole /64."""


class Pattern:
    """
    A pattern with stars, each of which matches any number of characters.
    """

    __slots__ = ("_first", "_last", "_least", "_middle")

    def __init__(self, shape: str) -> None:
        self._first, *middle = shape.split("*")
        self._last = middle.pop() if middle else None
        self._middle = [part for part in middle if part]
        self._least = len(shape.replace("*", ""))

    def matches(self, name: str) -> bool:
        """
        Match a name, taking the earliest place for each part: if any place works, the earliest
        does, so there is no backtracking.
        """
        if self._last is None:
            return name == self._first
        if len(name) < self._least or not (
            name.startswith(self._first) and name.endswith(self._last)
        ):
            return False
        at, end = len(self._first), len(name) - len(self._last)
        for part in self._middle:
            at = name.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return at <= end


def shapes(pattern: str) -> list[str]:
    """
    @return: the pattern in the forms that are compared with the looks of a name
        (L{text.confusables.looks}).
    """
    stars = pattern.count("*")
    return sorted(look for look in looks(pattern) if look.count("*") == stars)


def checkedPattern(text: str) -> str:
    """
    @return: the pattern of names, unchanged.
    @raise BadCommand: if it is none, or too wide.
    """
    stars = text.count("*")
    if not 0 < stars <= MAX_STARS or len(text) > MAX_PATTERN:
        raise BadCommand(
            f"a pattern has at most {MAX_STARS} stars and {MAX_PATTERN} characters: shorten it"
        )
    if len(text) - stars < MIN_PATTERN:
        raise BadCommand(
            f"a pattern has at least {MIN_PATTERN} characters beside its stars: add some"
        )
    return text


def parseNetwork(text: str) -> str | None:
    """
    @param text: an address, or a network as C{203.0.113.0/24}.
    @return: the network in its canonical spelling: IPv4-mapped IPv6 as IPv4 (RFC 4291 section
        2.5.5.2), IPv6 no narrower than /64; C{None} if the text is not a network.
    """
    try:
        network: IPv4Network | IPv6Network = ip_network(text, strict=False)
    except ValueError:
        return None
    if "%" in text:
        return None  # A zone (RFC 4007), which networks do not have.
    if isinstance(network, IPv6Network):
        mapped = network.network_address.ipv4_mapped
        if mapped is not None and network.prefixlen >= 96:
            return str(IPv4Network((mapped, network.prefixlen - 96)))
        if network.prefixlen > HOST_BITS[6]:
            network = network.supernet(new_prefix=HOST_BITS[6])
    return str(network)


def checkedNet(text: str) -> str:
    """
    @return: the network, unchanged, if it is in the spelling of L{parseNetwork} and may be banned.
    @raise BadCommand: if it is none, or too wide.
    """
    if parseNetwork(text) != text:
        raise BadCommand("this is no network: write it as 203.0.113.0/24 or 2001:db8::/48")
    network = ip_network(text)
    if network.prefixlen < WIDEST[network.version]:
        raise BadCommand(
            f"a network of IPv{network.version} is banned from /{WIDEST[network.version]} on: "
            "/lockdown keeps everybody out"
        )
    return text


def isOneHost(net: str) -> bool:
    """
    @param net: a network that L{checkedNet} accepts.
    @return: whether it is the size of one household: an IPv4 address, or an IPv6 /64.
    """
    network = ip_network(net)
    return network.prefixlen == HOST_BITS[network.version]


def networkHolds(net: str) -> Callable[[str], bool]:
    """
    @param net: a network that L{checkedNet} accepts.
    @return: a function that tells whether a host is in the network, however it is written.  It
        decides most hosts by a textual prefix, since parsing ten thousand takes 20 ms.
    """
    network = ip_network(net)
    first, last = int(network.network_address), int(network.broadcast_address)
    octets = str(network.network_address).split(".")[: network.prefixlen // 8]
    head = ".".join(octets) if network.version == 4 else "no host begins so"

    def holds(host: str) -> bool:
        if ":" not in host and not host.startswith(head):
            return False
        address = addressOf(host)
        return (
            address is not None
            and address.version == network.version
            and first <= int(address) <= last
        )

    return holds


def nameMatches(pattern: str) -> Callable[[str], bool]:
    """
    @param pattern: one that L{checkedPattern} accepts.
    @return: a function that tells whether the pattern matches one of the looks of a name.
    """
    patterns = [Pattern(shape) for shape in shapes(pattern)]
    return lambda look: any(each.matches(look) for each in patterns)


def hostNet(host: str) -> str | None:
    """
    @param host: somebody's address.
    @return: the network to ban together with them; C{None} if they have no address, or connect from
        this machine, as everybody does through a tunnel.
    """
    address = addressOf(host)
    return None if address is None or address.is_loopback else parseNetwork(host)
