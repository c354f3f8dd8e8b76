"""Several databases in one Worker, kept apart."""
