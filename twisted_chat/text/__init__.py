"""
What a text, a name, a secret and a file of a person's own may be: rules that server and client
share.

Nothing here knows a socket, a protocol, a store or a reactor, and nothing keeps a state.

- C{cleaning}: what a text may contain, and how any text is made fit for a terminal or a log
- C{confusables}: which names look alike
- C{names}: what the name of a person or a room may be
- C{secrets}: secrets that are made, and what a password may be
- C{networks}: numeric addresses, and the networks by which they are counted
- C{files}: private folders, and files that are never half written
"""
