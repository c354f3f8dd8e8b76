"""Work that is one transaction, recorded in it as a run that succeeded: who asked, for what, and what it changed."""

from __future__ import annotations

import json
from dataclasses import asdict

import sql
from log import timestamp
from ports import Ports, Statement
from words import RunKind


def noting(ports: Ports, kind: RunKind, request: object, counts: object) -> Statement:
    """Return the statement that records the work, for its transaction."""
    what = {"request": json.dumps(request, ensure_ascii=False), "counts": json.dumps(counts, ensure_ascii=False)}
    now = timestamp(ports.clock.now())
    return sql.statement("runs/note_run", kind=kind, now=now, **asdict(ports.asker), **what)


def noting_resume(ports: Ports) -> Statement:
    """Return the statement that records the end of a pause, where there is one; it runs before the pause ends."""
    return sql.statement("runs/note_resume", now=timestamp(ports.clock.now()), **asdict(ports.asker))
