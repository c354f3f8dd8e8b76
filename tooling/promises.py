"""What the demo holds the Worker to: each function returns what is wrong, and nothing where the promise is kept."""

from collections.abc import Iterable, Mapping
from typing import Any

from tooling.observer import Picture

COUNTS = ("inserted", "upgraded", "unchanged", "newer", "unclassified", "skipped", "refused")
MERGE_COUNTS = ("changed", "groups", "types_carried", "children_remapped")
REPAIRS = ("index", "guards", "classify", "orphans")
UNKNOWN = "unknown"
BY_PASSES = ("objects_present", "objects_unchanged")
"""The invariants that no query can look at: a pass has to."""

Report = Mapping[str, Any]


def differences(expected: Mapping[Any, object], found: Mapping[Any, object]) -> list[str]:
    """Return each name whose value is not the expected one, on either side."""
    names = {**expected, **found}
    nothing = object()
    return [
        f"{name!r}: expected {expected.get(name, 'nothing')!r}, found {found.get(name, 'nothing')!r}"
        for name in names
        if expected.get(name, nothing) != found.get(name, nothing)
    ]


def verdicts_match(expected: Mapping[str, int | None], report: Report) -> list[str]:
    """Claim that a check finds exactly the expected violations, and that outcomes and `ok` follow from them.

    None is expected of what is not checked.
    """
    found = {check["name"]: (check["outcome"], check["violations"]) for check in report["invariants"]}
    outcomes = {None: "not_checked", 0: "holds"}
    wanted = {name: (outcomes.get(number, "violated"), number) for name, number in expected.items()}
    broken = [c["name"] for c in report["invariants"] if c["severity"] == "error" and c["outcome"] != "holds"]
    wrong = differences(wanted, found)
    return wrong if report["ok"] == (not broken) else [*wrong, f"ok is {report['ok']}, with {broken} not holding"]


def adds_up(report: Report) -> list[str]:
    """Claim that every object scanned is counted once."""
    total = sum(report[name] for name in COUNTS)
    return [] if report["scanned"] == total else [f"scanned {report['scanned']}, but its parts make {total}"]


def same_counts(dry: Report, slices: Iterable[Report]) -> list[str]:
    """Claim that what dry foretold is what the live slices did together."""
    slices = list(slices)
    names = ("scanned", *COUNTS)
    return differences({n: dry[n] for n in names}, {n: sum(one[n] for one in slices) for n in names})


def recovery_numbers(report: Report) -> dict[str, int]:
    """Return what a recovery's answer says that it did, or (dry) would do."""
    steps = {step["name"]: step for step in report["steps"]}
    merged = {f"dedupe.{name}": int(steps["dedupe"][name]) for name in MERGE_COUNTS} if "dedupe" in steps else {}
    return {**merged, **{name: int(steps[name]["changed"]) for name in REPAIRS if name in steps}}


def same_recovery(dry: Report, calls: Iterable[Report]) -> list[str]:
    """Claim that what the dry recovery foretold is what the live calls did together."""
    total: dict[str, int] = {}
    for call in calls:
        for name, number in recovery_numbers(call).items():
            total[name] = total.get(name, 0) + number
    return differences(recovery_numbers(dry), total)


def unchanged(before: Picture, after: Picture) -> list[str]:
    """Claim that not a value of either table changed."""
    return differences(before.artifacts, after.artifacts) + differences(before.datapoints, after.datapoints)


def same_reach(before: Picture, after: Picture) -> list[str]:
    """Claim that no datapoint is lost or new, and that each one still reaches an artifact of the same object."""
    return differences(before.reach(), after.reach())


def one_row_per_object(before: Picture, after: Picture) -> list[str]:
    """Claim that every object that had a row has exactly one."""
    rows: dict[str, int] = {}
    for row in after.artifacts.values():
        rows[row["r2_key"]] = rows.get(row["r2_key"], 0) + 1
    return differences(dict.fromkeys(before.keys(), 1), rows)


def known_types_kept(before: Picture, after: Picture) -> list[str]:
    """Claim that a row that is still there and had a known type has the same one."""
    known = {n: kind for n, kind in before.types().items() if kind != UNKNOWN and n in after.artifacts}
    return differences(known, {n: after.types()[n] for n in known})


def types_follow_rules(kinds: Mapping[str, str | None], before: Picture, after: Picture) -> list[str]:
    """Claim that a row that is new, or was unknown, has the type of the winning rule."""
    known = {n for n, kind in before.types().items() if kind != UNKNOWN}
    fresh = {row["r2_key"]: row["source_type"] for n, row in after.artifacts.items() if n not in known}
    return differences({key: kinds.get(key) for key in fresh}, fresh)


def same_keys(expected: set[str], found: set[str]) -> list[str]:
    """Claim that the two sets of keys are the same."""
    return [f"missing: {key!r}" for key in sorted(expected - found)] + [
        f"too many: {key!r}" for key in sorted(found - expected)
    ]


def wrote_nothing(report: Report) -> list[str]:
    """Claim that a backfill changed no row, by its counts and by D1's."""
    numbers = {"inserted": report["inserted"], "upgraded": report["upgraded"]}
    numbers["rows_written"] = report["cost"]["rows_written"]
    return differences(dict.fromkeys(numbers, 0), numbers)


def rows_back(before: Picture, after: Picture, losers: Iterable[int]) -> list[str]:
    """Claim that the losers are there again, whole, and that every datapoint is as it was."""
    whole = {number: before.artifacts[number] for number in losers}
    found = {number: after.artifacts[number] for number in whole if number in after.artifacts}
    return differences(whole, found) + differences(before.datapoints, after.datapoints)
