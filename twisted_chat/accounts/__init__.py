"""
Accounts and order: to whom a name belongs, how they prove it, and who may do what.

Nothing here knows a connection, a room or a thread, and of the stores only interfaces and values.

- C{pepper}: the server's own secret, without which passwords of a stolen history are not guessed
- C{credentials}: what proves that somebody is the owner of an account
- C{hashing}: hashes passwords one after another, away from the reactor
- C{throttle}: slows down those who guess, or register again and again
- C{records}: the records in memory, and what each kind of them holds
- C{fields}: reads the machine's values of an event, and believes none
- C{ranks}: who stands above whom in a place
- C{masks}: networks and patterns of names
- C{bans}: the bans in force, found by account, name, address and pattern
- C{terms}: what moderators write: targets and times
- C{banlists}: how the records list bans, and the bounds of their number
- C{registry}, C{moderation}: the rules of accounts; the rules of rooms, roles and bans
- C{rules}: the one place where events become records
- C{law}: what is in force: who may speak, who may enter
"""
