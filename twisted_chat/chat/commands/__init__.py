"""
The commands: lines that begin with a slash.

A command knows its user, and nothing of the connection or the dialect.

- C{table}: all commands with their help, and the dispatch of a line
- C{queries}: commands that only ask: who is here, which rooms there are, what was said
- C{account}: commands about the user's own account
- C{rooms}: commands about rooms: enter, leave, invite, lock
- C{moderators}: decides who may moderate where, and whom
- C{order}: commands about people: who may enter and speak, who has which role
- C{review}: commands about messages and acts: removals, reports, the audit
"""
