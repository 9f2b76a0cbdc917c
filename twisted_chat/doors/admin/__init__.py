"""
The operator's door: a UNIX socket that only the server's own user may open, for JSON objects, one a
line.

Nobody logs in here: whoever can open the socket is the operator.  It does not know how anything is
stored.

- C{requests}: the requests of the operator
- C{protocol}: one connection
- C{factory}: all connections
- C{tool}: the program at the other end, C{python -m twisted_chat.admin}
"""
