"""An agent's desk and a supervisor's floor, as their people use them: by keys, and what is written."""

from __future__ import annotations

import re

from playwright.async_api import Locator, expect

from tests.desk.center import Person


def band(person: Person) -> Locator:
    return person.page.locator("#the-band")


async def shows(person: Person, *kinds: str) -> None:
    """The band is, or becomes, of one of these kinds."""
    wanted = re.compile("|".join(f"^{kind}$" for kind in kinds))
    await expect(band(person), person.name).to_have_attribute("data-kind", wanted)


async def be_ready(person: Person) -> None:
    """Calls may come from now on: the telephone has registered."""
    await expect(person.page.locator("#line")).to_have_attribute("data-line", "good")
    await band(person).locator("[data-main][data-status=available]").click()
    await expect(person.page.locator("#status-menu summary")).to_have_class(re.compile("pill-ready"))


async def press(person: Person, key: str) -> None:
    """A function key, wherever the focus is."""
    await person.page.keyboard.press(key)


async def choose_outcome(person: Person, words: str) -> None:
    """By F10 and the digit that stands by it."""
    button = person.page.locator("[data-outcome]", has_text=words).first
    digit = await button.get_attribute("data-digit")
    await press(person, "F10")
    await press(person, str(digit))
    await expect(button).to_have_attribute("aria-pressed", "true")


async def consult(person: Person, name: str) -> None:
    await press(person, "F8")
    row = person.page.locator("#desk-targets li", has_text=name)
    await row.locator("[data-target=consult]").click()


async def on_the_line(supervisor: Person, agent: str, mode: str) -> None:
    """By the button in the agent's row, or in the band once on that line."""
    page = supervisor.page
    await page.locator(f'button[data-mode={mode}][data-agent="{agent}"]').click()
    pressed = page.locator(f'#floor-line button[data-mode={mode}][aria-pressed="true"]')
    wrong = page.locator("#floor-wrong:not([hidden])")
    await expect(pressed.or_(wrong)).to_be_visible()
    assert not await wrong.count(), await wrong.inner_text()
