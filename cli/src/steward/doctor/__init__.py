"""A look at a whole deployment, as a careful colleague would take it, from what HTTP says."""
