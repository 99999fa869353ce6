"""Lists sent over the API: looked at at once, imported by another process, told in the end."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
import xlsxwriter

from history.publication import Kind
from infolinia.contact_lists.desk import ImportDesk
from tests.api.serving import RunningApi, both_databases

LIST = (
    "Telefon;Imię;Nazwisko;E-mail\n"
    "600 000 012;Łukasz;Żółw;lukasz@example.com\n"
    "=1+1;Anna;Nowak;\n"
    "600000012;Anna;Nowak;\n"
)
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
async def desk(api: RunningApi) -> AsyncIterator[ImportDesk]:
    intake = api.parts.intake
    assert isinstance(intake, ImportDesk)
    intake.start()
    yield intake
    await intake.close()


async def ended(api: RunningApi, import_id: str) -> dict[str, Any]:
    async with asyncio.timeout(40):
        while True:
            found = (await api.token().get(f"/imports/{import_id}")).json
            if found["state"] not in ("waiting", "running"):
                return dict(found)
            await asyncio.sleep(0.1)


@both_databases
async def test_a_list_is_imported_in_the_background(api: RunningApi, desk: ImportDesk) -> None:
    client = api.token()
    sent = await client.post("/imports?name=list.csv&tags=autumn", data=LIST.encode("cp1250"), headers=CSV)
    assert sent.status == 201, sent.raw
    assert sent.headers["Location"] == f"/api/v1/imports/{sent.json['id']}"
    done = await ended(api, sent.json["id"])
    assert done["state"] == "done"
    assert (done["position"], done["created"], done["refused"], done["duplicates"]) == (3, 1, 1, 1)
    refused = (await client.get(f"/imports/{done['id']}/refused?limit=1")).json
    assert refused["items"][0]["line"] == 3
    rest = (await client.get(f"/imports/{done['id']}/refused?cursor={refused['next']}")).json
    assert [item["line"] for item in rest["items"]] == [4]
    assert "line 2" in rest["items"][0]["reason"]
    table = (await client.get(f"/imports/{done['id']}/refused.csv")).raw.decode()
    assert "3,phone,'=1+1," in table
    told = await api.store.publications.between(0, 100, limit=50)
    assert [one.kind for one in told] == [Kind.IMPORT_FINISHED]


async def test_workbooks_and_json_lines_are_lists_too(api: RunningApi, desk: ImportDesk) -> None:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book, {"in_memory": True}) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, ["phone", "name"])
        sheet.write_row(1, 0, [48600000012, "Anna"])
    lines = b'{"phone": "600000013", "attributes": {"city": "Gdynia"}}\n{"email": "jan@example.com"}\n'
    for data, kind, number in (
        (book.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 1),
        (lines, "application/x-ndjson", 2),
    ):
        sent = await api.token().post("/imports", data=data, headers={"Content-Type": kind})
        assert sent.status == 201, sent.raw
        assert (await ended(api, sent.json["id"]))["created"] == number


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"colour;size\nred;5\n", "No column"),
        (b"PK\x03\x04 no workbook", "no workbook"),
        (b'{"phone": 1\n', "no JSON in line 1"),
        (b'{"phone": {"a": 1}}\n', "line 1"),
    ],
)
async def test_what_is_no_list_is_refused_at_once(api: RunningApi, data: bytes, says: str) -> None:
    refused = await api.token().post("/imports", data=data, headers=CSV)
    assert refused.status == 422
    assert says in refused.json["detail"]
    assert (await api.token().get("/imports")).json["items"] == []


async def test_wrong_options_are_named(api: RunningApi) -> None:
    for query in ("columns=phone", "tags=a,b", "country=Poland", "duplicates=all", "separator=%22"):
        refused = await api.token().post(f"/imports?{query}", data=LIST.encode(), headers=CSV)
        assert refused.status == 400, query
        assert refused.wrong_fields[0].startswith(f"query.{query.partition('=')[0]}")
    for query in ("columns=phone%3DNumer", "columns=colour%3DTelefon", "encoding=ebcdic-9"):
        assert (await api.token().post(f"/imports?{query}", data=LIST.encode(), headers=CSV)).status == 422


async def test_the_same_list_is_not_taken_twice_at_once(api: RunningApi) -> None:
    """No worker runs here, so the first one waits."""
    first = await api.token().post("/imports", data=LIST.encode(), headers=CSV)
    second = await api.token().post("/imports", data=LIST.encode(), headers=CSV)
    assert (first.status, second.status) == (201, 409)
    assert first.json["id"] in second.json["detail"]
    cancelled = await api.token().post(f"/imports/{first.json['id']}/cancel")
    assert cancelled.json["state"] == "cancelled"
    assert (await api.token().post(f"/imports/{first.json['id']}/resume")).status == 422
    assert (await api.token().post("/imports", data=LIST.encode(), headers=CSV)).status == 201
