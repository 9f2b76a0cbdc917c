"""
Runs the console client: C{twisted-chat HOST PORT}, or C{python -m twisted_chat.client HOST PORT}.

The client knows the server by its protocol alone, and imports nothing of it.  The way to the server
(L{link}) knows no terminal, and the user interfaces (L{pipeui}, L{consoleui}) know no network.

- C{command}: the command line; it alone knows the reactor and all the others
- C{link}, C{connection}: one link over many connections; one connection
- C{dialect}, C{textdialect}, C{jsondialect}: what a link asks of a dialect; the two of them
- C{messages}, C{rendering}: what the server says, as values; how it reads to people
- C{login}, C{devicesecrets}: proving who the user is; the secrets that do it without a password
- C{outbox}, C{sender}: what has no receipt yet; what goes out, in order
- C{ui}, C{pipeui}, C{consoleui}: what a link asks of a user interface; in a pipe or a script; in a
  terminal
- C{view}, C{mentions}: how lines look in a terminal; finding a name in a text
- C{knownnames}, C{ignoring}: the names that completion offers; whom the user ignores
- C{localcommands}, C{accountcommands}: the client's own commands; its part in those about accounts
- C{reading}, C{away}: what the user has read, and what not; telling what waits for them
- C{settings}, C{sessionfile}: preferences, and sessions, which are kept between runs
- C{tls/}: the way to a server whose certificate can be believed
"""

from __future__ import annotations


def main() -> int:
    """
    Run the client with the arguments of this process.

    @return: the exit status.
    """
    from .command import main as run

    return run()
