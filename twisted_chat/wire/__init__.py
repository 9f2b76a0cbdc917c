"""
The wire format: splits bytes into lines, and renders events and answers as lines in both dialects.

Nothing here does I/O or knows who is connected, who is in a room, or where a history is kept.  The
server and the client share it.

- C{interfaces}: what a dialect promises, for those who add one
- C{events}: what happens in a chat, as plain values
- C{answers}: what the server answers, as plain values
- C{prose}: words answers as sentences, for every dialect that people read
- C{framing}: splits chunks of bytes into lines
- C{sniffing}: recognises other protocols by their first bytes
- C{telnet}: strips what telnet clients send besides lines
- C{proxyheader}: parses the header that a proxy sends before its client's data
- C{textlines}: the dialect for people
- C{jsonlines}: the dialect for programs
- C{fingerprint}: the fingerprint of a certificate, which people compare
- C{scram}: proves a password without sending it
"""
