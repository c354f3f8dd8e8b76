"""Drive a real Chromium from Python, one call at a time: pages, what is on them, and what they asked of the network."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self, cast

from tooling.paths import CACHE, ROOT, path_with_venv

STOP_SECONDS = 10
_ENDED = "the browser is gone: "


class BrowserError(Exception):
    """The browser did not start, went away, or could not do what was asked."""


@dataclass(frozen=True)
class View:
    """How a page is looked at."""

    width: int = 1280
    height: int = 900
    dark: bool = False
    calm: bool = True
    """Whether the person prefers reduced motion."""
    scale: float = 1
    """Pixels of the screen to one of the page: 2 in half the width is what a zoom of 200 % shows."""


class Browser:
    """A running Chromium with one page at a time. Use as a context manager."""

    def __init__(self) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by __exit__
        self._process = subprocess.Popen(
            ["node", str(ROOT / "tooling" / "browser.mjs"), str(ROOT), str(CACHE / "browser")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PATH": path_with_venv()},
            cwd=ROOT,
            start_new_session=True,
        )
        self.version: str = self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(BrowserError, OSError):
            self.call("close")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            cast("IO[bytes]", stream).close()

    def open(self, view: View | None = None) -> "Page":
        """Return an empty page in a fresh profile; the page before is closed."""
        view = view or View()
        self.call("open", width=view.width, height=view.height, dark=view.dark, calm=view.calm, scale=view.scale)
        return Page(self)

    def call(self, operation: str, **args: object) -> Any:  # noqa: ANN401  # as JSON has it
        """Have `browser.mjs` do one operation and return what it gives."""
        stdin = cast("IO[bytes]", self._process.stdin)
        try:
            stdin.write(json.dumps({"op": operation, "args": args}).encode() + b"\n")
            stdin.flush()
        except OSError:
            raise BrowserError(_ENDED + self._last_words()) from None
        return self._answer()

    def _answer(self) -> Any:  # noqa: ANN401  # as JSON has it
        line = cast("IO[bytes]", self._process.stdout).readline()
        if not line:
            raise BrowserError(_ENDED + self._last_words())
        message = json.loads(line)
        if "error" in message:
            raise BrowserError(message["error"])
        return message["ok"]

    def _last_words(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip() or "it said nothing"


@dataclass(frozen=True)
class Found:
    """What Playwright finds by these steps, looked for anew each time and waited for."""

    browser: Browser
    steps: tuple[tuple[object, ...], ...]

    def _then(self, *step: object) -> "Found":
        return Found(self.browser, (*self.steps, step))

    def role(self, role: str, name: str = "", *, exact: bool = True) -> "Found":
        """Return what is in here with this role, and this name where one is given."""
        return self._then("getByRole", role, {"name": name, "exact": exact} if name else {})

    def label(self, text: str) -> "Found":
        """Return the control with this label."""
        return self._then("getByLabel", text, {"exact": True})

    def css(self, selector: str) -> "Found":
        """Return what a CSS selector finds."""
        return self._then("locator", selector)

    def having(self, text: str) -> "Found":
        """Return those that contain this text."""
        return self._then("filter", {"hasText": text})

    @property
    def first(self) -> "Found":
        """The first of them."""
        return self._then("first")

    def do(self, method: str, *args: object) -> Any:  # noqa: ANN401  # as Playwright has it
        """Call a Playwright method and return what it gives."""
        return self.browser.call("perform", steps=[*self.steps, (method, *args)])

    def click(self) -> None:
        """Click it."""
        self.do("click")

    def fill(self, text: str) -> None:
        """Put a text in place of what is typed in it."""
        self.do("fill", text)

    def wait(self) -> Self:
        """Wait until it is seen."""
        self.do("waitFor")
        return self

    def wait_gone(self) -> None:
        """Wait until it is not seen any more."""
        self.do("waitFor", {"state": "hidden"})

    @property
    def text(self) -> str:
        """Its text as a person sees it."""
        return str(self.do("innerText"))

    @property
    def texts(self) -> list[str]:
        """The text of each."""
        return cast("list[str]", self.do("allInnerTexts"))

    @property
    def count(self) -> int:
        """How many there are now."""
        return int(self.do("count"))


class Page(Found):
    """The page that is open."""

    def __init__(self, browser: Browser) -> None:
        super().__init__(browser, ())

    def go(self, url: str) -> None:
        """Load an address."""
        self.do("goto", url)

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.browser.call("press", key=key)

    def evaluate(self, script: str) -> Any:  # noqa: ANN401  # as the script has it
        """Run a script in the page and return its value."""
        return self.do("evaluate", script)

    def screenshot(self, path: Path, *, full: bool = True) -> None:
        """Store a picture of the page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.do("screenshot", {"path": str(path), "fullPage": full, "animations": "disabled"})

    def answer_with(self, path: str, status: int | None, body: Mapping[str, object] | None = None) -> None:
        """Answer further requests for a path without the Worker; 0 breaks the connection, None ends it."""
        self.browser.call("answer_with", path=path, status=status, body=body)

    def events(self, kind: str) -> list[str]:
        """Return what happened so far of a kind: "request" (addresses), "console", "error"."""
        found = self.browser.call("events")
        return [event["text"] for event in found if event["kind"] == kind]
