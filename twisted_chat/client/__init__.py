"""
The console client: C{twisted-chat HOST PORT}, or C{python -m twisted_chat.client HOST PORT}.

It knows the server by its protocol alone, and imports nothing of it.  The way to the server
(L{link}) knows no terminal, and what people see (L{pipeui}, L{consoleui}) knows no network.

- C{command}: the command line; it alone knows the reactor and all the others
- C{link}, C{connection}: one link over many connections; one connection
- C{dialect}, C{textdialect}, C{jsondialect}: what a link asks of a dialect; the two of them
- C{messages}, C{rendering}: what is heard, as values; how it reads to people
- C{outbox}, C{sender}: what has no receipt yet; what goes out, in order
- C{ui}, C{pipeui}, C{consoleui}: what a link is shown on; in a pipe or a script; in a terminal
- C{view}: how lines look in a terminal
- C{localcommands}: the client's own commands
- C{settings}: what is kept between runs
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
