"""A place in a list of rows."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from paging import no_place, page_token, token_fields


@dataclass(frozen=True)
class Place:
    """A row of a list, by its bucket, its key and its id; the empty one is before all."""

    bucket: str = ""
    key: str = ""
    id: str = ""

    def token(self) -> str:
        """Return the token of this place."""
        return page_token(astuple(self))


def place(token: str | None) -> Place:
    """Return the place of a token, the beginning for None; raises InputError for what is none of ours."""
    if token is None:
        return Place()
    match token_fields(token):
        case [str(bucket), str(key), str(row_id)]:
            return Place(bucket, key, row_id)
    raise no_place()
