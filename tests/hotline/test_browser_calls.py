"""A person calls from the page: a real Chromium with a recorded voice, a whole hotline, a real Asterisk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from infolinia.setup.inventory import find_parts
from tests.hotline.human_voice import day_menu, silence, word, write_flows, write_wav
from tests.house import take_ports
from tests.patience import PAGE_MS
from tests.running import running, until

pytestmark = [
    pytest.mark.live,
    pytest.mark.browser,
    pytest.mark.timeout(150),
]
RATE = 16000
# The page keeps its connections to itself.
KEEP_PEERS = """
    window.peers = [];
    window.RTCPeerConnection = class extends RTCPeerConnection {
        constructor(...settings) { super(...settings); window.peers.push(this); }
    };
"""
SENT = """async () => {
    const report = [...(await window.peers[0].getStats()).values()];
    return report.find((entry) => entry.type === "outbound-rtp" && entry.kind === "audio")?.packetsSent ?? 0;
}"""
RECEIVED = """async () => {
    const report = [...(await window.peers[0].getStats()).values()];
    const audio = report.find((entry) => entry.type === "inbound-rtp" && entry.kind === "audio");
    const codec = report.find((entry) => entry.id === audio?.codecId);
    return { bytes: audio?.bytesReceived ?? 0, energy: audio?.totalAudioEnergy ?? 0, codec: codec?.mimeType };
}"""


async def test_a_person_is_heard_and_answered_in_the_browser(tmp_path: Path) -> None:
    # The microphone begins when it is opened and repeats itself: whenever the menu listens, the word comes.
    voice = silence(6, RATE) + word("digits/tomorrow", RATE) + silence(3, RATE)
    microphone = write_wav(tmp_path / "microphone.wav", voice, RATE)
    steps = {
        "day": day_menu("thanks"),
        "thanks": {
            "say": {"en": "Thank you. {day}, that is a day on which the warehouse is open."},
            "next": "bye",
        },
    }
    errors: list[str] = []
    chromium = find_parts().chromium
    assert chromium is not None, "Chromium is missing: run `make setup` with tests"
    with take_ports(29000, 30000) as ports:
        async with running(tmp_path, ports, **write_flows(tmp_path, {"100": steps})) as hotline:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(
                    executable_path=chromium,
                    args=[
                        "--no-sandbox",
                        "--use-fake-ui-for-media-stream",
                        "--use-fake-device-for-media-stream",
                        f"--use-file-for-fake-audio-capture={microphone}",
                        "--allow-loopback-in-peer-connection",
                        "--autoplay-policy=no-user-gesture-required",
                    ],
                )
                try:
                    page = await browser.new_page(locale="en")
                    page.set_default_timeout(PAGE_MS)
                    page.on("pageerror", lambda error: errors.append(str(error)))
                    page.on(
                        "console", lambda line: errors.append(line.text) if line.type == "error" else None
                    )
                    await page.add_init_script(KEEP_PEERS)
                    await page.goto(hotline.web)
                    await call_and_watch(page)
                finally:
                    await browser.close()
            (row,) = await hotline.rows(1)
    assert errors == []
    received, heard = (
        next(e["data"] for e in row["events"] if e["kind"] == k) for k in ("received", "heard")
    )
    assert received["wideband"] is True
    assert received["trunk"] == "visitor"
    assert heard["text"] == "tomorrow"
    assert row["heard"] == ["tomorrow"]
    assert row["path"] == ["day", "thanks", "bye"]
    assert row["outcome"] == "completed"
    assert row["data"]["ended_by"] == "flow"


async def test_a_caller_without_a_microphone_is_not_taken_for_gone(tmp_path: Path) -> None:
    chromium = find_parts().chromium
    assert chromium is not None, "Chromium is missing: run `make setup` with tests"
    flows = write_flows(tmp_path, {"100": {"day": day_menu("bye")}})
    with take_ports(29000, 30000) as ports:
        async with running(tmp_path, ports, **flows) as hotline, async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--allow-loopback-in-peer-connection"]
            )
            try:
                page = await browser.new_page(locale="en")
                page.set_default_timeout(PAGE_MS)
                await page.add_init_script(KEEP_PEERS)
                await page.goto(hotline.web)
                await page.get_by_role("button", name="keys only").click()
                await expect(page.locator("#caller")).to_have_attribute("data-state", "talking")
                # The line hangs up on a browser that sends nothing: so much must come, about a second of it.
                sent: dict[str, int] = {}

                async def silence_is_sent() -> bool:
                    sent["packets"] = await page.evaluate(SENT)
                    return sent["packets"] > 50

                await until(silence_is_sent, "silence is sent in place of a voice", 15, lambda: str(sent))
            finally:
                await browser.close()


async def call_and_watch(page: Page) -> None:
    """The call as the person sees it: never reloading."""
    await expect(page.locator("#live")).to_contain_text("Nobody is on the line")
    await page.get_by_role("button", name="Call the hotline").click()
    await expect(page.locator("#caller")).to_have_attribute("data-state", "talking")
    await expect(page.locator("#live tbody tr")).to_have_count(1)
    await expect(page.locator("#live")).to_contain_text("day")
    received: dict[str, Any] = {}

    async def spoken_to() -> bool:
        received.update(await page.evaluate(RECEIVED))
        return received["energy"] > 1e-3 and received["bytes"] > 20_000

    await until(spoken_to, "the hotline's voice arrives in the page", 30, lambda: str(received))
    assert received["codec"] == "audio/G722"
    await expect(page.locator("#mine")).to_contain_text("tomorrow")
    await expect(page.locator("#mine")).to_contain_text("Thank you.")
    await expect(page.locator("#caller")).to_have_attribute("data-state", "ended")
    await expect(page.locator("#live")).to_contain_text("Nobody is on the line")
    rows = page.locator("#latest tbody tr")
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("tomorrow")
    await expect(rows.first).to_contain_text("Completed")
