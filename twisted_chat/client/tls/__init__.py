"""
Connects over TLS to a server whose certificate is accepted, and to no other.

Nothing here knows what is said over the connection, or how the user is told of it.

- C{pins}: the servers seen before, and whether to believe a certificate
- C{handshake}: the application waits until the certificate is accepted
- C{endpoint}: an endpoint that puts both together
"""
