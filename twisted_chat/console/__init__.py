"""
The console: what a person types into and reads from.

L{Console<twisted_chat.console.console.Console>} turns keys into lines, and lines into rows of a
terminal; it knows no descriptor, signal, reactor or network.
L{LocalHost<twisted_chat.console.local.LocalHost>} gives it the terminal this process runs in.
The others are their parts, and each knows only what it needs of the rest.
"""
