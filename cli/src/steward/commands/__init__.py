"""The commands, by what a person wants: to look, to walk, to repair, to plan, to set rules, to diagnose."""

from __future__ import annotations

import typer

from steward.commands import diagnose, findings, forget, look, plans, repair, rules, schedule, violations, walk


def register(app: typer.Typer) -> None:
    """Add every command, in the order in which the help lists them."""
    for room in (look, findings, violations, walk, repair, plans, forget, rules, schedule, diagnose):
        room.register(app)
