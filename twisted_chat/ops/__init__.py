"""
What the operator sees of the server.

Nothing here knows the hub or a connection: others tell it what to write.

- C{auditlog}: who came and went, and what was said in public
- C{limitedlog}: a log that strangers cannot flood
- C{signals}: what the process does at a signal
- C{systemd}: reports the server's state to the service manager
"""
