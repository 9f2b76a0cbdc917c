"""
The server's network: the transport half of a connection, and the limits for one connection, one
address and all together.

Nothing here knows a dialect, a user, a room or a command: only bytes, lines, sizes and times.

- C{limits}: every bound, with its unit and its reason
- C{ratelimit}: the rate limit of one client
- C{sockets}: features of a socket that its transport does not offer
- C{addresses}: the address of a client
- C{budget}: the memory that the queues of all clients share
- C{admission}: admits or refuses connections by their number
- C{deadlines}: one timer for the timeouts of all connections
- C{receiving}: the receive queue of one client
- C{sending}: the send queue of one client
- C{interfaces}: what a connection requires of its user, its door and its log
- C{connection}: the transport half of a connection, the same at every stream door
- C{listener}: where the server listens
- C{certificates}, C{tls}: the server's certificate; a port that speaks TLS
- C{proxy}: a port behind a proxy
"""
