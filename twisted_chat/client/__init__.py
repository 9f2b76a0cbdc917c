"""
The console client: C{twisted-chat HOST PORT}, or C{python -m twisted_chat.client HOST PORT}.

It knows the server by its protocol alone.  What it does on the way to the server (L{client.link})
knows no terminal, and what people see (L{client.plain}, L{client.talk}) knows no network.
"""

from __future__ import annotations


def main() -> int:
    """
    Run the client with the arguments of this process.

    @return: the exit status.
    """
    from .command import main as run

    return run()
