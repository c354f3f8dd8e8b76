"""Text from outside, made so that a terminal prints it and nothing more."""

from __future__ import annotations

import unicodedata
from urllib.parse import urlsplit

_RIGHT_TO_LEFT = {"R", "AL", "AN", "RLE", "RLO", "RLI"}
"""Letters of these reorder the rest of a line, as far as the cells of other columns."""

_UNPRINTABLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def harmless(text: str) -> str:
    """Return the text with all that moves, colours, hides or reorders as escapes; `--json` has it as it is."""
    return "".join(map(_sign, text))


def _sign(sign: str) -> str:
    if sign == "\\":
        return r"\\"
    if unicodedata.category(sign) in _UNPRINTABLE or unicodedata.bidirectional(sign) in _RIGHT_TO_LEFT:
        return ascii(sign)[1:-1]
    return sign


def shown(value: object) -> str:
    """Return a value as a person reads it: 12,345; yes and no; a dash for nothing."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else harmless(str(value))


def host(url: str) -> str:
    """Return the host of an address: all of it that messages need."""
    return harmless(urlsplit(url).netloc)
