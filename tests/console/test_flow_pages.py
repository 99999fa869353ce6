"""/flows, /flows/NAME and the rehearsal behind it: what is shown, what is replayed, what is refused."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from calls.events import CallEvent
from console import flow_rehearsal
from console.flow_rehearsal import Refused, rehearse, typed_of
from console.flow_view import name_of, picture_of, with_live
from console.flows import MOST_WAITING
from console.words import load_words
from engine.ports import FlowFigures, StoreUnavailable
from ivr.flow import Flow
from ivr.reading.loader import load_flow
from ivr.surroundings import NOWHERE
from tests.console.stage import HTML, PHONE, START, Kind, Stage, log, order_call, shipped, text_of

ENGLISH = load_words()["en"]


def in_step(call_id: str, path: Sequence[str], flow: str = "wholesaler") -> list[CallEvent]:
    """A call that goes on, with these steps walked."""
    return log(
        call_id,
        START,
        [
            (
                0.0,
                Kind.RECEIVED,
                {"caller": "+48220000142", "dialled": "101", "network_id": call_id, "node": "a"},
            ),
            (0.0, Kind.FLOW_STARTED, {"flow": flow, "version": "x"}),
            *((1.0 + n, Kind.STEP_ENTERED, {"step": step, "verb": "say"}) for n, step in enumerate(path)),
        ],
    )


def source_of(name: str) -> str:
    return Path(f"callflows/{name}.yaml").read_text(encoding="utf-8")


async def rehearsed(client: TestClient, acts: Any, name: str = "wholesaler", **more: Any) -> str:
    body = {"version": shipped(name).version, "acts": acts, **more}
    response = await client.post(f"/flows/{name}/rehearsal", json=body, headers={"Accept-Language": "en"})
    assert response.status == 200, await response.text()
    return await response.text()


def data_of(page: str, name: str) -> Any:
    found = re.search(rf'data-{name}="([^"]*)"', page)
    assert found is not None
    return json.loads(unescape(found[1]))


# --- the pages --------------------------------------------------------------------------------------------


async def test_the_list_of_flows(client: TestClient, stage: Stage) -> None:
    stage.live.put(stage.queries.add(in_step("a", ["language", "notice"]), PHONE))
    stage.queries.figures["wholesaler"] = FlowFigures(41, {"language": 41})
    page = await text_of(client, "/flows")
    row = page.partition('id="flow-wholesaler"')[2].partition("</tr>")[0]
    assert "Wholesaler</a>" in row
    assert shipped("wholesaler").version[:8] in row
    cells = re.findall(r'<td class="number">(.*?)</td>', row, re.S)
    assert cells[0] == "33"
    assert cells[1] == str(len(shipped("wholesaler").tests))
    assert re.sub(r"<.*?>", "", cells[2]).strip() == "1"
    assert cells[3] == "42"  # those that ended, and the one that goes on
    assert 'href="/flows" aria-current="page"' in page


async def test_the_picture_shows_where_callers_go(client: TestClient, stage: Stage) -> None:
    stage.queries.figures["wholesaler"] = FlowFigures(
        9, {"language": 9, "number": 7, "lookup": 6}, {("number", "lookup"): 6, ("main", "number"): 7}
    )
    stage.live.put(stage.queries.add(in_step("a", ["language", "number"]), PHONE))
    page = await text_of(client, "/flows/wholesaler")
    number = page.partition('<g class="step" data-step="number">')[2].partition('<g class="step"')[0]
    assert ">Number</text>" in number
    assert "Please say or key in" in number
    assert re.search(r'class="step-today">8</text>', number)
    assert number.count('class="now"') == 1
    assert page.count('class="now"') == 1
    figures = re.findall(r'class="figure">(\d+)</text>', page)
    assert sorted(figures) == ["10", "6", "7"]
    for step in shipped("wholesaler").steps.values():
        assert f'data-step="{step.name}"' in page
    assert "<script>" not in page
    assert " style=" not in page


async def test_yesterdays_calls_are_not_todays(client: TestClient, stage: Stage) -> None:
    stage.clock.at = START + timedelta(days=1)
    stage.live.put(stage.queries.add(in_step("a", ["language"]), PHONE))
    page = await text_of(client, "/parts/flow/wholesaler")
    assert re.search(r'<dd class="talking">1</dd>.*?<dd>0</dd>', page, re.S)


async def test_figures_that_are_not_whole_or_not_there_are_told(client: TestClient, stage: Stage) -> None:
    stage.queries.figures["wholesaler"] = FlowFigures(50_000, {}, {}, whole=False)
    assert "(the latest only)" in await text_of(client, "/flows/wholesaler")

    async def away(flow: str, since: object, *, most_calls: int) -> FlowFigures:
        raise StoreUnavailable("away")

    stage.queries.flow_figures = away  # type: ignore[method-assign]
    page = await text_of(client, "/flows/hotline")
    assert "The database does not answer, so today" in page
    assert 'data-step="main"' in page


@pytest.mark.parametrize("language", ["pl", "en", "ru"])
@pytest.mark.parametrize("name", ["hotline", "debt-line", "unknown-number"])
async def test_every_flow_in_every_language(client: TestClient, language: str, name: str) -> None:
    page = await text_of(client, f"/flows/{name}", **{"Accept-Language": language})
    assert page.count('class="step"') == sum(not s.implied for s in shipped(name).steps.values())


@pytest.mark.parametrize(
    "path", ["/flows/nothing", "/parts/flow/nothing", "/flows/..%2f..%2fetc", "/flows/%3Cb%3E"]
)
async def test_a_flow_that_there_is_not(client: TestClient, path: str) -> None:
    response = await client.get(path, headers=HTML)
    assert response.status == 404
    assert "<b>" not in await response.text()


def test_the_picture_is_always_the_same() -> None:
    words = load_words()["pl"]
    for name in ("wholesaler", "debt-line"):
        picture = picture_of(shipped(name), words)
        assert picture == picture_of(shipped(name), words)
        cards = picture.cards
        for n, one in enumerate(cards):
            for two in cards[n + 1 :]:
                apart = (
                    one.x + one.width <= two.x
                    or two.x + two.width <= one.x
                    or one.y + one.height <= two.y
                    or two.y + two.height <= one.y
                )
                assert apart, (one.step, two.step)


def test_names_as_words() -> None:
    assert [name_of(n) for n in ("our_hours", "who/code_sent", "debt-line", "_")] == [
        "Our hours",
        "Who: code sent",
        "Debt line",
        "_",
    ]


def test_live_calls_count_each_way_once(stage: Stage) -> None:
    call = stage.queries.add(in_step("a", ["a", "b", "a", "b"]), PHONE)
    figures = with_live(FlowFigures(1, {"a": 1}, {("a", "b"): 1}), [call])
    assert (figures.calls, dict(figures.steps)) == (2, {"a": 2, "b": 1})
    assert dict(figures.ways) == {("a", "b"): 2, ("b", "a"): 1}


# --- the rehearsal ----------------------------------------------------------------------------------------


async def test_a_call_typed_by_keys(client: TestClient) -> None:
    acts = [{"dials": "2"}, {"silence": True}, {"dials": "1"}, {"dials": "123456"}]
    page = await rehearsed(client, acts, answers={"1": '{"status": "packed", "amount": 249.5}'})
    assert "two hundred and forty nine zlotys and fifty groszy" in page
    assert "GET /orders/123456" in page
    steps = data_of(page, "steps")
    assert steps[:2] == ["language", "notice"]
    assert steps[-1] == "more"
    assert ["language", "choice 2"] in data_of(page, "ways")
    assert 'data-here="more"' in page
    assert 'data-ended="no"' in page


async def test_replies_of_the_flows_own_tests_are_offered(client: TestClient) -> None:
    acts = [{"dials": "2"}, {"silence": True}, {"dials": "1"}, {"dials": "123456"}]
    page = unescape(await rehearsed(client, acts))
    assert '{"status": "packed", "amount": 249.5}' in page
    assert 'data-after="4"' in page
    page = await rehearsed(client, acts, answers={"1": "failed"})
    assert "I cannot look up your order right now" in page
    page = await rehearsed(client, acts, answers={"1": "{{{"})
    assert "A table is wanted" in page


async def test_speech_silence_and_hanging_up(client: TestClient) -> None:
    page = await rehearsed(
        client, [{"says": "two"}, {"silence": 1}, {"says": "opening hours"}, {"hangs_up": 1}]
    )
    assert "Monday to Friday, eight to four" in page
    assert "The caller hangs up" in page
    assert 'data-ended="yes"' in page
    page = await rehearsed(client, [{"says": "gibberish"}])
    assert "Not understood" in page
    page = await rehearsed(client, [{"hangs_up": 1}, {"dials": "1"}, {"says": "two"}])
    assert "pressed" not in page


async def test_the_time_of_the_call_decides_on_the_hours(stage: Stage) -> None:
    text = """
flow: shop
languages: [en]
always: {agent: bye, trouble: bye}
start: opening
steps:
  opening: {hours: office, open: yes_open, closed: no_open}
  yes_open: {say: "We are open.", next: bye}
  no_open: {say: "We are closed.", next: bye}
  bye: {hangup: normal}
use: {hours: [office]}
"""
    flow = load_flow(text, "shop.yaml")
    company = type(NOWHERE)(opening=lambda name, now: "open" if now.hour == 10 else "closed")
    for at, said in (("2026-03-20T10:00", "We are open."), ("2026-03-20T20:00", "We are closed.")):
        outcome = rehearse(flow, typed_of({"at": at}, flow), company, "100", ENGLISH)
        assert said in [line.text for line in outcome.lines]
        assert outcome.ended


async def test_a_rehearsal_becomes_a_test_that_passes(client: TestClient, stage: Stage) -> None:
    acts = [{"dials": "2"}, {"silence": True}, {"dials": "2"}]
    page = await rehearsed(client, acts, save=True, caller="+48220000007")
    written = unescape(page.partition('id="test-text"')[2].partition(">")[2].partition("</pre>")[0])
    assert written.startswith("  - test: a call typed on the flow's page\n")
    source = source_of("wholesaler")
    flow = load_flow(f"{source.rstrip()}\n{written}", "wholesaler.yaml")
    stage.flows.replace({**{f.name: f for f in stage.flows.all()}, "wholesaler": flow}, stage.flows.unknown)
    response = await client.post("/flows/wholesaler/tests", json={"version": flow.version})
    assert f"{len(flow.tests)} of {len(flow.tests)} saved rehearsals pass" in await response.text()


async def test_a_call_that_an_agent_took_becomes_a_test_too(client: TestClient) -> None:
    acts = [{"dials": "2"}, {"silence": True}, {"dials": "0"}, {"dials": "5"}]
    page = unescape(await rehearsed(client, acts, save=True))
    assert "{gets: queue}" in page
    assert 'agents: {answered: "20s"}' in page
    assert "Thank you for your rating" in page


async def test_a_test_that_fails_is_named_with_its_line(client: TestClient, stage: Stage) -> None:
    source = source_of("unknown-number").rstrip()
    flow = load_flow(
        f"{source}\n  - test: <b>wrong</b>\n    caller: [{{hears: something else}}]\n", "unknown-number.yaml"
    )
    stage.flows.replace({f.name: f for f in stage.flows.all()} | {flow.name: flow}, flow)
    response = await client.post(f"/flows/{flow.name}/tests", json={"version": flow.version})
    page = await response.text()
    assert f"{len(flow.tests) - 1} of {len(flow.tests)} saved rehearsals pass" in page
    assert "&lt;b&gt;wrong&lt;/b&gt;" in page
    assert "something else" in page


async def test_a_version_that_was_replaced_can_be_rehearsed_on(client: TestClient, stage: Stage) -> None:
    old = shipped("wholesaler")
    source = source_of("wholesaler")
    new = load_flow(source.replace("Our office is closed now.", "We sleep."), "wholesaler.yaml")
    stage.flows.replace({f.name: f for f in stage.flows.all()} | {"wholesaler": new}, stage.flows.unknown)
    assert f'data-version="{new.version}"' in await text_of(client, "/flows/wholesaler")
    assert "po polsku" in (await rehearsed(client, [], version=old.version)).lower()
    response = await client.post("/flows/wholesaler/rehearsal", json={"version": "0" * 12, "acts": []})
    assert response.status == 409
    assert "Load the page anew" in (await response.json())["error"]


VERSION = shipped("wholesaler").version


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("not json", 400),
        ("[1]", 400),
        ('{"acts": []}', 409),
        ({"version": 7}, 409),
        ({"acts": "1"}, 400),
        ({"acts": [{"dials": "abc"}]}, 400),
        ({"acts": [{"dials": "1" * 65}]}, 400),
        ({"acts": [{"says": ""}]}, 400),
        ({"acts": [{"says": "x" * 501}]}, 400),
        ({"acts": [{"does": "x"}]}, 400),
        ({"acts": [None]}, 400),
        ({"acts": [{"silence": 1}] * 201}, 400),
        ({"answers": []}, 400),
        ({"answers": {"-1": "next"}}, 400),
        ({"answers": {"0": 5}}, 400),
        ({"answers": {"0": "x" * 2001}}, 400),
        ({"language": "xx"}, 400),
        ({"language": ["en"]}, 400),
        ({"caller": "Anna"}, 400),
        ({"caller": 48}, 400),
        ({"at": "tomorrow"}, 400),
        ({"at": "1066-10-14T09:00"}, 400),
        ({"at": "2026-03-22T14:00+01:00"}, 400),
        ({"at": 5}, 400),
    ],
)
async def test_what_cannot_be_rehearsed_is_refused(client: TestClient, body: Any, status: int) -> None:
    text = body if isinstance(body, str) else json.dumps({"version": VERSION, **body})
    response = await client.post(
        "/flows/wholesaler/rehearsal", data=text, headers={"Content-Type": "application/json"}
    )
    assert response.status == status, await response.text()
    assert (await response.json())["error"].endswith(".")


async def test_only_the_consoles_own_page_rehearses(client: TestClient) -> None:
    response = await client.post("/flows/wholesaler/rehearsal", data="acts=1")
    assert response.status == 415
    body = {"version": VERSION, "acts": []}
    foreign = {"Origin": "https://example.com"}
    response = await client.post("/flows/wholesaler/rehearsal", json=body, headers=foreign)
    assert response.status == 403
    assert (await client.post("/flows/nothing/tests", json={"version": VERSION})).status == 404
    assert (await client.get("/flows/wholesaler/tests")).status == 405


def test_a_rehearsal_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    flow: Flow = shipped("wholesaler")
    typed = typed_of({"acts": [{"dials": "1"}] * 200}, flow)
    assert rehearse(flow, typed, NOWHERE, "100", ENGLISH).steps
    monkeypatch.setattr(flow_rehearsal, "MOST_CPU_SECONDS", 0.0)
    with pytest.raises(Refused, match="too long"):
        rehearse(flow, typed, NOWHERE, "100", ENGLISH)


async def test_many_rehearsals_at_once_are_refused(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    going = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def held(*args: Any, **kwargs: Any) -> None:
        await going.wait()
        raise Refused("Enough.")

    def in_thread(*args: Any, **kwargs: Any) -> None:
        asyncio.run_coroutine_threadsafe(held(), loop).result(10)

    monkeypatch.setattr("console.flows.rehearse", in_thread)
    body = {"version": VERSION, "acts": []}
    posts = [
        asyncio.ensure_future(client.post("/flows/wholesaler/rehearsal", json=body))
        for _ in range(MOST_WAITING + 1)
    ]
    done, _ = await asyncio.wait(posts, timeout=10, return_when=asyncio.FIRST_COMPLETED)
    assert [task.result().status for task in done] == [503]
    going.set()
    statuses = [response.status for response in await asyncio.gather(*posts)]
    assert sorted(statuses) == [400] * MOST_WAITING + [503]


async def test_a_verify_answer_is_not_written_into_a_test(client: TestClient) -> None:
    """A secret is in no log, so such a rehearsal cannot be told as a test; the sentence says so."""
    flow = shipped("debt-line")
    body = {"version": flow.version, "acts": [{"silence": 1}, {"dials": "01011980"}], "save": True}
    response = await client.post("/flows/debt-line/rehearsal", json=body)
    assert response.status == 422
    assert "secret answers" in (await response.json())["error"]


async def test_new_flows_are_told_to_pages(client: TestClient, stage: Stage) -> None:
    async with client.get("/events") as stream:
        async with asyncio.timeout(10):
            while b"event: flows" not in await stream.content.readline():
                pass
            stage.live.changed("flows")
            while b"event: flows" not in await stream.content.readline():
                pass


async def test_hear_it_yourself_is_ticked_after_the_first_call(client: TestClient, stage: Stage) -> None:
    def item(page: str) -> str:
        return page.partition('id="hear-it"')[2].partition("</li>")[0]

    assert "#check" not in item(await text_of(client, "/"))
    stage.queries.add(order_call(), PHONE)
    assert "#check" in item(await text_of(client, "/"))
    assert "#check" in item(await text_of(client, "/parts/setup"))
