"""The steps of `make demo`, in order: dirty, recovery, backfill, ending. `cast` is who is on stage."""
