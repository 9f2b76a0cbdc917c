"""
The wire format: lines, and events and answers as lines, in both dialects.

Nothing here does I/O or knows who is connected, who is in a room, or where a history is kept.  The
server and the client share it.

- C{interfaces}: what a dialect promises, for those who add one
- C{events}: what happens in a chat, as plain values
- C{answers}: what the server answers, as plain values
- C{prose}: answers in sentences, for every dialect that tells them to people
- C{framing}: from chunks of bytes to lines
- C{sniffing}: recognises other protocols by their first bytes
- C{telnet}: what telnet clients send besides lines
- C{proxyheader}: what a proxy says before its client speaks
- C{textlines}: the dialect for people
- C{jsonlines}: the dialect for programs
- C{fingerprint}: how a certificate is written for people to compare
- C{scram}: how a password is proved without being sent
"""
