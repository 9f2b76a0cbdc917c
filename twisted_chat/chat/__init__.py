"""
The chat itself: people, rooms, and the path of every event.

Nothing here knows a socket, bytes of a wire, a port, a file or the reactor.  Of the stores it knows
only interfaces and values.  Everything that people do becomes a draft; state changes in one place,
when the log returns the event.

- C{interfaces}: what the chat requires of a connection and of the audit log
- C{authentication}: checks the owners of accounts
- C{audience}, C{fanout}: the listeners of the same events; turns a batch into one call for each
  listener
- C{room}, C{rooms}: one room, with its eras; all rooms, changed by their events
- C{emptyrooms}: the empty rooms, and which of them are closed
- C{member}, C{roster}: one person with all their connections; who has which name
- C{passwords}: slows down guessing of room passwords
- C{quotas}: limits how many rooms an address makes, and how fast rooms change
- C{state}: the state that the parts share
- C{recovery}: restores rooms and rights that were not stored when the server ended
- C{replies}: the order of answers
- C{user}: the avatar, whose methods a door calls
- C{operator}: what the operator may do
- C{readmarks}: how far the owner of an account has read
- C{welcome}, C{presence}, C{delivery}: welcomes people; lets them join and leave; shows everything
  else
- C{moderation}: applies what moderators did
- C{commands/}: the commands that begin with a slash
- C{login}: logs people in under a name, with the token of a session, or to an account
- C{hub}: the way into the chat, and the follower of its log
"""
