"""
The door for the operator: a UNIX socket that only the server's own user may open, over which
objects of JSON come, one a line.

Nobody logs in here; to be let in is to be the operator.  It does not know how anything is kept.

- C{requests}: what the operator may ask for
- C{protocol}: one connection
- C{factory}: all connections, and what they share
- C{tool}: the other end: C{python -m twisted_chat.admin}
"""
