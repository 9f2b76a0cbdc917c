"""
The door for lines: C{nc}, telnet and the console client connect here, in the text dialect or the
JSON one.

It knows neither a port nor another door, and not how anything is kept.

- C{jsonrequests}: what programs ask for
- C{protocol}: one connection
- C{factory}: all connections, and what they share
"""
