"""The steps of `make demo`, in order: dirty, recovery, backfill, ending. `context` is what they share."""
