"""Events as a page of a listing, which the page statement of the backfill takes."""

from __future__ import annotations

import json
from collections.abc import Mapping

from events.notices import Put
from ports import GROUP, PagePart


def page_part(puts: Mapping[str, Put]) -> PagePart:
    """Return puts as a page of a listing; Python's order of texts is that of UTF-8 bytes, as R2 lists."""
    keys = sorted(puts)
    objects = [{"key": key, "size": puts[key].size, "uploaded": puts[key].at} for key in keys]
    groups = [objects[first : first + GROUP] for first in range(0, len(objects), GROUP)]
    return PagePart(json.dumps(groups, ensure_ascii=False), len(keys), keys[0], keys[-1])
