"""
Where everything is kept: in memory, or in a SQLite file.

All stores provide L{interfaces.IStore} and pass one suite of tests.  They know neither the hub nor
a connection, and not each other.

- C{interfaces}: what a store promises, for those who add one
- C{session}: what is kept of a person's stay
- C{search}: what "contains these words" means
- C{base}: what all stores have in common
- C{records}: how a store runs its projection
- C{turns}: dear questions, one person after the other
- C{past}: the newest events of a log in memory
- C{memoryrecords}: what is made of them
- C{memory}: the store without a disk
- C{sqlite/}: the store in a SQLite file
"""
