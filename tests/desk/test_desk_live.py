"""Two agents and a supervisor in real browsers serve a caller, from queue to promised call."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.desk.center import center
from tests.desk.desk_page import band, be_ready, choose_outcome, consult, on_the_line, press, shows
from tests.desk.ears import hear, hear_nothing_of

pytestmark = [pytest.mark.live, pytest.mark.browser, pytest.mark.timeout(240)]


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
        await choose_outcome(anna, "Call back")
        await anna.page.locator("#callback .moments button").first.click()
        await expect(anna.page.locator("#callback .tag-good")).to_be_visible()
        await press(anna, "Control+Enter")
        await shows(anna, "idle")

        await press(jan, "Shift+F2")
        await shows(jan, "wrap")
        await choose_outcome(jan, "Resolved")
        await press(jan, "Control+Enter")
        await shows(jan, "idle")
        assert (await caller.call).ok
        (row,) = [one for one in await house.hotline.rows(3) if one["kind"] == "call"]
    for person in (anna, jan, olga):
        assert person.errors == [], person.name
    assert row
