"""
The commands: what a person can ask for by a line that begins with a slash.

A command knows the person who gave it, and nothing of the connection or the dialect.

- C{table}: all commands, with their help, and how a line finds its command
- C{queries}: those that ask: who is here, which rooms there are, what was said
- C{account}: those about one's own account
- C{rooms}: those about rooms: enter, leave, invite, lock
- C{moderators}: who may use those of moderators, where and on whom
- C{order}: those about people: who may enter and speak, who has which role
- C{review}: those about what was said and done: removals, reports, the audit
"""
