"""The runbook as one resumable saga: measure, merge duplicates, guard, classify, point orphans back, verify.

`run` is the recorded run, `saga` the order of the steps, `dedupe` the step that merges, `merge` its chunks and `chunk`
one of them as a transaction; `conflicts` is what keeps an object from it, `repairs` the steps after it, `journal` what
makes a merge undoable, `undo` takes it back, `guarding` installs and lifts the guards. Ids never leave SQL, so no id
can lose a digit on the way.
"""
