"""
Runs the console client: C{twisted-chat HOST PORT}, or C{python -m twisted_chat.client HOST PORT}.

The client knows the server only by its protocol, and imports nothing of it.  The link to the server
(L{link}) knows no terminal, and the user interfaces (L{pipeui}, L{consoleui}) know no network.

- C{command}: the command line, the only file that knows the reactor and all other parts
- C{link}, C{connection}: one link over successive connections; one connection
- C{dialect}, C{textdialect}, C{jsondialect}: what a link requires of a dialect; the two dialects
- C{messages}, C{rendering}: parse the server's lines into values; render these for people
- C{login}, C{devicesecrets}: prove who the user is; keep the secrets that do it without a password
- C{outbox}, C{sender}: keep messages that have no receipt yet; send lines in order
- C{ui}, C{pipeui}, C{consoleui}: what a link requires of a user interface; that for pipes and
  scripts; that for terminals
- C{view}, C{mentions}: lay out lines for a terminal; find a name in a text
- C{knownnames}, C{ignoring}: keep the names for completion; keep whom the user ignores
- C{localcommands}, C{accountcommands}: run the client's own commands; run its part of those about
  accounts
- C{reading}, C{away}: keep how far the user has read; tell what waits for them
- C{settings}, C{sessionfile}: keep preferences and sessions between runs
- C{tls/}: connects to a server whose certificate is accepted
"""

from __future__ import annotations


def main() -> int:
    """
    Run the client with the arguments of this process.

    @return: the exit status.
    """
    from .command import main as run

    return run()
