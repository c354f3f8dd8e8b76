"""`python -m steward`."""

from steward.app import run

run()
