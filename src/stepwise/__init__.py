"""A live recovery where one invocation has few queries: one step a call, and one chunk of the merge at most.

What follows is kept in the run's row. What another writer does between two calls is met as in any recovery: each step
looks at the database as it is, and each transaction looks again.
"""
