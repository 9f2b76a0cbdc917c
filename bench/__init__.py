"""
Measures this chat server beside others: C{python -m bench --help}.

Every run starts a fresh server on loopback, logs a crowd of users in, lets some of them talk, and
checks that each receiver got every sender's messages exactly once and in order. The figure that
counts is deliveries per second of the I{server's} CPU time, which other work on the machine moves
little; wall clock, latencies and memory stand beside it.
"""
