"""The promises about the database, each a SQL file that returns the rows breaking it.

`catalogue` reads the files, `proofs` says which need no scan, `check` runs them, `look` takes a table too large for one
query in ranges, `findings` keeps their history.
"""
