"""
The doors: each turns the bytes of one kind of client into calls on the chat, and events into bytes.

A door knows neither another door nor how anything is kept.  What two of them share stands in this
folder itself.

- C{interfaces}: what the service asks of a door; whoever adds one starts here
- C{gate}: what all doors share: the hub, admission, the budget, limits, clock
- C{stream}: a door over stream sockets, and one connection of it
- C{admin/}: the operator, over a UNIX socket
- C{lines/}: plain lines and JSON lines, for C{nc}, telnet and the console client
"""
