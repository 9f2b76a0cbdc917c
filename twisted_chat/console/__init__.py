"""
Provides a console: what the user types into and reads from.

L{console.Console} turns keys into lines, and lines into rows of a terminal; it knows no descriptor,
signal, reactor or network.  L{local.LocalHost} gives it the terminal this process runs in.  Nothing
here knows the chat, its client or its protocol.

- C{keys}: from bytes to keys
- C{graphemes}: text as terminals count it
- C{styledtext}: lines with styles
- C{buffer}, C{editor}: a text with a cursor; the line being typed
- C{inputhistory}, C{recall}: earlier lines, kept between runs; finding them
- C{completion}: what Tab offers
- C{ansi}, C{dumb}: the two ways to draw, with escapes and without
- C{screen}, C{console}: what is shown, and when; the console, and what it asks of its owner
- C{terminal}: a terminal's settings, and which kind of console fits it
- C{process}, C{local}: a process from its first byte to its exit code; the console in its terminal
"""
