"""What R2's event notifications bring: they keep the index fresh between two passes, and the pass stays the truth."""
