"""
A chat server and its console client.

The hub, its rooms and its users (L{twisted_chat.hub}) know no socket, no bytes and no reactor; the
doors (L{twisted_chat.server}) turn bytes into calls on them and know neither each other nor a
port.  Only L{twisted_chat.tap} knows ports, stores and doors together.  The client
(L{twisted_chat.client}) knows the server by its protocol alone and imports none of it.
"""

from __future__ import annotations

__version__ = "1.0.0"
