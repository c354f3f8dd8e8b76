"""The Pyodide bundle: adapted completely or refused, and built once per pair of versions."""

import json
from pathlib import Path

import pytest

from tooling import bundle
from tooling.bundle import FILE_NAME, BundleError, Versions
from tooling.paths import NODE_MODULES

VERSIONS = Versions(pyodide="1.2.3", workerd="4.5.6")
PATTERNS = tuple(bundle._REPLACEMENTS)
GLUE = ";".join(PATTERNS)


@pytest.fixture
def node_modules(tmp_path: Path) -> Path:
    for package, version in (("pyodide", "1.2.3"), ("workerd", "4.5.6")):
        (tmp_path / package).mkdir()
        (tmp_path / package / "package.json").write_text(json.dumps({"version": version}))
    (tmp_path / "pyodide" / "pyodide.asm.mjs").write_text(GLUE)
    (tmp_path / "pyodide" / "pyodide.asm.wasm").write_bytes(b"\0asm")
    (tmp_path / "pyodide" / "python_stdlib.zip").write_bytes(b"PK")
    return tmp_path


@pytest.mark.parametrize("missing", PATTERNS)
def test_a_missing_pattern_is_named_with_both_versions(missing: str) -> None:
    without = ";".join(pattern for pattern in PATTERNS if pattern != missing)
    with pytest.raises(BundleError) as refused:
        bundle.patch_glue(without, VERSIONS)
    assert repr(missing) in str(refused.value)
    assert "pyodide 1.2.3, workerd 4.5.6" in str(refused.value)


@pytest.mark.parametrize("forbidden", ["eval(other)", "new Function(text)"])
def test_code_that_workerd_forbids_is_not_let_through(forbidden: str) -> None:
    with pytest.raises(BundleError, match="which workerd forbids"):
        bundle.patch_glue(f"{GLUE};{forbidden}", VERSIONS)


def test_every_place_is_replaced() -> None:
    glue = bundle.patch_glue(f"{GLUE};{GLUE}", VERSIONS)
    assert glue.startswith("import{")
    assert glue.count("newWasmModule(") == 2
    assert "Date.now" not in glue
    assert "WebAssembly" not in glue


def test_the_installed_pyodide_can_be_adapted() -> None:
    versions = bundle.installed_versions()
    glue = (NODE_MODULES / "pyodide" / "pyodide.asm.mjs").read_text()
    assert "export{_createPyodideModule}" in bundle.patch_glue(glue, versions)


def test_the_message_holds_the_three_modules_under_their_names(node_modules: Path, tmp_path: Path) -> None:
    import capnp  # noqa: PLC0415

    written = (bundle.build(node_modules, tmp_path / "cache") / FILE_NAME).read_bytes()
    schema = capnp.load(str(bundle._SCHEMA))
    with schema.Bundle.from_bytes(written) as message:
        found = {module.name: (module.which(), str(module.type)) for module in message.modules}
        wasm = message.modules[1].wasm
    assert found == {
        "pyodideRuntime-internal:pyodide.asm": ("src", "internal"),
        "pyodideRuntime-internal:pyodide.asm.wasm": ("wasm", "internal"),
        "pyodideRuntime-internal:python_stdlib.zip": ("data", "internal"),
    }
    assert wasm == b"\0asm"


def test_the_same_versions_are_built_once(node_modules: Path, tmp_path: Path) -> None:
    first = bundle.build(node_modules, tmp_path / "cache")
    (first / FILE_NAME).write_bytes(b"kept")
    assert bundle.build(node_modules, tmp_path / "cache") == first
    assert (first / FILE_NAME).read_bytes() == b"kept"


@pytest.mark.parametrize("package", ["pyodide", "workerd"])
def test_another_version_is_another_bundle(node_modules: Path, tmp_path: Path, package: str) -> None:
    first = bundle.build(node_modules, tmp_path / "cache")
    (node_modules / package / "package.json").write_text(json.dumps({"version": "9.9.9"}))
    second = bundle.build(node_modules, tmp_path / "cache")
    assert second != first
    assert "9.9.9" in second.name


def test_a_refused_glue_leaves_no_bundle(node_modules: Path, tmp_path: Path) -> None:
    (node_modules / "pyodide" / "pyodide.asm.mjs").write_text("nothing to adapt")
    with pytest.raises(BundleError):
        bundle.build(node_modules, tmp_path / "cache")
    assert not list(tmp_path.glob(f"cache/**/{FILE_NAME}"))


def test_a_missing_package_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"pyodide/package\.json is missing\. Run `make setup`"):
        bundle.build(tmp_path, tmp_path / "cache")


def test_the_link_moves_to_the_newer_bundle(tmp_path: Path) -> None:
    for name in ("older", "newer"):
        (tmp_path / name).mkdir()
        (tmp_path / name / FILE_NAME).write_text(name)
        bundle.link(tmp_path / name, tmp_path / "bundle")
    assert (tmp_path / "bundle" / FILE_NAME).read_text() == "newer"
