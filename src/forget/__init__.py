"""Delete the rows whose object is gone and that nobody cites: journalled whole, and undone by `POST /runs/{id}/undo`.

`run` is the recorded run, `taking` the order of one call, `gone` the rows it is about, `judging` why it may not begin,
`work` its chunks and `chunk` one of them as a transaction. What it deletes is decided in SQL, so no id can lose a
digit on the way.
"""
