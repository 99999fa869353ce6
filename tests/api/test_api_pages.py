"""Cursors of every list: what is none of a list's is told, whatever is in it."""

from __future__ import annotations

import re

import pytest

from console.api.pages_of import PageQuery, after_of, cursor_of
from console.api.problem import Problem
from tests.api.serving import RunningApi, both_databases

TIME = "2026-11-22T09:30:00+00:00"
# Beyond what a database or a calendar keeps.
EARLY, LATE, LARGE = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9" * 30


@both_databases
@pytest.mark.parametrize(
    "parts",
    [
        (LARGE,),
        (EARLY, "x"),
        (LATE, "x"),
        (LARGE, LARGE),
        (EARLY, "n", "1"),
        (LATE, "n", "1"),
        (TIME, "n", LARGE),
    ],
)
async def test_no_cursor_makes_a_list_fail(api: RunningApi, parts: tuple[str, ...]) -> None:
    client = api.token()
    lists = [o for o in api.api.operations if o.query is not None and issubclass(o.query, PageQuery)]
    assert len(lists) > 15
    for operation in lists:
        path = re.sub(r"{\w+}", "none", operation.path)
        query = {"cursor": cursor_of(*parts), **({"q": "a"} if path == "/search" else {})}
        reply = await client.get(path, params=query)
        assert reply.status in (200, 400, 404), (operation.name, reply.raw)


@pytest.mark.parametrize(
    ("parts", "kinds"),
    [
        ((EARLY,), ("time",)),
        ((LATE,), ("time",)),
        (("2026-11-22T09:30:00",), ("time",)),
        (("x", "id"), ("time", "id")),
        ((LARGE,), ("number",)),
        (("-1",), ("number",)),
        (("1_0",), ("number",)),
        (("٣",), ("number",)),
        (("1", "2"), ("number",)),
    ],
)
def test_what_is_no_place_is_refused(parts: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    with pytest.raises(Problem) as refused:
        after_of(cursor_of(*parts), *kinds)
    assert (refused.value.status, refused.value.errors[0].field) == (400, "query.cursor")


def test_a_place_is_read_as_it_was_written() -> None:
    parts = (TIME, "id", str(2**59))
    assert after_of(cursor_of(*parts), "time", "id", "number") == parts
