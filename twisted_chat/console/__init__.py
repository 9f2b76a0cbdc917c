"""
Provides a console: a line editor below scrolling output, in a terminal.

L{console.Console} turns keys into lines, and lines into rows of a terminal; it knows no descriptor,
signal, reactor or network.  L{local.LocalHost} connects it to the terminal of this process.
Nothing here knows the chat, its client or its protocol.

- C{keys}: parses bytes into keys
- C{graphemes}: counts text as terminals do
- C{styledtext}: lines with styles
- C{buffer}, C{editor}: a text with a cursor; the editor of a line
- C{inputhistory}, C{recall}: keeps earlier lines between runs; finds them
- C{completion}: the candidates that Tab offers
- C{ansi}, C{dumb}: draw with escape sequences, and without
- C{screen}, C{console}: schedules drawing; the console, and what it requires of its owner
- C{terminal}: changes a terminal's settings, and chooses the kind of console
- C{process}, C{local}: runs a process from its first byte to its exit code; runs the console in its
  terminal
"""
