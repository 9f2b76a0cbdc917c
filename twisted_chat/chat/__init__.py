"""
The chat itself: people, rooms, and the way of every event.

Nothing here knows a socket, bytes of a wire, a port, a file or the reactor.  Of the stores it takes
the interfaces and the values alone.  Whatever people do becomes a draft; state changes in one
place, when the log returns the event.

- C{interfaces}: what the chat asks of a connection and of the operator's log
- C{authentication}: checks the owners of accounts
- C{audience}, C{fanout}: who hears the same events; from a batch to one call for each listener
- C{room}, C{rooms}: one room, with its eras; all of them, and what their events make of them
- C{emptyrooms}: the rooms that nobody is in, and which of them are forgotten
- C{member}, C{roster}: one person, over however many connections; who has which name
- C{passwords}: slows down those who guess the passwords of rooms
- C{quotas}: how many rooms one address makes, and how fast rooms are changed
- C{state}: what the parts share
- C{recovery}: makes rooms and rights again that were not stored when the server ended
- C{replies}: the order of answers
- C{user}: the avatar, which a door calls
- C{operator}: what the operator may do
- C{readmarks}: up to where the owner of an account has read
- C{welcome}, C{presence}, C{delivery}: greets; lets people join and leave; shows everything else
- C{moderation}: lets what moderators did take effect
- C{commands/}: what a line that begins with a slash asks for
- C{login}: under a name, with the token of a session, or to an account
- C{hub}: the way into the chat, and the follower of its log
"""
