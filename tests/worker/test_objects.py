"""Missing rows as files of the real Worker, which sends them as it makes them."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.worker.conftest import Steward

MANY = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1) INSERT INTO steward_missing"
    " SELECT 'artifacts', printf('k%07d', i), i, 'p', NULL, NULL, NULL, NULL FROM n"
)
ODD = ["=1+1", 'a "quoted", key', "line\nbreak\r\n", "bell\u0007\u202e", "nai\u0308ve \U0001f4c4", "\u0001" * 1024]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_a_file_of_many_pages_arrives_whole(steward: Steward, form: str) -> None:
    steward.harness.d1(MANY, [3500])
    text = steward.send("GET", f"/missing?state=all&format={form}").text
    if form == "csv":
        _, *rows, end = csv.reader(io.StringIO(text, newline=""))
        assert ([int(row[2]) for row in rows], end) == (list(range(1, 3501)), ["(end)", "3500"])
    else:
        *found, last = [json.loads(line) for line in text.splitlines()]
        assert [row["artifact_id"] for row in found] == list(range(1, 3501))
        assert last == {"end": True, "rows": 3500, "next": None}


def test_odd_keys_survive_every_form_and_every_page(steward: Steward) -> None:
    for number, key in enumerate(ODD):
        insert = "INSERT INTO steward_missing VALUES ('artifacts', ?1, ?2, 'p', NULL, NULL, NULL, NULL)"
        steward.harness.d1(insert, [key, number])
    lines = steward.send("GET", "/missing?state=all&format=ndjson").text.split("\n")
    by_file = {row["r2_key"] for row in map(json.loads, lines[:-2])}
    cells = csv.reader(io.StringIO(steward.send("GET", "/missing?state=all&format=csv").text, newline=""))
    by_csv = {row[1].removeprefix("'") for row in list(cells)[1:-1]}
    by_page, more = set(), "&limit=1"
    while more:
        page = steward.send("GET", f"/missing?state=all{more}").json()
        by_page |= {row["r2_key"] for row in page["missing"]}
        more = f"&limit=1&after={page['next']}" if page["next"] else ""
    assert by_page == by_file == by_csv == set(ODD)


def test_the_head_of_a_file_is_answered_without_it(steward: Steward) -> None:
    reply = steward.send("HEAD", "/missing?format=csv")
    assert (reply.status, reply.headers["content-type"], reply.text) == (200, "text/csv; charset=utf-8", "")
