"""The runbook as one resumable saga: measure, merge duplicates, guard, classify, point orphans back, verify.

`saga` is the order of the steps, `dedupe` the merge, `conflicts` what keeps an object from it, `repairs` the other
steps, `journal` what makes a merge undoable, `undo` takes a merge back. Ids never leave SQL, so no id can lose a digit
on the way.
"""
