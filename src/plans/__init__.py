"""Plans: what a dry run found is kept item by item, looked at, approved, and applied as it is, or not at all.

`items` is what a plan holds, `basis` what it was made on, `store` its rows; `making` writes one, `applying` takes its
items, one transaction after the other. What a kind of plan speaks of is in modules of its own; `kinds` lists them.
"""
