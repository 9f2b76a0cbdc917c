"""
Makes C{chatserver} known to C{twistd} and to C{python -m twisted}.

The module behind it is named, not imported: every C{twistd} on the machine loads this file, also
those that start something else.
"""

from __future__ import annotations

from twisted.application.service import ServiceMaker

chatServer = ServiceMaker(
    name="Chat server",
    module="twisted_chat.tap",
    description="A chat server: rooms over plain lines for people and JSON lines for programs.",
    tapname="chatserver",
)
