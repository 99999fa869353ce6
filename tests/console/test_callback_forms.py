"""Callbacks from a company's own form: signed, once, and telling nobody who is known."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from console.callback_forms import NUMBER_RATE, STRANGER_RATE, CallbackForm, CallbackForms
from console.guard import NAMES, guard
from engine.clock import SystemClock, TimeOrderedIds
from engine.ports import StoreUnavailable
from engine.registers.callbacks import CallbackFilter
from history.callbacks import CallbackRequest
from schedules.opening_hours import OpeningHours
from schedules.spans import parse_spans
from store.store import Store, open_store
from tests.conftest import HandClock
from tests.filled import filled

SECRET = "a secret of our web server"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
WARSAW = ZoneInfo("Europe/Warsaw")


def signature(body: bytes, at: datetime, secret: str = SECRET) -> str:
    sent = str(int(at.timestamp()))
    good = hmac.new(secret.encode(), sent.encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={sent},v1={good}"


@dataclass
class Site:
    """A web server of the company."""

    clock: HandClock
    store: Store
    server: TestServer
    session: aiohttp.ClientSession

    async def send(
        self,
        members: Mapping[str, object] | bytes,
        *,
        form: str = "contact",
        kind: str = JSON,
        signed: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        if isinstance(members, bytes):
            body = members
        else:
            body = orjson.dumps(members) if kind == JSON else urlencode(members).encode()
        sent = {
            "Content-Type": kind,
            "X-Infolinia-Signature": signature(body, self.clock.at) if signed is None else signed,
            "Host": "calls.example.com",
            **(headers or {}),
        }
        url = self.server.make_url(f"/forms/{form}/callback")
        async with self.session.post(url, data=body, headers=sent) as answer:
            return answer.status, await answer.json(content_type=None)

    async def kept(self) -> list[CallbackRequest]:
        return list((await self.store.callbacks.list(CallbackFilter())).items)


@pytest.fixture
async def site(tmp_path: Path, clock: HandClock) -> AsyncIterator[Site]:
    store = open_store(
        filled(f"sqlite:///{tmp_path}/x.db"), tmp_path / "spool", clock=clock, flush_seconds=0.005
    )
    await store.start()
    plain = CallbackForm("contact", SECRET, "orders", campaign="callbacks")
    strict = replace(
        plain,
        name="strict",
        origins=frozenset({"https://www.example.com"}),
        languages=frozenset({"pl", "en"}),
        hours=OpeningHours(WARSAW, {day: parse_spans("8:00-16:00") for day in range(5)}),
    )
    forms = CallbackForms(
        {"contact": plain, "strict": strict},
        store.callbacks,
        clock=clock,
        ids=TimeOrderedIds(clock),
        region="PL",
        zone=WARSAW,
    )
    app = web.Application(middlewares=[guard])
    app[NAMES] = frozenset()
    app.add_routes(forms.routes())
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    session = aiohttp.ClientSession()
    try:
        yield Site(clock, store, server, session)
    finally:
        await session.close()
        await server.close()
        await store.close()


@pytest.mark.parametrize("kind", [JSON, FORM])
async def test_a_form_asks_for_a_callback(site: Site, kind: str) -> None:
    members = {
        "number": "600 000 001",
        "name": "Anna",
        "language": "pl",
        "from": "2026-11-23T10:00",
        "to": "2026-11-23T12:00",
        "note": "about the order",
        "consent_text": "Call me about my order.",
    }
    assert await site.send(members, kind=kind) == (202, {"accepted": True})
    (one,) = await site.kept()
    assert (one.point.value, one.topic, one.campaign, one.source) == (
        "+48600000001", "orders", "callbacks", "form",
    )  # fmt: skip
    assert (one.window_from, one.window_to) == (
        datetime(2026, 11, 23, 9, tzinfo=UTC),
        datetime(2026, 11, 23, 11, tzinfo=UTC),
    )
    assert (one.person_chose, one.time_zone) == (True, "Europe/Warsaw")
    assert (one.name, one.language, one.note) == ("Anna", "pl", "about the order")
    (consent,) = await site.store.permissions.consents_of(str(one.contact_id))
    assert (consent.channel, consent.purpose, consent.source) == ("call", "service", "form contact")
    assert consent.proof.text == "Call me about my order."


async def test_whether_a_person_is_known_is_not_told(site: Site) -> None:
    first = await site.send({"number": "600000001"})
    site.clock.pass_seconds(1)
    again = await site.send({"number": "600000001"})
    assert first == again == (202, {"accepted": True})
    (one,) = await site.kept()
    assert one.requests == 2
    assert one.window_to == site.clock.at + timedelta(hours=4)


async def test_the_number_tells_whose_clocks_count(site: Site) -> None:
    times = {"from": "2026-11-23T10:00", "to": "2026-11-23T12:00"}
    assert (await site.send({"number": "+12025550101", **times}))[0] == 202
    (washington,) = await site.kept()
    assert washington.window_from == datetime(2026, 11, 23, 15, tzinfo=UTC)
    site.clock.pass_seconds(1)
    anywhere = {"number": "+18005550101", **times}
    status, told = await site.send(anywhere)
    assert (status, told["errors"][0]["field"]) == (422, "body.time_zone")
    assert (await site.send({**anywhere, "time_zone": "America/Los_Angeles"}))[0] == 202
    assert (await site.kept())[0].window_from == datetime(2026, 11, 23, 18, tzinfo=UTC)
    site.clock.pass_seconds(1)
    assert (await site.send({"number": "+18005550102"}))[0] == 202
    assert (await site.kept())[0].time_zone is None


async def test_each_signature_counts_once(site: Site) -> None:
    body = orjson.dumps({"number": "600000001"})
    signed = signature(body, site.clock.at)
    assert (await site.send(body, signed=signed))[0] == 202
    site.clock.pass_seconds(60)
    status, told = await site.send(body, signed=signed)
    assert (status, told["type"]) == (409, "/api/problems/repeated")
    assert [one.requests for one in await site.kept()] == [1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda good: "", "Sign the request"),
        (lambda good: good.replace("v1=", "v0="), "not that of this body"),
        (lambda good: good[:-1] + ("0" if good[-1] != "0" else "1"), "not that of this body"),
        (lambda good: good.replace("t=1", "t=2"), "not that of this body"),
        (lambda good: "t=x," + good.partition(",")[2], "Sign the request"),
        (lambda good: "v1=é", "Sign the request"),
    ],
)
async def test_what_is_not_signed_is_refused(site: Site, change: Any, said: str) -> None:
    body = orjson.dumps({"number": "600000001"})
    signed = change(signature(body, site.clock.at)).encode().decode("latin-1")
    status, told = await site.send(body, signed=signed)
    assert (status, told["type"]) == (401, "/api/problems/signature")
    assert said in told["detail"]
    assert await site.kept() == []


@pytest.mark.parametrize(("seconds", "status"), [(299, 202), (301, 401), (-299, 202), (-301, 401)])
async def test_a_signature_lasts_five_minutes(site: Site, seconds: int, status: int) -> None:
    body = orjson.dumps({"number": "600000001"})
    signed = signature(body, site.clock.at - timedelta(seconds=seconds))
    assert (await site.send(body, signed=signed))[0] == status


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({}, "body.number"),
        ({"number": "12"}, "body.number"),
        ({"number": "call me"}, "body.number"),
        ({"number": "600000001", "fax": "1"}, "body.fax"),
        ({"number": "600000001", "topic": "Big Orders"}, "body.topic"),
        ({"number": "600000001", "from": "tomorrow"}, "body.from"),
        ({"number": "600000001", "to": "2026-11-21T10:00"}, "body.to"),
        ({"number": "600000001", "time_zone": "Mars/Olympus"}, "body.time_zone"),
        ({"number": "600000001", "language": "polish!"}, "body.language"),
        ({"number": "600000001", "note": "a\x00b"}, "body.note"),
        ({"number": "600000001", "consent_text": "x" * 5001}, "body.consent_text"),
    ],
)
@pytest.mark.parametrize("kind", [JSON, FORM])
async def test_a_wrong_field_is_named(site: Site, members: dict[str, str], field: str, kind: str) -> None:
    if not members and kind == FORM:
        members = {"name": "Anna"}
    status, told = await site.send(members, kind=kind)
    assert (status, told["errors"][0]["field"]) == (422, field)
    assert await site.kept() == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", JSON, 400),
        (b"[]", JSON, 422),
        (b"number=1&number=2", FORM, 400),
        (b"number=%ff", FORM, 400),
        (b"\xff", FORM, 400),
        (b"number=600000001", "text/plain", 415),
        (b"n" * 20_000, FORM, 413),
    ],
)
async def test_a_body_that_cannot_be_read(site: Site, body: bytes, kind: str, status: int) -> None:
    assert (await site.send(body, kind=kind))[0] == status
    assert await site.kept() == []


async def test_a_strict_form_has_its_site_languages_and_hours(site: Site) -> None:
    ours = {"Origin": "https://www.example.com"}
    good = {"number": "600000001", "language": "en", "from": "2026-11-23T10:00"}
    assert (await site.send(good, form="strict"))[0] == 403
    assert (await site.send(good, form="strict", headers={"Origin": "https://example.org"}))[0] == 403
    status, told = await site.send({**good, "language": "de"}, form="strict", headers=ours)
    assert (status, told["errors"][0]["message"]) == (422, "This form has en, pl.")
    closed = {**good, "from": "2026-11-22T10:00", "to": "2026-11-22T12:00"}
    status, told = await site.send(closed, form="strict", headers=ours)
    assert told["errors"][0] == {
        "field": "body.from",
        "message": "We are closed all that time. We open again at 2026-11-23 08:00. Choose another window.",
    }
    assert await site.send(good, form="strict", headers=ours) == (202, {"accepted": True})
    assert (await site.send(good, form="none"))[0] == 404


async def test_one_number_is_not_asked_for_without_end(site: Site) -> None:
    statuses = []
    for _ in range(NUMBER_RATE.burst + 1):
        site.clock.pass_seconds(1)
        statuses.append((await site.send({"number": "600000001"}))[0])
    assert statuses == [202] * NUMBER_RATE.burst + [429]
    assert (await site.send({"number": "600000002"}))[0] == 202


async def test_who_guesses_signatures_is_kept_waiting(site: Site) -> None:
    statuses = [(await site.send({"number": "1"}, signed=""))[0] for _ in range(STRANGER_RATE.burst + 1)]
    assert statuses == [401] * STRANGER_RATE.burst + [429]
    assert (await site.send({"number": "600000001"}))[0] == 429


async def test_while_the_database_is_away_the_sender_is_told_to_come_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("connection refused")

    body = orjson.dumps({"number": "600000001"})
    signed = signature(body, site.clock.at)
    with monkeypatch.context() as patch:
        patch.setattr(site.store.callbacks, "request", away)
        assert (await site.send(body, signed=signed))[0] == 503
    assert (await site.send(body, signed=signed))[0] == 202, "the same request may be sent again then"


async def test_the_recipe_of_the_page_for_integrators_is_taken(site: Site) -> None:
    """It blocks, so it runs in a thread; the clock is the machine's."""
    page = (Path(__file__).parents[2] / "docs" / "integrators.md").read_text(encoding="utf-8")
    block = next(b for b in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "ask_for_callback" in b)
    room: dict[str, Any] = {}
    exec(block, room)  # the page's own words
    site.clock.at = SystemClock().now()
    url = str(site.server.make_url("/forms/strict/callback"))
    origin = "https://www.example.com"
    status = await asyncio.to_thread(room["ask_for_callback"], url, SECRET, {"number": "600 000 001"}, origin)
    assert status == 202
    assert [one.point.value for one in await site.kept()] == ["+48600000001"]
