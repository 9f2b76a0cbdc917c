"""
Accounts and moderation: who owns a name, how they prove it, and who may do what.

Nothing here knows a connection, a room or a thread; of the stores it knows only interfaces and
values.

- C{pepper}: the server's own secret, without which nobody can guess passwords from a stolen history
- C{credentials}: prove that somebody owns an account
- C{hashing}: hashes passwords one after another, away from the reactor
- C{throttle}: slows down guessing and mass registration
- C{records}: the records in memory, and the content of each kind
- C{fields}: validates an event's values for machines
- C{ranks}: orders people by rank in a place
- C{masks}: networks and patterns of names that bans match
- C{bans}: finds the bans in force by account, name, address and pattern
- C{terms}: parses the targets and times that moderators type
- C{banlists}: lists bans in the records, and bounds their number
- C{registry}, C{moderation}: the rules of accounts; the rules of rooms, roles and bans
- C{rules}: the one place where events become records
- C{law}: decides who may speak and who may enter
"""
