"""The commands, by what a person wants: to look, to walk, to repair, to set rules, to schedule, to diagnose."""

from __future__ import annotations

import typer

from steward.commands import diagnose, look, repair, rules, schedule, violations, walk


def register(app: typer.Typer) -> None:
    """Add every command, in the order in which the help lists them."""
    for room in (look, violations, walk, repair, rules, schedule, diagnose):
        room.register(app)
