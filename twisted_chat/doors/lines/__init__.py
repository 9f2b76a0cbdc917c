"""
The door for lines, in the text dialect or the JSON dialect: C{nc}, telnet and the console client
connect here.

It knows neither a port, nor another door, nor how anything is stored.

- C{jsonrequests}: the requests of programs
- C{protocol}: one connection
- C{factory}: all connections
"""
