"""A flow's errands in a real call over SIP: a real web server, real outbox rows, a real recording."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from engine.clock import SystemClock
from tests.house import take_ports
from tests.patience import patient
from tests.running import ROOT, WITH_PATIENT_CALLERS, RunningHotline, running, until
from tests.sipp import run_sipp

pytestmark = [pytest.mark.live, pytest.mark.timeout(150)]

FLOW = """
flow: errands
languages: [en]
always: {agent: trouble, trouble: trouble, gone: bye}
use: {hours: [always, never], services: [orders], campaigns: [callbacks]}
start: opening
steps:
  opening: {hours: never, open: trouble, closed: really}
  really: {hours: always, open: agree, closed: trouble}
  agree:
    consent: {to: recording, refuse: 9, prompt: {en: "Press 9 to refuse."}, attempts: 1, wait: 2s}
    next: lookup
    refused: lookup
  lookup:
    webhook: {service: orders, get: "/of/{caller}?open=yes", into: reply, timeout: 3s}
    next: keep
    failed: sorry
  keep: {contact: {set: city, to: "{reply.city}"}, next: pin, unknown: trouble}
  pin: {contact: {set: pin, to: "4321"}, next: know, unknown: trouble}
  know: {contact: {get: city, into: city}, next: prove, unknown: trouble}
  prove:
    verify: {pin: pin, digits: 4, prompt: {en: "Your number, please."}, attempts: 2}
    verified: clip
    failed: sorry
  clip:
    record: {into: clip, prompt: {en: "Say your name."}, longest: 20s}
    next: text
    empty: trouble
  text: {sms: {to: "{caller}", text: {en: "You live in {city}."}}, next: call_back, failed: trouble}
  call_back: {callback: {campaign: callbacks, within: 4h}, next: promise, unreachable: trouble}
  promise: {promise: {amount: "{reply.debt}", due: "{reply.due}", reference: "D-7", latest: 366d}, next: stop}
  stop: {stop_contact: {channels: [sms], number: "{caller}"}, next: goodbye}
  sorry: {say: {text: {en: "Sorry."}, interrupt: false}, next: bye}
  trouble: {say: {text: {en: "Trouble."}, interrupt: false}, next: bye}
  goodbye: {say: {text: {en: "Goodbye."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""
CALLER = "+48220000041"


@asynccontextmanager
async def orders(port: int, due: str, seen: list[tuple[str, str]]) -> AsyncIterator[None]:
    """The company's service: it knows one caller."""

    async def answer(request: web.Request) -> web.Response:
        seen.append((request.raw_path, request.headers.get("Authorization", "")))
        return web.json_response({"city": "Łódź", "debt": "120.5", "due": due})

    async with serving(port, answer):
        yield


@asynccontextmanager
async def serving(port: int, answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[None]:
    application = web.Application()
    application.router.add_get("/api/of/{number}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


def settings(folder: Path, port: int) -> dict[str, Any]:
    """A hotline of this one flow."""
    flows = folder / "flows"
    flows.mkdir()
    (flows / "errands.yaml").write_text(FLOW, encoding="utf-8")
    shutil.copy(ROOT / "callflows" / "unknown-number.yaml", flows)
    return {
        "flows": str(flows),
        "numbers": {"100": "errands"},
        "campaigns": ["callbacks"],
        "hours": {"always": {"mon-sun": "24h"}, "never": {"mon-sun": "closed", "time_zone": "Asia/Tokyo"}},
        "services": {
            "orders": {
                "url": f"http://127.0.0.1:{port}/api",
                "headers": {"Authorization": "Bearer ${ORDERS_TOKEN}"},
            }
        },
    }


def date_ahead(days: int) -> str:
    return (SystemClock().now() + timedelta(days=days)).date().isoformat()


def table(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "v" / "infolinia.db", timeout=5)) as database:
        return database.execute(query).fetchall()


SCRIPT = "wait 7; press 4321; wait 1; say 'Anna from the market'; interrupt; press #"


def noted(row: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in row["events"] if event["kind"] == kind]


async def test_a_caller_is_looked_up_known_written_to_and_called_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_TOKEN", "s3cret-token")
    seen: list[tuple[str, str]] = []
    with take_ports() as ports:
        web_port = ports.spare(31)
        async with running(tmp_path, ports, **settings(tmp_path, web_port)) as hotline:
            async with orders(web_port, date_ahead(30), seen):
                await hotline.run("call", "--script", SCRIPT, "--from", CALLER, limit_seconds=120)
                (row,) = [row for row in await hotline.rows(2) if row["channel"] in ("call", "voicemail")]
            log = hotline.log()
    assert row["path"][-3:] == ["stop", "goodbye", "bye"], (row["path"], noted(row, "trouble"))
    assert row["path"][:3] == ["opening", "really", "agree"]
    assert seen == [("/api/of/%2B48220000041?open=yes", "Bearer s3cret-token")]
    (fetched,) = noted(row, "fetched")
    assert (fetched["service"], fetched["status"]) == ("orders", 200)
    assert noted(row, "consent_kept") == [{"purpose": "recording", "given": True, "by": "silence"}]
    assert noted(row, "identity_checked") == [{"by": "attribute", "passed": True}]
    (clip,) = noted(row, "clip_recorded")
    assert (tmp_path / "recordings" / f"{clip['recording']}.sealed").stat().st_size > 8000
    assert row["recording"] is None
    assert row["outcome"] == "completed"
    assert noted(row, "trouble") == []

    jobs = {
        topic: (key, json.loads(payload))
        for topic, key, payload in table(tmp_path, "SELECT topic, key, payload FROM outbox")
    }
    call_id = row["subject_id"]
    assert {topic: key.split(":")[:2] for topic, (key, _) in jobs.items()} == {
        topic: [call_id, topic] for topic in ("sms", "promise")
    }
    assert jobs["sms"][1]["text"] == "You live in Łódź."
    assert jobs["sms"][1]["to"] == CALLER
    callbacks = table(tmp_path, "SELECT person, point_value, topic, source, state FROM callback_requests")
    assert callbacks == [(row["contact_id"], CALLER, "callbacks", "flow", "open")]
    assert jobs["promise"][1]["amount"] == "120.50"
    consents = table(tmp_path, "SELECT contact_id, channel, purpose, given, proof_text FROM consents")
    assert consents == [(row["contact_id"], "", "recording", 1, "by silence")]
    objections = table(tmp_path, "SELECT scope, value FROM do_not_contact ORDER BY scope")
    assert objections == [("number", CALLER), ("person", row["contact_id"])]
    for topic, kind in {
        "sms": "message_queued",
        "callback": "callback_requested",
        "promise": "promise_made",
    }.items():
        assert len(noted(row, kind)) == 1, topic
    attributes = table(
        tmp_path, "SELECT contact_id, name, value, source FROM contact_attributes ORDER BY name"
    )
    assert attributes == [
        (row["contact_id"], "city", '"Łódź"', call_id),
        (row["contact_id"], "pin", '"4321"', call_id),
    ]
    assert "4321" not in json.dumps([row["events"], row["heard"]])
    assert "s3cret-token" not in log


async def test_a_service_that_is_down_costs_a_sentence_and_the_caller_who_leaves_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_TOKEN", "s3cret-token")
    with take_ports() as ports:
        async with running(tmp_path, ports, **settings(tmp_path, ports.spare(31))) as hotline:
            await hotline.run("call", "--script", "press 9", "--from", CALLER, limit_seconds=120)
            (row,) = await hotline.rows(1)

            async def told() -> bool:
                return "a service failed" in hotline.log()

            await until(told, "the log tells of the service", 5, hotline.log)
            log = hotline.log()
    assert row["path"] == ["opening", "really", "agree", "lookup", "sorry", "bye"]
    (fetched,) = noted(row, "fetched")
    assert fetched["status"] is None
    assert "cannot be reached" in fetched["error"]
    assert noted(row, "consent_kept") == [{"purpose": "recording", "given": False, "by": "key"}]
    assert "s3cret-token" not in log
    assert "48220000041" not in log.split("a service failed")[1].splitlines()[0]


async def test_without_its_secret_the_hotline_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORDERS_TOKEN", raising=False)
    with take_ports() as ports, pytest.raises(AssertionError, match="ORDERS_TOKEN, which is not set"):
        async with running(tmp_path, ports, **settings(tmp_path, ports.spare(31))):
            pass
    assert not (tmp_path / "v" / "infolinia.db").exists()


CRASH_FLOW = """
flow: errands
languages: [en]
always: {agent: bye, trouble: trouble}
use: {services: [orders], campaigns: [callbacks]}
start: text
steps:
  text: {sms: {to: "{caller}", text: {en: "Thank you for calling."}}, next: lookup}
  lookup:
    webhook: {service: orders, get: "/of/{caller}", into: reply, timeout: 30s}
    next: call_back
    failed: trouble
  call_back: {callback: {campaign: callbacks, within: 4h}, next: goodbye, unreachable: trouble}
  trouble: {say: {text: {en: "Trouble."}, interrupt: false}, next: bye}
  goodbye: {say: {text: {en: "Goodbye."}, interrupt: false}, next: bye}
  bye: {hangup: normal}
"""


async def test_an_engine_killed_in_the_middle_sends_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_TOKEN", "s3cret-token")
    asked = asyncio.Event()
    answered = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        asked.set()
        await answered.wait()
        return web.json_response({"city": "Łódź"})

    with take_ports() as ports:
        web_port = ports.spare(31)
        wanted = settings(tmp_path, web_port)
        (tmp_path / "flows" / "errands.yaml").write_text(CRASH_FLOW, encoding="utf-8")
        hotline = RunningHotline(tmp_path, ports, wanted, program=WITH_PATIENT_CALLERS)
        try:
            async with serving(web_port, answer):
                await hotline.start()
                caller = asyncio.create_task(
                    run_sipp(
                        "patient",
                        folder=tmp_path,
                        sip_port=ports.sip,
                        local_port=ports.spare(0),
                        audio_port=ports.spare(2),
                        caller=CALLER[1:],
                        limit_seconds=60,
                    )
                )
                await asyncio.wait_for(asked.wait(), patient(20))
                hotline.kill()  # what is not durable of the last quarter of a second is lost with it
                await hotline.ended()
                assert [topic for (topic,) in table(tmp_path, "SELECT topic FROM outbox")] == ["sms"]
                answered.set()
                await hotline.start()
                result = await caller
                assert result.ok, result.output
                (row,) = await hotline.rows(1)
        finally:
            await hotline.stop()
    assert row["path"][-3:] == ["call_back", "goodbye", "bye"]
    assert "resumed" in [event["kind"] for event in row["events"]]
    keys = [key.partition(":")[2] for (key,) in table(tmp_path, "SELECT key FROM outbox ORDER BY id")]
    assert keys == ["sms:1"]
    assert table(tmp_path, "SELECT requests FROM callback_requests") == [(1,)]
