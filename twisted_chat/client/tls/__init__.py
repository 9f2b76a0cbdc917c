"""
Connects over TLS, but only to a server whose certificate is accepted.

Nothing here knows the protocol over the connection, or the user interface.

- C{pins}: remembers servers, and decides whether to accept a certificate
- C{handshake}: makes the application wait until the certificate is accepted
- C{endpoint}: an endpoint that combines both
"""
