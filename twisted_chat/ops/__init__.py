"""
What the operator sees of the server.

Nothing here knows the hub or a connection: others tell it what to write.

- C{auditlog}: who came and went, and what was said in public
- C{limitedlog}: a log that strangers cannot flood
- C{jsonlog}: the log for programs
- C{logfile}: a log file that is bounded and may be renamed
- C{config}: a file of options
- C{reloading}: takes up changed options while the server runs
- C{metrics}: figures as Prometheus reads them
- C{lag}: how late the reactor is
- C{pages}: the pages of the monitor; the only file that imports C{twisted.web}
- C{signals}: what the process does at a signal
- C{systemd}: reports the server's state to the service manager
"""
