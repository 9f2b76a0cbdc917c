"""
The door for lines: C{nc}, telnet and our client connect here, in the text or the JSON dialect.

It knows neither a port nor another door, and not how anything is kept.

- C{jsonrequests}: what programs ask for
- C{protocol}: one connection
- C{factory}: all connections, and what they share
"""
