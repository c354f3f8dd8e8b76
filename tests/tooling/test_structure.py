"""The figures of the structure are what the files say, and a worse one is named."""

from pathlib import Path

import pytest

from tooling.structure import MEASURES, SIZES, circles, loose, main, read_modules, upward, worse


def tree(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_source_is_within_its_limits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    assert len(capsys.readouterr().out.splitlines()) == len(MEASURES) + len(SIZES)


def test_imports_of_ours_are_counted_and_no_others(tmp_path: Path) -> None:
    files = {
        "one.py": "import json\nimport two\nfrom room import three\nfrom room.three import NAME\n",
        "two.py": "",
        "room/__init__.py": "",
        "room/three.py": "NAME = 1\n",
    }
    modules = read_modules(tree(tmp_path, files))
    assert modules["one"].imports == {"two", "room.three"}
    assert set(modules) == {"one", "two", "room", "room.three"}


def test_a_function_is_as_long_as_its_lines(tmp_path: Path) -> None:
    text = "def short():\n    return 1\n\n\nasync def longer():\n    one = 1\n    two = 2\n    return one + two\n"
    assert read_modules(tree(tmp_path, {"one.py": text}))["one"].functions == (2, 4)


def test_a_circle_is_found_however_long(tmp_path: Path) -> None:
    files = {"a.py": "import b\n", "b.py": "from c import d\n", "c.py": "import a\n", "alone.py": "import a\n"}
    modules = read_modules(tree(tmp_path, files))
    assert sorted(circles(modules)) == ["a", "b", "c"]


def test_what_is_over_its_limit_is_named(tmp_path: Path) -> None:
    long = "def long():\n" + "    x = 1\n" * 40
    modules = read_modules(
        tree(tmp_path, {"a.py": f"import b\n\n\n{long}", "b.py": "import a\n\n\ndef short():\n    return 1\n"})
    )
    found = worse(modules)
    assert "function, most lines: 41 is over the limit of 35" in found
    assert "modules in an import circle: 2 is over the limit of 0" in found


def test_an_import_upwards_is_found_and_one_downwards_is_not(tmp_path: Path) -> None:
    files = {
        "database/__init__.py": "",
        "database/low.py": "from recovery import high\n",
        "recovery/__init__.py": "",
        "recovery/high.py": "from database import low\n",
        "nowhere.py": "from database import low\n",
    }
    assert upward(read_modules(tree(tmp_path, files))) == ["database.low → recovery.high", "nowhere → database.low"]


def test_a_function_that_takes_a_dict_of_anything_is_found_inside_and_not_at_the_edges(tmp_path: Path) -> None:
    text = "def takes(found: dict[str, object]) -> None:\n    pass\n"
    files = {"recovery/one.py": text, "api/two.py": text, "recovery/three.py": text.replace("object", "int")}
    assert loose(read_modules(tree(tmp_path, files))) == ["recovery.one.takes"]
