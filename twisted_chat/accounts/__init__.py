"""
Accounts: to whom a name belongs, and how they prove it.

Nothing here knows a connection, a room or a thread, and of the stores only interfaces and values.

- C{pepper}: the server's own secret, without which passwords of a stolen history are not guessed
- C{credentials}: what proves that somebody is the owner of an account
- C{hashing}: hashes passwords one after another, away from the reactor
- C{throttle}: slows down those who guess, or register again and again
"""
