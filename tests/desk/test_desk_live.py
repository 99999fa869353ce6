"""Two agents and a supervisor in real browsers serve a caller, from queue to promised call."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import expect

from tests.desk.center import LIMIT_SECONDS, Center, Person, center
from tests.desk.correlation import find_within
from tests.desk.desk_page import band, be_ready, choose_outcome, consult, on_the_line, press, shows
from tests.desk.ears import hear, hear_nothing_of
from tests.desk.voices import voice
from tests.running import until

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(240)]
MODES = ["listen", "whisper", "barge"]
STORY = [
    "queued",
    "agent_offered",
    "agent_connected",
    "recording_started",
    "supervised",
    "supervised",
    "supervised",
    "supervision_ended",
    "talk_held",
    "talk_resumed",
    "consult_started",
    "consult_ended",
    "transferred",
    "recording_ended",
    "recording_started",
    "callback_requested",
    "recording_ended",
    "queue_left",
    "ended",
]
# Both channels of one of the page's recordings, 8 kHz, s16le.
DECODED = """async (number) => {
    const { src } = document.querySelectorAll("#player audio")[number];
    const bytes = await (await fetch(src)).arrayBuffer();
    const sound = await new OfflineAudioContext(2, 8000, 8000).decodeAudioData(bytes);
    return [0, 1].map((channel) => {
        const pcm = Int16Array.from(sound.getChannelData(channel), (one) => one * 32767);
        const raw = new Uint8Array(pcm.buffer);
        let text = "";
        for (let n = 0; n < raw.length; n += 32768) {
            text += String.fromCharCode(...raw.subarray(n, n + 32768));
        }
        return btoa(text);
    });
}"""


async def test_from_the_queue_to_the_promised_call(tmp_path: Path) -> None:
    people = {"Anna": "agent", "Jan": "agent", "Olga": "supervisor"}
    async with center(tmp_path, people) as house:
        anna = await house.sign_in("Anna", "/desk")
        jan = await house.sign_in("Jan", "/desk")
        olga = await house.sign_in("Olga", "/floor", microphone="supervisor")
        await be_ready(anna)
        caller = await house.caller(keys="1")

        # The offer, with who calls and why.
        await shows(anna, "ringing")
        await expect(band(anna)).to_contain_text("+48 22 000 00 10")
        await press(anna, "F2")
        await shows(anna, "talking")
        await hear(caller, "anna")
        await hear(anna, "caller")

        # A supervisor: nobody hears her, then the agent does, then both.
        await on_the_line(olga, "anna", "listen")
        await hear(olga, "anna", "caller")
        await on_the_line(olga, "anna", "whisper")
        await hear(anna, "supervisor", "caller")
        await hear_nothing_of(caller, "supervisor")
        await on_the_line(olga, "anna", "barge")
        await hear(caller, "supervisor", "anna")
        await olga.page.locator("#leave-line").click()
        await expect(olga.page.locator("#floor-line")).to_be_hidden()

        # On hold neither hears the other; back again both do.
        await press(anna, "F4")
        await shows(anna, "held")
        music = await hear_nothing_of(caller, "anna", "supervisor")
        assert music.size, "music"
        assert abs(music).max() > 300, "music"
        await hear_nothing_of(anna, "caller")
        await press(anna, "F4")
        await shows(anna, "talking")
        await hear(caller, "anna")

        # Advice from Jan, who then takes the caller over.
        await be_ready(jan)
        await consult(anna, "Jan")
        await shows(jan, "ringing")
        await press(jan, "F2")
        await hear(jan, "anna")
        await hear_nothing_of(caller, "anna", "jan")
        await band(anna).locator("[data-act=complete]").click()
        await shows(anna, "wrap")
        await shows(jan, "talking")
        await hear(caller, "jan")
        await hear(jan, "caller")
        await choose_outcome(anna, "Callback")
        await anna.page.locator("#callback .moments button").first.click()
        await expect(anna.page.locator("#callback .tag-good")).to_be_visible()
        await press(anna, "Control+Enter")
        await shows(anna, "idle")

        await press(jan, "Shift+F2")
        await shows(jan, "wrap")
        await choose_outcome(jan, "Sale")
        await press(jan, "Control+Enter")
        await shows(jan, "idle")
        assert (await caller.call).ok
        await recording_is_played(olga, house.hotline.web, await legs_in_history(house))
    for person in (anna, jan, olga):
        assert person.errors == [], person.name


async def legs_in_history(house: Center) -> str:
    """The call and each agent's part of it; returns the call's id."""
    rows = await house.hotline.rows(3)
    by_agent = {row["agent"]: row for row in rows if row["channel"] == "talk"}
    (call,) = [row for row in rows if row["channel"] == "call"]
    assert {row["subject_id"] for row in rows} == {call["subject_id"]}
    assert call["path"] == ["consent", "why", "agents", "thanks", "bye"]
    anna, jan = by_agent["anna"], by_agent["jan"]
    assert (anna["outcome"], anna["disposition"]) == ("transferred", "callback")
    assert (jan["outcome"], jan["disposition"]) == ("completed", "sale")
    assert anna["data"]["held_seconds"] > 3
    assert jan["duration_seconds"] > 1
    assert anna["recording"] != jan["recording"]
    told = [event["kind"] for event in call["events"]]
    assert [kind for kind in told if kind in STORY] == STORY
    assert [e["data"]["mode"] for e in call["events"] if e["kind"] == "supervised"] == MODES
    return str(call["subject_id"])


async def recording_is_played(olga: Person, web: str, call_id: str) -> None:
    """In the page: the agent left, the caller right, and neither in the other's channel."""

    async def kept() -> bool:
        await olga.page.goto(f"{web}/calls/{call_id}")
        return await olga.page.locator("#player audio").count() == 2

    await until(kept, "both talks can be played", LIMIT_SECONDS)
    await olga.page.locator("#player [data-do=play]").click()
    await expect(olga.page.locator("#player [data-show=clock]")).to_have_text(re.compile("0:0[4-9]"))
    for number, agent in enumerate(("anna", "jan")):
        left, right = [
            np.frombuffer(base64.b64decode(side), dtype=np.int16)
            for side in await olga.page.evaluate(DECODED, number)
        ]
        assert find_within(voice(agent), left).heard
        assert find_within(voice("caller"), right).heard
        assert find_within(voice("caller"), left).seconds == 0
        assert find_within(voice(agent), right).seconds == 0
