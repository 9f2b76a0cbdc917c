"""
The commands: what a person can ask for by a line that begins with a slash.

A command knows the person who gave it, and nothing of the connection or the dialect.

- C{table}: all commands, with their help, and how a line finds its command
- C{queries}: those that ask: who is here, which rooms there are, what was said
- C{account}: those about one's own account
- C{rooms}: those about rooms: enter, leave, invite, lock
- C{order}: those of moderators: who may enter, who may speak, what stays
"""
