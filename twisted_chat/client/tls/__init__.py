"""
The client's TLS: the way to a server whose certificate can be believed, and to no other.

Nothing here knows what is said over the connection, or how a person is told of it.

- C{pins}: the servers seen before, and whether to believe a certificate
- C{handshake}: the application waits until the certificate was judged
- C{endpoint}: an endpoint that puts both together
"""
