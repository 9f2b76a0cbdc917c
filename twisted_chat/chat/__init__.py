"""
The chat itself: people, rooms, and the way of every event.

Nothing here knows a socket, bytes of a wire, a port or a file.  Of the stores it takes only the
interfaces and the sessions; a connection is an L{interfaces.IChatClient}.

- C{interfaces}: what the chat asks of a connection and of the operator's log
- C{audience}: who hears the same events
- C{fanout}: from a batch of events to one call for each listener
- C{room}, C{rooms}: one room; which rooms there are
- C{user}: what a door may do for the person behind it
- C{presence}: comings and goings
- C{welcome}: what a newcomer is told
- C{hub}: the way of every event, from the log to those who hear it
- C{commands/}: what a person can ask for by a line that begins with a slash
"""
