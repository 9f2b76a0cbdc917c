"""
The doors: each turns the bytes of one kind of client into calls on the chat, and events into bytes.

A door knows neither another door nor how anything is stored.  Code that doors share stands in this
folder itself.

- C{interfaces}: what the service requires of a door; the place to start when adding one
- C{gate}: the objects that all doors share: hub, admission, budget, limits, clock
- C{stream}: the base classes of a door over stream sockets and of its connections
- C{admin/}: the operator's door, a UNIX socket
- C{lines/}: plain lines and JSON lines, for C{nc}, telnet and the console client
"""
