"""Results of other tools become records of the store, with what they know and no more.

Each module reads one layout. What a file does not say stays missing in the record: nothing is
guessed from the machine on which it is imported. The same file, imported twice or by two people,
gives the same records.
"""
