"""Memory while a million objects are walked: the whole Worker on the real runtime, its bucket made up at the port.

What is alive in Python, and what Python holds of JavaScript, is counted after a collection, so it must stay the same to
a few objects: that is what shows a leak. The runtime itself keeps a few objects of each request, however little it
does; requests that walk one object tell how many, and they are taken off. Resident memory is that of the process, where
V8 and the local D1 grow too: a JavaScript Worker that makes the same batches from the same pages is the control.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.backfill import javascript_job
from bench.rounds import progress
from bench.subject import WORKERS, Subject, entry, started
from bench.verdicts import Results
from tooling.table import table

MIB = 1024 * 1024
SLICES = 10
SETTLED = 3
"""Slices until V8's heap has its size: growth is counted from here."""

REQUESTS = 5
"""Slices of one object, to see what a slice keeps for being two requests."""

Seen = Mapping[str, int]
Body = Callable[[int, str | None], object]
ALLOWED = {
    "js_references": (5, "a leak of a page's proxy is one for every thousand objects"),
    "python_objects": (20, "a list, dict or instance kept of each page is one for every thousand objects"),
    "bytes_in_use": (32 * 1024, "the text of one page is 100 KB, a proxy some 70 bytes"),
    "wasm_heap": (0, "it grows in steps of MiB and never shrinks: what is free in it is used again"),
    "resident": (32 * MIB, "V8 collects when it likes; a leaked page is 400 KB"),
}
"""How much more of each there may be at the end than when settled, over however many objects, and why."""

UNITS = {"bytes_in_use": ("KiB", 1024), "wasm_heap": ("MiB", MIB), "resident": ("MiB", MIB)}
HEADS = {
    "js_references": "references into JavaScript",
    "python_objects": "Python objects",
    "bytes_in_use": "wasm bytes in use",
    "wasm_heap": "wasm heap",
    "resident": "resident memory",
}


def measure(results: Results, objects: int, *, leak: bool = False) -> None:
    """Walk so many objects in ten slices and hold the memory of the last against that of the third.

    With `leak`, the bucket keeps every page it made: then the promises must fail.
    """
    with entry("memory") as main, started(main) as subject:
        idle = _idle(subject)
        if leak:
            subject.post("/leak", {})
        seen = _walk(subject, objects, lambda step, after: {"max_objects": step, "start_after": after}, _look)
    with started(WORKERS / "control" / "index.js") as subject:
        job = javascript_job("plan", 0)
        body: Body = lambda step, after: {**job, "max_objects": step, "start_after": after}  # noqa: E731
        control = _walk(subject, objects, body, lambda _, pid: {"resident": _resident(pid)})
    _tell(seen, control, objects, leak=leak)
    for name, found in growth(list(seen.values()), idle, list(control.values())).items():
        allowed, why = ALLOWED[name]
        told = f"growth of {HEADS[name]} over the walk"
        results.hold(told, _shown(name, found), f"≤ {_shown(name, allowed)}", holds=found <= allowed)
        print(f"        {why}")
    figures = {"this Worker": _by_objects(seen), "JavaScript control": _by_objects(control), "an idle slice": idle}
    results.keep("memory by objects walked", figures)


def growth(seen: Sequence[Seen], idle: Mapping[str, float], control: Sequence[Seen]) -> dict[str, int]:
    """Return how much more there is of each at the end than when settled, less what is not the walk's.

    `idle` is what a slice adds for its requests alone; the control's growth is that of the process around us.
    """
    found = {}
    for name in ALLOWED:
        grown = seen[-1][name] - seen[SETTLED][name]
        other = (len(seen) - 1 - SETTLED) * idle.get(name, 0.0)
        if name == "resident":
            other = control[-1][name] - control[SETTLED][name]
        found[name] = round(grown - other)
    return found


def _idle(subject: Subject) -> dict[str, float]:
    """Return what each slice adds to Python for being two requests, after the first one, which imports."""
    looks = []
    for _ in range(1 + REQUESTS):
        subject.post("/backfill", {"max_objects": 1})
        looks.append(subject.get("/memory"))
    return {name: (looks[-1][name] - looks[0][name]) / REQUESTS for name in looks[0]}


def _walk(subject: Subject, objects: int, body: Body, look: Callable[[Subject, int], Seen]) -> dict[int, Seen]:
    """Return what was seen before the walk and after each slice, by the objects walked."""
    pid, step = workerd(subject.harness.state), objects // SLICES
    after: str | None = None
    seen = {0: look(subject, pid)}
    for walked in range(step, step * SLICES + 1, step):
        answer = subject.post("/backfill", body(step, after)).body
        if answer["scanned"] != step:
            raise RuntimeError(f"a slice walked {answer['scanned']:,} objects, not {step:,}")
        after = answer["start_after"]
        seen[walked] = look(subject, pid)
        progress(f"memory: {walked:,} of {objects:,} objects")
    progress("")
    return seen


def _tell(seen: Mapping[int, Seen], control: Mapping[int, Seen], objects: int, *, leak: bool) -> None:
    heads = ("objects walked", *HEADS.values(), "the control's")
    rows = [
        (walked, *(_shown(name, one[name]) for name in ALLOWED), _shown("resident", control[walked]["resident"]))
        for walked, one in seen.items()
    ]
    print(f"\nMemory over {objects:,} listed objects{': every page is leaked on purpose' if leak else ''}\n")
    print(table(heads, rows))
    print("\n  Growth is from the third slice on, less what requests keep without walking, and less the control's.\n")


def _by_objects(seen: Mapping[int, Seen]) -> dict[str, dict[str, int]]:
    return {str(walked): dict(one) for walked, one in seen.items()}


def _look(subject: Subject, pid: int) -> Seen:
    return {**subject.get("/memory"), "resident": _resident(pid)}


def _shown(name: str, value: int) -> str:
    unit, size = UNITS.get(name, ("", 1))
    return f"{value / size:,.1f} {unit}" if unit else f"{value:,}"


def workerd(state: Path) -> int:
    """Return the process that has the state's files open."""
    listed = subprocess.run(["pgrep", "-x", "workerd"], capture_output=True, text=True, check=True).stdout.split()
    for pid in map(int, listed):
        if any(str(opened.resolve()).startswith(str(state)) for opened in _opened(pid)):
            return pid
    raise RuntimeError("no workerd has the state open")


def _opened(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # it ended meanwhile, or is somebody else's
        return []


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has no VmRSS")
