"""
The server's network: what one connection, one address and all of them may use, and the transport
half of a connection.

Nothing here knows a dialect, a user, a room or a command: bytes, lines, sizes and times are all.

- C{limits}: every bound, with its unit and its reason
- C{ratelimit}: the rate limit of one client
- C{sockets}: what a socket can do that its transport does not offer
- C{addresses}: where a client comes from
- C{budget}: what is queued for all clients together
- C{admission}: who may connect
- C{deadlines}: one timer for the timeouts of all
- C{receiving}: the receive queue of one client
- C{sending}: the send queue of one client
- C{interfaces}: what a connection asks of those around it
- C{connection}: the transport half of a connection, the same at every stream door
- C{listener}: where the server listens
- C{certificates}, C{tls}: the server's certificate; a port that speaks TLS
- C{proxy}: a port behind a proxy
"""
