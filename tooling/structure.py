"""Measure how the source is built, and hold it: `make check` fails where a figure is worse than its limit.

Standard library only. A limit is lowered when the code gets better, and never raised to let something through.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from tooling.paths import COMMAND, ROOT

SOURCE = ROOT / "src"


@dataclass(frozen=True)
class Module:
    """One file of the source: its name as it is imported, its lines, its functions' lines, what it imports of ours."""

    name: str
    lines: int
    functions: tuple[int, ...]
    imports: frozenset[str]
    loose: tuple[str, ...] = ()
    """Its functions that take a `dict[str, object]` or a mapping of it: what they are given is not said."""


@dataclass(frozen=True)
class Measure:
    """A figure of the structure, and the most it may be."""

    what: str
    figure: Callable[[Mapping[str, Module]], float]
    limit: float


def read_modules(source: Path = SOURCE) -> dict[str, Module]:
    """Return every module below `source` by its name."""
    paths = {_name(path, source): path for path in sorted(source.rglob("*.py"))}
    return {name: _read(name, path, frozenset(paths)) for name, path in paths.items()}


def _name(path: Path, source: Path) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _read(name: str, path: Path, known: frozenset[str]) -> Module:
    text = path.read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(text)))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    imports = {found for node in nodes for found in _imported(node, known)} - {name}
    loose = tuple(one.name for one in functions if any(_is_loose(argument) for argument in one.args.args))
    return Module(name, len(text.splitlines()), tuple(map(_length, functions)), frozenset(imports), loose)


def _is_loose(argument: ast.arg) -> bool:
    text = ast.unparse(argument.annotation) if argument.annotation else ""
    return "dict[str, object]" in text or "Mapping[str, object]" in text


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _imported(node: ast.AST, known: frozenset[str]) -> Iterator[str]:
    """Return the modules of ours that an import names: `from package import module` names the module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in known)
    if isinstance(node, ast.ImportFrom) and node.module:
        inner = {f"{node.module}.{alias.name}" for alias in node.names}
        if inner & known:
            yield from inner & known
        elif node.module in known:
            yield node.module


LAYERS = (
    ("words", "errors", "limits", "ports", "log", "json_text", "paging"),
    ("deployment", "tokens", "settings", "setting_values", "sql", "naming"),
    ("database",),
    ("runs", "profiles"),
    ("forecast",),
    ("backfill", "invariants"),
    ("recovery", "missing", "flow"),
    ("forget", "stepwise"),
    ("events", "plans"),
    ("reporting",),
    ("api", "bindings", "cron"),
    ("entry",),
)
"""The rooms from the bottom up: a module imports from its own layer and from those below."""

EDGES = ("api", "bindings", "cron", "settings", "log")
"""Where JSON, variables and log lines come in or go out."""


def upward(modules: Mapping[str, Module]) -> list[str]:
    """Return the imports that lead upwards, as "importer → imported"."""
    layer = {room: number for number, rooms in enumerate(LAYERS) for room in rooms}
    return [
        f"{name} → {other}"
        for name, module in modules.items()
        for other in module.imports
        if layer.get(_room(other), len(LAYERS)) > layer.get(_room(name), -1)
    ]


def loose(modules: Mapping[str, Module]) -> list[str]:
    """Return the functions inside that take a dict of anything."""
    inside = {name: module for name, module in modules.items() if _room(name) not in EDGES}
    return [f"{name}.{function}" for name, module in inside.items() for function in module.loose]


def _room(name: str) -> str:
    return name.partition(".")[0]


def circles(modules: Mapping[str, Module]) -> list[str]:
    """Return the modules that import themselves by way of others."""
    return [name for name in modules if name in _reached(modules, name)]


def _reached(modules: Mapping[str, Module], name: str) -> set[str]:
    found: set[str] = set()
    waiting = list(modules[name].imports)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(modules[one].imports)
    return found


def _functions(modules: Mapping[str, Module]) -> list[int]:
    return [length for module in modules.values() for length in module.functions]


SIZES = (
    Measure("file, median lines", lambda found: median(one.lines for one in found.values()), 90),
    Measure("file, most lines", lambda found: max(one.lines for one in found.values()), 300),
    Measure("function, median lines", lambda found: median(_functions(found)), 6),
    Measure("function, 90 % have at most", lambda found: quantiles(_functions(found), n=10)[-1], 18),
    Measure("function, most lines", lambda found: max(_functions(found)), 35),
    Measure("modules of ours that one module imports, most", lambda found: max(map(_fan_out, found.values())), 10),
    Measure("modules in an import circle", lambda found: len(circles(found)), 0),
)
"""What holds for every program here."""

MEASURES = (
    *SIZES,
    Measure("imports upwards", lambda found: len(upward(found)), 0),
    Measure("functions inside that take a dict[str, object]", lambda found: len(loose(found)), 0),
)


def _fan_out(module: Module) -> int:
    return len(module.imports)


def worse(modules: Mapping[str, Module], measures: Sequence[Measure] = MEASURES) -> list[str]:
    """Return what is over its limit, in words."""
    return [
        f"{one.what}: {one.figure(modules):g} is over the limit of {one.limit:g}"
        for one in measures
        if one.figure(modules) > one.limit
    ]


def main() -> int:
    """Print every figure beside its limit; return 1 where one is over it."""
    measured = [_measured("src", SOURCE, MEASURES), _measured("cli", COMMAND / "src", SIZES)]
    return 1 if any(measured) else 0


def _measured(what: str, folder: Path, measures: Sequence[Measure]) -> bool:
    """Print the figures of one program; tell whether one is over its limit."""
    modules = read_modules(folder)
    for one in measures:
        print(f"structure: {what}: {one.what}: {one.figure(modules):g} (limit {one.limit:g})")
    found = worse(modules, measures)
    for text in found:
        print(f"structure: {what}: {text}", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
