"""
Rules for texts, names, secrets and private files, shared by server and client.

Nothing here knows a socket, a protocol, a store or a reactor, and nothing keeps state.

- C{cleaning}: checks what a text contains, and makes any text fit for a terminal or a log
- C{confusables}: which names look alike
- C{names}: checks the names of people and rooms
- C{secrets}: generates secrets, and checks passwords
- C{networks}: parses numeric addresses, and finds the networks by which they are counted
- C{files}: makes private folders, and writes files as a whole or not at all
"""
