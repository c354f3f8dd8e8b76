"""What a piece of work will take, from counts that a dry run has anyway: rows, calls, money, time, share of a day.

Pure arithmetic. Its figures were measured row by row (docs/costs.md, "What is forecast"); `make bench ARGS=forecast`
holds them against what was really taken.
"""
