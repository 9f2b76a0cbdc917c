"""
A chat server and its console client.

Each folder is one role and one level, and imports from lower levels only:

 - C{errors} and C{text}: what can be refused; what a text and a name may be
 - C{counters}: the server's figures about itself
 - C{steadyclock}: the wall time for what deletes
 - C{worker}: a thread of one's own for one task after the other
 - C{wire}: events and answers as plain values, and as lines in both dialects
 - C{stores}, C{net}, C{ops}, C{console}: none knows another
 - C{accounts}: to whom a name belongs, and how they prove it
 - C{client}: the console client, which knows the server by its protocol alone
 - C{chat}: the hub, its rooms and its users, who know no socket, no bytes and no reactor
 - C{doors}: each turns bytes into calls on the chat, and knows neither another door nor a port
 - C{options}, C{identity}, C{listening}: what the operator asks for: options, certificate, ports
 - C{service}, then C{composition}: the life of a server; only the latter knows ports, stores and
   doors together
 - C{tap}: what C{twistd} loads
 - C{monitor}: tells the figures, beside the doors
 - C{server}: the public face; C{history}: the command for a history file
 - C{admin}: the command for a running server
"""

from __future__ import annotations

__version__ = "1.0.0"
