"""Options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

Live = Annotated[bool, typer.Option("--live", help="Do it; without this it only says what it would do.")]
Bucket = Annotated[str | None, typer.Option(help="A bucket of BUCKETS; may be left out where there is one.")]
Prefix = Annotated[str, typer.Option(help="Only keys that begin with this text.")]
Patience = Annotated[
    float, typer.Option(min=0, help="Seconds to wait where the Worker goes away or is busy meanwhile.")
]
Slice = Annotated[int | None, typer.Option("--slice", min=1, max=1_000_000, help="Objects per call.")]
PlanId = Annotated[int | None, typer.Option("--plan", min=1, help="Do what this plan says, and nothing else.")]
MaxDeletes = Annotated[int | None, typer.Option(min=0, help="Rows it may delete, instead of MAX_DELETES.")]
Spread = Annotated[
    bool, typer.Option("--spread", help="Live: begin though the day has too few rows left, and stop before them.")
]

PATIENCE = 120.0
"""Longer than a killed run keeps the lease (90 s)."""
