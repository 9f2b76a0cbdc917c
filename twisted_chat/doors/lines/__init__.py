"""
The door for lines: C{nc}, telnet and our client come in here, in the text or the JSON dialect.

It knows neither a port nor another door, and not how anything is kept.

- C{protocol}: one connection
- C{factory}: all connections, and what they share
- C{jsonrequests}: what programs ask for
"""
