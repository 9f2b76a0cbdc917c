"""
The store in a SQLite file: written by one thread, read by others, told to the hub in the reactor's.

Nothing here knows the hub or a connection.  Only C{store} knows the reactor's thread.

- C{store}: the log's side in the reactor's thread
- C{writer}, C{reader}: its sides in the threads that write and read
- C{checkpoints}: copies the write-ahead log into the file, in a thread of its own
- C{opening}: how a file is opened, checked and upgraded
- C{historyfile}: the file's place on the disk, locked and watched
- C{steps}: the migrations: from each version of the tables to the next
- C{schema}: how the file is laid out
- C{rows}: from rows to values, and past those that cannot be read
- C{fulltext}: the index of words
- C{projection}: the records
- C{removedtexts}: the texts of removed messages
- C{retention}: how long what is kept
- C{superseded}: what is pruned however much is kept
- C{faults}: what can go wrong, and what the operator hears of it
- C{tool}: backup, check and export, for the operator
"""
