"""
The doors: each turns the bytes of one kind of client into calls on the chat, and events into bytes.

A door knows neither another door nor the ports that lead to it.  What two of them share stands in
this folder itself.

- C{lines/}: plain lines and JSON lines, for C{nc}, telnet and our own client
"""
