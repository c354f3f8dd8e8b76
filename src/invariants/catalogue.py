"""Read the invariants: every file under `src/sql/invariants` is one, and its header says all about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import sql
from naming.names import Names
from words import SEVERITIES, Severity

FOLDER = sql.ROOT / "invariants"
SUBJECTS = ("the database", "each child", "each citation")
WALKS = ("table", "objects")
_LINE = re.compile(r"-- (\w+): (.+)")
_KEYS = re.compile(r"\w+(?:, \w+)*")
_REQUIRED = ("holds", "severity", "row", "do", "needs")
_PROOFS = ("unique_index", "foreign_key", "unknown_index", "guards", "unique_id", "references", "mentions")
_EVIDENCE = ("certificate", "pass", "coverage")
_OPTIONAL = {"modes": ("full",), "for": SUBJECTS, "walks": WALKS, "proof": _PROOFS, "evidence": _EVIDENCE}

GIVEN = frozenset({"rows", "column", "row_key", "unique_index", "facts", "label", "cited"})
"""What a query may name: slots, `:facts` (what this Worker found) and `:label` (the child's name)."""


@dataclass(frozen=True)
class Invariant:
    """One promise: what must hold, how bad it is when it does not, what a row means, and what to do."""

    name: str
    holds: str
    severity: Severity
    row: str
    advice: str
    needs: str
    query: str
    subject: str = "the database"
    walks: str | None = None
    proof: str | None = None
    evidence: str | None = None
    """What of the passes over the buckets a verdict relies on."""
    modes: str | None = None
    """The only mode of a check that looks at it; None: both do."""
    keys: tuple[str, ...] = ()
    """The columns of the query that are different for each row: its rows are listed in their order."""


def read_invariant(path: Path) -> Invariant:
    """Return the invariant in a file; raises SqlFileError naming the file and what its header lacks."""
    text = path.read_text(encoding="utf-8")
    header = _header(path, text)
    query = sql.parse(f"invariants/{path.stem}", text)
    unknown = sql.names(query) - GIVEN
    if unknown or "?" in sql.bare(query):
        wrong = ", ".join(sorted(unknown)) or "?"
        raise _refused(path, f"{wrong} is not one of {', '.join(sorted(GIVEN))}")
    return Invariant(
        name=path.stem,
        holds=header["holds"],
        severity="error" if header["severity"] == "error" else "warn",
        row=header["row"],
        advice=header["do"],
        needs=header["needs"],
        query=query,
        subject=header.get("for", SUBJECTS[0]),
        walks=header.get("walks"),
        proof=header.get("proof"),
        evidence=header.get("evidence"),
        modes=header.get("modes"),
        keys=tuple(header["keys"].split(", ")) if "keys" in header else (),
    )


def _header(path: Path, text: str) -> dict[str, str]:
    """Return the lines of the file's header, by their names."""
    header: dict[str, str] = {}
    for line in takewhile(lambda line: line.startswith("--"), text.splitlines()):
        found = _LINE.fullmatch(line)
        if not found or found[1] not in (*_REQUIRED, *_OPTIONAL, "keys"):
            raise _refused(path, f"the header line {line!r} is not one of ours")
        header[found[1]] = found[2]
    for name in _REQUIRED:
        if name not in header:
            raise _refused(path, f"the header has no line '-- {name}: …'")
    for name, allowed in {"severity": SEVERITIES, **_OPTIONAL}.items():
        if name in header and header[name] not in allowed:
            raise _refused(path, f"{name} must be one of {', '.join(allowed)}")
    if not _KEYS.fullmatch(header.get("keys", "key")):
        raise _refused(path, "keys must be columns of the query, as in r2_bucket, r2_key")
    return header


def _refused(path: Path, why: str) -> sql.SqlFileError:
    return sql.SqlFileError(f"invariants/{path.name}: {why}")


def read_catalogue(folder: Path = FOLDER) -> list[Invariant]:
    """Return every invariant in the folder, by name."""
    return [read_invariant(path) for path in sorted(folder.glob("*.sql"))]


def described(names: Names) -> list[dict[str, object]]:
    """Return what each invariant promises, what a row that breaks it means, and what to do, in a database's names."""
    return [
        {
            "name": one.name,
            "severity": one.severity,
            "holds": names.said(one.holds),
            "row": names.said(one.row),
            "advice": names.said(one.advice),
        }
        for one in read_catalogue()
    ]
