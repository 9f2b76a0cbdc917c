"""
Accounts and order: whose a name is, who may do what where, and who may not enter or speak.

Everything here is a pure value or rule: no I/O, no connection, no clock but an argument.  What is
true is made of the log alone.

- C{records}: the records in memory, and what each kind of them holds
- C{fields}: reads the machine's values of an event, and believes none
- C{ranks}: who stands above whom in a place
- C{bans}: the bans in force, found by account, name, address and pattern
- C{terms}: what moderators write: targets and times
- C{banlists}: how the records list bans, and the bounds of their number
- C{registry}, C{moderation}: the rules of accounts; the rules of rooms, roles and bans
- C{rules}: the one place where events become records
- C{law}: what is in force: who may speak, who may enter
"""
