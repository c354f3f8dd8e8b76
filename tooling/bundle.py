"""Build the Pyodide bundle that workerd would otherwise download at its first start.

The bundle is npm's `pyodide` with its glue adapted to workerd, which forbids `eval` and raw wasm compilation there.
A glue or a runtime this module does not know is refused: a bundle that starts but misbehaves is worse than none.
"""

import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from tooling.paths import BUNDLE_LINK, CACHE, NODE_MODULES

FILE_NAME = "pyodide_dev.capnp.bin"
"""The name workerd looks for when a Worker has the flag python_workers_development."""

_SCHEMA = Path(__file__).with_name("bundle.capnp")
_NO_EVAL = '(()=>{throw new Error("eval is not available in a Worker")})()'
_WRAPPERS = (
    "addEventListener,getRandomValues,location,monotonicDateNow,newWasmModule,patchedLoadLibData,wasmInstantiate"
)
_IMPORT = f'import{{{_WRAPPERS}}}from"pyodide-internal:builtin_wrappers";\n'

_REPLACEMENTS = {
    "new WebAssembly.Module(": "newWasmModule(",
    "WebAssembly.instantiate(": "wasmInstantiate(",
    "Date.now": "monotonicDateNow",
    "crypto.getRandomValues(view)": "getRandomValues(Module,view)",
    "eval(func)": _NO_EVAL,
    "eval(data)": _NO_EVAL,
    "eval(UTF8ToString(ptr))": _NO_EVAL,
    "function loadLibData(){": (
        "function loadLibData(){var patched=patchedLoadLibData(Module,libName,flags.rpath);"
        "return flags.loadAsync?Promise.resolve(patched):patched;"
    ),
    "getMemory(": "Module.getMemoryPatched(Module,libName,",
    "export default _createPyodideModule;": "export{_createPyodideModule};export default _createPyodideModule;",
}
_FORBIDDEN = re.compile(r"\beval\(|\bnew Function\(")


class BundleError(Exception):
    """The bundle cannot be built; the message says why and what to do."""


@dataclass(frozen=True)
class Versions:
    """The two packages a bundle joins."""

    pyodide: str
    workerd: str

    def __str__(self) -> str:
        return f"pyodide {self.pyodide}, workerd {self.workerd}"


def installed_versions(node_modules: Path = NODE_MODULES) -> Versions:
    """Read the versions npm installed."""
    return Versions(_version(node_modules, "pyodide"), _version(node_modules, "workerd"))


def patch_glue(glue: str, versions: Versions) -> str:
    """Return Pyodide's JavaScript glue with what workerd forbids replaced by what it offers."""
    for pattern, replacement in _REPLACEMENTS.items():
        if pattern not in glue:
            raise BundleError(
                f"cannot adapt pyodide's glue: {pattern!r} was not found in pyodide.asm.mjs ({versions}). "
                "Pin a pyodide that matches this workerd in package.json, or update _REPLACEMENTS in tooling/bundle.py"
            )
        glue = glue.replace(pattern, replacement)
    left = _FORBIDDEN.search(glue)
    if left:
        raise BundleError(
            f"cannot adapt pyodide's glue: {left.group()!r} is left in pyodide.asm.mjs, which workerd forbids "
            f"({versions}). Add its replacement to _REPLACEMENTS in tooling/bundle.py"
        )
    return _IMPORT + glue


def encode(glue: bytes, wasm: bytes, stdlib: bytes) -> bytes:
    """Return the Cap'n Proto message that workerd reads."""
    # Imported here: setup asks this module for the cache key before it needs the compiler.
    import capnp  # noqa: PLC0415

    schema = capnp.load(str(_SCHEMA))
    prefix = "pyodideRuntime-internal:"
    modules = [
        {"name": f"{prefix}pyodide.asm", "src": glue, "type": "internal"},
        {"name": f"{prefix}pyodide.asm.wasm", "wasm": wasm, "type": "internal"},
        {"name": f"{prefix}python_stdlib.zip", "data": stdlib, "type": "internal"},
    ]
    message: bytes = schema.Bundle.new_message(modules=modules).to_bytes()
    return message


def build(node_modules: Path = NODE_MODULES, cache: Path = CACHE) -> Path:
    """Return the folder holding the bundle of the installed versions, building it if it is not there."""
    versions = installed_versions(node_modules)
    folder = cache / f"pyodide-{versions.pyodide}-workerd-{versions.workerd}-{_builder_digest()}"
    if not (folder / FILE_NAME).exists():
        _write_atomically(folder / FILE_NAME, _assemble(node_modules / "pyodide", versions))
    return folder


def link(folder: Path, at: Path = BUNDLE_LINK) -> None:
    """Make `at` point to the bundle in use, replacing an older link in one step."""
    fresh = at.with_name(f"{at.name}.{os.getpid()}")
    fresh.symlink_to(folder.name)
    fresh.replace(at)


def main() -> int:
    """Build the bundle and link it."""
    try:
        link(build())
    except BundleError as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    return 0


def _assemble(package: Path, versions: Versions) -> bytes:
    glue = patch_glue(_read(package / "pyodide.asm.mjs").decode(), versions)
    return encode(glue.encode(), _read(package / "pyodide.asm.wasm"), _read(package / "python_stdlib.zip"))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise BundleError(f"{path} is missing. Run `make setup` to install the npm packages again") from None


def _version(node_modules: Path, package: str) -> str:
    return str(json.loads(_read(node_modules / package / "package.json"))["version"])


def _builder_digest() -> str:
    return sha256(Path(__file__).read_bytes() + _SCHEMA.read_bytes()).hexdigest()[:8]


def _write_atomically(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)


if __name__ == "__main__":
    sys.exit(main())
