"""A flow's page in a real Chromium: a rehearsal by keys lights its path, and calls move by themselves."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, async_playwright, expect

from engine.ports import FlowFigures
from tests.console.stage import PHONE, START, Kind, Stage, log, order_call, shipped
from tests.patience import PAGE_MS

pytestmark = pytest.mark.browser
CHROMIUM = Path("/usr/bin/chromium")
OpenPage = Callable[..., Awaitable[Page]]

CUT_OFF = """() => [...document.querySelectorAll("button, h1, h2, .pill, .tag, .rail-item span")]
    .filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)"""
LEAST_CONTRAST = """() => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgb = (color) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const light = (channels) => channels.slice(0, 3)
        .map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
    const ratio = (one, two) => {
        const [low, high] = [light(one), light(two)].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
    const behind = (element) => {
        const card = element.closest("g.step, g.entry")?.querySelector("rect");
        if (card && !element.matches(".figure")) return rgb(getComputedStyle(card).fill);
        for (let e = element; e; e = e.parentElement) {
            const ground = rgb(getComputedStyle(e).backgroundColor);
            if (ground[3] === 255) return ground;
        }
        return [255, 255, 255, 255];
    };
    const written = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const texts = [...document.querySelectorAll("main *")]
        .filter((e) => !e.closest("option, title, :disabled") && written(e) && e.getClientRects().length);
    return texts.map((e) => {
        const style = getComputedStyle(e);
        const ink = e.ownerSVGElement ? style.fill : style.color;
        return [ratio(rgb(ink), behind(e)), e.outerHTML.slice(0, 120)];
    }).sort((a, b) => a[0] - b[0])[0];
}"""


@pytest.fixture
async def open_flow(stage: Stage) -> AsyncIterator[OpenPage]:
    """Opens a page; the test fails when it logs an error or breaks its own policy."""
    if not await asyncio.to_thread(CHROMIUM.exists):
        pytest.fail("Chromium is missing: apt-get install chromium")
    server = TestServer(stage.application(), host="127.0.0.1")
    await server.start_server()
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        async def open_it(path: str = "/flows/wholesaler", **options: Any) -> Page:
            context = await browser.new_context(
                **{"locale": "en", "viewport": {"width": 1440, "height": 900}, **options}
            )
            context.set_default_timeout(PAGE_MS)
            page = await context.new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
            await page.goto(f"http://127.0.0.1:{server.port}{path}")
            return page

        yield open_it
        await browser.close()
    await server.close()
    assert errors == []


def put_call(stage: Stage, path: list[str], *, ended: bool = False) -> None:
    entries: list[tuple[float, Kind, dict[str, object]]] = [
        (0.0, Kind.RECEIVED, {"caller": "+48220000142", "dialled": "101", "network_id": "n"}),
        (0.0, Kind.FLOW_STARTED, {"flow": "wholesaler", "version": "x"}),
        *((1.0, Kind.STEP_ENTERED, {"step": step, "verb": "say"}) for step in path),
    ]
    if ended:
        entries.append((9.0, Kind.ENDED, {"by": "caller", "outcome": "completed"}))
    stage.live.put(stage.queries.add(log("live", START, entries), PHONE))


async def test_a_rehearsal_by_keys_lights_its_path(stage: Stage, open_flow: OpenPage) -> None:
    page = await open_flow()
    talk = page.locator("#talk")
    await expect(talk).to_contain_text("For English, press or say two.")
    lit = page.locator("#picture .step.lit")
    await expect(lit).to_have_count(1)

    # F7 brings the focus to the keys, as on the hotline's page.
    await page.keyboard.press("F7")
    await page.keyboard.press("2")
    await expect(talk).to_contain_text("If you do not agree, press 9.")
    await page.locator("#silence").click()
    await expect(talk).to_contain_text("For your order, press 1 or say number.")
    await page.locator('#pad [data-key="1"]').click()
    await expect(talk).to_contain_text("Please say or key in the six digits")
    await page.locator("#said").fill("123456")
    await page.keyboard.press("Enter")
    await expect(talk).to_contain_text("How would you rate this conversation")

    # The service answered nothing; say what it answers, and the call goes another way.
    reply = page.locator("[data-work]").first
    await reply.focus()
    await page.evaluate("document.querySelector('#talk .bubble').sameNode = true")
    await reply.select_option('{"status": "packed", "amount": 249.5}')
    await expect(talk).to_contain_text("two hundred and forty nine zlotys and fifty groszy")
    await expect(reply).to_be_focused()
    assert await page.evaluate("document.querySelector('#talk .bubble').sameNode") is True
    names = await lit.evaluate_all("cards => cards.map((card) => card.dataset.step)")
    walked = [
        "language",
        "notice",
        "consent",
        "opening",
        "main",
        "number",
        "lookup",
        "known",
        "packed",
        "more",
    ]
    assert sorted(names) == sorted(walked)
    ways = await page.locator("#picture .way.lit").evaluate_all(
        "ways => ways.map((way) => [way.dataset.step, way.dataset.way])"
    )
    assert ["main", "choice 1"] in ways
    assert ["known", "case 2"] in ways
    assert ["main", "choice 2"] not in ways
    await expect(page.locator("#picture .step.here")).to_have_attribute("data-step", "more")
    await expect(page.locator("#picture .step.here .step-card")).to_be_in_viewport()

    await page.locator("#hang-up").click()
    await expect(talk).to_contain_text("The caller hangs up")
    await expect(page.locator("#said")).to_be_disabled()
    await page.locator("#save").click()
    await expect(page.locator("#test-text")).to_contain_text("{dials: 123456}")
    await page.locator("#run-tests").click()
    count = len(shipped("wholesaler").tests)
    await expect(page.locator("#tests")).to_contain_text(f"{count} of {count} saved rehearsals pass")
    await page.locator("#again").click()
    await expect(lit).to_have_count(1)
    await expect(page.locator("#said")).to_be_focused()


async def test_calls_move_by_themselves(stage: Stage, open_flow: OpenPage) -> None:
    page = await open_flow()
    dots = page.locator("#picture circle.now")
    await expect(page.locator("#talk")).to_contain_text("For English")
    await expect(dots).to_have_count(0)
    put_call(stage, ["language"])
    await expect(page.locator('#picture [data-step="language"] circle.now')).to_have_count(1)
    put_call(stage, ["language", "notice"])
    await expect(page.locator('#picture [data-step="notice"] circle.now')).to_have_count(1)
    await expect(dots).to_have_count(1)
    await expect(page.locator(".flow-figures .talking")).to_have_text("1")
    # What is rehearsed stays lit when the picture is drawn anew.
    await expect(page.locator("#picture .step.lit")).to_have_count(1)
    put_call(stage, ["language", "notice"], ended=True)
    await expect(dots).to_have_count(0)


async def test_a_newer_version_is_told_and_taken_by_again(stage: Stage, open_flow: OpenPage) -> None:
    page = await open_flow("/flows/hotline")
    await expect(page.locator("#talk")).to_contain_text("For English")
    newer = replace(shipped("hotline"), version="abcdef012345")
    stage.flows.replace({f.name: f for f in stage.flows.all()} | {"hotline": newer}, stage.flows.unknown)
    stage.live.changed("flows")
    await expect(page.locator("#newer")).to_be_visible()
    await expect(page.locator(".flow-head")).to_contain_text(newer.version[:8])
    await page.locator("#again").click()
    await expect(page.locator("#newer")).to_be_hidden()
    await expect(page.locator("#rehearsal-version")).to_have_text(newer.version[:8])


@pytest.mark.parametrize("locale", ["pl", "ru"])
async def test_no_flow_page_scrolls_sideways(stage: Stage, open_flow: OpenPage, locale: str) -> None:
    put_call(stage, ["language"])
    for path, width in itertools.product(["/flows", "/flows/wholesaler"], [390, 1280, 1920]):
        page = await open_flow(path, viewport={"width": width, "height": 800}, locale=locale)
        if path != "/flows":
            await expect(page.locator("#talk .bubble").first).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        assert await page.evaluate(CUT_OFF) == [], (path, width)
        await page.context.close()


async def test_the_other_pages_fit_a_telephone(stage: Stage, open_flow: OpenPage) -> None:
    stage.queries.add(order_call(recording="gone"), PHONE)
    for path in ("/", "/calls", "/calls/c1"):
        page = await open_flow(path, viewport={"width": 390, "height": 844}, locale="ru")
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path
        await page.get_by_role("button", name="Polski").click()
        assert await page.evaluate("document.documentElement.lang") == "pl", path
        await page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_read(stage: Stage, open_flow: OpenPage, scheme: str) -> None:
    stage.queries.figures["wholesaler"] = FlowFigures(
        9, {"language": 9, "polish": 2}, {("language", "polish"): 2}
    )
    put_call(stage, ["language"])
    page = await open_flow(color_scheme=scheme)
    await page.locator("#said").fill("two")
    await page.keyboard.press("Enter")
    await expect(page.locator("#picture .step.here")).to_have_attribute("data-step", "consent")
    contrast, where = await page.evaluate(LEAST_CONTRAST)
    assert contrast >= 4.5, where


async def test_all_is_reached_by_keyboard(open_flow: OpenPage) -> None:
    page = await open_flow()
    await expect(page.locator("#talk .bubble").first).to_be_visible()
    seen: list[str] = []
    for _ in range(40):
        await page.keyboard.press("Tab")
        seen.append(await page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        outline = "getComputedStyle(document.activeElement.closest('.say') ?? document.activeElement)"
        ring = await page.evaluate(f"[{outline}.outlineStyle, {outline}.boxShadow]")
        assert ring[0] == "solid" or ring[1] != "none", seen
        if seen[-1] == "run-tests":
            break
    wanted = ["pane", "again", "talk", "pad", "said", "silence", "hang-up", "save", "run-tests"]
    assert [name for name in seen if name in wanted] == wanted
