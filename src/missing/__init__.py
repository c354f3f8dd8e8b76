"""Objects that rows speak of and R2 does not have."""
